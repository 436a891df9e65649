import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { PDFDocument } from 'pdf-lib'
import type { UserActor } from '../../../server/actor.ts'
import { endCopyAuthority, grantCopyAuthority } from '../../../server/copies/copy-authorities.ts'
import { copyRequest } from '../../../server/copies/copy-request.ts'
import { issueCopy } from '../../../server/copies/issue-copy.ts'
import { makeCopy } from '../../../server/copies/make-copy.ts'
import { uploadCopy } from '../../../server/copies/upload-copy.ts'
import { agencySettings } from '../../../server/documents/agency-settings.ts'
import { writeSettings } from '../../../server/documents/agency-settings-store.ts'
import type { CopyForm, Medium } from '../../../server/documents/copy-forms.ts'
import { copyForms, copyRoutes, media, requireCopyRoute } from '../../../server/documents/copy-forms.ts'
import { type CopyRecord, findCopy, listCopies } from '../../../server/documents/copy-store.ts'
import { readerOf } from '../../../server/documents/document-access-store.ts'
import { hiddenAmong } from '../../../server/documents/document-list-store.ts'
import { restrictDocument } from '../../../server/documents/permit-document.ts'
import { readBytes } from '../../../server/documents/read-document.ts'
import { CongvanError } from '../../../server/errors.ts'
import { addSignature } from '../../../server/outgoing/add-signature.ts'
import { endQuarantine } from '../../../server/outgoing/end-quarantine.ts'
import { uploadDraft } from '../../../server/outgoing/upload-draft.ts'
import { faultsOf } from '../../../server/pages/scan-check.ts'
import { readBookPage } from '../../../server/registers/read-book.ts'
import { readPagePictures } from '../../../signing/index.ts'
import {
  errorOf,
  expectCode,
  letter,
  logOf,
  openTestNode,
  signAsIndividual,
  signLetter,
  type TestNode,
  toIssued,
} from '../documents/support.ts'
import { addPerson } from '../incoming/incoming-support.ts'
import { scan } from './scans.ts'

const paper = {
  kind: 'Quyết định',
  subject: 'Về việc thử nghiệm sao văn bản',
  number: '15',
  symbol: 'QĐ-UBND',
  date: '2019-06-29',
  agency: 'Ủy ban nhân dân xã thử nghiệm',
  signer: { name: 'Người ký 2', position: 'Chủ tịch' },
}

