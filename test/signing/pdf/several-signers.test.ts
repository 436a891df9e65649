/** Letters that two or three people sign in turn before the agency, judged by this library and by poppler. */
import { expect } from 'chai'
import { makePlainLetter } from '../../../fixtures/documents/plain-letter.ts'
import { addLetterFields, type LetterField } from '../../../signing/pdf/add-letter-fields.ts'
import { fillTextFields } from '../../../signing/pdf/fill-fields.ts'
import {
  defaultLock,
  defaultSignatureField,
  fillsOf,
  fillValues,
  individualPosition,
  individualSignatureField,
  letterFields,
} from '../../../signing/pdf/letter-fields.ts'
import { listFields } from '../../../signing/pdf/list-fields.ts'
import { pdfText } from '../../../signing/pdf/objects.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import { requireProgram } from '../../support/programs.ts'
import { policyOf } from '../cms/signatures.ts'
import { pdfsigReport, qpdfComplaints } from './checkers.ts'
import { codeOf } from './code-of.ts'
import { forge } from './forge.ts'
import { makeSigners, type Signers, signField, values } from './signers.ts'
import { fontBytes } from './small-pdf.ts'

const { number, date, agencySignature } = letterFields

function fieldsFor(signers: number): LetterField[] {
  const text = { size: 13, align: 'centre' } as const
  const box = { page: 1, bottom: 700, height: 16 }
  return [
    { name: number, place: { ...box, left: 140, width: 40 }, text },
    { name: date, place: { ...box, left: 320, width: 160 }, text },
    ...Array.from({ length: signers }, (_, i) => ({
      name: individualSignatureField(i + 1),
      place: { page: 1, left: 60 + i * 160, bottom: 120, width: 130, height: 60 },
    })),
    { name: agencySignature, place: { page: 1, left: 20, bottom: 110, width: 100, height: 100 } },
  ]
}

