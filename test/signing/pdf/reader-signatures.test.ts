import { expect } from 'chai'
import { findSignatures } from '../../../signing/pdf/find-signatures.ts'
import { letterFields } from '../../../signing/pdf/letter-fields.ts'
import { withEntries } from '../../../signing/pdf/objects.ts'
import { openPdf } from '../../../signing/pdf/pdf-file.ts'
import { applyProfile } from '../../../signing/pdf/profile.ts'
import { serialize } from '../../../signing/pdf/serialize.ts'
import { signedRevision } from '../../../signing/pdf/signed-revision.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import { policyOf } from '../cms/signatures.ts'
import { issueLetter, makeSigners, type Signers, signField } from './signers.ts'
import { asText, replaced, smallPdf } from './small-pdf.ts'

const signature = (more: string): string =>
  `<< /Type /Sig /SubFilter /ETSI.CAdES.detached /ByteRange [0 1 2 3] /Contents <3003020105> ${more} >>`

/** A file of one table with these objects from number 1 on. */
function fileOf(objects: readonly string[]): Uint8Array {
  let text = '%PDF-1.7\n'
  const entries = objects.map((body, i) => {
    const entry = `${String(text.length).padStart(10, '0')} 00000 n \n`
    text += `${i + 1} 0 obj\n${body}\nendobj\n`
    return entry
  })
  const size = objects.length + 1
  const table = `xref\n0 ${size}\n0000000000 65535 f \n${entries.join('')}trailer\n<< /Size ${size} /Root 1 0 R >>\n`
  return Buffer.from(`${text}${table}startxref\n${text.length}\n%%EOF\n`, 'latin1')
}

