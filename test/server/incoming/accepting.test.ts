import { expect } from 'chai'
import { SECRET_SUBJECT } from '../../../server/documents/document-store.ts'
import { readBytes, readReport } from '../../../server/documents/read-document.ts'
import { completeByAnswer } from '../../../server/handling/complete-by-answer.ts'
import { readHandling } from '../../../server/handling/read-handling.ts'
import { refusalReasonCodes, refuseDocument } from '../../../server/incoming/refuse-document.ts'
import { editRegistration, readRegistration } from '../../../server/incoming/register-incoming.ts'
import { addSignature } from '../../../server/outgoing/add-signature.ts'
import { dispatchOnPaper } from '../../../server/outgoing/dispatch-on-paper.ts'
import { draftDocument } from '../../../server/outgoing/draft-document.ts'
import { draftMetadata } from '../../../server/outgoing/draft-metadata.ts'
import { endQuarantine } from '../../../server/outgoing/end-quarantine.ts'
import { issueDocument } from '../../../server/outgoing/issue-document.ts'
import { markDispatched } from '../../../server/outgoing/issued-document.ts'
import { numberDocument } from '../../../server/outgoing/number-document.ts'
import { uploadDraft } from '../../../server/outgoing/upload-draft.ts'
import {
  download,
  errorOf,
  expectCode,
  letter,
  logOf,
  metadata,
  openTestNode,
  signAsAgency,
  signAsIndividual,
  type TestNode,
  toIssued,
} from '../documents/support.ts'
import { Incoming } from './incoming-support.ts'

