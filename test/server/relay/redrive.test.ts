import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { OperatorActor } from '../../../server/actor.ts'
import { openByOwnKey } from '../../../server/edxml/own-key.ts'
import { openReceipt } from '../../../server/edxml/receipt.ts'
import { CongvanError } from '../../../server/errors.ts'
import { commitOffer } from '../../../server/relay/accept.ts'
import { statusAnnouncer } from '../../../server/relay/announce.ts'
import { type DispatchResult, dispatchDocument } from '../../../server/relay/dispatch.ts'
import { cancel, redrive } from '../../../server/relay/operator-acts.ts'
import { redispatch } from '../../../server/relay/redispatch.ts'
import { listStuck } from '../../../server/relay/stuck.ts'
import { readEvidence, type TrackedDelivery, trackDocument } from '../../../server/relay/track.ts'
import { issueDocument, type Network, openNetwork, runJob, type TestNode } from './network.ts'

const XA = 'H40.12.3'
const TINH = 'H40'
const HOUR = 3_600_000
const operator: OperatorActor = { kind: 'operator', userId: null, login: 'console' }

async function codeOf(act: Promise<unknown>): Promise<string> {
  return act.then(
    () => 'none',
    (error: unknown) => (error instanceof CongvanError ? error.code : String(error)),
  )
}