/** Catalog, pages and one page, and then these objects from number 4 on. */
function withForm(fields: string, annotations: string, ...objects: readonly string[]): Uint8Array {
  return fileOf([
    `<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [${fields}] /SigFlags 3 >> >>`,
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Annots [${annotations}] >>`,
    ...objects,
  ])
}

function foundIn(pdf: Uint8Array): { fields: unknown[]; errors: string[] } {
  const { signatures, errors } = findSignatures(openPdf(pdf))
  return {
    fields: signatures.map(({ field, reachable, dict }) => [field, reachable, dict !== undefined]),
    errors: errors.map(({ code }) => code),
  }
}

describe('signatures wherever they stand', () => {
  it('are found in kids of fields, in fields without a widget, with one or several widgets of their own', () => {
    const pdf = withForm(
      '4 0 R 7 0 R 8 0 R',
      '9 0 R 10 0 R',
      '<< /T (a) /FT /Sig /Kids [5 0 R 6 0 R] >>',
      `<< /T (b) /Parent 4 0 R /V ${signature('/Name (1)')} >>`,
      '<< /T (c) /Parent 4 0 R /Subtype /Widget /V 11 0 R >>',
      '<< /T (d) /FT /Sig /V 12 0 R >>',
      '<< /T (e) /FT /Sig /V 13 0 R /Kids [9 0 R 10 0 R] >>',
      '<< /Subtype /Widget /Parent 8 0 R >>',
      '<< /Subtype /Widget /Parent 8 0 R >>',
      signature('/Name (2)'),
      signature('/Name (3)'),
      signature('/Name (4)'),
    )
    expect(foundIn(pdf)).to.deep.equal({
      fields: [
        ['a.b', true, true],
        ['a.c', true, true],
        ['d', true, true],
        ['e', true, true],
      ],
      errors: [],
    })
  })

  it('are reported where only a page leads to their field, or nothing at all', () => {
    const pdf = withForm(
      '4 0 R',
      '5 0 R',
      '<< /T (good) /FT /Sig /V 6 0 R >>',
      '<< /T (page) /FT /Sig /Subtype /Widget /V 7 0 R >>',
      signature('/Name (1)'),
      signature('/Name (2)'),
      signature('/Name (3)').replace('/ByteRange', '/Byte#52ange'),
    )
    expect(foundIn(pdf)).to.deep.equal({
      fields: [
        ['good', true, true],
        ['page', false, true],
        [null, false, true],
      ],
      errors: ['SIGNATURE_UNREACHABLE', 'SIGNATURE_UNREACHABLE'],
    })
  })

  it('are told beside fields that cannot be read', () => {
    const pdf = withForm(
      '4 0 R 5 0 R 6 0 R',
      '',
      '<< /T (loop) /Kids [4 0 R] >>',
      '[ (no field) ]',
      '<< /T (good) /FT /Sig /V 7 0 R >>',
      signature(''),
    )
    const { fields, errors } = foundIn(pdf)
    expect(fields).to.deep.equal([['good', true, true]])
    expect(errors).to.deep.equal(['PDF_MALFORMED', 'PDF_MALFORMED'])
  })
})

describe('the bytes that were verified', () => {
  let signers: Signers
  let issued: Uint8Array
  let signed: Uint8Array

  before(async () => {
    signers = await makeSigners()
    const letter = await issueLetter(await smallPdf(), signers)
    issued = letter.issued
    signed = letter.signed
  })

  it('are the revision that each signature covers', () => {
    const { signatures } = verifyPdf(issued, policyOf(signers.pki))
    const [first, second] = signatures.map((one) => signedRevision(issued, one))
    expect(Buffer.compare(first ?? new Uint8Array(0), signed)).to.equal(0)
    expect(Buffer.compare(second ?? new Uint8Array(0), issued)).to.equal(0)
    expect(first?.buffer, 'without a copy').to.equal(issued.buffer)
  })

  it('are not given where the signature does not hold', () => {
    const changed = replaced(signed, '/Filter /Adobe.PPKLite', '/Filter /Adobe.PPKLitf')
    const [only] = verifyPdf(changed, policyOf(signers.pki)).signatures
    expect(only?.cryptoIntact).to.equal(false)
    expect(only && signedRevision(changed, only)).to.equal(undefined)
  })

  it('are not all where an update adds what only an unknown key of its trailer leads to', () => {
    const text = asText(signed)
    const previous = Number(text.slice(text.lastIndexOf('startxref') + 10).split('\n')[0])
    const { trailer } = openPdf(signed).latest
    const size = Number(trailer.entries.get('Size'))
    const kept = serialize(withEntries(trailer, { Size: size + 1, Prev: previous })).replace(/>>$/, '')
    const object = `${size} 0 obj\n<< /Type /Page /MediaBox [0 0 9 9] >>\nendobj\n`
    const entry = `${size} 1\n${String(text.length).padStart(10, '0')} 00000 n \n`
    const verdict = (key: string): string => {
      const end = `startxref\n${text.length + object.length}\n%%EOF\n`
      const update = `${text}${object}xref\n${entry}trailer\n${kept}${key} >>\n${end}`
      const report = verifyPdf(Buffer.from(update, 'latin1'), policyOf(signers.pki))
      return `${report.indication} ${report.signatures[0]?.changesAfter}`
    }
    expect(verdict('')).to.equal('TOTAL_FAILED forbidden')
    expect(verdict(`/Foo ${size} 0 R`)).to.equal('TOTAL_FAILED forbidden')
    expect(verdict(`/Foo << /A [${size} 0 R] >>`)).to.equal('TOTAL_FAILED forbidden')
  })

  it('name the agencies of the signers, and a doubt where they differ', async () => {
    const policy = policyOf(signers.pki, { profile: 'issued' })
    const report = verifyPdf(issued, policy)
    const codes = report.signatures.map(({ agencyCode }) => agencyCode)
    expect(codes).to.deep.equal(['H40.12.3', 'H40.12.3'])
    expect(report.warnings).to.equal(undefined)
    const moved = report.signatures.map((one) => ({
      ...one,
      agencyCode: one.role === 'agency' ? 'H40.12.4' : (one.agencyCode ?? null),
    }))
    const doubted = applyProfile(moved, 'issued')
    expect(doubted.indication).to.equal('TOTAL_PASSED')
    expect(doubted.warnings?.map(({ code }) => code)).to.deep.equal(['PROFILE_AGENCIES_DIFFER'])
    expect(applyProfile(moved, 'any').warnings).to.equal(undefined)
    const once = await signField(await smallPdf(), signers.individual, letterFields.individualSignature)
    expect(verifyPdf(once, policy).errors.map(({ code }) => code)).to.deep.equal(['PROFILE_NOT_MET'])
  })
})
