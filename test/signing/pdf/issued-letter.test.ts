import { expect } from 'chai'
import { makeLetter } from '../../../fixtures/documents/letter.ts'
import { sampleLetters } from '../../../fixtures/documents/sample-letters.ts'
import { SigningError } from '../../../signing/errors.ts'
import { assertExtendsBySignature } from '../../../signing/pdf/assert-revisions.ts'
import { fillTextFields } from '../../../signing/pdf/fill-fields.ts'
import { letterFields } from '../../../signing/pdf/letter-fields.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import { requireProgram } from '../../support/programs.ts'
import { policyOf, seedTime } from '../cms/signatures.ts'
import { pageText, pdfsigReport, qpdfComplaints } from './checkers.ts'
import { type IssuedLetter, issueLetter, makeSigners, type Signers, signField, values } from './signers.ts'
import { fontBytes, replaced, smallPdf } from './small-pdf.ts'

const { individualSignature, agencySignature, number } = letterFields

describe('a letter signed, numbered and issued', () => {
  const letters = new Map<string, IssuedLetter>()
  let signers: Signers

  before(async () => {
    signers = await makeSigners()
    for (const kind of ['table', 'object streams']) {
      const options = { ...sampleLetters.letter, created: seedTime, objectStreams: kind !== 'table' }
      letters.set(kind, await issueLetter(await makeLetter(options), signers))
    }
  })

  function letter(kind: string): IssuedLetter {
    const found = letters.get(kind)
    if (found === undefined) throw new Error(kind)
    return found
  }

  for (const kind of ['table', 'object streams']) {
    it(`passes with both signatures as an issued document, ${kind}`, () => {
      const { signed, filled, issued } = letter(kind)
      const policy = policyOf(signers.pki, { profile: 'issued' })
      const report = verifyPdf(issued, policy)
      expect(report).to.deep.include({
        format: 'pdf',
        indication: 'TOTAL_PASSED',
        subIndication: null,
        errors: [],
      })
      const seen = report.signatures.map((one) => [
        one.id,
        one.field,
        one.role,
        one.coverage,
        one.changesAfter,
      ])
      expect(seen).to.deep.equal([
        ['sig-1', individualSignature, 'individual', 'revision', 'permitted'],
        ['sig-2', agencySignature, 'agency', 'whole-file', 'none'],
      ])
      const changes = report.signatures[0]?.changes.map(({ code }) => code)
      expect(changes).to.deep.equal(['FIELD_FILLED', 'FIELD_FILLED', 'SIGNATURE_ADDED'])
      for (const earlier of [signed, filled]) {
        expect(verifyPdf(earlier, policyOf(signers.pki)).indication).to.equal('TOTAL_PASSED')
        const unmet = verifyPdf(earlier, policy)
        expect(unmet).to.deep.include({
          indication: 'INDETERMINATE',
          subIndication: 'SIG_CONSTRAINTS_FAILURE',
        })
        expect(unmet.errors.map(({ code }) => code)).to.deep.equal(['PROFILE_NOT_MET'])
      }
    })

    it(`is valid to pdfsig and qpdf and shows number and date, ${kind}`, async function () {
      for (const program of ['pdfsig', 'certutil', 'qpdf', 'mutool']) requireProgram(this, program)
      const { issued } = letter(kind)
      expect(qpdfComplaints(issued)).to.equal('')
      const report = pdfsigReport(issued, signers.pki.root)
      expect(report.match(/Signature is Valid/g)).to.have.length(2)
      expect(report.match(/Certificate is Trusted/g)).to.have.length(2)
      const text = pageText(issued).normalize('NFC')
      expect(text).to.contain('1234').and.contain('ngày 05 tháng 01 năm 2026')
    })
  }

  it('asks a scanned copy for the signature of an agency only', async () => {
    const pdf = await smallPdf({ fields: false })
    const policy = policyOf(signers.pki, { profile: 'scanned-copy' })
    const byAgency = await signField(pdf, signers.agency, 'Signature1')
    expect(verifyPdf(byAgency, policy).indication).to.equal('TOTAL_PASSED')
    const byPerson = await signField(pdf, signers.individual, 'Signature1')
    expect(verifyPdf(byPerson, policy).subIndication).to.equal('SIG_CONSTRAINTS_FAILURE')
    expect(verifyPdf(pdf, policy).indication).to.equal('NO_SIGNATURE')
  })

  it('refuses the agency before the person in an issued document', async () => {
    const pdf = await smallPdf({ fields: false })
    const first = await signField(pdf, signers.agency, 'Signature1')
    const both = await signField(first, signers.individual, 'Signature2')
    expect(verifyPdf(both, policyOf(signers.pki)).indication).to.equal('TOTAL_PASSED')
    const report = verifyPdf(both, policyOf(signers.pki, { profile: 'issued' }))
    expect(report).to.deep.include({ indication: 'INDETERMINATE', subIndication: 'SIG_CONSTRAINTS_FAILURE' })
  })

  describe('as the server checks each upload', () => {
    const codeOf = (run: () => unknown): string => {
      try {
        run()
      } catch (error) {
        if (error instanceof SigningError) return error.code
        throw error
      }
      return 'no error'
    }

    it('takes exactly one signature and answers what it is', () => {
      const { signed, filled, issued } = letter('table')
      const added = assertExtendsBySignature(filled, issued, { field: agencySignature })
      expect(added.field).to.equal(agencySignature)
      expect(Buffer.compare(added.certificate, signers.agency.certificate)).to.equal(0)
      expect(added.byteRange[2] + added.byteRange[3]).to.equal(issued.length)
      expect(codeOf(() => assertExtendsBySignature(filled, issued))).to.equal('no error')
      for (const [previous, next, field] of [
        [filled, issued, individualSignature],
        [signed, issued, agencySignature],
        [signed, filled, agencySignature],
        [issued, issued, agencySignature],
        [issued, filled, agencySignature],
      ] as const) {
        expect(codeOf(() => assertExtendsBySignature(previous, next, { field }))).to.equal(
          'PDF_UNEXPECTED_CHANGES',
        )
      }
    })

    it('refuses a signature with something else in its revision, or one that does not hold', async () => {
      const { filled, issued } = letter('table')
      const other = await fillTextFields(filled, { fields: { [number]: values[number] }, fontBytes })
      expect(codeOf(() => assertExtendsBySignature(filled, other))).to.equal('PDF_UNEXPECTED_CHANGES')
      const altered = replaced(issued, '/Filter /Adobe.PPKLite', '/Filter /Adobe.PPKLitf')
      expect(codeOf(() => assertExtendsBySignature(filled, altered))).to.equal('PDF_UNEXPECTED_CHANGES')
      const cut = issued.subarray(0, issued.length - 20)
      expect(codeOf(() => assertExtendsBySignature(filled, cut))).to.equal('PDF_MALFORMED')
    })
  })
})