describe('relay: dead letters', () => {
  let network: Network
  let xa: TestNode
  let tinh: TestNode
  beforeEach(async () => {
    network = await openNetwork([
      { id: 'tinh', parent: null, agencies: [{ code: TINH, name: 'Ủy ban nhân dân tỉnh thử nghiệm' }] },
      { id: 'xa', parent: 'tinh', agencies: [{ code: XA, name: 'Ủy ban nhân dân xã thử nghiệm' }] },
    ])
    xa = network.node('xa')
    tinh = network.node('tinh')
  })
  afterEach(() => network?.close())

  const clerk = () => network.agency(XA).clerk
  const cutOff = (node = 'xa') => network.disturb(node, () => Promise.reject(new TypeError('no line')))

  async function send(): Promise<DispatchResult & { id: string }> {
    const { id } = await issueDocument(network, XA)
    return { id, ...(await dispatchDocument(xa.deps, clerk(), { documentId: id, recipients: [TINH] })) }
  }

  const track = (id: string): Promise<TrackedDelivery[]> => trackDocument(xa.context, clerk(), id)
  const arrived = async () => (await tinh.rows("select 1 from documents where direction = 'incoming'")).length
  const kinds = async () =>
    (
      await xa.rows(
        "select kind from log_entries where kind like '%redriven' or kind like '%cancelled' or kind like '%redispatched'",
      )
    ).map((row) => row.kind)

  /** A delivery whose time ran out before anybody took it. */
  async function expired(): Promise<DispatchResult & { id: string; delivery: string }> {
    cutOff()
    const sent = await send()
    await xa.runJobs()
    network.advance(25 * HOUR)
    await xa.runJobs()
    network.disturb('xa', undefined)
    const [first] = await track(sent.id)
    expect(first?.state).to.equal('expired')
    return { ...sent, delivery: first?.id ?? '' }
  }

  async function status(envelope: string, code: '03' | '04'): Promise<void> {
    const { agencyId } = network.agency(TINH)
    await tinh.context.db.asAgency({ agencyId }, (trx) =>
      statusAnnouncer(tinh.context)(trx, {
        documentId: randomUUID(),
        documentCode: '-',
        envelopeSha256: envelope,
        recipientCode: TINH,
        senderCode: XA,
        code,
        description: '',
        at: network.now(),
      }),
    )
  }

  describe('a delivery that expired', () => {
    it('is tried in a new series whose evidence names the end of the old one; the sender sees both', async () => {
      const { id, delivery, envelope } = await expired()
      const again = await redispatch(xa.deps, { actor: clerk() }, { deliveryId: delivery })
      expect([again.series, again.recipient]).to.deep.equal([2, TINH])
      expect(again.envelope).not.to.equal(envelope)
      await network.settle()
      const [first, second] = await track(id)
      expect([first?.series, first?.state, second?.series, second?.state]).to.deep.equal([
        1,
        'expired',
        2,
        'arrived',
      ])
      const begun = second?.receipts.find((one) => one.event === 'SubmissionAcceptance')
      const xml = await readEvidence(xa.context, clerk(), second?.id ?? '', begun?.receipt ?? '')
      const { message } = openByOwnKey(openReceipt, xml)
      expect(message).to.deep.include({ series: 2, previousReceiptSha256: first?.terminal?.receipt })
      expect(await arrived()).to.equal(1)
      expect(await kinds()).to.deep.equal(['document.redispatched'])
    })

    it('is tried once, whoever asks, and only after it has ended', async () => {
      const { delivery } = await expired()
      const asked = await Promise.all(
        [1, 2, 3].map(() => codeOf(redispatch(xa.deps, { actor: clerk() }, { deliveryId: delivery }))),
      )
      expect(asked.sort()).to.deep.equal(['DELIVERY_TRIED_AGAIN', 'DELIVERY_TRIED_AGAIN', 'none'])
      expect(await codeOf(redrive(xa.deps, operator, delivery))).to.equal('DELIVERY_TRIED_AGAIN')
      const { deliveries } = await send()
      const open = redispatch(xa.deps, { actor: clerk() }, { deliveryId: deliveries[0]?.id ?? '' })
      expect(await codeOf(open)).to.equal('DELIVERY_NOT_ENDED')
      const other = redispatch(xa.deps, { actor: network.agency(TINH).clerk }, { deliveryId: delivery })
      expect(await codeOf(other)).to.equal('NOT_FOUND')
    })

    it('is answered the same when the same request comes twice, at once or later', async () => {
      const { delivery } = await expired()
      const claim = { key: randomUUID(), requestSha256: 'a'.repeat(64) }
      const actor = { ...clerk(), idempotency: claim }
      const ask = () => redispatch(xa.deps, { actor }, { deliveryId: delivery })
      const [first, second] = await Promise.all([ask(), ask()])
      expect(second).to.deep.equal(first)
      expect(await ask()).to.deep.equal(first)
      expect(await xa.rows('select 1 from deliveries')).to.have.length(2)
    })

    it('is shown to the operator without its subject, and tried again by hand', async () => {
      const { delivery } = await expired()
      const [item, ...others] = await listStuck(xa.context)
      expect(others).to.deep.equal([])
      expect(item).to.deep.include({
        id: delivery,
        kind: 'delivery',
        state: 'failed',
        outcome: 'expired',
        recipients: [TINH],
        urgency: 1,
      })
      expect(JSON.stringify(item)).not.to.match(/liên thông/)
      expect(await redrive(xa.deps, operator, delivery)).to.deep.include({ kind: 'delivery', series: 2 })
      await network.settle()
      expect(await arrived()).to.equal(1)
      expect(await listStuck(xa.context)).to.deep.equal([])
    })
  })

  describe('a content that came by two attempt series', () => {
    /** What was offered goes no further, and the clerk has tried again meanwhile. */
    async function twoSeries() {
      network.disturb('xa', (url, init, forward) =>
        url.endsWith('/commit') ? Promise.reject(new TypeError('the line was cut')) : forward(url, init),
      )
      const sent = await send()
      const old = (await xa.rows('select id, attempt from branches'))[0]
      await xa.runJobs()
      const [offer] = await tinh.rows('select id from offers')
      // The sender's node gives up what the recipient's still may take: its commit comes from the past.
      await xa.rows("update branches set state = 'queued', not_after = $1", [network.now()])
      network.advance(3 * 60_000)
      const [row] = await xa.rows('select attempt from branches where id = $1', [old?.id])
      await runJob(xa.deps, {
        name: 'relay-send',
        data: { branch: String(old?.id), attempt: Number(row?.attempt) },
      })
      network.disturb('xa', undefined)
      const [first] = await track(sent.id)
      expect(first?.state).to.equal('expired')
      const again = await redispatch(xa.deps, { actor: clerk() }, { deliveryId: first?.id ?? '' })
      const late = () => commitOffer(tinh.deps, 'xa', String(offer?.id), network.now())
      return { ...sent, again, late }
    }

    const reasons = async () =>
      (
        await tinh.rows(
          "select series, reason from receipts where event = 'ContentConsignment' order by series",
        )
      ).map((row) => [row.series, row.reason])

    it('lies once before the clerk when the old one is first', async () => {
      const { again, late, envelope, id } = await twoSeries()
      await late()
      await xa.runJobs()
      expect(await arrived()).to.equal(1)
      expect(await reasons()).to.deep.equal([
        [1, null],
        [2, 'ALREADY_CONSIGNED'],
      ])
      // Statuses answer the newest series, though the document came by the old one.
      await status(envelope, '03')
      await network.settle()
      const second = (await track(id)).find((one) => one.series === 2)
      expect([second?.envelope, second?.state]).to.deep.equal([again.envelope, 'accepted'])
    })

    it('lies once before the clerk when the new one is first', async () => {
      const { again, late, id } = await twoSeries()
      await xa.runJobs()
      await late()
      expect(await arrived()).to.equal(1)
      expect(await reasons()).to.deep.equal([
        [1, 'ALREADY_CONSIGNED'],
        [2, null],
      ])
      await status(again.envelope, '03')
      await tinh.runJobs()
      await tinh.runJobs()
      const second = (await track(id)).find((one) => one.series === 2)
      expect(second?.state).to.equal('accepted')
    })

    it('lies once before the clerk when both come at once', async () => {
      const { late } = await twoSeries()
      await Promise.all([late(), xa.runJobs()])
      expect(await arrived()).to.equal(1)
      const found = await reasons()
      expect(found.map(([series]) => series)).to.deep.equal([1, 2])
      expect(found.filter(([, reason]) => reason === 'ALREADY_CONSIGNED')).to.have.length(1)
    })
  })

  describe('a branch that waits', () => {
    it('is due at once when it is redriven, and the peer that is left alone is probed', async () => {
      cutOff()
      for (let count = 0; count < 5; count += 1) {
        await send()
        const [job] = await xa.takeJobs()
        if (job !== undefined) await runJob(xa.deps, job)
      }
      network.advance(700_000)
      // Another failed probe, and a longer pause.
      await xa.runJobs()
      const items = (await listStuck(xa.context)).filter((one) => one.kind === 'branch')
      expect(items).to.have.length(5)
      expect(items[0]).to.deep.include({ peer: 'tinh', state: 'waiting', ageSeconds: 700 })
      network.disturb('xa', undefined)
      await redrive(xa.deps, operator, items[0]?.id ?? '')
      await network.settle()
      expect(await arrived()).to.equal(5)
      expect(await kinds()).to.deep.equal(['relay.redriven'])
    })

    it('is ended by the operator with a receipt that tells the sender why, and can be sent again', async () => {
      cutOff()
      const { id } = await send()
      await xa.runJobs()
      const [branch] = await xa.rows('select id from branches')
      const reason = 'Gửi nhầm nút thử nghiệm'
      await cancel(xa.deps, operator, { id: String(branch?.id), reason })
      const [ended] = await track(id)
      expect([
        ended?.state,
        ended?.terminal?.event,
        ended?.terminal?.reason,
        ended?.terminal?.reasonText,
      ]).to.deep.equal(['undeliverable', 'RelayRejection', 'OPERATOR_CANCELLED', reason])
      expect(await kinds()).to.deep.equal(['relay.cancelled'])
      expect(await codeOf(cancel(xa.deps, operator, { id: String(branch?.id), reason }))).to.equal(
        'BRANCH_ENDED',
      )
      expect(await codeOf(redrive(xa.deps, operator, String(branch?.id)))).to.equal('BRANCH_ENDED')
      network.disturb('xa', undefined)
      network.advance(10_000)
      await network.settle()
      expect(await arrived()).to.equal(0)
      await redispatch(xa.deps, { actor: clerk() }, { deliveryId: ended?.id ?? '' })
      await network.settle()
      expect(await arrived()).to.equal(1)
    })

    it('is not cancelled once the peer was asked to commit: only the peer knows', async () => {
      network.disturb('xa', async (url, init, forward) => {
        const answer = await forward(url, init)
        if (url.endsWith('/commit')) throw new TypeError('the line was cut')
        return answer
      })
      const { id } = await send()
      await xa.runJobs()
      const [branch] = await xa.rows('select id, state from branches')
      expect(branch?.state).to.equal('committing')
      const asked = cancel(xa.deps, operator, { id: String(branch?.id), reason: 'Không cần nữa' })
      expect(await codeOf(asked)).to.equal('BRANCH_COMMITTING')
      expect((await listStuck(xa.context, { olderThanSeconds: 0 })).map((one) => one.state)).to.deep.equal([
        'asked',
      ])
      network.disturb('xa', undefined)
      network.advance(10_000)
      await network.settle()
      expect((await track(id))[0]?.state).to.equal('arrived')
    })
  })

  describe('a receipt on its way back', () => {
    it('is given up after weeks, shown, offered again for as long when redriven, and never cancelled', async () => {
      cutOff('tinh')
      const { id, envelope } = await send()
      await network.settle()
      await status(envelope, '03')
      await tinh.runJobs()
      await tinh.runJobs()
      network.advance(40 * 24 * HOUR)
      await tinh.runJobs()
      const failed = await listStuck(tinh.context)
      expect(failed.map((one) => [one.kind, one.state, one.peer])).to.deep.equal([
        ['return', 'failed', 'xa'],
        ['return', 'failed', 'xa'],
      ])
      const item = failed[0]?.id ?? ''
      expect(await codeOf(cancel(tinh.deps, operator, { id: item, reason: 'x' }))).to.equal(
        'EVIDENCE_NOT_CANCELLED',
      )
      network.disturb('tinh', undefined)
      for (const one of failed) await redrive(tinh.deps, operator, one.id)
      await network.settle()
      expect(await listStuck(tinh.context)).to.deep.equal([])
      expect((await track(id))[0]?.state).to.equal('accepted')
    })
  })

  it('knows nothing by an id of nothing', async () => {
    expect(await codeOf(redrive(xa.deps, operator, randomUUID()))).to.equal('NOT_FOUND')
    expect(await codeOf(cancel(xa.deps, operator, { id: randomUUID(), reason: 'x' }))).to.equal('NOT_FOUND')
  })
})