describe('documents: accepting', () => {
  let node: TestNode
  let incoming: Incoming
  before(async () => {
    node = await openTestNode()
    incoming = new Incoming(node, await download(node, node.one.clerk, await toIssued(node)))
  })
  after(() => node.close())

  const report = async (id: string) => {
    const stored = await readReport(node.context, node.two.clerk, id)
    if (stored.examination === null) throw new Error('the report has no examination')
    return stored.examination
  }
  const codes = async (id: string) => (await report(id)).findings.map((one) => one.code)
  const refuse = (id: string, reason: (typeof refusalReasonCodes)[number], text = '') =>
    refuseDocument(node.context, node.services, node.two.clerk, { id, reason, text })
  const asTwo = <T>(work: Parameters<typeof node.database.db.asAgency<T>>[1]) =>
    node.database.db.asAgency({ agencyId: node.two.agencyId }, work)

  it('finds authenticity, integrity and completeness apart and says one word over them [K020 K095 K101 N173]', async () => {
    const id = await incoming.verified({ message: { code: { codeNumber: '01', codeNotation: 'UBND-VP' } } })
    const found = await report(id)
    expect(found).to.deep.include({
      overall: 'valid',
      aspects: { authenticity: 'valid', integrity: 'valid', completeness: 'valid' },
    })
    expect(found.signatures.map((one) => [one.role, one.name, one.title, one.agencyCode])).to.deep.equal([
      ['individual', 'Người ký 1', 'Chủ tịch', 'H40.12.3'],
      ['agency', 'Ủy ban nhân dân xã thử nghiệm', null, 'H40.12.3'],
    ])
    for (const { chain, revocation, serial } of found.signatures) {
      expect(chain).to.have.length(2)
      expect(revocation?.map((one) => [one.status, one.source])).to.deep.equal([
        ['good', 'crl'],
        ['good', 'crl'],
      ])
      expect(serial).to.match(/^[0-9A-F]+$/)
    }
    expect(found.findings.map((one) => one.code)).to.deep.equal(['OTHER_CA', 'OTHER_CA'])
    expect(found.pages).to.equal(2)
  })

  it('compares number, signer, title, sender and authority with what the message says [N181 N231 N048]', async () => {
    const id = await incoming.verified({
      message: {
        code: { codeNumber: '77', codeNotation: 'UBND-VP' },
        signerInfo: { fullName: 'Người ký 2', position: 'Phó Chủ tịch' },
        from: { organId: node.two.code, organName: 'Cơ quan khác' },
      },
    })
    expect(await codes(id)).to.have.members([
      'SENDER_NOT_SIGNER',
      'SIGNER_DIFFERS',
      'TITLE_DIFFERS',
      'NUMBER_DIFFERS',
      // The authority of the tests is no public-duty one: it is named.
      'OTHER_CA',
      'OTHER_CA',
    ])
    expect((await report(id)).overall).to.equal('undecided')
    await expectCode(incoming.accept(id, { acceptIndeterminate: false }), 'SENDER_NOT_SIGNER')
  })

  it('says not valid of what was changed, unsigned or no PDF, and undecided of what lacks a signature [K021 K108 N252]', async () => {
    const changed = Buffer.from(incoming.bytes)
    const at = changed.indexOf('/Subtype')
    changed.writeUInt8(changed.readUInt8(at + 1) ^ 1, at + 1)
    for (const [bytes, overall, code] of [
      [changed, 'invalid', 'SIGNATURE_BROKEN'],
      [await letter(), 'invalid', 'NOT_SIGNED'],
      [Buffer.from('không phải PDF'), 'invalid', 'FILE_UNREADABLE'],
      [await signAsIndividual(await letter(), node.one.individual), 'undecided', 'AGENCY_MISSING'],
      [await signAsAgency(await letter(), node.one.agency), 'undecided', 'INDIVIDUAL_MISSING'],
    ] as const) {
      const id = await incoming.verified({}, bytes)
      expect((await report(id)).overall, code).to.equal(overall)
      expect(await codes(id)).to.include(code)
      if (overall === 'invalid') await expectCode(incoming.accept(id), 'VERIFICATION_FAILED')
    }
  })

  it('does not pass over a file that the message lists and did not bring [N252]', async () => {
    const provenance = {
      trace: [],
      originCode: null,
      copyForm: null,
      copyPart: null,
      sourceDocumentCode: null,
      missing: ['phu-luc-1.pdf'],
    }
    const id = await incoming.verified({ provenance })
    expect(await codes(id)).to.include('FILE_MISSING')
    await expectCode(incoming.accept(id), 'DOCUMENT_INCOMPLETE')
    expect(await incoming.accept(id, { incompleteReason: 'Phụ lục đã nhận bằng giấy' })).to.include({
      state: 'accepted',
    })
  })

  it('warns of a duplicate before it is registered, and takes a reason [K062]', async () => {
    const message = { documentId: 'H40.12.3,2026/01/05,9/UBND-VP' }
    const first = await incoming.accepted({ message })
    const other = await signAsAgency(
      await signAsIndividual(await letter('bản khác'), node.one.individual),
      node.one.agency,
    )
    const second = await incoming.verified({ message }, other)
    const error = await errorOf(incoming.accept(second))
    expect(error).to.include({ code: 'DUPLICATE_UNCONFIRMED' })
    expect(error.params.documents).to.include(first)
    expect(await incoming.accept(second, { duplicateReason: 'Bản thay thế' })).to.include({
      state: 'accepted',
    })
  })

  it('warns of a duplicate that is restricted to others without naming it [K062 K065]', async () => {
    const message = { documentId: 'H40.12.3,2026/01/05,11/UBND-VP' }
    const first = await incoming.accepted({ message })
    await asTwo(async (trx) => {
      await trx('documents').where({ id: first }).update({ restricted: true })
      const withdrawal = { withdrawn_at: new Date(), withdraw_reason: 'hạn chế' }
      await trx('document_access').where({ document_id: first }).whereNull('withdrawn_at').update(withdrawal)
    })
    const other = await signAsAgency(
      await signAsIndividual(await letter('bản khác nữa'), node.one.individual),
      node.one.agency,
    )
    const error = await errorOf(incoming.accept(await incoming.verified({ message }, other)))
    expect(error).to.include({ code: 'DUPLICATE_UNCONFIRMED' })
    expect(error.params).to.include({ count: 1, documents: '1 × [hạn chế]' })
  })

  it('gives no second number to a copy of what was registered, whatever the reason [N177]', async () => {
    const message = { documentId: 'H40.12.3,2026/01/05,10/UBND-VP' }
    await incoming.accepted({ message })
    const copy = await incoming.verified({ message })
    await expectCode(incoming.accept(copy, { duplicateReason: 'vẫn đăng ký' }), 'DUPLICATE_IDENTICAL')
    expect(await refuse(copy, 'duplicate')).to.include({ state: 'refused' })
  })

  it('is refused with a reason from a list and words that the sender reads as they are; paper is no reason [K104 N166]', async () => {
    expect(refusalReasonCodes).to.include.members([
      'signature-invalid',
      'incomplete',
      'wrong-recipient',
      'state-secret',
      'duplicate',
      'other',
    ])
    for (const code of refusalReasonCodes) expect(code).not.to.match(/paper|giay/)
    const id = await incoming.verified()
    await expectCode(refuse(id, 'other'), 'REFUSAL_TEXT_MISSING')
    const text = 'Đề nghị gửi Phòng Nội vụ — “đúng thẩm quyền”'
    await refuse(id, 'wrong-recipient', text)
    const told = node.announced.filter((one) => one.documentId === id)
    expect(told.map((one) => one.code)).to.deep.equal(['02'])
    expect(told[0]?.description).to.include(text)
    const numbers = await asTwo((trx) => trx('register_numbers').where({ document_id: id }))
    expect(numbers).to.deep.equal([])
  })

  it('has the 18 fields of the decree, entered by the clerk before acceptance only [N051 N159 N122]', async () => {
    const id = await incoming.verified()
    const edit = (fields: object, version?: number) =>
      editRegistration(node.context, node.two.clerk, { id, fields }, (current) => {
        if (version !== undefined && version !== current) throw new Error('stale')
      })
    const before = await readRegistration(node.context, node.two.clerk, id)
    expect(before.fields).to.include({ pageAmount: 2, language: 'Tiếng Việt', fullName: 'Người ký 1' })
    const edited = await edit({ subject: 'Trích yếu do văn thư ghi', description: 'Ghi chú' })
    expect(edited.document.version).to.be.greaterThan(before.document.version)
    expect(edited.document.subject).to.equal(before.document.subject)
    await incoming.accept(id, { fields: { organName: 'Tên do văn thư ghi' } })
    const [entry] = await asTwo((trx) => trx('register_numbers').where({ document_id: id }))
    expect(entry).to.include({
      subject: 'Trích yếu do văn thư ghi',
      author: 'Tên do văn thư ghi',
      note: 'Ghi chú',
    })
    await expectCode(edit({ subject: 'muộn' }), 'REGISTRATION_CLOSED')
    const unnamed = await incoming.verified({ message: { from: { organId: node.one.code } } })
    await expectCode(incoming.accept(unnamed), 'REGISTER_FIELD_MISSING')
  })

  it('holds what shows a mark of secrecy: not opened, not searched, not registered, only returned [K025 K079]', async () => {
    const said = await incoming.verified({ message: { subject: '(TỐI MẬT) kế hoạch phòng thủ' } })
    const row = await incoming.row(said)
    expect(row).to.include({ state: 'failed-verification', subject: SECRET_SUBJECT })
    expect(row.incoming).to.include({ secretMark: 'TỐI MẬT' })
    await expectCode(incoming.accept(said), 'SECRET_MARK_HELD')
    await expectCode(readBytes(node.context, node.services.files, node.two.clerk, said), 'SECRET_MARK_HELD')
    const rows = await asTwo((trx) => trx('document_search').where({ document_id: said }))
    expect(rows).to.deep.equal([])
    const stored = await asTwo((trx) => trx('documents').where({ id: said }).first('subject'))
    expect(JSON.stringify(stored)).not.to.include('phòng thủ')
    for (const entry of (await logOf(node, node.two)).filter((one) => one.text.includes(said))) {
      expect(entry.text).not.to.include('phòng thủ')
    }
    await expectCode(refuse(said, 'wrong-recipient'), 'SECRET_MARK_HELD')
    expect(await refuse(said, 'state-secret')).to.include({ state: 'refused' })
    await expectCode(readBytes(node.context, node.services.files, node.two.clerk, said), 'SECRET_MARK_HELD')
  })

  it('holds what shows a mark of secrecy in the name of a file, come or missing, and keeps no such name [K079]', async () => {
    const file = await node.services.files.put(Buffer.from('Kế hoạch'), 5_000)
    const name = 'TỐI-MẬT-kế hoạch phòng thủ.txt'
    const separate = { position: 2, kind: 'attachment', name, contentType: 'text/plain', ...file } as const
    const provenance = {
      trace: [],
      originCode: null,
      copyForm: null,
      copyPart: null,
      sourceDocumentCode: null,
    }
    for (const options of [
      { fileName: name },
      { separate: [separate] },
      { provenance: { ...provenance, missing: [name] } },
    ]) {
      const id = await incoming.arrive(options)
      expect((await incoming.row(id)).incoming).to.include({ secretMark: 'TỐI MẬT' })
      await expectCode(incoming.accept(id), 'SECRET_MARK_HELD')
      const kept = await asTwo(async (trx) => [
        await trx('document_revisions').where({ document_id: id }).select(),
        await trx('document_files').where({ document_id: id }).select(),
        await trx('document_provenance').where({ document_id: id }).select(),
        await trx('log_entries')
          .where({ subject: `document:${id}` })
          .select(),
      ])
      expect(JSON.stringify(kept)).not.to.include('phòng thủ')
      const held = (await logOf(node, node.two)).find(
        (one) => one.kind === 'document.secret-mark-held' && one.text.includes(id),
      )
      expect(held?.text).to.include('file.name')
    }
  })

  it('lets the words of what may be opened be searched, and of nothing before it was verified', async () => {
    const words = (id: string) =>
      asTwo((trx) => trx('document_search').where({ document_id: id }).first<{ content: string }>('content'))
    const id = await incoming.arrive()
    expect((await words(id)).content).to.equal('')
    await incoming.verify(id)
    expect((await words(id)).content).to.include("'báo'")
  })

  it('completes what it answers when it is sent, 06 and all, unless more answers are awaited [K064]', async () => {
    for (const awaitsMoreAnswers of [false, true]) {
      const id = await incoming.accepted()
      await incoming.assign(id, { awaitsMoreAnswers })
      const answer = await answerTo(id)
      await dispatch(answer)
      expect(incoming.told(id)).to.deep.equal(awaitsMoreAnswers ? ['03', '04'] : ['03', '04', '05', '06'])
      expect((await incoming.row(id)).state).to.equal(awaitsMoreAnswers ? 'assigned' : 'completed')
      const [entry] = await asTwo((trx) => trx('register_numbers').where({ document_id: id }))
      expect(entry.answer).to.match(/^\d+\/UBND-VP$/)
      const { notes } = await readHandling(node.context, node.two.clerk, id)
      expect(notes.filter((one) => one.kind === 'answer').map((one) => one.answer)).to.deep.equal([answer])
      await dispatch(answer)
      expect((await readHandling(node.context, node.two.clerk, id)).notes).to.have.length(notes.length)
    }
  })

  it('completes what it answers also when the answer goes out on paper only, and once [K064]', async () => {
    const id = await incoming.accepted()
    await incoming.assign(id, {})
    const answer = await answerTo(id)
    const onPaper = { id: answer, recipients: ['Ủy ban nhân dân xã thử nghiệm'] }
    await dispatchOnPaper(node.context, node.services, node.two.clerk, onPaper)
    expect(incoming.told(id)).to.deep.equal(['03', '04', '05', '06'])
    expect((await incoming.row(id)).state).to.equal('completed')
    await dispatchOnPaper(node.context, node.services, node.two.clerk, onPaper)
    await dispatch(answer)
    expect(incoming.told(id)).to.deep.equal(['03', '04', '05', '06'])
    const { notes } = await readHandling(node.context, node.two.clerk, id)
    expect(notes.filter((one) => one.kind === 'answer').map((one) => one.answer)).to.deep.equal([answer])
  })

  async function dispatch(answer: string): Promise<void> {
    const now = node.context.clock()
    await asTwo(async (trx) => {
      await markDispatched(trx, answer, now)
      await completeByAnswer(trx, node.context, node.services, node.two.clerk, answer, now)
    })
  }

  async function answerTo(incomingId: string): Promise<string> {
    const { context, services, two } = node
    const draft = draftMetadata.parse({ ...metadata, inReplyTo: incomingId })
    const { id } = await draftDocument(context, two.clerk, draft)
    await uploadDraft(context, services, two.clerk, { id, bytes: await letter() })
    await endQuarantine(context, services, two.clerk, { id, stateSecret: false })
    const signed = await signAsIndividual(await download(node, two.leader, id), two.individual)
    await addSignature(context, services, two.leader, { id, bytes: signed })
    await numberDocument(context, services, two.clerk, id)
    const bytes = await signAsAgency(await download(node, two.clerk, id), two.agency)
    await issueDocument(context, services, two.clerk, { id, bytes })
    return id
  }

  it('takes the year of Việt Nam whatever the machine’s zone, and no number in a closed book [K006 K023]', async () => {
    const zone = process.env.TZ
    try {
      process.env.TZ = 'Pacific/Honolulu'
      node.setClock(new Date('2026-12-31T23:59:59+07:00'))
      const before = await incoming.verified()
      const after = await incoming.verified()
      const closed = await incoming.verified()
      const { incomingNumber: last } = await incoming.accept(before)
      expect(last).to.be.greaterThan(1)
      node.setClock(new Date('2027-01-01T00:00:00+07:00'))
      expect(await incoming.accept(after)).to.include({ incomingNumber: 1, year: 2027, date: '2027-01-01' })
      await asTwo((trx) =>
        trx('register_closures').insert({
          agency_id: node.two.agencyId,
          year: 2027,
          book: 'incoming',
          closed_by: node.two.clerk.userId,
          closed_at: node.context.clock(),
          entries: 1,
        }),
      )
      await expectCode(incoming.accept(closed), 'REGISTER_CLOSED')
      expect((await incoming.row(closed)).state).to.equal('verified')
    } finally {
      if (zone === undefined) delete process.env.TZ
      else process.env.TZ = zone
    }
  })
})
