import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { expect } from 'chai'
import { CongvanError } from '../../../server/errors.ts'
import { statusAnnouncer } from '../../../server/relay/announce.ts'
import { type DispatchResult, dispatchDocument } from '../../../server/relay/dispatch.ts'
import { INLINE_BYTES } from '../../../server/relay/offer-with-files.ts'
import { fileOfOffer, receivePiece } from '../../../server/relay/receive-files.ts'
import { recoverLostJobs } from '../../../server/relay/recover.ts'
import { PIECE_BYTES } from '../../../server/relay/send-files.ts'
import { trackDelivery } from '../../../server/relay/track.ts'
import { issueDocument, type Network, openNetwork, runJob, type TestNode } from './network.ts'

const SENDER = 'H40.12.3'
const FAR = 'H40'
const NEAR = 'H40.12.4'

type Mode = 'before' | 'after'

describe('relay: faults', () => {
  let network: Network
  let xa: TestNode
  let tinh: TestNode
  before(async () => {
    network = await openNetwork([
      { id: 'tinh', parent: null, agencies: [{ code: FAR, name: 'Ủy ban nhân dân tỉnh thử nghiệm' }] },
      {
        id: 'xa',
        parent: 'tinh',
        agencies: [
          { code: SENDER, name: 'Ủy ban nhân dân xã thử nghiệm' },
          { code: NEAR, name: 'Ủy ban nhân dân xã thử nghiệm khác' },
        ],
      },
    ])
    xa = network.node('xa')
    tinh = network.node('tinh')
  })
  after(() => network?.close())
  afterEach(() => {
    network.disturb('xa', undefined)
    network.disturb('tinh', undefined)
  })

  async function dispatch(recipients: string[], bytes?: Uint8Array): Promise<DispatchResult> {
    const { id } = await issueDocument(network, SENDER, bytes)
    return dispatchDocument(xa.deps, network.agency(SENDER).clerk, { documentId: id, recipients })
  }

  /** A file too large to go beside its offer. */
  const inPieces = () => Buffer.concat([Buffer.alloc(INLINE_BYTES, 'công văn '), Buffer.from(randomUUID())])

  /** A clerk's act; `documents` sees to it that it happens once, so its own transaction is not broken here. */
  async function announce(sent: DispatchResult, recipient: string): Promise<void> {
    const { agencyId, node } = network.agency(recipient)
    await node.database.db.asAgency({ agencyId }, (trx) =>
      statusAnnouncer(node.context)(trx, {
        documentId: randomUUID(),
        documentCode: '-',
        envelopeSha256: sent.envelope,
        recipientCode: recipient,
        senderCode: SENDER,
        code: '03',
        description: 'Số đến 1',
        at: network.now(),
      }),
    )
  }

  /** Jobs of both nodes until none is left; a job that throws is run again, as the queue would. */
  async function runThrough(): Promise<void> {
    for (let left = 1; left > 0; ) {
      let ran = 0
      for (const node of [xa, tinh]) {
        for (const job of await node.takeJobs()) {
          ran += 1
          await runJob(node.deps, job).catch(() => runJob(node.deps, job))
        }
      }
      left = (await xa.waitingJobs()).length + (await tinh.waitingJobs()).length
      if (ran === 0) network.advance(10_000)
    }
  }

  /** Everything that must hold for a delivery that ended, whatever happened on the way. */
  async function expectOnce(sent: DispatchResult, recipient: string, state: string): Promise<void> {
    const { clerk } = network.agency(SENDER)
    const id = sent.deliveries.find((one) => one.recipient === recipient)?.id ?? ''
    const tracked = await trackDelivery(xa.context, clerk, id)
    expect(tracked.state).to.equal(state)
    const { node, agencyId } = network.agency(recipient)
    const documents = await node.rows(
      'select 1 from documents where envelope_sha256 = $1 and agency_id = $2',
      [sent.envelope, agencyId],
    )
    expect(documents).to.have.length(1)
    const events = tracked.receipts.map((one) => one.event)
    expect(events.filter((one) => one === 'ContentConsignment')).to.have.length(1)
    expect(events).to.have.length(new Set(events).size)
    const sql = `select r.sha256 from receipts r join receipt_recipients e on e.receipt_sha256 = r.sha256
      where r.envelope_sha256 = $1 and e.recipient = $2 and r.event <> 'SubmissionAcceptance' order by 1`
    const here = await xa.rows(sql, [sent.envelope, recipient])
    expect(await node.rows(sql, [sent.envelope, recipient])).to.deep.equal(here)
    const doubled = await xa.rows(
      `select entry->'facts'->>'message' as message, count(*)
       from (select convert_from(entry, 'UTF8')::jsonb as entry from log_entries
             where kind in ('delivery.receipt', 'delivery.status')) as entries
       where entry->>'subject' = $1 group by 1 having count(*) > 1`,
      [`envelope:${sent.envelope}`],
    )
    expect(doubled).to.deep.equal([])
    const jobs = await xa.waitingJobs()
    expect(jobs).to.deep.equal([])
  }

  const kills: readonly { here: Mode; there: Mode; recipients: string[] }[] = [
    { here: 'before', there: 'after', recipients: [FAR, NEAR] },
    { here: 'after', there: 'before', recipients: [FAR] },
  ]
  for (const { here, there, recipients } of kills) {
    it(`loses and doubles nothing when the sender breaks ${here} and the receiver ${there} any transaction`, async () => {
      let at = 1
      for (let burnt = true; burnt && at < 60; at += 1) {
        const sent = await dispatch(recipients)
        Object.assign(xa.fuse, { count: 0, armed: { at, mode: here } })
        Object.assign(tinh.fuse, { count: 0, armed: { at, mode: there } })
        await runThrough()
        await announce(sent, FAR)
        await runThrough()
        burnt = xa.fuse.armed === undefined || tinh.fuse.armed === undefined
        Object.assign(xa.fuse, { armed: undefined })
        Object.assign(tinh.fuse, { armed: undefined })
        await expectOnce(sent, FAR, 'accepted')
        if (recipients.includes(NEAR)) await expectOnce(sent, NEAR, 'arrived')
      }
      expect(at, 'transactions broken').to.be.within(8, 59)
    })
  }

  for (const mode of ['before', 'after'] as const) {
    it(`loses and doubles nothing when the line is cut ${mode} any request was answered`, async () => {
      let at = 1
      for (let burnt = true; burnt && at < 20; at += 1) {
        const sent = await dispatch([FAR], inPieces())
        const cuts = [xa, tinh].map((node) => cutAt(node.id, at, mode))
        await runThrough()
        await announce(sent, FAR)
        await runThrough()
        burnt = cuts.some((cut) => cut.burnt)
        await expectOnce(sent, FAR, 'accepted')
      }
      expect(at, 'requests cut').to.be.within(5, 19)
    })
  }

  function cutAt(nodeId: string, at: number, mode: 'before' | 'after'): { burnt: boolean } {
    const cut = { burnt: false }
    let count = 0
    network.disturb(nodeId, async (url, init, forward) => {
      count += 1
      if (count !== at) return forward(url, init)
      cut.burnt = true
      if (mode === 'after') await (await forward(url, init)).arrayBuffer()
      throw new TypeError('the line was cut')
    })
    return cut
  }

  it('takes a delivery once when the same job runs three times at once', async () => {
    const sent = await dispatch([FAR])
    const [job] = await xa.takeJobs()
    if (job === undefined) throw new Error('no job')
    await Promise.all([1, 2, 3].map(() => runJob(xa.deps, job)))
    await announce(sent, FAR)
    const [seal] = await tinh.takeJobs()
    if (seal === undefined) throw new Error('no job')
    await Promise.all([1, 2, 3].map(() => runJob(tinh.deps, seal)))
    const back = await tinh.takeJobs()
    await Promise.all([...back, ...back, ...back].map((one) => runJob(tinh.deps, one)))
    await expectOnce(sent, FAR, 'accepted')
  })

  describe('a piece that another run of the same job puts away and discards', () => {
    const half = INLINE_BYTES

    /** An offer at the receiver that lacks its file, and the way to send pieces of it there. */
    async function opened() {
      const whole = Buffer.concat([Buffer.alloc(2 * half, 'văn bản '), Buffer.from(randomUUID())])
      await dispatch([FAR], whole)
      const [job] = await xa.takeJobs()
      if (job === undefined) throw new Error('no job')
      let offerId = ''
      network.disturb('xa', async (url, init, forward) => {
        if (init.method === 'PUT') throw new TypeError('the line was cut')
        const answer = await forward(url, init)
        if (url.endsWith('/offers'))
          offerId = String(((await answer.clone().json()) as { offer: string }).offer)
        return answer
      })
      await runJob(xa.deps, job)
      const [row] = await tinh.rows('select sha256, length from offer_files where offer_id = $1', [offerId])
      const piece = { offerId, sha256: String(row?.sha256) }
      return { piece, length: Number(row?.length), whole }
    }

    /** Whatever reads the piece finds that `first` has happened just before. */
    async function whileReading<T>(first: () => Promise<unknown>, act: () => Promise<T>): Promise<T> {
      const { pieces } = tinh.deps
      const read = (...asked: Parameters<typeof pieces.read>) =>
        Readable.from(
          (async function* () {
            Object.assign(tinh.deps, { pieces })
            await first()
            yield* pieces.read(...asked)
          })(),
        )
      Object.assign(tinh.deps, { pieces: { ...pieces, read } })
      try {
        return await act()
      } finally {
        Object.assign(tinh.deps, { pieces })
      }
    }

    it('is done for the run that comes second', async () => {
      const { piece, length, whole } = await opened()
      const rest = () => send(piece, length, Buffer.alloc(0))
      const answer = await whileReading(rest, () => send(piece, 0, whole))
      expect(answer).to.deep.include({ received: length, complete: true })
      expect(await fileOfOffer(tinh.deps, 'xa', piece.offerId, piece.sha256)).to.deep.include({
        complete: true,
      })
    })

    it('is compared with what the store has', async () => {
      for (const [sent, isSame] of [
        [(whole: Buffer) => whole, true],
        [() => Buffer.alloc(half, 'x'), false],
      ] as const) {
        const { piece, whole } = await opened()
        await send(piece, 0, whole.subarray(0, half))
        const rest = () => send(piece, half, whole.subarray(half))
        const again = whileReading(rest, () => send(piece, 0, sent(whole).subarray(0, half)))
        const code = await again.then(
          () => 'none',
          (error: CongvanError) => error.code,
        )
        expect(code).to.equal(isSame ? 'none' : 'RELAY_COLLISION')
      }
    })

    it('does not count when it is lost and only somebody else has brought the same file', async () => {
      const { piece, whole } = await opened()
      const lost = async () => {
        await tinh.deps.files.put(Readable.from([whole]), 4 * INLINE_BYTES)
        await tinh.deps.pieces.discard(piece)
      }
      const refused = await whileReading(lost, () => send(piece, 0, whole)).catch((error: unknown) => error)
      expect(refused).to.have.property('code', 'ENOENT')
      const [row] = await tinh.rows('select complete from offer_files where offer_id = $1', [piece.offerId])
      expect(row).to.deep.equal({ complete: false })
    })

    const send = (piece: { offerId: string; sha256: string }, from: number, part: Uint8Array) =>
      receivePiece(tinh.deps, 'xa', { ...piece, from }, Readable.from([part]), network.now())
  })

  it('refuses a request that is repeated on the wire, and the sender gets its answer from the first', async () => {
    const sent = await dispatch([FAR])
    const repeated: number[] = []
    network.disturb('xa', async (url, init, forward) => {
      const answer = await forward(url, init)
      if (init.method === 'POST') repeated.push((await forward(url, init)).status)
      return answer
    })
    await runThrough()
    expect(repeated).to.deep.equal([401, 401])
    await expectOnce(sent, FAR, 'arrived')
  })

  it('resumes a large file where the line was cut', async () => {
    const bytes = Buffer.alloc(2 * PIECE_BYTES + 12_345, 'công văn ')
    const sent = await dispatch([FAR], bytes)
    const pieces: string[] = []
    network.disturb('xa', async (url, init, forward) => {
      if (init.method === 'PUT') {
        pieces.push(new URL(url).search)
        if (pieces.length === 2) throw new TypeError('the line was cut')
      }
      return forward(url, init)
    })
    await runThrough()
    const [first, second, third] = ['?from=0', `?from=${PIECE_BYTES}`, `?from=${2 * PIECE_BYTES}`]
    expect(pieces).to.deep.equal([first, second, second, third])
    await expectOnce(sent, FAR, 'arrived')
    const { agencyId } = network.agency(FAR)
    const [row] = await tinh.rows(
      `select sha256 from document_revisions where agency_id = $1 and document_id =
         (select id from documents where envelope_sha256 = $2)`,
      [agencyId, sent.envelope],
    )
    expect(Buffer.compare(await tinh.deps.files.read(String(row?.sha256)), bytes)).to.equal(0)
  })

  it('waits for a full disk at the receiver and leaves nothing half-written there', async () => {
    const sent = await dispatch([FAR])
    const { pieces, files } = tinh.deps
    const refuse = () => Promise.reject(new CongvanError('STORAGE_FULL'))
    Object.assign(tinh.deps, { pieces: { ...pieces, write: refuse }, files: { ...files, put: refuse } })
    await xa.runJobs()
    const [branch] = await xa.rows('select state, outcome from branches where envelope_sha256 = $1', [
      sent.envelope,
    ])
    expect(branch).to.deep.equal({ state: 'queued', outcome: 'storage-full' })
    expect(await tinh.rows('select 1 from envelopes where sha256 = $1', [sent.envelope])).to.deep.equal([])
    Object.assign(tinh.deps, { pieces, files })
    await runThrough()
    await expectOnce(sent, FAR, 'arrived')
  })

  it('never calls a delivery expired that the silent peer has taken', async () => {
    const sent = await dispatch([FAR])
    network.disturb('xa', async (url, init, forward) => {
      const answer = await forward(url, init)
      if (url.endsWith('/commit')) throw new TypeError('the line was cut')
      return answer
    })
    await xa.runJobs()
    network.disturb('xa', () => Promise.reject(new TypeError('no line')))
    network.advance(25 * 3_600_000)
    await xa.runJobs()
    const [branch] = await xa.rows('select state, outcome from branches where envelope_sha256 = $1', [
      sent.envelope,
    ])
    expect(branch).to.deep.equal({ state: 'committing', outcome: 'answer-lost' })
    network.disturb('xa', undefined)
    await runThrough()
    await expectOnce(sent, FAR, 'arrived')
  })

  it('calls expired what the peer never took, by the peer’s own answer', async () => {
    const sent = await dispatch([FAR])
    network.disturb('xa', (url, init, forward) =>
      url.endsWith('/commit') ? Promise.reject(new TypeError('the line was cut')) : forward(url, init),
    )
    await xa.runJobs()
    network.disturb('xa', undefined)
    network.advance(25 * 3_600_000)
    await runThrough()
    const { clerk } = network.agency(SENDER)
    const tracked = await trackDelivery(xa.context, clerk, sent.deliveries[0]?.id ?? '')
    expect([tracked.state, tracked.terminal?.reason]).to.deep.equal(['expired', 'RELAY_EXPIRED'])
    expect(await tinh.rows('select 1 from envelopes where sha256 = $1', [sent.envelope])).to.deep.equal([])
  })

  it('finds lost jobs again', async () => {
    const sent = await dispatch([FAR, NEAR])
    await xa.takeJobs()
    await recoverLostJobs(xa.deps)
    expect(await xa.waitingJobs(), 'not due for long enough').to.deep.equal([])
    network.advance(16 * 60_000)
    await recoverLostJobs(xa.deps)
    await runThrough()
    await announce(sent, FAR)
    await tinh.takeJobs()
    network.advance(16 * 60_000)
    await recoverLostJobs(tinh.deps)
    await tinh.runJobs()
    await tinh.takeJobs()
    network.advance(16 * 60_000)
    await recoverLostJobs(tinh.deps)
    await runThrough()
    await expectOnce(sent, FAR, 'accepted')
    await expectOnce(sent, NEAR, 'arrived')
  })
})
