import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { findPeer } from '../../../server/directory/peer-store.ts'
import { type Receipt, type ReceiptEvent, sealReceipt } from '../../../server/edxml/receipt.ts'
import { sealStatus } from '../../../server/edxml/seal.ts'
import { peerProblemOf } from '../../../server/http/peer-client.ts'
import type { MessageRequest } from '../../../server/relay/protocol.ts'
import { recoverLostJobs } from '../../../server/relay/recover.ts'
import { deliveriesAt, historyAt, type Network, openTree, send } from './tree.ts'

/** What a node further on says too early or twice. */
describe('relay: evidence out of place', () => {
  let network: Network
  beforeEach(async () => {
    network = await openTree()
  })
  afterEach(() => network?.close())

  /** A receipt by tinh, handed to tw. */
  async function tell(
    event: ReceiptEvent,
    envelopeSha256: string,
    recipients: string[],
    time = network.now(),
  ): Promise<void> {
    const { key } = network.node('tinh')
    const facts: Receipt = {
      event,
      reasonCode: 'RELAY_EXPIRED',
      time,
      issuingNode: 'tinh',
      envelopeSha256,
      series: 1,
      branchId: randomUUID(),
      recipients,
      previousReceiptSha256: null,
    }
    const { xml } = await sealReceipt(facts, { key, sealedAt: time })
    const message = Buffer.from(xml).toString('base64')
    await post({ kind: 'receipt', message, envelopeSha256, series: 1, recipients })
  }

  async function post(request: MessageRequest): Promise<void> {
    const { context, deps } = network.node('tinh')
    const body = JSON.stringify(request)
    const peer = await context.db.asNode((trx) => findPeer(trx, 'tw', network.now()))
    if (peer === undefined) throw new Error('no peer')
    await deps.peers.request(peer, { method: 'POST', path: '/relay/v1/messages', body: Buffer.from(body) })
  }

  it('a failure before its time ends nothing, and a consignment that comes later counts', async () => {
    const sent = await send(network, 'G22', ['H40.12.3'])
    await network.node('tw').runJobs()
    await tell('RelayFailure', sent.envelope, ['H40.12.3'])
    await recoverLostJobs(network.node('tw').deps)
    expect(await deliveriesAt(network)).to.deep.equal(['H40.12.3 relayed'])
    await network.settle()
    expect(await deliveriesAt(network)).to.deep.equal(['H40.12.3 arrived'])
    network.advance(25 * 3_600_000)
    await recoverLostJobs(network.node('tw').deps)
    expect(await historyAt(network)).not.to.include('receipt:Expiry@tw')
  })

  it('a failure before its time is called expired past notAfter and the clocks’ difference, if it is so', async () => {
    const sent = await send(network, 'G22', ['H40.12.3'])
    const tw = network.node('tw')
    await tw.runJobs()
    await tell('RelayFailure', sent.envelope, ['H40.12.3'])
    network.advance(24 * 3_600_000 + 119_000)
    await recoverLostJobs(tw.deps)
    expect(await deliveriesAt(network)).to.deep.equal(['H40.12.3 relayed'])
    network.advance(2_000)
    await recoverLostJobs(tw.deps)
    await tw.runJobs()
    // Asked, tinh says that it has it still.
    expect(await deliveriesAt(network)).to.deep.equal(['H40.12.3 relayed'])
    await network.settle()
    network.advance(60_000)
    await recoverLostJobs(tw.deps)
    await network.settle()
    expect(await deliveriesAt(network)).to.deep.equal(['H40.12.3 expired'])
    const history = await historyAt(network)
    expect(history.filter((one) => one === 'receipt:Expiry@tw')).to.have.length(1)
  })

  it('a receipt that contradicts what the peer said before holds up no other of the branch', async () => {
    const sent = await send(network, 'G22', ['H40', 'H40.01'])
    const tw = network.node('tw')
    await tell('RelayRejection', sent.envelope, ['H40'])
    await network.settle()
    expect(await deliveriesAt(network)).to.deep.equal(['H40 undeliverable', 'H40.01 arrived'])
    expect(await tw.rows('select state, outcome from branches')).to.deep.equal([
      { state: 'done', outcome: 'committed' },
    ])
    const [entry] = await tw.rows(
      "select convert_from(entry, 'UTF8')::jsonb->'facts' as facts from log_entries where kind = 'relay.rejected'",
    )
    expect(entry?.facts).to.include({ code: 'RELAY_RECEIPT_CONTRADICTS', event: 'ContentConsignment' })
  })

  it('a receipt or status that a former host dates back is not believed', async () => {
    const agency = "(select agency_id from agency_codes where code = 'H40.12.3')"
    for (const id of ['tw', 'tinh', 'xa']) {
      const node = network.node(id)
      await node.rows(
        `update agency_terms set valid_to = '2025-03-01', hosting_node = 'tinh' where agency_id = ${agency}`,
      )
      await node.rows(`insert into agency_terms
        select agency_id, '2025-03-01', null, name, name_folded, level, parent_id, 'xa', issuer
        from agency_terms where agency_id = ${agency}`)
    }
    const sent = await send(network, 'G22', ['H40.12.3'])
    await network.node('tw').runJobs()
    const past = new Date('2025-02-20T09:00:00+07:00')
    const faultOf = (request: Promise<void>) =>
      request.then(
        () => 'taken',
        (error: unknown) => `${peerProblemOf(error)?.code} ${peerProblemOf(error)?.params.reason}`,
      )
    const early = /^RELAY_MESSAGE_REJECTED .*before the envelope was sealed/
    expect(await faultOf(tell('ContentConsignment', sent.envelope, ['H40.12.3'], past))).to.match(early)
    const [row] = await network.node('tw').rows('select document_id from envelopes')
    const { xml } = await sealStatus(
      {
        from: { organId: 'H40.12.3', organName: '-' },
        responseFor: {
          organId: 'G22',
          code: '01/UBND-VP',
          documentId: String(row?.document_id),
          promulgationDate: '2025-03-10',
        },
        statusCode: '06',
        timestamp: past,
      },
      { key: network.node('tinh').key, sealedAt: past },
    )
    const message = Buffer.from(xml).toString('base64')
    const status = { envelopeSha256: sent.envelope, series: 1, recipients: ['H40.12.3'] }
    expect(await faultOf(post({ kind: 'status', message, ...status }))).to.match(early)
    expect(await deliveriesAt(network)).to.deep.equal(['H40.12.3 relayed'])
  })
})
