import { expect } from 'chai'
import { type Receipt, sealReceipt } from '../../../server/edxml/receipt.ts'
import { sha256 } from '../../../server/http/content-digest.ts'
import { signResponse } from '../../../server/http/message-signature.ts'
import { passBack } from '../../../server/relay/pass-back.ts'
import { deliveriesAt, type Network, openTree, send } from './tree.ts'

const NEAR = 'H40'
const FAR = 'H40.12.3'

describe('relay: evidence of which some is wrong', () => {
  let network: Network
  /** Failures that nobody waits for: each would end the process. */
  const unheard: unknown[] = []
  const hear = (reason: unknown) => unheard.push(reason)
  beforeEach(async () => {
    network = await openTree()
    unheard.length = 0
    process.prependListener('unhandledRejection', hear)
  })
  afterEach(async () => {
    process.off('unhandledRejection', hear)
    await network?.close()
  })

  /** tinh answers the commits of tw with receipts of its own making, in its own name. */
  function forge(...receipts: Partial<Receipt>[]): { answered: number } {
    const done = { answered: 0 }
    const { key } = network.node('tinh')
    network.disturb('tw', async (url, init, forward) => {
      const [, offer] = /offers\/([^/]+)\/commit$/.exec(url) ?? []
      if (offer === undefined) return forward(url, init)
      const [branch] = await network
        .node('tw')
        .rows('select id, envelope_sha256, previous_receipt from branches')
      const sealed = receipts.map(async (change) => {
        const facts: Receipt = {
          event: 'ContentConsignment',
          time: network.now(),
          issuingNode: 'tinh',
          envelopeSha256: String(branch?.envelope_sha256),
          series: 1,
          branchId: String(branch?.id),
          recipients: [NEAR],
          previousReceiptSha256: String(branch?.previous_receipt),
          ...change,
        }
        const { xml } = await sealReceipt(facts, { key, sealedAt: network.now() })
        return Buffer.from(xml).toString('base64')
      })
      const body = Buffer.from(JSON.stringify({ offer, receipts: await Promise.all(sealed) }))
      const signature = new Headers(init.headers).get('signature') ?? ''
      const fields = await signResponse(
        { nodeId: 'tinh', key, now: network.now() },
        { status: 200, contentDigest: sha256(body) },
        { method: 'POST', url, signature },
      )
      done.answered += 1
      return new Response(body, { status: 200, headers: { ...fields, 'content-type': 'application/json' } })
    })
    return done
  }

  it('in the answer to a commit ends no process, whatever is asked about the rest meanwhile', async () => {
    await send(network, 'G22', [NEAR, FAR])
    // tinh does not host FAR, which is asked of the directory; the second is wrong on its face.
    const done = forge({ recipients: [FAR] }, { event: 'Expiry' })
    await network.node('tw').runJobs()
    // Whatever went on beside the refusal has ended.
    await new Promise(setImmediate)
    expect(done.answered).to.equal(1)
    expect(unheard).to.deep.equal([])
    expect(await deliveriesAt(network)).to.deep.equal([`${NEAR} queued`, `${FAR} queued`])
    network.disturb('tw', undefined)
    network.advance(60_000)
    await network.settle()
    expect(await deliveriesAt(network)).to.deep.equal([`${NEAR} arrived`, `${FAR} arrived`])
  })

  it('stores nothing of it and ends no process, whatever is on its further way already', async () => {
    const sent = await send(network, 'G22', [FAR])
    await network.node('tw').runJobs()
    const { context, key } = network.node('tinh')
    const evidence = [1, 2].map(async (series) => {
      const receipt: Receipt = {
        event: 'RelayFailure',
        time: network.now(),
        issuingNode: 'tinh',
        envelopeSha256: sent.envelope,
        // Of the second series nothing passed tinh.
        series,
        branchId: `${series}`,
        recipients: [FAR],
        previousReceiptSha256: null,
      }
      const { xml, sha256 } = await sealReceipt(receipt, { key, sealedAt: network.now() })
      return { kind: 'receipt', sealed: { receipt, xml, sha256 } } as const
    })
    const both = await Promise.all(evidence)
    const fault: unknown = await context.db
      .asNode((trx) => passBack(trx, context, both, network.now()))
      .catch((caught: unknown) => caught)
    await new Promise(setImmediate)
    expect(fault).to.have.property('code', 'RELAY_MESSAGE_REJECTED')
    expect(unheard).to.deep.equal([])
    expect(
      await network.node('tinh').rows(`select 1 from receipts where event = 'RelayFailure'`),
    ).to.deep.equal([])
  })
})
