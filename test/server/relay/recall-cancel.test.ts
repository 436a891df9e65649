/** A recall before the document has left, and recalls that meet other acts. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { assignDocument } from '../../../server/handling/assign-document.ts'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import { recallDocument } from '../../../server/relay/recall-document.ts'
import { readEvidence, trackDocument } from '../../../server/relay/track.ts'
import { requireProgram } from '../../support/programs.ts'
import { accept, issue, received } from './office.ts'
import { codeOf, openRecallTree, REASON, SENDER, type Tree } from './recall-support.ts'

describe('a recall of what has not left, and of what is being worked with', function () {
  this.timeout(120_000)
  let tree: Tree
  before(async () => {
    tree = await openRecallTree()
  })
  after(() => tree?.network.close())

  const recallHere = (id: string, more: object = {}) =>
    recallDocument(tree.deps(SENDER), tree.sender.clerk, { documentId: id, reason: REASON, ...more })

  const documentsAt = (node: string, envelope: string) =>
    tree.network.node(node).rows('select 1 from documents where envelope_sha256 = $1', [envelope])

  it('ends the delivery here with one terminal receipt, needs no notice, and nothing travels', async function () {
    requireProgram(this, 'xmlsec1')
    const { network, sender } = tree
    const { id, sent } = await tree.send(['G22', SENDER])
    expect(await recallHere(id)).to.deep.equal({
      id,
      recall: 'ordered',
      cancelled: ['G22', SENDER],
      notified: [],
      untouched: [],
      paper: [],
      envelope: null,
    })
    await network.settle()
    for (const node of ['xa', 'huyen', 'tinh', 'tw']) {
      expect(await documentsAt(node, sent.envelope)).to.deep.equal([])
    }
    const tracked = await trackDocument(sender.context, sender.clerk, id)
    expect(tracked.map((one) => [one.recipient, one.state, one.recall?.way])).to.deep.equal([
      ['G22', 'undeliverable', 'cancelled'],
      [SENDER, 'undeliverable', 'cancelled'],
    ])
    const terminal = tracked[0]?.terminal
    expect(terminal).to.include({ event: 'RelayRejection', node: 'xa', reason: 'SENDER_CANCELLED' })
    const xml = await readEvidence(
      sender.context,
      sender.clerk,
      tracked[0]?.id ?? '',
      terminal?.receipt ?? '',
    )
    checkByXmlsec(xml)
    expect(await codeOf(recallHere(id))).to.equal('RECALL_NOT_SENT')
  })

  /** The seal of a receipt, judged by a program that is not ours. */
  function checkByXmlsec(xml: Uint8Array): void {
    const folder = mkdtempSync(join(tmpdir(), 'congvan-recall-'))
    try {
      writeFileSync(join(folder, 'receipt.xml'), xml)
      const id = 'http://uri.etsi.org/01903/v1.3.2#:SignedProperties'
      const args = ['--verify', '--insecure', '--id-attr:Id', id, join(folder, 'receipt.xml')]
      const { status, stdout, stderr } = spawnSync('xmlsec1', args, { encoding: 'utf8' })
      expect(`${stdout}${stderr}`).to.contain('SignedInfo References (ok/all): 2/2')
      expect(status).to.equal(0)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  it('does what is right for each recipient: cancels here, asks there, leaves alone who never got it', async () => {
    const { network, sender } = tree
    const { id } = await tree.send(['G22'])
    await network.settle()
    const more = { documentId: id, recipients: ['H40.12', 'H40'] }
    const later = await dispatchDocument(tree.deps(SENDER), sender.clerk, more)
    const result = await tree.recall(id, ['G22', 'H40'])
    expect(result).to.deep.include({ cancelled: ['H40'], notified: ['G22'], untouched: [] })
    await network.settle()
    // The other recipient of the same branch gets the document as if nothing had happened.
    expect(await documentsAt('huyen', later.envelope)).to.have.length(1)
    expect(await documentsAt('tinh', later.envelope)).to.have.length(0)
    // The whole of it is recalled later: by another notice, since the first one names who was asked then.
    const rest = await tree.recall(id)
    expect(rest).to.deep.include({
      cancelled: [],
      notified: ['H40.12'],
      untouched: [
        { code: 'G22', why: 'recalled-before' },
        { code: 'H40', why: 'recalled-before' },
      ],
    })
  })

  it('is either cancelled or delivered when it leaves at the same moment, never both', async () => {
    const { network, sender } = tree
    const xa = network.node('xa')
    for (let round = 0; round < 6; round += 1) {
      const { id, sent } = await tree.send(['H40.12'])
      const running = xa.runJobs()
      if (round % 2 === 1) await new Promise((resolve) => setImmediate(resolve))
      const outcome = await recallHere(id).then(
        () => 'cancelled',
        (error: { code?: string }) => error.code,
      )
      await running
      await network.settle()
      const [delivery] = await trackDocument(sender.context, sender.clerk, id)
      const arrived = (await documentsAt('huyen', sent.envelope)).length
      const receipts = delivery?.receipts.map((one) => one.event) ?? []
      if (outcome === 'cancelled') {
        expect([arrived, delivery?.terminal?.reason]).to.deep.equal([0, 'SENDER_CANCELLED'])
        expect(receipts).to.deep.equal(['SubmissionAcceptance', 'RelayRejection'])
      } else {
        expect(outcome).to.equal('RECALL_NOTICE_MISSING')
        expect([arrived, delivery?.terminal?.event]).to.deep.equal([1, 'ContentConsignment'])
      }
    }
  })

  it('is ordered once when two clerks recall at the same time', async () => {
    const { network, sender } = tree
    const { id } = await tree.send(['G22'])
    await network.settle()
    const notices = [await issue(sender, []), await issue(sender, [])]
    const outcomes = await Promise.all(
      notices.map(({ id: noticeId }) =>
        recallHere(id, { noticeId }).then(
          (done) => done.recall,
          (error: { code?: string }) => error.code,
        ),
      ),
    )
    expect(outcomes.sort()).to.deep.equal(['RECALL_NOT_SENT', 'ordered'])
    const orders = await network.node('xa').rows('select 1 from recall_orders where document_id = $1', [id])
    expect(orders).to.have.length(1)
  })

  it('leaves nothing when the transaction fails, and everything when the answer is lost', async () => {
    const { network, sender } = tree
    const { id } = await tree.send(['G22'])
    const xa = network.node('xa')
    const claim = { key: 'thu-hoi-lai', requestSha256: 'a'.repeat(64) }
    const ask = () =>
      recallDocument(
        tree.deps(SENDER),
        { ...sender.clerk, idempotency: claim },
        { documentId: id, reason: REASON },
      )
    for (const mode of ['before', 'after'] as const) {
      xa.fuse.count = 0
      xa.fuse.armed = { at: 1, mode }
      expect(await codeOf(ask())).to.equal('DATABASE_UNAVAILABLE')
      const orders = await xa.rows('select 1 from recall_orders where document_id = $1', [id])
      expect(orders, mode).to.have.length(mode === 'before' ? 0 : 1)
    }
    expect((await ask()).cancelled).to.deep.equal(['G22'])
  })

  it('is agreed to once, however often and however many ask, and the sender is told once', async () => {
    const { network, centre } = tree
    const { id, sent } = await tree.send(['G22'])
    await network.settle()
    const incoming = await tree.arrived(centre, sent.envelope)
    const { envelope } = await tree.recall(id)
    await network.settle()
    await tree.arrived(centre, envelope ?? '')
    const answers = await Promise.all([1, 2, 3].map(() => tree.answer(centre, incoming, true)))
    expect(answers).to.deep.equal(['agreed', 'agreed', 'agreed'])
    await network.settle()
    const told = await network
      .node('tw')
      .rows("select status->>'code' as code from announcements where envelope_sha256 = $1", [envelope])
    expect(told.map((row) => row.code)).to.deep.equal(['15'])
  })

  it('meets acceptance and assignment at the same moment: one after the other, and sealed at the end', async () => {
    const { network, centre } = tree
    for (const act of ['accept', 'assign'] as const) {
      const { id, sent } = await tree.send(['G22'])
      await network.settle()
      const incoming = await tree.arrived(centre, sent.envelope)
      if (act === 'assign') await accept(centre, incoming)
      const { envelope } = await tree.recall(id)
      await network.settle()
      await tree.arrived(centre, envelope ?? '')
      await tree.answer(centre, incoming, false, 'Đang xử lý')
      const order = {
        id: incoming,
        lead: { unit: 'Văn phòng' },
        cooperating: [],
        instruction: '',
        awaitsMoreAnswers: false,
      }
      const { context, services, leader } = centre
      const done =
        act === 'accept' ? accept(centre, incoming) : assignDocument(context, services, leader, order)
      const [work, agreed] = await Promise.all([
        done.then(
          (one) => one.state,
          (error: { code?: string }) => error.code,
        ),
        tree.answer(centre, incoming, true),
      ])
      expect(agreed).to.equal('agreed')
      expect(['accepted', 'assigned', 'DOCUMENT_RECALLED']).to.include(work)
      const open = await network
        .node('tw')
        .rows('select 1 from handling_parties where document_id = $1 and ended_at is null', [incoming])
      expect(open).to.deep.equal([])
    }
  })

  it('is seen by no other agency of the same node', async () => {
    const { network, centre } = tree
    const { id, sent } = await tree.send(['G22'])
    await network.settle()
    await tree.arrived(centre, sent.envelope)
    const { envelope } = await tree.recall(id)
    await network.settle()
    await tree.arrived(centre, envelope ?? '')
    const { agencyId, node } = network.agency('G23')
    const seen = await node.context.db.asAgency({ agencyId }, async (trx) => ({
      requests: await trx('incoming_requests').select('id'),
      orders: await trx('recall_orders').select('id'),
      links: await trx('document_links').select('document_id'),
    }))
    expect(seen).to.deep.equal({ requests: [], orders: [], links: [] })
    expect(await received(centre, envelope ?? '')).to.be.a('string')
  })
})
