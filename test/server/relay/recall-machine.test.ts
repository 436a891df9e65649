/**
 * The life of one delivery with everything that may happen to it at once: jobs in any order, twice or lost with their
 * process, requests cut before and after they took effect or sent twice, new attempt series, recall, update, and what
 * the recipient's clerk does about them. Whatever the order, both sides know the same at the end.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { readBytes } from '../../../server/documents/read-document.ts'
import { sweepFiles } from '../../../server/files/sweep-files.ts'
import { answerRecall } from '../../../server/incoming/answer-recall.ts'
import { answerUpdate } from '../../../server/incoming/answer-update.ts'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import { recallDocument } from '../../../server/relay/recall-document.ts'
import { recoverLostJobs } from '../../../server/relay/recover.ts'
import { redispatch } from '../../../server/relay/redispatch.ts'
import { trackDocument } from '../../../server/relay/track.ts'
import { type Fault, type Network, openNetwork, type RunJob, runJob, type TestNode } from './network.ts'
import { accept, issue, type Office, openOffice, verify } from './office.ts'
import { type Act, lives, refusals } from './recall-lives.ts'

const SENDER = 'H40.3'
const RECIPIENT = 'H40'
const numRuns = Number(process.env.CONGVAN_RECALL_RUNS ?? 6)

describe('the whole life of a delivery: sent, recalled, updated, answered, in any order', function () {
  this.timeout(120_000 + numRuns * 40_000)
  let network: Network
  let sender: Office
  let recipient: Office
  let xa: TestNode
  let tinh: TestNode
  const sealedFiles: string[] = []
  before(async () => {
    network = await openNetwork([
      { id: 'tinh', parent: null, agencies: [{ code: RECIPIENT, name: 'Tỉnh thử nghiệm' }] },
      { id: 'xa', parent: 'tinh', agencies: [{ code: SENDER, name: 'Xã thử nghiệm' }] },
    ])
    sender = await openOffice(network, SENDER)
    recipient = await openOffice(network, RECIPIENT)
    xa = network.node('xa')
    tinh = network.node('tinh')
  })
  after(() => network?.close())

  /** One document and what has been done about it. */
  class Life {
    readonly pending: { readonly node: TestNode; readonly job: RunJob }[] = []
    readonly updates: string[] = []
    readonly id: string
    constructor(id: string) {
      this.id = id
    }

    async act(act: Act, chance: number): Promise<void> {
      const node = chance % 2 === 0 ? xa : tinh
      if (act === 'take') {
        for (const one of [xa, tinh])
          for (const job of await one.takeJobs()) this.pending.push({ node: one, job })
      } else if (act === 'run-first') await this.run(this.pending.shift(), 1)
      else if (act === 'run-last') await this.run(this.pending.pop(), 1)
      else if (act === 'run-twice') await this.run(this.pending.shift(), 2)
      else if (act === 'kill') this.pending.length = 0
      else if (act === 'cut-before' || act === 'cut-after' || act === 'double') disturbOnce(node, act)
      else if (act === 'settle') await network.settle()
      else if (act === 'verify') await verifyAll()
      else await attempt(this.business(act))
    }

    async run(one: Life['pending'][number] | undefined, times: number): Promise<void> {
      if (one === undefined) return
      await Promise.all(Array.from({ length: times }, () => runJob(one.node.deps, one.job)))
    }

    async business(act: Act): Promise<unknown> {
      const { context, services, clerk } = recipient
      if (act === 'recall') {
        const { id: noticeId } = await issue(sender, [])
        const request = { documentId: this.id, noticeId, reason: 'Sai thẩm quyền' }
        return recallDocument(xa.deps, sender.clerk, request)
      }
      if (act === 'update') {
        const note = await issue(sender, [], undefined, { dueDate: '2025-06-15' })
        const supersedes = { updates: this.id, reason: 'Gia hạn' }
        const request = { documentId: note.id, recipients: [RECIPIENT], supersedes }
        await dispatchDocument(xa.deps, sender.clerk, request)
        return this.updates.push(note.id)
      }
      if (act === 'again') return this.again()
      const there = (await this.arrived())[0]
      if (there === undefined) return undefined
      if (act === 'accept') return accept(recipient, there.id, true)
      if (act === 'agree' || act === 'decline') {
        const text = act === 'agree' ? undefined : 'Đang xử lý'
        return answerRecall(context, services, clerk, { id: there.id, agree: act === 'agree', text })
      }
      return answerUpdate(context, services, clerk, { id: there.id, agree: act === 'agree-update' })
    }

    /** The sender's people take for lost what has arrived, as if its receipts had gone astray, and send it again. */
    async again(): Promise<void> {
      const [lost] = await xa.rows(
        `update deliveries set transport = 'expired' where id =
           (select id from deliveries where document_id = $1 order by series desc limit 1)
           and transport = 'consigned' returning id`,
        [this.id],
      )
      if (lost === undefined) return
      await redispatch(xa.deps, { actor: sender.clerk }, { deliveryId: String(lost.id) })
    }

    async arrived(): Promise<{ id: string; recall: string | null; state: string }[]> {
      return (await tinh.rows(
        `select id, recall, state from documents where direction = 'incoming' and business_type = 0
         and document_code = $1`,
        [await codeAtSender(this.id)],
      )) as { id: string; recall: string | null; state: string }[]
    }
  }

  async function codeAtSender(id: string): Promise<string> {
    return String(
      (await xa.rows('select document_code from documents where id = $1', [id]))[0]?.document_code,
    )
  }

  async function attempt(work: Promise<unknown>): Promise<void> {
    try {
      await work
    } catch (error) {
      if (!refusals.has(String((error as { code?: unknown }).code))) throw error
    }
  }

  /** What goes wrong with the next request of a node. */
  function disturbOnce(node: TestNode, how: 'cut-before' | 'cut-after' | 'double'): void {
    const fault: Fault = async (url, init, forward) => {
      network.disturb(node.id, undefined)
      if (how === 'cut-before') throw new TypeError('the line was cut')
      // The same bytes twice: the second is told that it was replayed, or gets the stored answer.
      const first = await forward(url, init)
      if (how === 'cut-after') throw new TypeError('the line was cut')
      await forward(url, init)
      return first
    }
    network.disturb(node.id, fault)
  }

  async function verifyAll(): Promise<void> {
    for (const { id } of await tinh.rows("select id from documents where state = 'arrived'")) {
      await verify(recipient, String(id))
    }
  }

  /** Lets everything that is under way come to its end: what a killed process had in hand is found again. */
  async function comeToRest(): Promise<void> {
    for (const node of [xa, tinh]) network.disturb(node.id, undefined)
    for (let round = 0; round < 12; round += 1) {
      await network.settle()
      if ((await openWork()) === 0) return
      network.advance(20 * 60_000)
      for (const node of [xa, tinh]) await recoverLostJobs(node.deps)
    }
    throw new Error('it comes to no rest')
  }

  async function openWork(): Promise<number> {
    let count = 0
    for (const node of [xa, tinh]) {
      const [row] = await node.rows(`select
        (select count(*) from branches where state in ('queued', 'committing'))
        + (select count(*) from returns where state = 'queued')
        + (select count(*) from announcements where message_sha256 is null) as open`)
      count += Number(row?.open)
    }
    return count
  }

  const inWords = { open: null, agreed: '15', declined: '16' } as const
  const recallWord = { open: 'requested', agreed: 'agreed', declined: 'declined' } as const

  async function requireAgreement(life: Life): Promise<void> {
    const { id } = life
    const arrived = await life.arrived()
    const series = await trackDocument(sender.context, sender.clerk, id)
    const newest = series.toSorted((a, b) => a.series - b.series).at(-1)
    // Every series has one end, and what arrived lies before the clerks once, however often it was brought.
    for (const one of series) expect(one.terminal, `series ${one.series}`).not.to.equal(null)
    const brought = series.filter((one) => one.terminal?.event === 'ContentConsignment').length
    expect(arrived).to.have.length(brought === 0 ? 0 : 1)
    const [there] = arrived
    const orders = await xa.rows(
      'select notice_id, envelope_sha256 from recall_orders where document_id = $1',
      [id],
    )
    expect(orders.length).to.be.at.most(1)
    const [own] = await xa.rows('select recall from documents where id = $1', [id])
    expect(own?.recall).to.equal(orders.length === 0 ? null : 'ordered')
    const [order] = orders
    let state: 'open' | 'agreed' | 'declined' | undefined
    if (order !== undefined && order.envelope_sha256 !== null) {
      const notices = await tinh.rows('select id from documents where envelope_sha256 = $1', [
        order.envelope_sha256,
      ])
      expect(notices, 'the notice').to.have.length(1)
      const requests = await tinh.rows(
        'select state, target_id from incoming_requests where notice_id = $1',
        [notices[0]?.id],
      )
      expect(requests).to.have.length(1)
      expect(requests[0]?.target_id).to.equal(there?.id)
      state = requests[0]?.state as typeof state
    }
    expect(there?.recall ?? null).to.equal(state === undefined ? null : recallWord[state])
    expect(newest?.recall?.answer?.code ?? null).to.equal(state === undefined ? null : inWords[state])
    if (there !== undefined) await requireContent(life, there, state === 'agreed')
    for (const note of life.updates) await requireUpdateAnswered(note, there?.id)
    await requireSameEvidence()
  }

  async function requireContent(life: Life, there: { id: string; recall: string | null }, isSealed: boolean) {
    const { context, services, clerk } = recipient
    const [file] = await xa.rows(
      "select sha256 from document_revisions where document_id = $1 and kind = 'issued'",
      [life.id],
    )
    const holders = await tinh.rows('select holder from file_holds where sha256 = $1', [file?.sha256])
    const read = readBytes(context, services.files, clerk, there.id)
    if (isSealed) {
      const code = await read.then(
        () => 'it opened',
        (error: { code?: string }) => error.code,
      )
      expect(code).to.equal('DOCUMENT_RECALLED')
      expect(holders).to.deep.equal([])
      sealedFiles.push(String(file?.sha256))
    } else {
      expect((await read).bytes.length).to.be.greaterThan(0)
      expect(holders.map((one) => one.holder)).to.include(`document:${there.id}`)
    }
    const acts = await tinh.rows(
      "select kind, count(*)::int as n from log_entries where subject = $1 and kind ~ '(arrived|recall-agreed)$' group by kind",
      [`document:${there.id}`],
    )
    for (const one of acts) expect(one.n, String(one.kind)).to.equal(1)
  }

  async function requireUpdateAnswered(note: string, target: string | undefined): Promise<void> {
    const [delivery] = await trackDocument(sender.context, sender.clerk, note)
    expect(delivery?.terminal?.event).to.equal('ContentConsignment')
    const requests = await tinh.rows(
      `select r.state, r.target_id from incoming_requests r join documents d on d.id = r.notice_id
       where d.envelope_sha256 = $1`,
      [delivery?.envelope],
    )
    expect(requests).to.have.length(1)
    const { state, target_id: about } = requests[0] ?? {}
    expect(about ?? undefined).to.equal(target)
    const told = delivery?.statuses.map((one) => one.code).filter((code) => code === '15' || code === '16')
    expect(told).to.deep.equal(state === 'agreed' ? ['15'] : state === 'declined' ? ['16'] : [])
  }

  /** What the recipient's node sealed has come back, all of it and once. */
  async function requireSameEvidence(): Promise<void> {
    const sealed = async (node: TestNode, table: string, where: string) =>
      (await node.rows(`select sha256 from ${table} where ${where} order by sha256`)).map((row) => row.sha256)
    const atHost = await sealed(tinh, 'receipts', "event like 'Content%'")
    expect(await sealed(xa, 'receipts', "event like 'Content%'")).to.deep.equal(atHost)
    expect(await sealed(xa, 'status_messages', 'true')).to.deep.equal(
      await sealed(tinh, 'status_messages', 'true'),
    )
    for (const node of [xa, tinh]) {
      const twice = await node.rows(
        `select envelope_sha256, series, recipient, status ->> 'code' as code from announcements
         where status ->> 'code' = '15' group by 1, 2, 3, 4 having count(*) > 1`,
      )
      expect(twice).to.deep.equal([])
    }
  }

  it('leaves both sides of one mind, nothing doubled, and sealed content unreadable [K018 K075]', async () => {
    await fc.assert(
      fc.asyncProperty(lives, async (chosen) => {
        const { id } = await issue(sender, [], undefined, { dueDate: '2025-05-15' })
        await dispatchDocument(xa.deps, sender.clerk, { documentId: id, recipients: [RECIPIENT] })
        const life = new Life(id)
        for (const [act, chance] of chosen) await life.act(act, chance)
        await comeToRest()
        await verifyAll()
        await comeToRest()
        await requireAgreement(life)
        // What was recalled and not yet given up is given up in the end.
        await life.act('agree', 0)
        await comeToRest()
        await requireAgreement(life)
      }),
      { numRuns, endOnFailure: true },
    )
    network.advance(2 * 86_400_000)
    const { files } = recipient.services
    await sweepFiles(recipient.context, files)
    for (const sha256 of sealedFiles) expect(await files.has(sha256), sha256).to.equal(false)
  })
})
