import { expect } from 'chai'
import type { AnnouncedStatus } from '../../../server/documents/status-announcer.ts'
import { statusAnnouncer } from '../../../server/relay/announce.ts'
import { type DispatchResult, dispatchDocument } from '../../../server/relay/dispatch.ts'
import { type TrackedDelivery, trackDelivery } from '../../../server/relay/track.ts'
import { issueDocument, type Network, openNetwork } from './network.ts'

const SENDER = 'H40.12.3'

describe('relay: an exchange over three nodes', () => {
  let network: Network
  before(async () => {
    network = await openNetwork([
      { id: 'tw', parent: null, agencies: [{ code: 'G22', name: 'Văn phòng thử nghiệm' }] },
      {
        id: 'tinh',
        parent: 'tw',
        agencies: [
          { code: 'H40', name: 'Ủy ban nhân dân tỉnh thử nghiệm' },
          { code: 'H40.01', name: 'Sở thử nghiệm' },
        ],
      },
      {
        id: 'xa',
        parent: 'tinh',
        agencies: [
          { code: SENDER, name: 'Ủy ban nhân dân xã thử nghiệm' },
          { code: 'H40.12.4', name: 'Ủy ban nhân dân xã thử nghiệm khác' },
        ],
      },
    ])
  })
  after(() => network?.close())

  async function dispatch(recipients: string[], notAfter?: Date): Promise<DispatchResult & { file: string }> {
    const { clerk, node } = network.agency(SENDER)
    const { id, sha256 } = await issueDocument(network, SENDER)
    const request = { documentId: id, recipients, ...(notAfter === undefined ? {} : { notAfter }) }
    return { ...(await dispatchDocument(node.deps, clerk, request)), file: sha256 }
  }

  async function track(sent: DispatchResult, recipient: string): Promise<TrackedDelivery> {
    const { clerk, node } = network.agency(SENDER)
    const id = sent.deliveries.find((one) => one.recipient === recipient)?.id ?? ''
    return trackDelivery(node.context, clerk, id)
  }

  async function announce(
    sent: DispatchResult,
    recipient: string,
    code: AnnouncedStatus['code'],
  ): Promise<void> {
    const { agencyId, node } = network.agency(recipient)
    await node.context.db.asAgency({ agencyId }, async (trx) => {
      const document = await trx('documents')
        .where({ envelope_sha256: sent.envelope })
        .first('id', 'document_code')
      await statusAnnouncer(node.context)(trx, {
        documentId: document.id,
        documentCode: document.document_code,
        envelopeSha256: sent.envelope,
        recipientCode: recipient,
        senderCode: SENDER,
        code,
        description: code === '02' ? 'Gửi nhầm nơi nhận' : `Số đến ${code}`,
        at: network.now(),
      })
    })
  }

  it('brings one envelope to every recipient, hop by hop, with a receipt of each hop', async () => {
    const sent = await dispatch(['G22', 'H40', 'H40.01', 'H40.12.4', SENDER])
    await network.settle()
    const ways: Record<string, string[][]> = {
      G22: [
        ['xa', 'tinh', 'RelayAcceptance'],
        ['tinh', 'tw', 'ContentConsignment'],
      ],
      H40: [['xa', 'tinh', 'ContentConsignment']],
      'H40.01': [['xa', 'tinh', 'ContentConsignment']],
      'H40.12.4': [],
      [SENDER]: [],
    }
    for (const [recipient, way] of Object.entries(ways)) {
      const tracked = await track(sent, recipient)
      expect(
        tracked.hops.map((hop) => [hop.from, hop.to, hop.event]),
        recipient,
      ).to.deep.equal(way)
      expect(tracked.state).to.equal('arrived')
      expect(tracked.statuses.map((one) => one.code)).to.deep.equal(['01'])
      expect(tracked.terminal?.event).to.equal('ContentConsignment')
      const { node, agencyId } = network.agency(recipient)
      const incoming = await node.rows(
        `select agency_id, recipient_code, sha256 from documents join document_revisions r using (agency_id)
         where r.document_id = id and envelope_sha256 = $1 and agency_id = $2`,
        [sent.envelope, agencyId],
      )
      expect(incoming, recipient).to.deep.equal([
        { agency_id: agencyId, recipient_code: recipient, sha256: sent.file },
      ])
      const bytes = await node.deps.files.read(sent.file)
      const issued = await network.node('xa').deps.files.read(sent.file)
      expect(Buffer.compare(bytes, issued)).to.equal(0)
    }
  })

  it('sends one copy of envelope and file over each link', async () => {
    const requests: string[] = []
    network.disturb('xa', (url, init, forward) => {
      requests.push(`${init.method} ${new URL(url).pathname.replace(/[0-9a-f]{64}|[0-9a-f-]{36}/g, '*')}`)
      return forward(url, init)
    })
    await dispatch(['G22', 'H40', 'H40.01'])
    await network.settle()
    network.disturb('xa', undefined)
    // A small file goes beside its offer.
    expect(requests.sort()).to.deep.equal([
      'POST /relay/v1/offers/*/commit',
      'POST /relay/v1/offers/with-files',
    ])
  })

  it('brings statuses back along the path and keeps the history of each delivery apart [K063]', async () => {
    const sent = await dispatch(['G22', 'H40', SENDER])
    await network.settle()
    for (const code of ['03', '04', '05', '06'] as const) {
      network.advance(60_000)
      await announce(sent, 'G22', code)
    }
    await announce(sent, 'H40', '02')
    await announce(sent, SENDER, '03')
    await network.settle()
    const centre = await track(sent, 'G22')
    expect(centre.state).to.equal('completed')
    expect(centre.statuses.map((one) => one.code)).to.deep.equal(['01', '03', '04', '05', '06'])
    expect(centre.statuses.map((one) => one.node)).to.deep.equal(['tw', 'tw', 'tw', 'tw', 'tw'])
    expect(centre.receipts.map((one) => one.event)).to.include('ContentHandover')
    const province = await track(sent, 'H40')
    expect(province.state).to.equal('refused')
    expect(province.statuses.at(-1)).to.include({ code: '02', description: 'Gửi nhầm nơi nhận' })
    expect(province.receipts.map((one) => one.event)).to.include('ContentHandoverFailure')
    expect(province.terminal?.event).to.equal('ContentConsignment')
    expect((await track(sent, SENDER)).state).to.equal('accepted')
  })

  it('keeps a status that arrives before the receipts it follows, and ends right', async () => {
    const sent = await dispatch(['G22'])
    const sender = network.node('xa')
    await sender.runJobs()
    // tinh holds the document and its way back to xa is cut; tw consigns and accepts.
    const jobs = await network.node('tinh').waitingJobs()
    expect(jobs.map((job) => job.name)).to.deep.equal(['relay-send'])
    await network.node('tinh').runJobs()
    await announce(sent, 'G22', '03')
    await network.node('tw').runJobs() // seals
    await network.node('tw').runJobs() // sends status and handover to tinh
    // Of the three messages that wait at tinh the consignment, first in the row, is held back.
    const [first, ...others] = await network
      .node('tinh')
      .rows('select id, kind, message_sha256 from returns where state = $1 order by created_at, kind, id', [
        'queued',
      ])
    expect([first, ...others].map((row) => row?.kind)).to.deep.equal(['receipt', 'receipt', 'status'])
    const held = await holdBack(sent, 'ContentConsignment')
    await network.node('tinh').runJobs()
    const early = await track(sent, 'G22')
    expect([early.state, early.terminal]).to.deep.equal(['accepted', null])
    await held()
    await network.settle()
    const late = await track(sent, 'G22')
    expect([late.state, late.terminal?.event]).to.deep.equal(['accepted', 'ContentConsignment'])
  })

  /** Takes the job that carries one receipt from tinh to xa away, and gives it back when asked. */
  async function holdBack(sent: DispatchResult, event: string): Promise<() => Promise<void>> {
    const tinh = network.node('tinh')
    const [row] = await tinh.rows(
      `delete from pgboss.job using returns r, receipts e
       where job.name = 'relay-return' and job.data->>'return' = r.id::text and r.message_sha256 = e.sha256
         and e.envelope_sha256 = $1 and e.event = $2 and job.state = 'created' returning r.id`,
      [sent.envelope, event],
    )
    return () =>
      tinh.context.db.asNode((trx) =>
        tinh.context.queue.put(trx, 'relay-return', { return: String(row?.id), attempt: 0 }),
      )
  }

  it('stores the same receipts, byte for byte, at every node that a delivery passed', async () => {
    const sent = await dispatch(['G22'])
    await network.settle()
    await announce(sent, 'G22', '03')
    await network.settle()
    const sql =
      'select event, node, encode(xml, $2) xml from receipts where envelope_sha256 = $1 order by event, sha256'
    const [xa, tinh, tw] = await Promise.all(
      ['xa', 'tinh', 'tw'].map((id) => network.node(id).rows(sql, [sent.envelope, 'base64'])),
    )
    expect(xa?.map((row) => [row.event, row.node])).to.deep.equal([
      ['ContentConsignment', 'tw'],
      ['ContentHandover', 'tw'],
      ['RelayAcceptance', 'tinh'],
      ['SubmissionAcceptance', 'xa'],
    ])
    expect(tinh).to.deep.equal(xa?.slice(0, 3))
    expect(tw).to.deep.equal(xa?.slice(0, 2))
  })

  it('ends what no node could pass on in time: RelayFailure on the way, Expiry at the origin', async () => {
    const sent = await dispatch(['G22', 'H40'], new Date(network.now().getTime() + 3_600_000))
    network.disturb('tinh', () => Promise.reject(new TypeError('line cut')))
    await network.settle()
    network.advance(3_600_000 + 121_000)
    // tinh cannot reach anyone: it notes the failure and its way back waits.
    await network.settle()
    expect((await track(sent, 'G22')).state).to.equal('relayed')
    network.disturb('tinh', undefined)
    network.advance(600_000)
    await network.settle()
    const expired = await track(sent, 'G22')
    expect(expired.state).to.equal('expired')
    expect(expired.receipts.map((one) => [one.event, one.node, one.reason])).to.deep.equal([
      ['SubmissionAcceptance', 'xa', null],
      ['RelayAcceptance', 'tinh', null],
      ['RelayFailure', 'tinh', 'RELAY_EXPIRED'],
      ['Expiry', 'xa', 'RELAY_EXPIRED'],
    ])
    expect((await track(sent, 'H40')).state).to.equal('arrived')
    expect(
      await network.node('tw').rows('select 1 from envelopes where sha256 = $1', [sent.envelope]),
    ).to.deep.equal([])
  })

  it('waits for a directory that has not heard of the sender yet', async () => {
    const sent = await dispatch(['G22'])
    const tw = network.node('tw')
    await network.node('xa').runJobs()
    await tw.rows("update agency_codes set code = 'H40.99' where code = $1", [SENDER])
    await network.node('tinh').runJobs()
    await network.node('tinh').runJobs()
    expect((await track(sent, 'G22')).terminal).to.equal(null)
    await tw.rows("update agency_codes set code = $1 where code = 'H40.99'", [SENDER])
    network.advance(10_000)
    await network.settle()
    expect((await track(sent, 'G22')).state).to.equal('arrived')
  })

  it('lets a recipient whom a directory does not know yet delay no other, and brings it the document later', async () => {
    const sent = await dispatch(['G22', 'H40', 'H40.01'])
    const tinh = network.node('tinh')
    await tinh.rows("update agency_codes set code = 'H40.02' where code = 'H40.01'")
    await network.settle()
    expect((await track(sent, 'H40')).state).to.equal('arrived')
    expect((await track(sent, 'G22')).state).to.equal('arrived')
    const waiting = await track(sent, 'H40.01')
    expect([waiting.state, waiting.terminal]).to.deep.equal(['queued', null])
    await tinh.rows("update agency_codes set code = 'H40.01' where code = 'H40.02'")
    network.advance(10_000)
    await network.settle()
    expect((await track(sent, 'H40.01')).state).to.equal('arrived')
  })

  it('does not consign to an agency that was closed on the way, and names its successors [K021]', async () => {
    const sent = await dispatch(['H40.01', 'H40'])
    const [agency] = await network
      .node('tinh')
      .rows("select agency_id from agency_codes where code = 'H40.01'")
    for (const id of ['xa', 'tinh', 'tw']) {
      const node = network.node(id)
      await node.rows("insert into agency_closures values ($1, '2025-03-11')", [agency?.agency_id])
      await node.rows(
        "insert into agency_successors select $1, agency_id from agency_codes where code = 'H40'",
        [agency?.agency_id],
      )
      await node.rows("update agency_codes set valid_to = '2025-03-11' where agency_id = $1", [
        agency?.agency_id,
      ])
      await node.rows("update agency_terms set valid_to = '2025-03-11' where agency_id = $1", [
        agency?.agency_id,
      ])
    }
    const until = Date.parse('2025-03-11T00:00:00+07:00') - network.now().getTime()
    network.advance(until)
    await network.settle()
    const closed = await track(sent, 'H40.01')
    expect(closed.state).to.equal('undeliverable')
    expect(closed.terminal).to.include({
      event: 'ContentConsignmentFailure',
      node: 'tinh',
      reason: 'AGENCY_CLOSED',
    })
    // Who took over stands in the words of the sealed receipt.
    expect(closed.terminal?.reasonText).to.match(/2025-03-11; cơ quan kế thừa: H40 \S+/)
    expect((await track(sent, 'H40')).state).to.equal('arrived')
  })

  it('shows a delivery to no other agency', async () => {
    const sent = await dispatch(['H40'])
    await network.settle()
    const { clerk, node } = network.agency('H40.12.4')
    const id = sent.deliveries[0]?.id ?? ''
    const error: unknown = await trackDelivery(node.context, clerk, id).catch((caught: unknown) => caught)
    expect(error).to.have.property('code', 'NOT_FOUND')
    const seen = await node.context.db.asAgency({ agencyId: clerk.agencyId }, async (trx) => ({
      deliveries: await trx('deliveries').select('id'),
      events: await trx('delivery_events').select('delivery_id'),
    }))
    expect(seen).to.deep.equal({ deliveries: [], events: [] })
  })
})
