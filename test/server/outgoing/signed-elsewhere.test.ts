/** A draft that was signed in another program: uploaded, presented, numbered and issued, and what is refused. */
import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { PDFDocument } from 'pdf-lib'
import {
  makePlainLetter,
  type PlainLetterOptions,
  type PlainSigner,
} from '../../../fixtures/documents/plain-letter.ts'
import { type IssuedCertificate, makeTestPki } from '../../../fixtures/pki/make-pki.ts'
import { agencySettings } from '../../../server/documents/agency-settings.ts'
import { numberFindings } from '../../../server/documents/examination.ts'
import { readDetails } from '../../../server/documents/read-document.ts'
import type { CongvanError } from '../../../server/errors.ts'
import { addSignature } from '../../../server/outgoing/add-signature.ts'
import { changeSettings, readAgencySettings } from '../../../server/outgoing/change-settings.ts'
import { checkDocument } from '../../../server/outgoing/check-document.ts'
import { draftDocument } from '../../../server/outgoing/draft-document.ts'
import { endQuarantine } from '../../../server/outgoing/end-quarantine.ts'
import { issueDocument } from '../../../server/outgoing/issue-document.ts'
import { numberDocument } from '../../../server/outgoing/number-document.ts'
import { presentDocument } from '../../../server/outgoing/present-document.ts'
import { returnDocument } from '../../../server/outgoing/return-document.ts'
import { reviseDraft } from '../../../server/outgoing/revise-draft.ts'
import { type DraftUpload, uploadDraft } from '../../../server/outgoing/upload-draft.ts'
import {
  asKeyProvider,
  type FieldPlace,
  fillTextFields,
  issueMarkField,
  issueMarkOptions,
  laterSignatureField,
  readSignatureTexts,
  type SigningOptions,
  signPdf,
  verifyPdf,
} from '../../../signing/index.ts'
import { addPerson, insertAccount, type TestPerson } from '../documents/people.ts'
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
  type TestNode,
} from '../documents/support.ts'

const mm = 72 / 25.4
const chairman: PlainSigner = { title: ['TM. ỦY BAN NHÂN DÂN', 'CHỦ TỊCH'], name: 'Người ký 1', middle: 150 }
const deputy: PlainSigner = { title: ['KT. CHỦ TỊCH', 'PHÓ CHỦ TỊCH'], name: 'Người ký 2', middle: 60 }
const person: FieldPlace = { page: 1, left: 365, bottom: 165, width: 120, height: 50 }
const second: FieldPlace = { ...person, left: 110 }

