import { expect } from 'chai'
import { SigningError } from '../../../signing/errors.ts'
import { assertOnlyFills } from '../../../signing/pdf/assert-revisions.ts'
import { fillTextFields } from '../../../signing/pdf/fill-fields.ts'
import { readForm } from '../../../signing/pdf/form.ts'
import { letterFields } from '../../../signing/pdf/letter-fields.ts'
import { isString, textOf } from '../../../signing/pdf/objects.ts'
import { openPdf } from '../../../signing/pdf/pdf-file.ts'
import { requireProgram } from '../../support/programs.ts'
import { pageText, qpdfComplaints } from './checkers.ts'
import { makeSigners, type Signers, signField, values } from './signers.ts'
import { fontBytes, replaced, smallPdf } from './small-pdf.ts'

const { number, date, individualSignature } = letterFields
const fillFields = [number, date]

async function codeOf(run: () => Promise<unknown> | unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    if (error instanceof SigningError) return error.code
    throw error
  }
  return 'no error'
}

describe('filling number and date', () => {
  let signers: Signers

  before(async () => {
    signers = await makeSigners()
  })

  for (const objectStreams of [false, true]) {
    it(`sets value and appearance by one revision, ${objectStreams ? 'streams' : 'table'}`, async () => {
      const pdf = await smallPdf({ objectStreams })
      const filled = await fillTextFields(pdf, { fields: values, fontBytes })
      expect(Buffer.compare(filled.subarray(0, pdf.length), pdf)).to.equal(0)
      const file = openPdf(filled)
      expect(file.revisions).to.have.length(2)
      const found = readForm(file.latest)?.fields.map(({ name, value }) => [
        name,
        isString(value) ? textOf(value) : null,
      ])
      expect(found?.slice(0, 2)).to.deep.equal([
        [number, '1234'],
        [date, 'ngày 05 tháng 01 năm 2026'],
      ])
    })

    it(`shows the text to other programs, ${objectStreams ? 'streams' : 'table'}`, async function () {
      for (const program of ['mutool', 'qpdf']) requireProgram(this, program)
      const filled = await fillTextFields(await smallPdf({ objectStreams }), { fields: values, fontBytes })
      expect(qpdfComplaints(filled)).to.equal('')
      const text = pageText(filled).normalize('NFC')
      expect(text).to.contain('1234').and.contain('ngày 05 tháng 01 năm 2026')
    })
  }

  it('gives the same bytes for the same values, in whatever order and Unicode form they come', async () => {
    const pdf = await smallPdf()
    const fields = { [date]: values[date].normalize('NFD'), [number]: values[number] }
    const [one, other] = [
      await fillTextFields(pdf, { fields: values, fontBytes }),
      await fillTextFields(pdf, { fields, fontBytes }),
    ]
    expect(Buffer.compare(one, other)).to.equal(0)
  })

  it('shows every letter of Vietnamese', async function () {
    requireProgram(this, 'mutool')
    const letters = 'ăâđêôơư ẤẦẨẪẬ ắằẳẵặ ếềểễệ ỐỒỔỖỘ ớờởỡợ ứừửữự ỳỵỷỹý'
    for (const part of letters.match(/\S.{0,13}\S/gu) ?? []) {
      const filled = await fillTextFields(await smallPdf(), { fields: { [date]: part }, fontBytes })
      expect(pageText(filled).normalize('NFC')).to.contain(part)
    }
  })

  it('refuses fields that are locked, missing, too narrow, or letters that the font lacks', async () => {
    const pdf = await smallPdf()
    const fill = (input: Uint8Array, fields: Record<string, string>) =>
      codeOf(() => fillTextFields(input, { fields, fontBytes }))
    expect(await fill(pdf, { 'congvan.other': '1' })).to.equal('PDF_FIELD_NOT_FOUND')
    expect(await fill(pdf, { [individualSignature]: '1' })).to.equal('PDF_FIELD_NOT_FOUND')
    expect(await fill(pdf, { [number]: '漢' })).to.equal('PDF_TEXT_NOT_ENCODABLE')
    expect(await fill(pdf, { [number]: 'một số quá dài so với ô' })).to.equal('PDF_TEXT_TOO_WIDE')
    const lock = { action: 'Include', fields: [number] } as const
    const some = await signField(pdf, signers.individual, individualSignature, { lock })
    expect(await fill(some, { [number]: '05' })).to.equal('PDF_FIELD_LOCKED')
    expect(await fill(some, { [date]: '05' })).to.equal('no error')
    const all = await signField(pdf, signers.individual, individualSignature, { lock: { action: 'All' } })
    expect(await fill(all, { [number]: '05' })).to.equal('PDF_NO_CHANGES_PERMITTED')
  })

  describe('as the client checks it', () => {
    let signed: Uint8Array
    let filled: Uint8Array

    before(async () => {
      signed = await signField(await smallPdf(), signers.individual, individualSignature)
      filled = await fillTextFields(signed, { fields: values, fontBytes })
    })

    it('answers the values of exactly the fields it expects', () => {
      expect(assertOnlyFills(signed, filled, fillFields, { fontBytes })).to.deep.equal(values)
    })

    it('refuses fewer or more fills than agreed', async () => {
      const onlyNumber = await fillTextFields(signed, { fields: { [number]: '05' }, fontBytes })
      const twice = await fillTextFields(filled, { fields: { [number]: '06' }, fontBytes })
      expect(await codeOf(() => assertOnlyFills(signed, onlyNumber, fillFields, { fontBytes }))).to.equal(
        'PDF_UNEXPECTED_CHANGES',
      )
      expect(await codeOf(() => assertOnlyFills(signed, filled, [number], { fontBytes }))).to.equal(
        'PDF_UNEXPECTED_CHANGES',
      )
      expect(await codeOf(() => assertOnlyFills(signed, twice, fillFields, { fontBytes }))).to.equal(
        'PDF_UNEXPECTED_CHANGES',
      )
      expect(await codeOf(() => assertOnlyFills(signed, signed, fillFields, { fontBytes }))).to.equal(
        'PDF_UNEXPECTED_CHANGES',
      )
    })

    it('refuses a change of earlier bytes and a signature in place of a fill', async () => {
      const altered = replaced(filled, '%PDF-1.7', '%PDF-1.6')
      expect(await codeOf(() => assertOnlyFills(signed, altered, fillFields, { fontBytes }))).to.equal(
        'PDF_UNEXPECTED_CHANGES',
      )
      const other = await signField(signed, signers.agency, letterFields.agencySignature)
      expect(await codeOf(() => assertOnlyFills(signed, other, fillFields, { fontBytes }))).to.equal(
        'PDF_UNEXPECTED_CHANGES',
      )
    })

    it('finds that the page shows another number than the value', async () => {
      const fields = { ...values, [number]: '1235' }
      const lying = replaced(await fillTextFields(signed, { fields, fontBytes }), '/V (1235)', '/V (1234)')
      expect(await codeOf(() => assertOnlyFills(signed, lying, fillFields, { fontBytes }))).to.equal(
        'PDF_UNEXPECTED_CHANGES',
      )
    })
  })
})
