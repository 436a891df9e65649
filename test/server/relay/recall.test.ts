/** A recall travels like any document, over four nodes, and both sides keep what the law wants of it. */
import { expect } from 'chai'
import { findSource } from '../../../server/copies/copy-source.ts'
import { listPage, readBytes, readDetails, readReport } from '../../../server/documents/read-document.ts'
import { readFile, readFileList } from '../../../server/documents/read-files.ts'
import { sweepFiles } from '../../../server/files/sweep-files.ts'
import { readRegistration } from '../../../server/incoming/register-incoming.ts'
import { dispatchOnPaper } from '../../../server/outgoing/dispatch-on-paper.ts'
import { dispatchDocument, dispatching, sendOut } from '../../../server/relay/dispatch.ts'
import { forwardDocument } from '../../../server/relay/forward-document.ts'
import { recallOf } from '../../../server/relay/message-business.ts'
import { recallDocument } from '../../../server/relay/recall-document.ts'
import { trackDocument } from '../../../server/relay/track.ts'
import { runJob } from './network.ts'
import { accept, issue, openOffice, received, verify } from './office.ts'
import { codeOf, openRecallTree, REASON, SENDER, type Tree } from './recall-support.ts'

describe('a recall over four nodes', function () {
  this.timeout(120_000)
  let tree: Tree
  before(async () => {
    tree = await openRecallTree()
  })
  after(() => tree?.network.close())

  it('is agreed to: the content opens nowhere, and what happened stays to be read [K018 K075]', async () => {
    const { network, centre, sender } = tree
    const { id, sent } = await tree.send(['G22', 'H40.12'])
    await network.settle()
    const incoming = await tree.arrived(centre, sent.envelope)
    const { incomingNumber } = await accept(centre, incoming)
    const { document: before } = await readDetails(centre.context, centre.clerk, incoming)
    const find = async () =>
      (await listPage(centre.context, centre.clerk, { q: `"${before.subject}"`, limit: 50 })).items.map(
        (one) => one.id,
      )
    expect(await find()).to.include(incoming)
    const { notice, envelope } = await tree.recall(id)
    await network.settle()
    const seen = await tree.arrived(centre, envelope ?? '')
    expect(await tree.recallOf(centre, incoming)).to.equal('requested')
    expect(await tree.answer(centre, incoming, true, 'Đã hủy theo yêu cầu')).to.equal('agreed')

    const { context, clerk, services } = centre
    expect(await codeOf(readBytes(context, services.files, clerk, incoming))).to.equal('DOCUMENT_RECALLED')
    expect(await codeOf(readFile(context, services.files, clerk, { id: incoming, position: 1 }))).to.equal(
      'DOCUMENT_RECALLED',
    )
    expect(await readFileList(context, clerk, incoming)).to.deep.equal([])
    expect(await codeOf(readReport(context, clerk, incoming))).to.equal('DOCUMENT_RECALLED')
    expect(await codeOf(readRegistration(context, clerk, incoming))).to.equal('DOCUMENT_RECALLED')
    expect(await find()).not.to.include(incoming)
    const onward = { documentId: incoming, recipients: ['G23'] }
    expect(await codeOf(forwardDocument(tree.deps('G22'), clerk, onward))).to.equal('DOCUMENT_RECALLED')

    const copy = { form: 'trich-sao', from: 'electronic', source: { documentId: incoming } } as const
    const copied = context.db.asAgency(clerk, (trx) => findSource(trx, clerk, copy))
    expect(await codeOf(copied)).to.equal('DOCUMENT_RECALLED')

    const { document, relations } = await readDetails(context, clerk, incoming)
    expect(document.subject).not.to.equal(before.subject)
    expect([document.incoming?.number, document.state]).to.deep.equal([incomingNumber, 'accepted'])
    const [request] = relations.requests
    expect(request).to.deep.include({ type: 'recall', state: 'agreed', notice: seen, reason: REASON })
    expect(request?.decided).to.deep.include({ by: clerk.displayName, text: 'Đã hủy theo yêu cầu' })
    const [entry] = await network
      .node('tw')
      .rows('select status, note, subject from register_numbers where document_id = $1', [incoming])
    expect(entry).to.deep.include({ status: 'assigned', subject: before.subject })
    expect(String(entry?.note)).to.match(/^Đã thu hồi theo văn bản /)
    const acts = await network
      .node('tw')
      .rows("select kind from log_entries where subject = $1 and kind like '%recall%' order by kind", [
        `document:${incoming}`,
      ])
    expect(acts.map((row) => row.kind)).to.deep.equal(['document.recall-agreed', 'document.recall-requested'])

    await network.settle()
    expect(await tree.tracked(notice)).to.deep.equal({
      G22: { codes: '01 15', answer: null },
      'H40.12': { codes: '01', answer: null },
    })
    expect(await tree.tracked(id)).to.deep.equal({
      G22: { codes: '01 03', answer: '15' },
      'H40.12': { codes: '01', answer: null },
    })
    const [told] = await trackDocument(sender.context, sender.clerk, id)
    expect(told?.recall?.answer?.text).to.match(/số đến \d+ năm 2025.*Đã hủy theo yêu cầu/)
  })

  it('freezes the sender’s copy: to be seen, neither changed nor sent [K073]', async () => {
    const { network, sender } = tree
    const { id } = await tree.send(['G22'])
    await network.settle()
    await tree.recall(id)
    const again = { documentId: id, recipients: ['H40'] }
    expect(await codeOf(dispatchDocument(tree.deps(SENDER), sender.clerk, again))).to.equal('DOCUMENT_FROZEN')
    const paper = { id, recipients: ['Ủy ban nhân dân thử nghiệm'], copies: 1, reason: 'thử' }
    expect(await codeOf(dispatchOnPaper(sender.context, sender.services, sender.clerk, paper))).to.equal(
      'DOCUMENT_FROZEN',
    )
    const { bytes } = await readBytes(sender.context, sender.services.files, sender.clerk, id)
    expect(Buffer.from(bytes.subarray(0, 5)).toString()).to.equal('%PDF-')
    const { relations, document } = await readDetails(sender.context, sender.clerk, id)
    expect(document.recall).to.equal('ordered')
    expect(relations.recalls.map((one) => one.recipients)).to.deep.equal([[{ code: 'G22', way: 'notice' }]])
    const undo = network.node('xa').rows('update documents set recall = null where id = $1', [id])
    expect(await undo.then(() => 'done', String)).to.match(/never taken back/)
  })

  it('needs a notice that is issued and is not the document itself, and is carried out only when it was seen [N038]', async () => {
    const { network, sender, centre } = tree
    const { id, sent } = await tree.send(['G22'])
    await network.settle()
    const incoming = await tree.arrived(centre, sent.envelope)
    const deps = tree.deps(SENDER)
    const ask = (more: object) =>
      codeOf(recallDocument(deps, sender.clerk, { documentId: id, reason: REASON, ...more }))
    expect(await ask({})).to.equal('RECALL_NOTICE_MISSING')
    expect(await ask({ noticeId: id })).to.equal('RECALL_NOTICE_WRONG')
    expect(await ask({ recipients: ['H40'] })).to.equal('RECALL_RECIPIENT_UNKNOWN')
    expect(await tree.recallOf(sender, id)).to.equal(null)
    const { envelope, notified } = await tree.recall(id)
    expect(notified).to.deep.equal(['G22'])
    await network.settle()
    // The notice lies there unverified: the document is held, and is not given up yet.
    expect(await codeOf(tree.answer(centre, incoming, true))).to.equal('RECALL_NOTICE_UNSEEN')
    expect(await codeOf(accept(centre, incoming))).to.equal('RECALL_PENDING')
    const notice = await tree.arrived(centre, envelope ?? '')
    const { revisions, relations } = await readDetails(centre.context, centre.clerk, notice)
    expect(revisions).to.have.length(1)
    expect(relations.asks).to.deep.include({ type: 'recall', state: 'open', document: incoming })
    expect(await tree.answer(centre, incoming, true)).to.equal('agreed')
  })

  it('can be declined, stays open on both sides, and be agreed to later', async () => {
    const { network, centre } = tree
    const { id, sent } = await tree.send(['G22'])
    await network.settle()
    const incoming = await tree.arrived(centre, sent.envelope)
    const { envelope } = await tree.recall(id)
    await network.settle()
    await tree.arrived(centre, envelope ?? '')
    expect(await tree.answer(centre, incoming, false, 'Đã giải quyết xong')).to.equal('declined')
    expect(await tree.answer(centre, incoming, false, 'Đã giải quyết xong')).to.equal('declined')
    await network.settle()
    expect(await tree.tracked(id)).to.deep.equal({ G22: { codes: '01', answer: '16' } })
    expect((await accept(centre, incoming)).state).to.equal('accepted')
    network.advance(60_000)
    expect(await tree.answer(centre, incoming, true)).to.equal('agreed')
    expect(await codeOf(tree.answer(centre, incoming, false, 'Thôi'))).to.equal('DOCUMENT_RECALLED')
    await network.settle()
    expect(await tree.tracked(id)).to.deep.equal({ G22: { codes: '01 03', answer: '15' } })
  })

  it('counts only from the issuer: another agency’s order is a document like any other [K074]', async () => {
    const { network, centre } = tree
    const { sent, id } = await tree.send(['G22'])
    await network.settle()
    const incoming = await tree.arrived(centre, sent.envelope)
    const stranger = await openOffice(network, 'H40')
    const { id: notice } = await issue(stranger, [])
    const { document } = await readDetails(tree.sender.context, tree.sender.clerk, id)
    const order = { documentId: notice, recipients: ['G22'] }
    const sending = {
      ...dispatching(tree.deps('H40'), stranger.clerk, order),
      business: async () => recallOf(document.documentCode ?? '', REASON),
    }
    const forged = await sendOut(tree.deps('H40'), stranger.clerk, order, sending)
    await network.settle()
    const asking = await tree.arrived(centre, forged.envelope)
    const { relations } = await readDetails(centre.context, centre.clerk, asking)
    expect(relations.asks).to.deep.include({ state: 'waiting', document: null, notTheIssuer: true })
    expect(await tree.recallOf(centre, incoming)).to.equal(null)
    expect(await codeOf(tree.answer(centre, incoming, true))).to.equal('RECALL_NOT_REQUESTED')
    expect((await accept(centre, incoming)).state).to.equal('accepted')
  })

  it('counts not from an agency that bore the issuer’s code long before [K074]', async () => {
    const { network, centre, district } = tree
    const { sent, id } = await tree.send(['G22'])
    await network.settle()
    const incoming = await tree.arrived(centre, sent.envelope)
    await network
      .node('tw')
      .rows("insert into agency_codes values ($1, $2, 'qd20', '2010-01-01', '2016-01-01', null, 'tw')", [
        district.agencyId,
        SENDER,
      ])
    const { id: notice } = await issue(district, [])
    const { document } = await readDetails(tree.sender.context, tree.sender.clerk, id)
    const order = { documentId: notice, recipients: ['G22'] }
    const base = dispatching(tree.deps('H40.12'), district.clerk, order)
    const sending: typeof base = {
      ...base,
      // A day on which the agency bore that code: its node seals whatever day it likes.
      read: async (trx, now) => ({ ...(await base.read(trx, now)), promulgationDate: '2015-01-01' }),
      business: async () => recallOf(document.documentCode ?? '', REASON),
    }
    const forged = await sendOut(tree.deps('H40.12'), district.clerk, order, sending)
    await network.settle()
    await tree.arrived(centre, forged.envelope)
    expect(await tree.recallOf(centre, incoming)).to.equal(null)
    expect(await codeOf(tree.answer(centre, incoming, true))).to.equal('RECALL_NOT_REQUESTED')
  })

  it('holds a document that it overtook on the way, before anybody could open it [K074]', async () => {
    const { network, centre } = tree
    const { id, sent } = await tree.send(['G22'])
    await network.node('xa').runJobs()
    const held = await network.node('huyen').takeJobs()
    const { envelope } = await tree.recall(id)
    await network.settle()
    const notice = await tree.arrived(centre, envelope ?? '')
    const waiting = await readDetails(centre.context, centre.clerk, notice)
    expect(waiting.relations.asks).to.deep.include({ state: 'waiting', notTheIssuer: false })
    for (const job of held) await runJob(tree.deps('H40.12'), job)
    await network.settle()
    const incoming = await received(centre, sent.envelope)
    const { context, services, clerk } = centre
    expect(await codeOf(readBytes(context, services.files, clerk, incoming))).to.equal('VERIFICATION_PENDING')
    await verify(centre, incoming)
    expect(await tree.recallOf(centre, incoming)).to.equal('requested')
    expect(await tree.answer(centre, incoming, true)).to.equal('agreed')
    await network.settle()
    expect(await tree.tracked(id)).to.deep.equal({ G22: { codes: '01', answer: '15' } })
  })

  it('reaches a recipient that bears another code since', async () => {
    const { network, centre } = tree
    const { id, sent } = await tree.send(['G22'])
    await network.settle()
    const incoming = await tree.arrived(centre, sent.envelope)
    const rename = async (from: string, to: string) => {
      for (const node of ['tw', 'tinh', 'huyen', 'xa']) {
        await network.node(node).rows('update agency_codes set code = $1 where code = $2', [to, from])
      }
    }
    await rename('G22', 'G24')
    try {
      const { notified, envelope } = await tree.recall(id)
      expect(notified).to.deep.equal(['G22'])
      await network.settle()
      await tree.arrived(centre, envelope ?? '')
      expect(await tree.answer(centre, incoming, true)).to.equal('agreed')
      await network.settle()
      expect(await tree.tracked(id)).to.deep.equal({ G22: { codes: '01', answer: '15' } })
    } finally {
      await rename('G24', 'G22')
    }
  })

  it('lets the bytes go with the next sweep, unless another document here has them', async () => {
    const { network, centre } = tree
    const other = await openOffice(network, 'G23')
    const { id, sent } = await tree.send(['G22', 'G23'])
    await network.settle()
    const mine = await tree.arrived(centre, sent.envelope)
    const theirs = await tree.arrived(other, sent.envelope)
    const [{ sha256 } = { sha256: '' }] = await network
      .node('tw')
      .rows('select sha256 from document_revisions where document_id = $1', [mine])
    const { envelope } = await tree.recall(id)
    await network.settle()
    await tree.arrived(centre, envelope ?? '')
    await tree.arrived(other, envelope ?? '')
    const files = centre.services.files
    await tree.answer(centre, mine, true)
    network.advance(2 * 86_400_000)
    await sweepFiles(centre.context, files)
    expect(await files.has(String(sha256))).to.equal(true)
    const { bytes } = await readBytes(other.context, files, other.clerk, theirs)
    expect(bytes.length).to.be.greaterThan(0)
    await tree.answer(other, theirs, true)
    await sweepFiles(centre.context, files)
    expect(await files.has(String(sha256))).to.equal(false)
    // The sender's own copy is another matter: frozen, and kept.
    expect(await tree.deps(SENDER).files.has(String(sha256))).to.equal(true)
  })
})