describe('documents: signed in another program', () => {
  let node: TestNode
  let one: TestPerson
  let two: TestPerson
  let plain: Uint8Array

  before(async () => {
    node = await openTestNode()
    one = await addPerson(node, node.one, { name: 'Người ký 1', title: 'Chủ tịch', role: 'signer' })
    two = await addPerson(node, node.one, { name: 'Người ký 2', title: 'Phó Chủ tịch', role: 'signer' })
    await insertAccount(node, node.one.clerk, 'clerk')
    plain = await page({ signers: [chairman] })
  })
  after(() => node.close())

  /** Another letter each time: what a node has once it knows again. */
  const page = (options: PlainLetterOptions) =>
    makePlainLetter({
      ...options,
      more: [...(options.more ?? []), { text: randomUUID(), x: 30, y: 150, size: 9 }],
    })

  /** The same signature in other bytes: the hexadecimal digits of its value in capitals, which nobody has signed. */
  const respelt = (pdf: Uint8Array): Uint8Array => {
    const text = Buffer.from(pdf).toString('latin1')
    const changed = text.replace(/<30[0-9a-f]{2000,}>/g, (value) => value.toUpperCase())
    expect(changed).not.to.equal(text)
    return Buffer.from(changed, 'latin1')
  }

  /** As another program signs: a field of its own, in view. */
  const elsewhere = (
    pdf: Uint8Array,
    certificate: IssuedCertificate,
    options: Partial<SigningOptions> = {},
  ): Promise<Uint8Array> =>
    signPdf(pdf, {
      key: asKeyProvider(certificate),
      field: 'Signature1',
      signingTime: NOW,
      place: person,
      appearance: { fontBytes: node.services.fillFonts.number, lines: ['đã ký'] },
      ...options,
    })

  const draft = async (about: Omit<DraftUpload, 'id'>) => {
    const { id } = await draftDocument(node.context, node.one.clerk, metadata)
    await uploadDraft(node.context, node.services, node.one.clerk, { id, ...about })
    await endQuarantine(node.context, node.services, node.one.clerk, { id, stateSecret: false })
    return id
  }
  const upload = async (bytes: Uint8Array, about: Partial<DraftUpload> = {}) => {
    const { id } = await draftDocument(node.context, node.one.clerk, metadata)
    return uploadDraft(node.context, node.services, node.one.clerk, { id, bytes, ...about })
  }
  const present = (id: string, ...people: TestPerson[]) =>
    presentDocument(node.context, node.services, node.one.clerk, {
      id,
      signers: people.map(({ actor }) => ({
        user: actor.login,
        ...(actor === two.actor ? { position: 'Phó Chủ tịch' } : {}),
      })),
    })
  const details = (id: string) => readDetails(node.context, node.one.clerk, id)
  const number = (id: string) => numberDocument(node.context, node.services, node.one.clerk, id)
  const issue = (id: string, bytes: Uint8Array) =>
    issueDocument(node.context, node.services, node.one.clerk, { id, bytes })
  const fonts = () => ({ upright: node.services.fillFonts.number, italic: node.services.fillFonts.date })

  /** What the clerk's client does with the answer to `number`. */
  async function signMark(
    id: string,
    change: { code?: string; left?: number; more?: Partial<SigningOptions> } = {},
    certificate = node.one.agency,
  ): Promise<Uint8Array> {
    const { mark } = await number(id)
    if (mark === undefined) throw new Error('no mark')
    const text = { ...mark.text, ...(change.code === undefined ? {} : { code: change.code }) }
    const place = { ...mark.place, left: mark.place.left - (change.left ?? 0) }
    const pdf = await download(node, node.one.clerk, id)
    const options = issueMarkOptions(place, text, NOW, fonts())
    return signPdf(pdf, { key: asKeyProvider(certificate), ...options, ...change.more })
  }

  it('goes to issue: number and date stand in the agency’s signature, the page stays as it was signed', async () => {
    const signed = await elsewhere(plain, one.certificate)
    const id = await draft({ bytes: signed })
    expect(await present(id, one)).to.include({ state: 'signed', round: 1 })
    const numbered = await number(id)
    expect(numbered.mark?.text).to.deep.equal({
      code: numbered.number,
      placeAndDate: 'Hải Minh, ngày 05 tháng 01 năm 2026',
      agency: 'Ủy ban nhân dân xã thử nghiệm',
    })
    expect(numbered.mark?.place.page).to.equal(1)
    expect(await number(id), 'asked again').to.deep.equal(numbered)
    const issued = await signMark(id)
    expect(await issue(id, issued)).to.include({ state: 'issued', indication: 'TOTAL_PASSED' })
    expect(Buffer.compare(issued.subarray(0, signed.length), signed)).to.equal(0)
    const { document, revisions, presentations } = await details(id)
    expect(revisions.map((one) => one.kind)).to.deep.equal(['draft', 'individual', 'issued'])
    expect(revisions[1]?.sha256, 'the very bytes that came').to.equal(revisions[0]?.sha256)
    expect(revisions[1]?.signature).to.include({ field: 'Signature1', indication: 'TOTAL_PASSED' })
    expect(presentations[0]).to.include({ outcome: 'signed' })
    const { trust } = node.services
    const report = verifyPdf(issued, {
      trustAnchors: trust.anchors,
      untrusted: trust.untrusted,
      crls: trust.crls,
      ocspResponses: [],
      time: NOW,
      requireRevocation: true,
      legacy: false,
      profile: 'issued',
    })
    expect(report).to.include({ indication: 'TOTAL_PASSED' })
    expect(report.signatures.map(({ field, changesAfter }) => [field, changesAfter])).to.deep.equal([
      ['Signature1', 'permitted'],
      [issueMarkField, 'none'],
    ])
    // The receiver compares what the box says with the message.
    const rows = readSignatureTexts(issued).flatMap(({ texts }) => texts)
    const code = { number: document.codeNumber, notation: document.codeNotation }
    expect(numberFindings(rows, null, code)).to.deep.equal([])
    expect(numberFindings(rows, null, { ...code, number: '99' }).map((one) => one.code)).to.deep.equal([
      'NUMBER_DIFFERS',
    ])
    const kinds = (await logOf(node, node.one))
      .filter(({ text }) => text.includes(id))
      .map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind !== 'document.read')).to.deep.equal([
      'document.drafted',
      'document.file-uploaded',
      'document.quarantine-ended',
      'document.presented',
      'document.signed-individual',
      'document.numbered',
      'document.issued',
    ])
  })

  it('waits for those who are still to sign, each between title and name, and the agency signs last', async () => {
    const signed = await elsewhere(await page({ signers: [deputy, chairman] }), two.certificate, {
      place: second,
    })
    const id = await draft({
      bytes: signed,
      signers: [{ name: 'Người ký 2', position: 'Phó Chủ tịch' }, { name: 'Người ký 1' }],
    })
    expect(await present(id, two, one)).to.include({ state: 'presented' })
    const { revisions } = await details(id)
    const place = revisions[0]?.places?.individuals[1]
    if (place == null) throw new Error('no place')
    expect(revisions[0]?.places?.individuals[0]).to.equal(null)
    expect((place.left + place.width / 2) / mm, 'in the middle of the column').to.be.closeTo(150, 1)
    const sign = async (options: Partial<SigningOptions>, actor = one.actor) => {
      const bytes = await elsewhere(await download(node, node.one.clerk, id), one.certificate, {
        field: laterSignatureField(2),
        place,
        ...options,
      })
      return addSignature(node.context, node.services, actor, { id, bytes })
    }
    await expectCode(sign({}, two.actor), 'SIGNING_OUT_OF_ORDER')
    await expectCode(sign({ field: 'khac' }), 'SIGNATURE_NOT_AN_EXTENSION')
    await expectCode(sign({ place: { ...place, left: place.left - 5 } }), 'SIGNATURE_NOT_AN_EXTENSION')
    await expectCode(sign({ lock: { action: 'All' } }), 'PDF_NO_CHANGES_PERMITTED')
    expect(await sign({})).to.include({ state: 'signed', revision: 3 })
    expect(await issue(id, await signMark(id))).to.include({ state: 'issued' })
  })

  it('takes all signatures where all have signed, each with the file as that person signed it', async () => {
    const first = await elsewhere(await page({ signers: [deputy, chairman] }), two.certificate, {
      place: second,
    })
    const both = await elsewhere(first, one.certificate, { field: 'Signature2' })
    const id = await draft({ bytes: both, signers: [{ name: 'Người ký 2' }, { name: 'Người ký 1' }] })
    expect(await present(id, two, one)).to.include({ state: 'signed' })
    const { revisions, presentations } = await details(id)
    expect(revisions.map(({ kind, length }) => [kind, length])).to.deep.equal([
      ['draft', both.length],
      ['individual', first.length],
      ['individual', both.length],
    ])
    expect(presentations[0]?.signers.map((one) => one.signedRevision)).to.deep.equal([2, 3])
    expect(await issue(id, await signMark(id))).to.include({ state: 'issued' })
  })

  describe('is refused at the upload', () => {
    it('by a person whom the draft does not name, of another agency, or by an agency', async () => {
      const wrong = (await errorOf(upload(await elsewhere(plain, two.certificate)))) as CongvanError
      expect(wrong).to.include({ code: 'SIGNER_WRONG' })
      expect(wrong.params).to.include({ found: 'Người ký 2' })
      await expectCode(upload(await elsewhere(plain, node.two.individual)), 'SIGNER_WRONG')
      await expectCode(upload(await elsewhere(plain, node.one.agency)), 'SIGNER_WRONG')
    })

    it('signed out of order, or by more people than sign', async () => {
      const letter = await page({ signers: [deputy, chairman] })
      const first = await elsewhere(letter, one.certificate)
      const both = await elsewhere(first, two.certificate, { field: 'Signature2', place: second })
      const signers = [{ name: 'Người ký 2' }, { name: 'Người ký 1' }]
      await expectCode(upload(both, { signers }), 'SIGNED_OUT_OF_TURN')
      await expectCode(upload(first, { signers }), 'SIGNED_OUT_OF_TURN')
      await expectCode(upload(both), 'SIGNERS_DIFFER')
    })

    it('with a signature that is broken, not trusted, or not over the whole file', async () => {
      const signed = await elsewhere(plain, one.certificate)
      const broken = Buffer.from(signed)
      const at = broken.lastIndexOf('/M (') + 9
      broken.writeUInt8(broken.readUInt8(at) ^ 1, at)
      await expectCode(upload(broken), 'SIGNATURE_REJECTED')
      const stranger = (await makeTestPki({ seedTime: NOW })).issueIndividual({
        organization: 'Ủy ban nhân dân xã thử nghiệm',
        agencyCode: node.one.code,
        commonName: 'Người ký 1',
        title: 'Chủ tịch',
      })
      await expectCode(upload(await elsewhere(plain, stranger)), 'SIGNATURE_REJECTED')
      const appended = Buffer.concat([signed, Buffer.from('\n%thêm\n')])
      expect(['SIGNED_FILE_EXTENDED', 'SIGNATURE_REJECTED']).to.include(
        (await errorOf(upload(appended))).code,
      )
      expect((await errorOf(upload(signed.subarray(0, -20)))).code).to.be.oneOf([
        'PDF_MALFORMED',
        'SIGNATURE_REJECTED',
      ])
    })

    it('with anything but signatures added between two of them: the first did not sign what is seen', async () => {
      const pdf = await PDFDocument.load(await page({ signers: [deputy, chairman] }))
      const box = { x: 100, y: 500, width: 200, height: 16 }
      pdf.getForm().createTextField('kinh-phi').addToPage(pdf.getPage(0), box)
      const first = await elsewhere(await pdf.save({ useObjectStreams: false }), two.certificate, {
        place: second,
      })
      const filled = await fillTextFields(first, {
        fields: { 'kinh-phi': '900 triệu đồng' },
        fontBytes: node.services.fillFonts.number,
      })
      const signers = [{ name: 'Người ký 2' }, { name: 'Người ký 1' }]
      const both = (of: Uint8Array) => elsewhere(of, one.certificate, { field: 'Signature2' })
      await expectCode(upload(await both(filled), { signers }), 'SIGNATURE_REJECTED')
      expect(await upload(await both(first), { signers })).to.include({ state: 'quarantined' })
    })

    it('where a signature locks all fields or certifies the file', async () => {
      for (const options of [{ lock: { action: 'All' } }, { certify: 1 }, { certify: 2 }] as const)
        await expectCode(upload(await elsewhere(plain, one.certificate, options)), 'PDF_NO_CHANGES_PERMITTED')
    })

    it('a letter with fields of ours, which is signed here', async () => {
      const signed = await signAsIndividual(await letter(), one.certificate)
      await expectCode(upload(signed), 'DRAFT_ALREADY_SIGNED')
    })

    it('with a box for the number on text, over a signature, off the page, too small, or on an unsigned file', async () => {
      const signed = await elsewhere(plain, one.certificate)
      const at = (x: number, y: number, w: number, h: number) =>
        upload(signed, { numberBox: { page: 1, x, y, w, h } })
      await expectCode(at(30, 80, 150, 25), 'PLACE_COVERS_TEXT')
      await expectCode(at(105, 212, 90, 22), 'PDF_BOX_NOT_EMPTY')
      await expectCode(at(150, 5, 100, 14), 'PLACE_OFF_PAGE')
      await expectCode(at(100, 2, 50, 14), 'MARK_BOX_TOO_SMALL')
      await expectCode(at(60, 2, 130, 8), 'MARK_BOX_TOO_SMALL')
      expect(await at(40, 2, 150, 14)).to.include({ state: 'quarantined' })
      const numberBox = { page: 1, x: 40, y: 2, w: 150, h: 14 }
      await expectCode(upload(await page({ signers: [chairman] }), { numberBox }), 'NUMBER_BOX_NOT_NEEDED')
    })

    it('with a number that is printed on its page, which would then show two', async () => {
      const printed = await page({ signers: [chairman], number: 'Số: 12/UBND-VP' })
      await expectCode(upload(await elsewhere(printed, one.certificate)), 'PLACE_NOT_FOUND')
    })

    it('where no free box is left on the first page', async () => {
      const lines = Array.from({ length: 30 }, (_, i) => ({
        text: 'Các cơ quan, đơn vị có trách nhiệm thi hành quyết định này kể từ ngày ký; các quy định trước đây bãi bỏ. '
          .repeat(2)
          .slice(0, 118),
        x: 2,
        y: 4 + i * 10,
      }))
      const full = await elsewhere(await page({ signers: [chairman], more: lines }), one.certificate)
      await expectCode(upload(full), 'PLACE_NOT_FOUND')
    })
  })

  it('keeps to the rules of quarantine: a mark of secrecy erases it', async () => {
    const marked = await page({ signers: [chairman], more: [{ text: 'MẬT', x: 40, y: 64, bold: true }] })
    const { id } = await draftDocument(node.context, node.one.clerk, metadata)
    await uploadDraft(node.context, node.services, node.one.clerk, {
      id,
      bytes: await elsewhere(marked, one.certificate),
    })
    const declared = endQuarantine(node.context, node.services, node.one.clerk, { id, stateSecret: false })
    await expectCode(declared, 'SECRET_MARK_FOUND')
    await expectCode(details(id), 'NOT_FOUND')
  })

  describe('is presented', () => {
    it('to those who have signed, in their order, once the checks are there', async () => {
      const id = await draft({ bytes: await elsewhere(await page({ signers: [chairman] }), one.certificate) })
      const alone = addSignature(node.context, node.services, node.one.leader, { id, bytes: plain })
      await expectCode(alone, 'SIGNED_ELSEWHERE')
      await expectCode(present(id, two, one), 'SIGNERS_DIFFER')
      await expectCode(present(id, two), 'SIGNER_NOT_AMONG')
      const { settings, version } = await readAgencySettings(node.context, node.one.clerk)
      const demand = (requiredChecks: ('content' | 'form')[], ifMatch: number) =>
        changeSettings(
          node.context,
          node.one.leader,
          agencySettings.parse({ ...settings, requiredChecks }),
          ifMatch,
        )
      await demand(['form'], version)
      try {
        await expectCode(present(id, one), 'CHECK_MISSING')
        expect((await details(id)).document.state, 'nothing was changed').to.equal('draft')
        await checkDocument(node.context, node.one.clerk, { id, kind: 'form', passed: true })
        expect(await present(id, one)).to.include({ state: 'signed' })
      } finally {
        await demand([], (await readAgencySettings(node.context, node.one.clerk)).version)
      }
    })

    it('not again once it was returned: its signatures count no more, a new version begins anew', async () => {
      const signed = await elsewhere(await page({ signers: [chairman] }), one.certificate)
      const id = await draft({ bytes: signed })
      await present(id, one)
      await returnDocument(node.context, one.actor, { id, remark: 'Sửa nơi nhận' })
      await expectCode(present(id, one), 'SIGNATURES_SPENT')
      const bytes = await elsewhere(await page({ signers: [chairman] }), one.certificate)
      await reviseDraft(node.context, node.services, node.one.clerk, { id, bytes, scanDeclared: false })
      expect(await present(id, one)).to.include({ state: 'signed', round: 2 })
      expect((await details(id)).revisions.at(-1)?.kind).to.equal('individual')
    })

    it('not again once it was returned, however often the same file is handed in, here or for another document', async () => {
      const letter = await page({ signers: [deputy, chairman] })
      const first = await elsewhere(letter, two.certificate, { place: second })
      const both = await elsewhere(first, one.certificate, { field: 'Signature2' })
      const signers = [{ name: 'Người ký 2' }, { name: 'Người ký 1' }]
      const id = await draft({ bytes: first, signers })
      expect(await present(id, two, one)).to.include({ state: 'presented' })
      await returnDocument(node.context, one.actor, { id, remark: 'Sửa nơi nhận' })
      for (const bytes of [first, first, both, respelt(first)]) {
        await reviseDraft(node.context, node.services, node.one.clerk, {
          id,
          bytes,
          signers,
          scanDeclared: false,
        })
        await expectCode(present(id, two, one), 'SIGNATURES_SPENT')
      }
      const other = await draft({ bytes: both, signers })
      await expectCode(present(other, two, one), 'SIGNATURES_SPENT')
      expect((await details(other)).document.state, 'nothing was changed').to.equal('draft')
    })

    it('once, where one signed file is presented for two documents at the same time', async () => {
      const bytes = await elsewhere(await page({ signers: [chairman] }), one.certificate)
      const ids = [await draft({ bytes }), await draft({ bytes })]
      const answers = await Promise.allSettled(ids.map((id) => present(id, one)))
      expect(answers.filter(({ status }) => status === 'fulfilled')).to.have.length(1)
      const states = await Promise.all(ids.map(async (id) => (await details(id)).document.state))
      expect(states.sort()).to.deep.equal(['draft', 'signed'])
    })
  })

  describe('is issued by', () => {
    let id: string
    beforeEach(async () => {
      id = await draft({ bytes: await elsewhere(await page({ signers: [chairman] }), one.certificate) })
      await present(id, one)
    })

    it('exactly one signature that shows the number that was bound, at its place, and nothing else', async () => {
      await number(id)
      const pdf = await download(node, node.one.clerk, id)
      const silent = await signPdf(pdf, {
        key: asKeyProvider(node.one.agency),
        field: issueMarkField,
        signingTime: NOW,
      })
      for (const bytes of [
        pdf,
        silent,
        await signAsAgency(pdf, node.one.agency).catch(() => silent),
        await signMark(id, { code: '99/UBND-VP' }),
        await signMark(id, { left: 10 }),
        await signMark(id, { more: { reason: 'Ban hành' } }),
        await signMark(id, { more: { field: 'khac' } }),
        await elsewhere(
          await signMark(id, { more: { lock: { action: 'Include', fields: ['x'] } } }),
          node.one.agency,
          { field: 'thua' },
        ),
      ])
        await expectCode(issue(id, bytes), 'SIGNATURE_NOT_AN_EXTENSION')
      expect((await details(id)).document.state).to.equal('numbered')
      expect(await issue(id, await signMark(id))).to.include({ state: 'issued' })
    })

    it('a signature that shows a time from the day of the document to now', async () => {
      const { mark } = await number(id)
      if (mark === undefined) throw new Error('no mark')
      const pdf = await download(node, node.one.clerk, id)
      const at = (iso: string) =>
        signPdf(pdf, {
          key: asKeyProvider(node.one.agency),
          ...issueMarkOptions(mark.place, mark.text, new Date(iso), fonts()),
        })
      for (const iso of ['2026-01-04T23:59:59+07:00', '2026-01-05T09:10:00+07:00'])
        await expectCode(issue(id, await at(iso)), 'SIGNING_TIME_WRONG')
      expect(await issue(id, await at('2026-01-05T00:00:00+07:00'))).to.include({ state: 'issued' })
    })

    it('the agency’s own certificate', async () => {
      await expectCode(issue(id, await signMark(id, {}, node.two.agency)), 'SIGNER_WRONG')
      await expectCode(issue(id, await signMark(id, {}, one.certificate)), 'SIGNER_WRONG')
    })

    it('nobody before it has a number', async () => {
      await expectCode(issue(id, plain), 'DOCUMENT_STATE_WRONG')
    })
  })
})
