/** What follows from a recall: closed recipients, paper copies, and every attempt series that brought the content. */
import { expect } from 'chai'
import { readDetails } from '../../../server/documents/read-document.ts'
import { sweepFiles } from '../../../server/files/sweep-files.ts'
import { listTasks } from '../../../server/handling/list-tasks.ts'
import { sendPaperBack } from '../../../server/incoming/send-paper-back.ts'
import { dispatchOnPaper } from '../../../server/outgoing/dispatch-on-paper.ts'
import { recordPaperReturn } from '../../../server/outgoing/record-paper-return.ts'
import { recallDocument } from '../../../server/relay/recall-document.ts'
import { redispatch } from '../../../server/relay/redispatch.ts'
import { trackDocument } from '../../../server/relay/track.ts'
import { runJob } from './network.ts'
import { issue } from './office.ts'
import { codeOf, openRecallTree, REASON, SENDER, type Tree } from './recall-support.ts'

describe('what follows from a recall', function () {
  this.timeout(120_000)
  let tree: Tree
  before(async () => {
    tree = await openRecallTree()
  })
  after(() => tree?.network.close())

  describe('a recipient that has closed since', () => {
    /** Closed as the sender's node knows it, its successor named; put back afterwards. */
    async function closed(codes: readonly string[], work: () => Promise<void>): Promise<void> {
      const { network } = tree
      const xa = network.node('xa')
      const ids = codes.map((code) => network.agency(code).agencyId)
      const successor = network.agency('G23').agencyId
      for (const id of ids) {
        await xa.rows("insert into agency_closures (agency_id, closed_on) values ($1, '2025-03-10')", [id])
        await xa.rows('insert into agency_successors (agency_id, successor_id) values ($1, $2)', [
          id,
          successor,
        ])
      }
      try {
        await work()
      } finally {
        await xa.rows('delete from agency_successors where agency_id = any($1)', [ids])
        await xa.rows('delete from agency_closures where agency_id = any($1)', [ids])
      }
    }

    it('is named with who took over, and keeps nobody else from being asked', async () => {
      const { network, centre, sender } = tree
      const { id, sent } = await tree.send(['G22', 'H40.12', 'H40'])
      await network.settle()
      const incoming = await tree.arrived(centre, sent.envelope)
      await closed(['H40.12'], async () => {
        const { notified, untouched, envelope } = await tree.recall(id)
        expect(notified).to.deep.equal(['G22', 'H40'])
        expect(untouched).to.deep.equal([
          { code: 'H40.12', why: 'closed', closedOn: '2025-03-10', successors: ['G23'] },
        ])
        await network.settle()
        await tree.arrived(centre, envelope ?? '')
        expect(await tree.answer(centre, incoming, true)).to.equal('agreed')
      })
      const [entry] = await network
        .node('xa')
        .rows(
          "select convert_from(entry, 'UTF8')::jsonb -> 'facts' as facts from log_entries where kind = 'document.recalled' and subject = $1",
          [`document:${id}`],
        )
      expect(entry?.facts).to.deep.include({ closed: ['H40.12'] })
      const tracked = await trackDocument(sender.context, sender.clerk, id)
      expect(tracked.map((one) => [one.recipient, one.recall?.way ?? null])).to.deep.equal([
        ['G22', 'notice'],
        ['H40', 'notice'],
        ['H40.12', null],
      ])
    })

    it('alone leaves nobody to be asked: the error names it, nothing is frozen', async () => {
      const { network, sender } = tree
      const { id } = await tree.send(['H40.12'])
      await network.settle()
      const { id: noticeId } = await issue(sender, [])
      await closed(['H40.12'], async () => {
        const asked = recallDocument(tree.deps(SENDER), sender.clerk, {
          documentId: id,
          noticeId,
          reason: REASON,
        })
        const error = await asked.then(
          () => undefined,
          (caught: { code: string; params: object }) => caught,
        )
        expect(error?.code).to.equal('RECALL_NOT_SENT')
        expect(JSON.stringify(error?.params)).to.match(/H40\.12 \(từ 2025-03-10, → G23\)/)
      })
      expect(await tree.recallOf(sender, id)).to.equal(null)
    })
  })

  describe('paper that went out beside it', () => {
    const PAPER = 'Sở Nội vụ thử nghiệm'

    async function recalledPaper() {
      const { network, sender, centre } = tree
      const { id, sent } = await tree.send(['G22'])
      const paper = { id, recipients: [PAPER], copies: 3, reason: 'nơi nhận cần bản giấy' }
      await dispatchOnPaper(sender.context, sender.services, sender.clerk, paper)
      await network.settle()
      const incoming = await tree.arrived(centre, sent.envelope)
      return { id, incoming }
    }
    const toReturn = async () => {
      const { context, clerk } = tree.centre
      const { items } = await listTasks(context, clerk, 'paper-to-return', { after: undefined, limit: 50 })
      return items.map((one) => one.document.id)
    }

    it('is a task of each receiver until the day of its return is recorded; the issuer records what came back [N037]', async () => {
      const { network, sender, centre } = tree
      const { id, incoming } = await recalledPaper()
      const { context, clerk } = centre
      expect(await codeOf(sendPaperBack(context, clerk, { id: incoming, copies: 1 }))).to.equal(
        'RECALL_NOT_REQUESTED',
      )
      const early = recordPaperReturn(sender.context, sender.clerk, { id, from: PAPER, copies: 1 })
      expect(await codeOf(early)).to.equal('PAPER_NOT_RECALLED')
      const { paper, envelope } = await tree.recall(id)
      expect(paper).to.deep.equal([PAPER])
      await network.settle()
      await tree.arrived(centre, envelope ?? '')
      const [request] = (await readDetails(context, clerk, incoming)).relations.requests
      expect(request).to.deep.include({ asksPaper: true })
      expect(request?.reason).to.match(/gửi lại bản giấy.*18\.4a.*thẩm quyền$/)
      expect(await toReturn()).to.deep.equal([incoming])
      // To give the electronic content up is one thing, to send the paper back another.
      await tree.answer(centre, incoming, true)
      expect(await toReturn()).to.deep.equal([incoming])
      network.advance(86_400_000)
      const wrong = (on: string) => codeOf(sendPaperBack(context, clerk, { id: incoming, copies: 2, on }))
      expect(await wrong('2025-03-12')).to.equal('PAPER_RETURN_DAY_WRONG')
      expect(await wrong('2025-03-09')).to.equal('PAPER_RETURN_DAY_WRONG')
      const back = { id: incoming, copies: 2, on: '2025-03-10' }
      expect(await sendPaperBack(context, clerk, back)).to.deep.equal(back)
      expect(await toReturn()).to.deep.equal([])
      expect(await codeOf(sendPaperBack(context, clerk, { id: incoming, copies: 0 }))).to.equal(
        'PAPER_RETURN_RECORDED',
      )
      const there = (await readDetails(context, clerk, incoming)).relations.paperReturns
      expect(there.map(({ party, copies, on, by }) => [party, copies, on, by])).to.deep.equal([
        [SENDER, 2, '2025-03-10', clerk.displayName],
      ])

      const record = (copies: number, from = PAPER, on?: string) =>
        recordPaperReturn(sender.context, sender.clerk, { id, from, copies, on })
      expect(await codeOf(record(1, 'Sở Tư pháp'))).to.equal('PAPER_RETURN_UNKNOWN')
      expect(await codeOf(record(4))).to.equal('PAPER_RETURN_TOO_MANY')
      expect(await codeOf(record(1, PAPER, '2025-03-09'))).to.equal('PAPER_RETURN_DAY_WRONG')
      const both = await Promise.allSettled([record(2), record(2)])
      expect(both.map((one) => one.status).sort()).to.deep.equal(['fulfilled', 'rejected'])
      expect(await record(1)).to.deep.equal({ id, from: PAPER, copies: 1, on: '2025-03-11', out: 0 })
      const own = (await readDetails(sender.context, sender.clerk, id)).relations.paperReturns
      expect(own.map((one) => [one.copies, one.on])).to.deep.equal([
        [2, '2025-03-11'],
        [1, '2025-03-11'],
      ])
      const kinds = await network
        .node('xa')
        .rows("select kind from log_entries where subject = $1 and kind like '%paper-returned'", [
          `document:${id}`,
        ])
      expect(kinds).to.have.length(2)
    })

    it('is no task of a receiver who says that none came', async () => {
      const { network, centre } = tree
      const { id, incoming } = await recalledPaper()
      const { envelope } = await tree.recall(id)
      await network.settle()
      await tree.arrived(centre, envelope ?? '')
      expect(await toReturn()).to.include(incoming)
      const none = await sendPaperBack(centre.context, centre.clerk, { id: incoming, copies: 0 })
      expect(none).to.deep.equal({ id: incoming, copies: 0, on: null })
      expect(await toReturn()).not.to.include(incoming)
    })

    it('is no task where nothing went out on paper', async () => {
      const { network, centre } = tree
      const { id, sent } = await tree.send(['G22'])
      await network.settle()
      const incoming = await tree.arrived(centre, sent.envelope)
      const { envelope, paper } = await tree.recall(id)
      await network.settle()
      await tree.arrived(centre, envelope ?? '')
      expect(paper).to.deep.equal([])
      expect(await toReturn()).not.to.include(incoming)
    })
  })

  describe('a content that several attempt series brought', () => {
    /** The sender's node takes a delivery for lost that has arrived: as if every receipt had gone astray. */
    async function lost(id: string): Promise<string> {
      const xa = tree.network.node('xa')
      const [row] = await xa.rows(
        `update deliveries set transport = 'expired' where id =
           (select id from deliveries where document_id = $1 order by series desc limit 1) returning id`,
        [id],
      )
      return String(row?.id)
    }
    const again = async (id: string) => {
      const { sender } = tree
      return redispatch(tree.deps(SENDER), { actor: sender.clerk }, { deliveryId: await lost(id) })
    }
    const held = async (sha256: string) =>
      (await tree.network.node('tw').rows('select holder from file_holds where sha256 = $1', [sha256])).length
    const fileOf = async (incoming: string) => {
      const [row] = await tree.network
        .node('tw')
        .rows('select sha256 from document_revisions where document_id = $1', [incoming])
      return String(row?.sha256)
    }

    it('is held by none of them once it is given up', async () => {
      const { network, centre } = tree
      const { id, sent } = await tree.send(['G22'])
      await network.settle()
      const incoming = await tree.arrived(centre, sent.envelope)
      for (const series of [2, 3, 4]) {
        expect((await again(id)).series).to.equal(series)
        await network.settle()
      }
      const sha256 = await fileOf(incoming)
      expect(await held(sha256)).to.equal(5)
      const { envelope } = await tree.recall(id)
      await network.settle()
      await tree.arrived(centre, envelope ?? '')
      expect(await tree.answer(centre, incoming, true)).to.equal('agreed')
      expect(await held(sha256)).to.equal(0)
      network.advance(2 * 86_400_000)
      const { files } = centre.services
      await sweepFiles(centre.context, files)
      expect(await files.has(sha256)).to.equal(false)
    })

    it('is not held by one that comes after it was given up', async () => {
      const { network, centre } = tree
      const { id, sent } = await tree.send(['G22'])
      await network.settle()
      const incoming = await tree.arrived(centre, sent.envelope)
      const sha256 = await fileOf(incoming)
      await again(id)
      await network.node('xa').runJobs()
      const late = await network.node('huyen').takeJobs()
      const { envelope } = await tree.recall(id)
      await network.settle()
      await tree.arrived(centre, envelope ?? '')
      expect(await tree.answer(centre, incoming, true)).to.equal('agreed')
      for (const job of late) await runJob(tree.deps('H40.12'), job)
      await network.settle()
      expect(await held(sha256)).to.equal(0)
      const [count] = await network
        .node('tw')
        .rows(
          "select count(*)::int as n from receipts where reason = 'ALREADY_CONSIGNED' and event = 'ContentConsignment' and envelope_sha256 not in ($1, $2)",
          [sent.envelope, envelope],
        )
      expect(count?.n).to.be.greaterThan(0)
    })
  })
})
