import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { Knex } from 'knex'
import { agencySettings } from '../../../server/documents/agency-settings.ts'
import { readDetails } from '../../../server/documents/read-document.ts'
import { describeError } from '../../../server/errors.ts'
import { addSignature } from '../../../server/outgoing/add-signature.ts'
import { changeSettings, readAgencySettings } from '../../../server/outgoing/change-settings.ts'
import { prefixesOf } from '../../../server/outgoing/competence.ts'
import { dispatchOnPaper } from '../../../server/outgoing/dispatch-on-paper.ts'
import { draftDocument } from '../../../server/outgoing/draft-document.ts'
import { type DraftChange, draftChange, draftMetadata } from '../../../server/outgoing/draft-metadata.ts'
import { editDraft } from '../../../server/outgoing/edit-draft.ts'
import { issueDocument } from '../../../server/outgoing/issue-document.ts'
import { readIssuedForDispatch } from '../../../server/outgoing/issued-document.ts'
import { listLate } from '../../../server/outgoing/late-documents.ts'
import { numberDocument } from '../../../server/outgoing/number-document.ts'
import { insertAccount } from '../documents/people.ts'
import {
  download,
  errorOf,
  expectCode,
  metadata,
  NOW,
  openTestNode,
  signAsAgency,
  signAsIndividual,
  type TestNode,
  toDraft,
  toIssued,
  toNumbered,
  toSigned,
} from '../documents/support.ts'