describe('documents: copies', () => {
  let node: TestNode
  let authorityId: string
  before(async () => {
    node = await openTestNode()
    authorityId = (
      await grantCopyAuthority(node.context, node.one.leader, {
        name: 'Người ký 1',
        position: 'Chánh Văn phòng',
        competence: 'TL. CHỦ TỊCH',
        userId: null,
        validFrom: '2026-01-01',
        validTo: null,
      })
    ).id
  })
  after(() => node.close())

  const make = (request: object) =>
    makeCopy(node.context, node.one.clerk, copyRequest.parse({ authorityId, ...request }))
  const scanned = (more: object = {}) =>
    make({ form: 'sao-y', from: 'paper', to: 'electronic', source: { paper }, ...more })

  it('knows exactly the ways of copying that the decree names [K028 K031 K051]', () => {
    const allowed = (form: CopyForm, from: Medium, to: Medium, extracts: boolean) => {
      try {
        requireCopyRoute({ form, from, to }, extracts)
        return true
      } catch (error) {
        expect(error).to.be.instanceOf(CongvanError).with.property('code', 'COPY_ROUTE_NOT_ALLOWED')
        return false
      }
    }
    const ways = (extracts: boolean) =>
      copyForms.flatMap((form) =>
        media.flatMap((from) =>
          media.flatMap((to) => (allowed(form, from, to, extracts) ? [`${form} ${from} ${to}`] : [])),
        ),
      )
    const always = [
      'sao-y paper paper',
      'sao-y paper electronic',
      'sao-y electronic paper',
      'sao-luc paper paper',
      'sao-luc paper electronic',
      'sao-luc electronic paper',
      'trich-sao paper paper',
      'trich-sao paper electronic',
      'trich-sao electronic paper',
    ]
    expect(ways(false)).to.deep.equal(always)
    expect(ways(true)).to.deep.equal([...always, 'trich-sao electronic electronic'])
    expect(Object.keys(copyRoutes)).to.deep.equal(['sao-y', 'sao-luc', 'trich-sao'])
  })

  it('refuses the electronic sao y of an electronic document: forward the original [K028]', async () => {
    const documentId = await toIssued(node)
    const error = await errorOf(
      make({ form: 'sao-y', from: 'electronic', to: 'electronic', source: { documentId } }),
    )
    expect(error.code).to.equal('COPY_ROUTE_NOT_ALLOWED')
    await expectCode(
      make({ form: 'sao-y', from: 'paper', to: 'paper', source: { documentId } }),
      'COPY_SOURCE_WRONG',
    )
  })

  it('makes an electronic sao y of a scan that the agency alone signs [K030 K053 N168]', async () => {
    const { context, services, one } = node
    const made = await scanned()
    expect(made).to.include({ formName: 'SAO Y', block: null, madeBy: one.clerk.displayName })
    const id = made.documentId ?? ''
    const bytes = await scan()
    await uploadCopy(context, services, one.clerk, { id, bytes })
    await expectCode(
      endQuarantine(context, services, one.clerk, { id, stateSecret: false }),
      'SCAN_NOT_DECLARED',
    )
    await endQuarantine(context, services, one.clerk, { id, stateSecret: false, scanDeclared: true })
    const upload = (signed: Uint8Array) => issueCopy(context, services, one.clerk, { id, bytes: signed })
    await expectCode(upload(bytes), 'SIGNATURE_NOT_AN_EXTENSION')
    await expectCode(upload(await signLetter(bytes, one.individual, 'CaNhan')), 'SIGNER_WRONG')
    await expectCode(upload(await signLetter(bytes, node.two.agency, 'CoQuan')), 'SIGNER_WRONG')
    const signed = await signLetter(bytes, one.agency, 'CoQuan')
    const token = { ...one.clerk, byApiToken: true as const, tokenId: randomUUID() }
    await expectCode(issueCopy(context, services, token, { id, bytes: signed }), 'TOKEN_NOT_FOR_ISSUE')
    const issued = await upload(signed)
    expect(issued).to.include({ state: 'issued', indication: 'TOTAL_PASSED' })
    expect(issued.documentCode).to.match(/^H40\.12\.3,2026\/01\/05,SY-/)
    const stored = await readBytes(context, services.files, one.clerk, id)
    expect(stored.revision.name).to.equal('sao-y-15-QD-UBND.pdf')
    expect(Buffer.compare(stored.bytes, signed)).to.equal(0)
    await expectCode(upload(signed), 'DOCUMENT_STATE_WRONG')
  })

  it('takes no scan but one in colour, of 200 dpi, at 100 %, as PDF 1.4 or later [K052 N050]', async () => {
    const { context, services, one } = node
    const { documentId } = await scanned()
    const upload = (bytes: Uint8Array) =>
      uploadCopy(context, services, one.clerk, { id: documentId ?? '', bytes })
    for (const [what, bytes, reason] of [
      ['grey', await scan({ colour: false }), /not in colour/],
      ['coarse', await scan({ dpi: 150 }), /150 dpi/],
      ['another size', await scan({ widthMm: 180, heightMm: 240 }), /180 × 240 mm is not at 100 %/],
      ['PDF 1.3', await scan({ version: '1.3' }), /PDF version 1\.3/],
      ['a picture on a part of the page', await scan({ share: 0.5 }), /no picture covers/],
      ['one bad page of two', await scan({ pages: [{}, { dpi: 100 }] }), /^page 2: 100 dpi$/],
      ['no scan at all', await letter(), /no picture covers/],
    ] as const) {
      const error = await errorOf(upload(bytes))
      expect(error.code, what).to.equal('SCAN_NOT_ACCEPTABLE')
      expect(String(error.params.reason), what).to.match(reason)
    }
    const signed = await signLetter(await scan(), one.agency, 'CoQuan')
    await expectCode(upload(signed), 'DRAFT_ALREADY_SIGNED')
    await upload(await scan({ turned: true }))
    await upload(await scan())
  })

  it('sees through forms, turned pages and user units, and is fooled by no picture inside the content', async () => {
    const [page] = readPagePictures(await scan({ inForm: true })).pages
    expect(page?.pictures.map((one) => [Math.round(one.dpi), one.colour])).to.deep.equal([[200, 'colour']])
    const blank = await PDFDocument.create()
    blank.addPage([595, 842])
    expect(faultsOf(readPagePictures(await blank.save())).map((one) => one.en)).to.deep.equal([
      'page 1: no picture covers the page',
    ])
  })

  it('makes sao lục of a sao y only [K031]', async () => {
    const sao = (more: object) => make({ form: 'sao-luc', from: 'paper', to: 'electronic', ...more })
    await expectCode(sao({ source: { paper } }), 'COPY_SOURCE_WRONG')
    await expectCode(sao({ source: { paper: { ...paper, copyForm: 'trich-sao' } } }), 'COPY_SOURCE_WRONG')
    expect((await sao({ source: { paper: { ...paper, copyForm: 'sao-y' } } })).formName).to.equal('SAO LỤC')
    await expectCode(scanned({ source: { paper: { ...paper, copyForm: 'sao-y' } } }), 'COPY_SOURCE_WRONG')
    const original = await toIssued(node)
    const way = { form: 'sao-luc', from: 'electronic', to: 'paper' }
    await expectCode(make({ ...way, source: { documentId: original } }), 'COPY_SOURCE_WRONG')
  })

  it('names the part of an excerpt, and makes it of an electronic document only where the agency allows it [K032]', async () => {
    const { context, services, one } = node
    const documentId = await toIssued(node)
    const way = { form: 'trich-sao', from: 'electronic', to: 'electronic', source: { documentId } }
    await expectCode(make({ ...way, part: 'Điều 1' }), 'COPY_ROUTE_NOT_ALLOWED')
    const settings = agencySettings.parse({ allowElectronicExtracts: true, shortName: 'UBND' })
    await context.db.asAgency({ agencyId: one.agencyId }, (trx) =>
      writeSettings(trx, {
        agencyId: one.agencyId,
        settings,
        version: 0,
        by: one.leader.userId,
        at: context.clock(),
      }),
    )
    await expectCode(make(way), 'INPUT_INVALID')
    await expectCode(scanned({ part: 'Điều 1' }), 'INPUT_INVALID')
    const made = await make({ ...way, part: 'Điều 1' })
    const id = made.documentId
    await uploadCopy(context, services, one.clerk, { id: id ?? '', bytes: await letter('Trích Điều 1') })
    const copy = await recordOf(made.id)
    expect(copy).to.include({ form: 'trich-sao', part: 'Điều 1', sourceDocumentId: documentId })
    const original = await readBytes(context, services.files, one.clerk, documentId)
    expect(copy?.sourceSha256).to.equal(original.revision.sha256)
    // What is restricted to named people stays so in what is made of it.
    const restrict = { documentId, restricted: true, reason: 'Hồ sơ nhân sự' }
    await restrictDocument(context, one.clerk, restrict)
    const hidden = await make({ ...way, part: 'Điều 2' })
    const restricted = (of: string | null) =>
      context.db.asAgency({ agencyId: one.agencyId }, (trx) =>
        trx('documents').where({ id: of }).first<{ restricted: boolean }>('restricted'),
      )
    expect(await restricted(hidden.documentId)).to.deep.equal({ restricted: true })
    expect(await restricted(id)).to.deep.equal({ restricted: false })
  })

  it('numbers copies on paper in one series a year and gives all seven parts [K029 K054 N098 N099]', async () => {
    const documentId = await toIssued(node)
    const place = 'Hải Minh'
    const recipients = ['Như trên', 'Lưu: VT']
    const first = await make({
      form: 'sao-y',
      from: 'electronic',
      to: 'paper',
      source: { documentId },
      place,
      recipients,
    })
    expect(first.block).to.deep.equal({
      form: 'SAO Y',
      agency: 'Ủy ban nhân dân xã thử nghiệm',
      number: '01/SY-UBND',
      placeAndDate: 'Hải Minh, ngày 05 tháng 01 năm 2026',
      authority: { competence: 'TL. CHỦ TỊCH', position: 'Chánh Văn phòng', name: 'Người ký 1' },
      seal: 'Ủy ban nhân dân xã thử nghiệm',
      recipients,
    })
    const second = await make({ form: 'sao-luc', from: 'paper', to: 'paper', source: { copyId: first.id } })
    expect(second.block?.number).to.equal('02/SL-UBND')
    const part = { form: 'trich-sao', from: 'paper', to: 'paper', source: { paper }, part: 'Điều 2' }
    expect((await make(part)).block?.number).to.equal('03/TrS-UBND')
    await expectCode(make({ ...part, source: { copyId: documentId } }), 'NOT_FOUND')

    // Another clerk sees the copies, until the document that they are made of is restricted to named people.
    const { context } = node
    const colleague = await addPerson(node, node.one, 'clerk')
    const listed = (actor: UserActor) =>
      node.database.db.asAgency(actor, async (trx) =>
        (await listCopies(trx, { reader: readerOf(actor), limit: 200 })).map((one) => one.id),
      )
    expect(await listed(colleague)).to.include(first.id)
    const reason = 'Hồ sơ nhân sự'
    await restrictDocument(context, node.one.clerk, { documentId, restricted: true, reason })
    expect(await listed(colleague)).to.not.include(first.id)
    expect(await listed(node.one.clerk)).to.include(first.id)
    // Nor does the book of copies say to a leader what it is about; made of a copy, a copy is as hidden.
    const reader = { ...colleague, roles: ['leader'] } as UserActor
    const inBook = await node.database.db.asAgency(reader, (trx) =>
      readBookPage(trx, reader, hiddenAmong, { book: 'copies', year: 2026, limit: 200 }),
    )
    const masked = inBook.items.filter((one) => one.masked).map((one) => one.printed)
    expect(masked).to.deep.equal(['02', '01'])
    const again = copyRequest.parse({
      authorityId,
      form: 'sao-luc',
      from: 'paper',
      to: 'paper',
      source: { copyId: first.id },
    })
    await expectCode(makeCopy(context, colleague, again), 'NOT_FOUND')
  })

  it('copies only what somebody with authority on the day has decided, and notes who it was [N061]', async () => {
    const { context, one } = node
    const copy = await scanned({ copies: 3 })
    const record = await recordOf(copy.id)
    expect(record).to.include({ id: copy.id, decidedBy: 'Chánh Văn phòng Người ký 1', copies: 3 })
    expect(record?.source).to.include({ code: '15/QĐ-UBND', date: '2019-06-29' })
    const later = await grantCopyAuthority(context, one.leader, {
      name: 'Người ký 3',
      position: 'Phó Chủ tịch',
      competence: null,
      userId: null,
      validFrom: '2026-01-06',
      validTo: null,
    })
    await expectCode(scanned({ authorityId: later.id }), 'COPY_AUTHORITY_MISSING')
    const over = await grantCopyAuthority(context, one.leader, {
      name: 'Người ký 4',
      position: 'Phó Chủ tịch',
      competence: null,
      userId: null,
      validFrom: '2025-01-01',
      validTo: null,
    })
    await scanned({ authorityId: over.id })
    await endCopyAuthority(context, one.leader, over.id)
    await expectCode(endCopyAuthority(context, one.leader, over.id), 'NOT_FOUND')
    await expectCode(scanned({ authorityId: over.id }), 'COPY_AUTHORITY_MISSING')
    const foreign = copyRequest.parse({
      form: 'sao-y',
      from: 'paper',
      to: 'electronic',
      source: { paper },
      authorityId,
    })
    await expectCode(makeCopy(context, node.two.clerk, foreign), 'COPY_AUTHORITY_MISSING')
    const log = (await logOf(node, one)).filter((entry) => entry.kind === 'document.copied')
    expect(log.length).to.be.greaterThan(0)
    expect(log.every((entry) => !entry.text.includes('Người ký'))).to.equal(true)
  })

  it('copies nothing that bears a mark of secrecy [N062]', async () => {
    const secret = { ...paper, subject: 'MẬT - Báo cáo thử nghiệm' }
    await expectCode(scanned({ source: { paper: secret } }), 'SECRET_MARK_FOUND')
  })

  it('keeps copies apart from drafts: no letter, no number, no person signs [K037]', async () => {
    const { context, services, one } = node
    const { documentId } = await scanned()
    const id = documentId ?? ''
    await expectCode(uploadDraft(context, services, one.clerk, { id, bytes: await letter() }), 'IS_A_COPY')
    await uploadCopy(context, services, one.clerk, { id, bytes: await scan() })
    const before = await readCount(node)
    await endQuarantine(context, services, one.clerk, { id, stateSecret: true })
    expect(await readCount(node)).to.equal(before - 1)
    const other = (await scanned()).documentId ?? ''
    const pdf = await letter()
    await node.context.db.asAgency({ agencyId: one.agencyId }, (trx) =>
      trx('documents').where({ id: other }).update({ state: 'draft' }),
    )
    const alone = { id: other, bytes: await signAsIndividual(pdf, one.individual) }
    await expectCode(addSignature(context, services, one.leader, alone), 'IS_A_COPY')
    const draft = await toIssued(node)
    await expectCode(
      uploadCopy(context, services, one.clerk, { id: draft, bytes: await scan() }),
      'NOT_A_COPY',
    )
    const signed = await signAsIndividual(await letter(), one.individual)
    await expectCode(issueCopy(context, services, one.clerk, { id: draft, bytes: signed }), 'NOT_A_COPY')
  })

  async function recordOf(id: string): Promise<CopyRecord | undefined> {
    return node.context.db.asAgency({ agencyId: node.one.agencyId }, (trx) => findCopy(trx, id))
  }

  async function readCount({ context, one }: TestNode): Promise<number> {
    return context.db.asAgency({ agencyId: one.agencyId }, async (trx) => {
      const row = await trx('document_copies').count<{ count: string }[]>('* as count')
      return Number(row[0]?.count)
    })
  }
})
