import { createHash } from 'node:crypto'
import * as fontkit from '@cantoo/fontkit'
import { expect } from 'chai'
import { PDFDocument } from 'pdf-lib'
import type { SeparateKind } from '../../../server/documents/document-files-store.ts'
import { readFile, readFileList } from '../../../server/documents/read-files.ts'
import { addSignature } from '../../../server/outgoing/add-signature.ts'
import { attachFile } from '../../../server/outgoing/attach-file.ts'
import { draftDocument } from '../../../server/outgoing/draft-document.ts'
import { endQuarantine } from '../../../server/outgoing/end-quarantine.ts'
import { issueDocument } from '../../../server/outgoing/issue-document.ts'
import { numberDocument } from '../../../server/outgoing/number-document.ts'
import { removeFile } from '../../../server/outgoing/remove-file.ts'
import { signSeparateFile } from '../../../server/outgoing/sign-separate-file.ts'
import { uploadDraft } from '../../../server/outgoing/upload-draft.ts'
import { annexMark, asKeyProvider, type FieldPlace, markPlace, signPdf } from '../../../signing/index.ts'
import {
  download,
  errorOf,
  expectCode,
  letter,
  logOf,
  metadata,
  NOW,
  openTestNode,
  signAsAgency,
  signAsIndividual,
  signLetter,
  type TestNode,
  toDraft,
} from '../documents/support.ts'