describe('documents: what is said of a draft', () => {
  let node: TestNode
  before(async () => {
    node = await openTestNode()
    await insertAccount(node, node.one.clerk, 'clerk')
  })
  after(() => node.close())

  const draft = (more: object) =>
    draftDocument(node.context, node.one.clerk, draftMetadata.parse({ ...metadata, ...more }))
  const details = (id: string) => readDetails(node.context, node.one.clerk, id)
  const edit = (id: string, change: DraftChange, ifMatch: number | undefined, actor = node.one.clerk) =>
    editDraft(node.context, actor, { id, change: draftChange.parse(change), ifMatch })
  /** An incoming document as if a message had brought it. */
  const incoming = async (state: 'verified' | 'accepted', agencyId = node.one.agencyId) => {
    const id = randomUUID()
    await node.database.db.asAgency({ agencyId }, (trx: Knex) =>
      trx('documents').insert({
        agency_id: agencyId,
        id,
        direction: 'incoming',
        state,
        kind: 'Công văn',
        subject: 'Đề nghị',
        code_notation: 'UBND-VP',
        urgency: 0,
        signer_name: 'Người ký 8',
        created_at: NOW,
        updated_at: NOW,
        envelope_sha256: randomUUID().replaceAll('-', '').repeat(2),
        sender_code: 'G22',
        recipient_code: node.one.code,
        ...(state === 'accepted' ? { incoming_year: 2026, incoming_number: 7 } : {}),
        code_number: '12',
        promulgation_date: '2026-01-02',
        document_code: 'G22,2026/01/02,12/UBND-VP',
      }),
    )
    return id
  }

  it('keeps recipients, deadline, reply, paper, kept copies and who assigned it', async () => {
    const inReplyTo = await incoming('accepted')
    const { id } = await draft({
      inReplyTo,
      dueDate: '2026-02-01',
      paper: { recipients: ['Ông Trưởng thôn 1', 'Bà Trưởng thôn 2'] },
      keptBy: 'Văn thư, Văn phòng',
      keptCopies: 2,
      draftingUnit: 'Văn phòng',
      draftingAssignedBy: 'Chủ tịch',
    })
    const { document, outgoing } = await details(id)
    expect(document).to.deep.include({ recipients: ['G22'], dueDate: '2026-02-01', urgency: 1 })
    expect(outgoing).to.deep.include({
      inReplyTo,
      paper: { recipients: ['Ông Trưởng thôn 1', 'Bà Trưởng thôn 2'], copies: 4, reason: null },
      keptBy: 'Văn thư, Văn phòng',
      keptCopies: 2,
      draftingUnit: 'Văn phòng',
      draftingAssignedBy: 'Chủ tịch',
    })
  })

  it('answers only an incoming document of the own agency that stands in the register', async () => {
    await expectCode(draft({ inReplyTo: await incoming('verified') }), 'REPLY_NOT_TO_ACCEPTED')
    await expectCode(draft({ inReplyTo: await toDraft(node) }), 'REPLY_NOT_TO_ACCEPTED')
    await expectCode(draft({ inReplyTo: await incoming('accepted', node.two.agencyId) }), 'NOT_FOUND')
    await expectCode(draft({ inReplyTo: randomUUID() }), 'NOT_FOUND')
  })

  it('names in its message the document that it answers', async () => {
    const id = await toDraft(node)
    const { version } = (await details(id)).document
    await edit(id, { inReplyTo: await incoming('accepted') }, version)
    const { context, services, one } = node
    const signed = await signAsIndividual(await download(node, one.leader, id), one.individual)
    await addSignature(context, services, one.leader, { id, bytes: signed })
    await numberDocument(context, services, one.clerk, id)
    const bytes = await signAsAgency(await download(node, one.clerk, id), one.agency)
    await issueDocument(context, services, one.clerk, { id, bytes })
    const sent = await node.database.db.asAgency({ agencyId: one.agencyId }, (trx) =>
      readIssuedForDispatch(trx, id),
    )
    expect(sent.responseFor).to.deep.equal({
      organId: 'G22',
      code: '12/UBND-VP',
      documentId: 'G22,2026/01/02,12/UBND-VP',
      promulgationDate: '2026-01-02',
    })
    const plain = await toIssued(node)
    const other = await node.database.db.asAgency({ agencyId: one.agencyId }, (trx) =>
      readIssuedForDispatch(trx, plain),
    )
    expect(other.responseFor).to.equal(undefined)
  })

  it('asks for a reason where paper goes to who is reached electronically, and for copies enough [N185 N035 K093]', async () => {
    await expectCode(draft({ paper: {} }), 'PAPER_REASON_MISSING')
    for (const recipient of [node.two.code, 'ỦY BAN nhân dân xã thử nghiệm khác']) {
      if (recipient !== node.two.code) {
        await node.database.db.asNode((trx: Knex) =>
          trx('agency_terms')
            .where({ agency_id: node.two.agencyId })
            .update({ name_folded: 'uy ban nhan dan xa thu nghiem khac' }),
        )
      }
      await expectCode(draft({ paper: { recipients: [recipient] } }), 'PAPER_REASON_MISSING')
    }
    const reason = 'Hồ sơ gốc kèm theo'
    const { id } = await draft({ paper: { recipients: [node.two.code], reason } })
    expect((await details(id)).outgoing?.paper).to.deep.equal({
      recipients: [node.two.code],
      copies: 1,
      reason,
    })
    const short = { paper: { recipients: ['Ông 1', 'Ông 2'], copies: 2 }, keptCopies: 1 }
    await expectCode(draft(short), 'PAPER_COPIES_WRONG')
    const { version } = await readAgencySettings(node.context, node.one.leader)
    const settings = agencySettings.parse({
      electronicOnlyKinds: ['công văn'],
      defaultDueDays: { 'Công văn': 10 },
    })
    await changeSettings(node.context, node.one.leader, settings, version)
    await expectCode(draft({ paper: { recipients: ['Ông 1'] } }), 'PAPER_REASON_MISSING')
    const { id: usual } = await draft({})
    expect((await details(usual)).document.dueDate).to.equal('2026-01-15')
    await changeSettings(node.context, node.one.leader, agencySettings.parse({}), version + 1)
  })

  it('tells what is wrong in one language each', async () => {
    const twice = await errorOf(draft({ recipients: ['G22', 'H40', 'G22'] }))
    expect(twice.code).to.equal('RECIPIENT_TWICE')
    expect(describeError(twice, 'vi').message).to.equal('Nơi nhận G22 được ghi hai lần (mục 3)')
    expect(describeError(twice, 'en').message).to.equal('the recipient G22 is named twice (item 3)')
  })

  it('knows the five prefixes of art 13 and no other [K042]', async () => {
    const good = ['TM. ỦY BAN NHÂN DÂN', 'Q. CHỦ TỊCH', 'KT. CHỦ TỊCH', 'TL. CHỦ TỊCH', 'TUQ. CHỦ TỊCH']
    for (const competence of good) expect(prefixesOf(competence), competence).to.have.length(1)
    expect(prefixesOf('TM. ỦY BAN NHÂN DÂN KT. CHỦ TỊCH')).to.deep.equal(['TM.', 'KT.'])
    expect(prefixesOf('TL. BỘ TRƯỞNG KT. CHÁNH VĂN PHÒNG')).to.deep.equal(['TL.', 'KT.'])
    for (const none of [null, '', 'CHỦ TỊCH', 'Bộ trưởng, Chủ nhiệm'])
      expect(prefixesOf(none)).to.deep.equal([])
    for (const competence of [
      'tm. ỦY BAN',
      'CV. CHỦ TỊCH',
      'KT. TM. ỦY BAN',
      'TUQ. KT. CHỦ TỊCH',
      'P. CHỦ TỊCH',
    ]) {
      expect(prefixesOf(competence), competence).to.equal(undefined)
      await expectCode(draft({ signer: { name: 'Người ký 1', competence } }), 'COMPETENCE_WRONG')
    }
  })

  describe('changed', () => {
    it('keeps what is left out, empties what is null, and says which version it is based on [N156]', async () => {
      const id = await toDraft(node)
      const { version } = (await details(id)).document
      const edited = await edit(id, { subject: 'Trích yếu mới', urgency: 3, place: null }, version)
      expect(edited).to.include({ id, state: 'draft' })
      expect(edited.version).to.be.greaterThan(version)
      const { document } = await details(id)
      expect(document).to.deep.include({
        subject: 'Trích yếu mới',
        urgency: 3,
        place: null,
        recipients: ['G22'],
        version: edited.version,
      })
      expect(document.signer).to.deep.equal({
        name: 'Người ký 1',
        position: 'Chủ tịch',
        competence: 'TM. ỦY BAN NHÂN DÂN',
      })
      await expectCode(edit(id, { subject: 'muộn' }, version), 'VERSION_STALE')
      expect((await details(id)).document.subject).to.equal('Trích yếu mới')
    })

    it('is held to the rules of a draft, and takes no mark of secrecy', async () => {
      const id = await toDraft(node)
      const { version } = (await details(id)).document
      await expectCode(edit(id, { symbol: 'QĐ-UBND' }, version), 'SYMBOL_WRONG')
      await expectCode(edit(id, { keptBy: 'MẬT' }, version), 'SECRET_MARK_FOUND')
      await expectCode(edit(id, { paper: { recipients: ['(Tối mật)'] } }, version), 'SECRET_MARK_FOUND')
      expect((await details(id)).document.version).to.equal(version)
    })

    it('is refused once it was signed, numbered or issued: urgency too is what the signer approved [N096 K011]', async () => {
      for (const id of [await toSigned(node), await toNumbered(node), await toIssued(node)]) {
        const { version } = (await details(id)).document
        await expectCode(edit(id, { urgency: 0 }, version), 'DOCUMENT_STATE_WRONG')
      }
    })

    it('is nobody’s of another agency, and in quarantine the drafter’s alone', async () => {
      const id = await toDraft(node)
      await expectCode(edit(id, { subject: 'x' }, 1, node.two.clerk), 'NOT_FOUND')
      const { id: hidden } = await draft({})
      await expectCode(edit(hidden, { subject: 'x' }, 2, node.one.leader), 'NOT_FOUND')
      expect(await edit(hidden, { subject: 'x' }, undefined)).to.include({ state: 'quarantined' })
    })
  })

  describe('settings', () => {
    it('begin with defaults, are replaced whole, and never lose somebody else’s change [N156]', async () => {
      const before = await readAgencySettings(node.context, node.two.leader)
      expect(before).to.deep.equal({ settings: agencySettings.parse({}), version: 0 })
      expect(before.settings).to.deep.include({ sealDiameterMm: 36, requiredChecks: [] })
      const settings = agencySettings.parse({ sealDiameterMm: 35, shortName: 'UBND' })
      const two = await Promise.allSettled([
        changeSettings(node.context, node.two.leader, settings, 0),
        changeSettings(node.context, node.two.leader, settings, 0),
      ])
      expect(two.map((one) => one.status).sort()).to.deep.equal(['fulfilled', 'rejected'])
      const now = await readAgencySettings(node.context, node.two.leader)
      expect(now).to.deep.equal({ settings, version: 1 })
      await expectCode(changeSettings(node.context, node.two.leader, settings, 0), 'VERSION_STALE')
      expect((await readAgencySettings(node.context, node.one.leader)).settings.shortName).to.equal(null)
    })
  })

  describe('late', () => {
    const late = (list: 'to-number' | 'to-dispatch', limit = 50, after?: { at: Date; id: string }) =>
      listLate(node.context, node.two.clerk, { list, limit, ...(after === undefined ? {} : { after }) })
    const at = async <T>(time: string, work: () => Promise<T>): Promise<T> => {
      node.setClock(new Date(time))
      return work().finally(() => node.setClock(NOW))
    }

    it('lists what was signed and not numbered or dispatched by the next working day, urgent ones the same day [K014 K009]', async () => {
      await insertAccount(node, node.two.clerk, 'clerk')
      // Friday 9 January 2026; the next working day is Monday.
      const signed = await at('2026-01-09T16:00:00+07:00', () => toSigned(node, node.two))
      const numbered = await at('2026-01-09T16:30:00+07:00', () => toNumbered(node, node.two))
      const ids = async (list: 'to-number' | 'to-dispatch') => (await late(list)).items.map((one) => one.id)
      // Both are urgent: due the same day.
      await at('2026-01-09T23:59:00+07:00', async () => expect(await ids('to-dispatch')).to.deep.equal([]))
      await at('2026-01-10T00:01:00+07:00', async () => {
        expect(await ids('to-dispatch')).to.deep.equal([signed, numbered])
        expect(await ids('to-number')).to.deep.equal([signed])
      })
      for (const id of [signed, numbered]) {
        // Of ordinary urgency they may wait until Monday's end.
        await node.database.db.asAgency({ agencyId: node.two.agencyId }, (trx: Knex) =>
          trx('documents').where({ id }).update({ urgency: 0 }),
        )
      }
      await at('2026-01-12T23:59:00+07:00', async () => expect(await ids('to-dispatch')).to.deep.equal([]))
      await at('2026-01-13T00:01:00+07:00', async () => {
        const { items, warning } = await late('to-dispatch')
        expect(items.map((one) => [one.id, one.dueOn])).to.deep.equal([
          [signed, '2026-01-12'],
          [numbered, '2026-01-12'],
        ])
        for (const one of items) {
          expect(one.responsible).to.deep.equal([{ userId: node.two.clerk.userId, name: 'clerk' }])
        }
        expect(warning).to.deep.equal({ code: 'CALENDAR_INCOMPLETE', years: [2026] })
        const first = await late('to-dispatch', 1)
        expect(first.items.map((one) => one.id)).to.deep.equal([signed])
        const second = await late('to-dispatch', 1, first.next ?? undefined)
        expect(second.items.map((one) => one.id)).to.deep.equal([numbered])
        expect(second.next).to.equal(null)
      })
    })
  })

  describe('on paper', () => {
    const sendOnPaper = (id: string) => (more: object) =>
      dispatchOnPaper(node.context, node.services, node.one.clerk, { id, ...more })

    it('goes out under the same number and date, and counts as dispatched', async () => {
      const id = await toIssued(node)
      const send = sendOnPaper(id)
      await expectCode(send({}), 'PAPER_RECIPIENTS_MISSING')
      await expectCode(send({ recipients: ['Ông 1', 'Ông 2'], copies: 1 }), 'PAPER_COPIES_WRONG')
      const before = (await details(id)).document
      expect(await send({ recipients: ['Ông 1', 'Ông 2'] })).to.include({ state: 'dispatched', copies: 2 })
      const { document, outgoing } = await details(id)
      expect(document).to.deep.include({
        state: 'dispatched',
        codeNumber: before.codeNumber,
        promulgationDate: before.promulgationDate,
      })
      expect(outgoing).to.deep.include({ paper: { recipients: ['Ông 1', 'Ông 2'], copies: 2, reason: null } })
      expect(outgoing?.dispatchedAt).not.to.equal(null)
      await expectCode(sendOnPaper(await toNumbered(node))({ recipients: ['Ông 1'] }), 'DOCUMENT_STATE_WRONG')
    })

    it('may go out again: each time stays recorded, the book shows all recipients and copies', async () => {
      const id = await toIssued(node)
      const send = sendOnPaper(id)
      await send({ recipients: ['Ông 1', 'Bà 2'], copies: 3, reason: 'không có mạng' })
      await expectCode(send({}), 'PAPER_RECIPIENTS_MISSING')
      await send({ recipients: ['Bà 3'] })
      await expectCode(send({ recipients: ['Bà 4'], copies: 99_999 }), 'INPUT_INVALID')
      const { outgoing, paperDispatches } = await details(id)
      expect(paperDispatches.map(({ at, ...one }) => one)).to.deep.equal([
        {
          recipients: ['Ông 1', 'Bà 2'],
          copies: 3,
          reason: 'không có mạng',
          by: { userId: node.one.clerk.userId, name: 'clerk' },
        },
        {
          recipients: ['Bà 3'],
          copies: 1,
          reason: 'không có mạng',
          by: { userId: node.one.clerk.userId, name: 'clerk' },
        },
      ])
      expect(outgoing?.paper).to.deep.include({ recipients: ['Ông 1', 'Bà 2', 'Bà 3'], copies: 4 })
      const [entry] = await node.database.db.asAgency({ agencyId: node.one.agencyId }, (trx) =>
        trx('register_numbers').where({ document_id: id }),
      )
      expect(entry).to.include({ recipients: 'Ông 1; Bà 2; Bà 3', copies: 4 })
    })

    it('goes to those of the draft who have none yet, where nobody is named', async () => {
      const paper = { recipients: ['Ông 1', 'Bà 2'], copies: 3, reason: 'không có mạng' }
      const id = await toDraft(node)
      await edit(id, { paper, keptCopies: 1 }, (await details(id)).document.version)
      const { context, services, one } = node
      const signed = await signAsIndividual(await download(node, one.leader, id), one.individual)
      await addSignature(context, services, one.leader, { id, bytes: signed })
      await numberDocument(context, services, one.clerk, id)
      const bytes = await signAsAgency(await download(node, one.clerk, id), one.agency)
      await issueDocument(context, services, one.clerk, { id, bytes })
      const send = sendOnPaper(id)
      expect(await send({ recipients: ['Bà 2'], copies: 1 })).to.include({ copies: 1 })
      expect(await send({})).to.deep.include({ recipients: ['Ông 1'], copies: 1 })
      await expectCode(send({}), 'PAPER_RECIPIENTS_MISSING')
      // Three were made, one of them is kept.
      expect((await details(id)).outgoing?.paper).to.deep.include({ copies: 3 })
    })
  })
})