describe('a letter with several signers', () => {
  let signers: Signers
  let plain: Uint8Array

  before(async () => {
    signers = await makeSigners('RSA-2048', { rsaPadding: 'pkcs1' })
    plain = await makePlainLetter({ signers: [] })
  })

  /** Each signs in the field that comes next by itself. */
  async function signedBy(count: number): Promise<Uint8Array> {
    let pdf = addLetterFields(plain, fieldsFor(count))
    for (let i = 1; i <= count; i += 1) {
      const field = defaultSignatureField('individual', listFields(pdf).signatureFields)
      expect(field).to.equal(individualSignatureField(i))
      pdf = await signField(pdf, signers.individual, field)
    }
    return pdf
  }

  async function issued(count: number): Promise<Uint8Array> {
    const filled = await fillTextFields(await signedBy(count), { fields: values, fontBytes })
    return signField(filled, signers.agency, agencySignature)
  }

  const policy = () => ({ ...policyOf(signers.pki), profile: 'issued' as const })

  for (const count of [1, 2, 3]) {
    it(`is valid with ${count}: every earlier signature finds the later ones permitted [K100]`, async () => {
      const report = verifyPdf(await issued(count), policy())
      expect(report.errors).to.deep.equal([])
      expect(report.indication).to.equal('TOTAL_PASSED')
      expect(report.signatures.map(({ field, role }) => [field, role])).to.deep.equal([
        ...Array.from({ length: count }, (_, i) => [individualSignatureField(i + 1), 'individual']),
        [agencySignature, 'agency'],
      ])
      expect(report.signatures.map(({ changesAfter }) => changesAfter)).to.deep.equal([
        ...Array.from({ length: count }, () => 'permitted'),
        'none',
      ])
    })

    it(`is valid with ${count} for pdfsig and whole for qpdf`, async function () {
      requireProgram(this, 'pdfsig')
      requireProgram(this, 'certutil')
      requireProgram(this, 'qpdf')
      const pdf = await issued(count)
      const report = pdfsigReport(pdf, signers.pki.root)
      expect(report.match(/Signature is Valid/g) ?? []).to.have.lengthOf(count + 1)
      expect(report.match(/Total document signed/g) ?? []).to.have.lengthOf(1)
      expect(qpdfComplaints(pdf)).to.equal('')
    })
  }

  it('locks all of it after the agency has signed', async () => {
    const late = addLetterFields(plain, fieldsFor(2))
    const one = await signField(late, signers.individual, individualSignatureField(1))
    const sealed = await signField(one, signers.agency, agencySignature)
    expect(await codeOf(() => signField(sealed, signers.individual, individualSignatureField(2)))).to.equal(
      'PDF_NO_CHANGES_PERMITTED',
    )
  })

  it('lets nobody fill number and date twice or change them after the first of two signatures on them', async () => {
    const two = await signedBy(2)
    const filled = await fillTextFields(two, { fields: values, fontBytes })
    const again = forge(filled, ({ field, change }) => change(field(number).reference, { V: pdfText('99') }))
    expect(verifyPdf(again, policyOf(signers.pki)).indication).to.equal('TOTAL_FAILED')
  })

  it('has a lock that leaves open the fills and whoever has not signed yet', () => {
    const names = fieldsFor(3).map(({ name }) => name)
    const states = [1, 2, 3].map((n) => ({ name: individualSignatureField(n), signed: n === 1 }))
    const all = [...states, { name: agencySignature, signed: false }]
    expect(defaultLock(individualSignatureField(2), names, all)).to.deep.equal({
      action: 'Exclude',
      fields: [number, date, individualSignatureField(3), agencySignature],
    })
    expect(defaultSignatureField('individual', all)).to.equal(individualSignatureField(2))
    expect(defaultLock(agencySignature, names, all)).to.deep.equal({ action: 'All' })
  })

  it('knows the fields of its signers by their place in the order', () => {
    expect(individualSignatureField(1)).to.equal(letterFields.individualSignature)
    expect(individualSignatureField(2)).to.equal('congvan.signature.individual-2')
    expect(individualPosition('congvan.signature.individual-3')).to.equal(3)
    for (const other of [agencySignature, 'congvan.signature.individual-0', 'individual-2', 'Signature1'])
      expect(individualPosition(other), other).to.equal(undefined)
    for (const wrong of [0, 1.5, -1, 21, Number.NaN])
      expect(() => individualSignatureField(wrong), String(wrong)).to.throw(RangeError)
  })

  describe('fields added to a PDF of another program', () => {
    it('have values for a date told in parts', () => {
      const printed = { number: '05', day: '09', month: '02', year: '2026' }
      const parts = ['congvan.date.day', 'congvan.date.month', 'congvan.date.short-year', number]
      expect(fillsOf(parts)).to.have.members(parts)
      expect(fillValues(parts, printed)).to.deep.equal({
        [number]: '05',
        'congvan.date.day': '09',
        'congvan.date.month': '02',
        'congvan.date.short-year': '26',
      })
      expect(fillValues([date, 'other'], printed)).to.deep.equal({ [date]: 'ngày 09 tháng 02 năm 2026' })
    })

    it('come below those that it has', async () => {
      const two = fieldsFor(2)
      const first = addLetterFields(plain, two.slice(0, 2))
      const all = addLetterFields(first, two.slice(2))
      expect(listFields(all).names).to.have.members(two.map(({ name }) => name))
      expect(await codeOf(() => addLetterFields(all, two.slice(0, 1)))).to.equal('PDF_FIELD_EXISTS')
    })

    it('have names and places of a letter, on a document that nobody has signed', async () => {
      const [field] = fieldsFor(1)
      if (field === undefined) throw new Error('no field')
      const add = (change: Partial<LetterField>, pdf = plain) =>
        codeOf(() => addLetterFields(pdf, [{ ...field, ...change }]))
      expect(await add({ name: 'congvan.other' })).to.equal('PDF_FIELD_NOT_FOUND')
      expect(await add({ place: { ...field.place, page: 2 } })).to.equal('PDF_PAGE_NOT_FOUND')
      expect(await add({ place: { ...field.place, left: 580 } })).to.equal('PDF_PLACE_OUTSIDE_PAGE')
      const signed = await signField(plain, signers.individual, 'Signature1')
      expect(await add({}, signed)).to.equal('PDF_NO_CHANGES_PERMITTED')
      expect(await codeOf(() => addLetterFields(plain, [field, field]))).to.equal('PDF_FIELD_EXISTS')
    })
  })
})