async function plainPdf(...lines: readonly string[]): Promise<Uint8Array> {
  const pdf = await PDFDocument.create()
  const page = pdf.addPage([595, 842])
  lines.forEach((line, index) => {
    page.drawText(line, { x: 80, y: 760 - 20 * index, size: 12 })
  })
  return pdf.save()
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('documents: separate files of a document', () => {
  let node: TestNode
  before(async () => {
    node = await openTestNode()
  })
  after(() => node.close())

  async function attach(
    id: string,
    name: string,
    bytes: Uint8Array,
    own: { kind?: SeparateKind; rename?: boolean; declaredFreeOfSecrets?: boolean } = {},
  ) {
    return attachFile(node.context, node.services, node.one.clerk, {
      id,
      name,
      bytes,
      kind: 'attachment',
      rename: false,
      declaredFreeOfSecrets: true,
      ...own,
    })
  }

  const csv = Buffer.from('stt,ten\n1,Hải Minh\n')

  it('keeps several files of a draft, each with name, type, size and hash, byte for byte [N120]', async () => {
    const id = await toDraft(node)
    const annex = await plainPdf('Phu luc I')
    const first = await attach(id, 'phu-luc-1.pdf', annex, { kind: 'annex' })
    const second = await attach(id, 'so-lieu.csv', csv)
    expect([first.position, second.position]).to.deep.equal([2, 3])
    const files = await readFileList(node.context, node.one.clerk, id)
    expect(files.map((one) => [one.position, one.kind, one.name, one.contentType, one.length])).to.deep.equal(
      [
        [1, 'main', 'du-thao.pdf', 'application/pdf', (await letter()).length],
        [2, 'annex', 'phu-luc-1.pdf', 'application/pdf', annex.length],
        [3, 'attachment', 'so-lieu.csv', 'text/csv', csv.length],
      ],
    )
    expect(files[1]?.sha256).to.equal(sha256(annex))
    for (const [position, bytes] of [
      [2, annex],
      [3, csv],
    ] as const) {
      const read = await readFile(node.context, node.services.files, node.one.clerk, { id, position })
      expect(Buffer.compare(read.bytes, bytes)).to.equal(0)
    }
  })

  it('takes no file name but one that may be sent, and offers the nearest [N204]', async () => {
    const id = await toDraft(node)
    const names = [
      'Số liệu.csv',
      'a b.csv',
      'con..csv',
      '../../etc/passwd.csv',
      `${'a'.repeat(47)}.csv`,
      'x.CSV',
    ]
    for (const name of names) {
      const error = await errorOf(attach(id, name, csv))
      expect(error.code, name).to.equal('ATTACHMENT_NAME_INVALID')
    }
    expect((await errorOf(attach(id, 'Số liệu (Đợt 2).csv', csv))).params).to.include({
      suggestion: 'So-lieu-Dot-2.csv',
    })
    const renamed = await attach(id, 'Số liệu (Đợt 2).csv', csv, { rename: true })
    expect(renamed.name).to.equal('So-lieu-Dot-2.csv')
    await expectCode(attach(id, 'so-lieu-dot-2.csv', csv), 'ATTACHMENT_NAME_INVALID')
    expect((await attach(id, 'So-lieu-Dot-2.csv', csv, { rename: true })).name).to.equal(
      'So-lieu-Dot-2-2.csv',
    )
  })

  it('takes no type that the agency does not allow, and believes no extension [N202]', async () => {
    const id = await toDraft(node)
    await expectCode(attach(id, 'cai-dat.exe', Buffer.from('MZ')), 'ATTACHMENT_TYPE_NOT_ALLOWED')
    await expectCode(attach(id, 'khong-duoi', csv), 'ATTACHMENT_NAME_INVALID')
    for (const [name, bytes] of [
      ['gia.pdf', csv],
      ['gia.docx', await plainPdf('x')],
      ['gia.csv', await plainPdf('x')],
      ['gia.png', Buffer.from('MZ\x90\0')],
      ['gia.txt', Buffer.from([0x41, 0, 0x42])],
      ['rong.txt', Buffer.alloc(0)],
    ] as const) {
      const code = (await errorOf(attach(id, name, bytes))).code
      expect(code, name).to.equal('ATTACHMENT_CONTENT_MISMATCH')
    }
  })

  it('takes an annex as PDF only, since it has to be signed [K046]', async () => {
    const id = await toDraft(node)
    await expectCode(attach(id, 'phu-luc.csv', csv, { kind: 'annex' }), 'ANNEX_NOT_PDF')
    const signed = await signLetter(await plainPdf('x'), node.two.agency, 'Khac')
    await expectCode(attach(id, 'phu-luc.pdf', signed, { kind: 'annex' }), 'DRAFT_ALREADY_SIGNED')
    const along = await attach(id, 'van-ban-lien-quan.pdf', signed)
    const [, file] = await readFileList(node.context, node.one.clerk, id)
    expect(file).to.include({ position: along.position, indication: 'TOTAL_PASSED' })
    const person = await signLetter(await plainPdf('x'), node.one.individual, 'Khac')
    await expectCode(attach(id, 'ca-nhan.pdf', person), 'SIGNATURE_REJECTED')
  })

  it('checks what a message can hold before anything is signed [K094]', async () => {
    const id = await toDraft(node)
    const large = Buffer.alloc(3_500_000, 'a,b\n')
    await attach(id, 'mot.csv', large)
    await expectCode(attach(id, 'hai.csv', large), 'MESSAGE_TOO_LARGE')
    await expectCode(attach(id, 'ba.csv', Buffer.alloc(5_000_001, 'a')), 'MESSAGE_TOO_LARGE')
  })

  it('refuses a mark of secrecy in a name or on a page, and keeps and logs nothing of it', async () => {
    const id = await toDraft(node)
    await expectCode(attach(id, 'Báo cáo TỐI MẬT.csv', csv, { rename: true }), 'SECRET_MARK_FOUND')
    const pdf = await PDFDocument.create()
    pdf.registerFontkit(fontkit)
    const font = await pdf.embedFont(node.services.fillFonts.number, { subset: true })
    pdf.addPage([595, 842]).drawText('TỐI MẬT', { x: 90, y: 700, size: 13, font })
    const before = await node.database.db.asNode((trx) => trx('files').count('* as n').first())
    const error = await errorOf(attach(id, 'bao-cao.pdf', await pdf.save()))
    expect(error.code).to.equal('SECRET_MARK_FOUND')
    expect(await readFileList(node.context, node.one.clerk, id)).to.have.length(1)
    const after = await node.database.db.asNode((trx) => trx('files').count('* as n').first())
    expect(after).to.deep.equal(before)
    const entries = (await logOf(node, node.one)).filter((one) => one.text.includes(id))
    expect(entries.at(-1)?.kind).to.equal('document.refused-secret')
    expect(entries.at(-1)?.text).not.to.match(/bao-cao|M\u1eacT/u)
  })

  it('wants the declaration for what is added after quarantine', async () => {
    const id = await toDraft(node)
    await expectCode(attach(id, 'a.csv', csv, { declaredFreeOfSecrets: false }), 'DECLARATION_NEEDED')
    const { context, services } = node
    const drafted = await draftDocument(context, node.one.clerk, metadata)
    await uploadDraft(context, services, node.one.clerk, { id: drafted.id, bytes: await letter() })
    await attach(drafted.id, 'a.csv', csv, { declaredFreeOfSecrets: false })
    const place = { id: drafted.id, position: 2 }
    await expectCode(readFile(context, services.files, node.one.clerk, place), 'DOCUMENT_IN_QUARANTINE')
    await expectCode(readFile(context, services.files, node.one.leader, place), 'NOT_FOUND')
    const hash = sha256(csv)
    await endQuarantine(context, services, node.one.clerk, { id: drafted.id, stateSecret: true })
    const holds = await node.database.db.asNode((trx) =>
      trx('file_holds')
        .where({ holder: `document:${drafted.id}` })
        .pluck('sha256'),
    )
    expect(holds, hash).to.deep.equal([])
  })

  it('takes a file away from a draft with its bytes, and never from a document that is signed', async () => {
    const { context, services, one } = node
    const id = await toDraft(node)
    const own = Buffer.from('chỉ,ở,đây\n')
    const { position } = await attach(id, 'rieng.csv', own)
    await removeFile(context, services, one.clerk, { id, position })
    expect(await services.files.has(sha256(own))).to.equal(false)
    await expectCode(removeFile(context, services, one.clerk, { id, position }), 'NOT_FOUND')
    await expectCode(removeFile(context, services, one.clerk, { id, position: 1 }), 'NOT_FOUND')
    await attach(id, 'con-lai.csv', csv)
    const bytes = await signAsIndividual(await download(node, one.leader, id), one.individual)
    await addSignature(context, services, one.leader, { id, bytes })
    await expectCode(removeFile(context, services, one.clerk, { id, position: 2 }), 'DOCUMENT_STATE_WRONG')
    await expectCode(attach(id, 'them.csv', csv), 'DOCUMENT_STATE_WRONG')
  })

  it('issues no document while a separate PDF lacks the agency’s signature [K046]', async () => {
    const { context, services, one } = node
    const id = await toDraft(node)
    await attach(id, 'phu-luc-1.pdf', await plainPdf('Phu luc I'), { kind: 'annex' })
    await attach(id, 'so-lieu.csv', csv)
    const signed = await signAsIndividual(await download(node, one.leader, id), one.individual)
    await addSignature(context, services, one.leader, { id, bytes: signed })
    const early = await signLetter(await plainPdf('Phu luc I'), one.agency, 'CoQuan')
    const upload = (position: number, bytes: Uint8Array) =>
      signSeparateFile(context, services, one.clerk, { id, position, bytes })
    await expectCode(upload(2, early), 'DOCUMENT_STATE_WRONG')
    await numberDocument(context, services, one.clerk, id)
    const issued = await signAsAgency(await download(node, one.clerk, id), one.agency)
    const issue = () => issueDocument(context, services, one.clerk, { id, bytes: issued })
    await expectCode(issue(), 'ANNEX_UNSIGNED')
    const { bytes: attached } = await readFile(context, services.files, one.clerk, { id, position: 2 })
    await expectCode(upload(2, attached), 'SIGNATURE_NOT_AN_EXTENSION')
    await expectCode(upload(2, await signLetter(attached, node.two.agency, 'CoQuan')), 'SIGNER_WRONG')
    await expectCode(upload(2, await signLetter(attached, one.individual, 'CoQuan')), 'SIGNER_WRONG')
    await expectCode(upload(3, issued), 'FILE_NOT_TO_BE_SIGNED')
    const annex = await signLetter(attached, one.agency, 'CoQuan')
    const done = await upload(2, annex)
    expect(done).to.include({ sha256: sha256(annex), indication: 'TOTAL_PASSED' })
    await expectCode(upload(2, annex), 'FILE_NOT_TO_BE_SIGNED')
    await issue()
    const files = await readFileList(context, one.clerk, id)
    expect(files.map((file) => [file.kind, file.signature?.indication ?? null])).to.deep.equal([
      ['main', 'TOTAL_PASSED'],
      ['annex', 'TOTAL_PASSED'],
      ['attachment', null],
    ])
    expect(files[1]?.sha256).to.equal(sha256(annex))
  })

  it('takes no mark over the text of an annex or on a later page, and says where it is free [K046]', async () => {
    const { context, services, one } = node
    const font = services.fillFonts.number
    const pdf = await PDFDocument.create()
    const page = pdf.addPage([595, 842])
    // A running head in the corner where the mark would stand, 5 to 20 mm below the upper edge.
    for (const y of [824, 812, 800]) page.drawText('PHU LUC I - BANG TONG HOP', { x: 400, y, size: 11 })
    pdf.addPage([595, 842])
    const id = await toDraft(node)
    await attach(id, 'phu-luc-1.pdf', await pdf.save(), { kind: 'annex' })
    const signed = await signAsIndividual(await download(node, one.leader, id), one.individual)
    await addSignature(context, services, one.leader, { id, bytes: signed })
    const { number } = await numberDocument(context, services, one.clerk, id)
    const { bytes: attached } = await readFile(context, services.files, one.clerk, { id, position: 2 })
    const appearance = annexMark(number, NOW, font)
    const marked = (place: FieldPlace) =>
      signPdf(attached, {
        key: asKeyProvider(one.agency),
        field: 'CoQuan',
        signingTime: NOW,
        appearance,
        place,
        lock: { action: 'All' },
      })
    const upload = async (place: FieldPlace) =>
      signSeparateFile(context, services, one.clerk, { id, position: 2, bytes: await marked(place) })
    const covering = await errorOf(upload(markPlace(attached, appearance)))
    expect(covering.code).to.equal('MARK_COVERS_TEXT')
    expect(covering.params.text).to.equal('PHU LUC I - BANG TONG HOP')
    await expectCode(upload({ ...markPlace(attached, appearance), page: 2 }), 'MARK_NOT_ON_FIRST_PAGE')
    const down = (Number(covering.params.down) * 72) / 25.4
    // The last line's descenders end at 797.6 points, 15.7 mm below the edge; the mark stands 6 mm below it.
    expect(Number(covering.params.down)).to.be.within(9, 12)
    await upload(markPlace(attached, appearance, { down }))
  })

  it('shows a document’s files to no other agency', async () => {
    const id = await toDraft(node)
    await attach(id, 'a.csv', csv)
    await expectCode(readFileList(node.context, node.two.clerk, id), 'NOT_FOUND')
    const place = { id, position: 2 }
    await expectCode(readFile(node.context, node.services.files, node.two.clerk, place), 'NOT_FOUND')
    const seen = await node.database.db.asAgency({ agencyId: node.two.agencyId }, (trx) =>
      trx('document_files').select('position'),
    )
    expect(seen).to.deep.equal([])
  })
})
