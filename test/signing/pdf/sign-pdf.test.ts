import { deserialize, serialize } from 'node:v8'
import { expect } from 'chai'
import { encrypted, notAPdf, truncated } from '../../../fixtures/documents/broken.ts'
import { SigningError } from '../../../signing/errors.ts'
import type { KeyProvider } from '../../../signing/keys/key-provider.ts'
import { readSignedBytes } from '../../../signing/pdf/byte-range.ts'
import { findSignatures } from '../../../signing/pdf/find-signatures.ts'
import { letterFields } from '../../../signing/pdf/letter-fields.ts'
import {
  isArray,
  isDict,
  isName,
  isString,
  type PdfDict,
  pdfDict,
  textOf,
} from '../../../signing/pdf/objects.ts'
import { openPdf } from '../../../signing/pdf/pdf-file.ts'
import type { PreparedSignature } from '../../../signing/pdf/prepared-signature.ts'
import {
  completeSignature,
  prepareSignature,
  type SignatureOptions,
  signPdf,
} from '../../../signing/pdf/sign-pdf.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import { requireProgram } from '../../support/programs.ts'
import { policyOf, seedTime } from '../cms/signatures.ts'
import { opensslVerdict, pdfsigReport, qpdfComplaints } from './checkers.ts'
import { makeSigners, type Signers, signField } from './signers.ts'
import { asText, fontBytes, smallPdf } from './small-pdf.ts'

const { individualSignature, agencySignature } = letterFields

async function codeOf(run: () => Promise<unknown> | unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    if (error instanceof SigningError) return error.code
    throw error
  }
  return 'no error'
}

/** The dictionary of the newest signature. */
function signatureDict(pdf: Uint8Array): PdfDict {
  return findSignatures(openPdf(pdf)).signatures.at(-1)?.dict ?? pdfDict({})
}

describe('signing a PDF', () => {
  let signers: Signers
  let rsa: Signers
  let pdf: Uint8Array

  before(async () => {
    signers = await makeSigners()
    rsa = await makeSigners('RSA-2048')
    pdf = await smallPdf()
  })

  const options = (changes: Partial<SignatureOptions & { key: KeyProvider }> = {}) => ({
    key: signers.individual,
    field: individualSignature,
    signingTime: seedTime,
    ...changes,
  })

  it('writes PAdES baseline B (ETSI EN 319 142-1 clause 6.3)', async () => {
    const signed = await signPdf(
      pdf,
      options({ name: 'Người ký 1', reason: 'Ký ban hành', location: 'Hà Nội' }),
    )
    const dict = signatureDict(signed)
    const entry = (key: string) => dict.entries.get(key)
    expect(isName(entry('SubFilter'), 'ETSI.CAdES.detached')).to.equal(true)
    expect(isName(entry('Filter'), 'Adobe.PPKLite') && isName(entry('Type'), 'Sig')).to.equal(true)
    const texts = ['M', 'Name', 'Reason', 'Location'].map((key) => {
      const value = entry(key)
      return isString(value) ? textOf(value) : null
    })
    expect(texts).to.deep.equal(["D:20260302150000+07'00'", 'Người ký 1', 'Ký ban hành', 'Hà Nội'])
    expect(dict.entries.has('Cert')).to.equal(false)
    const [report] = verifyPdf(signed, policyOf(signers.pki)).signatures
    expect(report).to.deep.include({
      field: individualSignature,
      indication: 'TOTAL_PASSED',
      level: 'PAdES-B-B',
      claimedTime: '2026-03-02T15:00:00+07:00',
      coverage: 'whole-file',
      changesAfter: 'none',
    })
    expect(report?.warnings.map(({ code }) => code)).to.deep.equal(['REVOCATION_NOT_CHECKED'])
  })

  for (const objectStreams of [false, true]) {
    for (const fields of [false, true]) {
      const name = `${objectStreams ? 'object streams' : 'table'}, ${fields ? 'own field' : 'new field'}`
      it(`is taken by pdfsig and qpdf: ${name}`, async function () {
        for (const program of ['pdfsig', 'certutil', 'qpdf']) requireProgram(this, program)
        const original = await smallPdf({ objectStreams, fields })
        const signed = await signPdf(
          original,
          options({ field: fields ? individualSignature : 'Signature1' }),
        )
        expect(Buffer.compare(signed.subarray(0, original.length), original)).to.equal(0)
        expect(qpdfComplaints(signed)).to.equal('')
        const report = pdfsigReport(signed, signers.pki.root)
        expect(report).to.contain('Signature is Valid').and.contain('Certificate is Trusted')
        expect(report).to.contain('Total document signed')
      })
    }
  }

  it('is taken by openssl with RSA-PSS, which pdfsig does not know', async function () {
    requireProgram(this, 'openssl')
    const signed = await signPdf(pdf, options({ key: rsa.individual }))
    const { range, cms } = readSignedBytes(signed, signatureDict(signed))
    if (range === undefined || cms === undefined) throw new Error('no signature')
    const content = Buffer.concat([signed.subarray(0, range[1]), signed.subarray(range[2])])
    const verdict = (bytes: Uint8Array) => opensslVerdict(cms, bytes, rsa.pki.root, seedTime)
    expect(verdict(content)).to.equal('CAdES Verification successful')
    content[100] = (content[100] ?? 0) ^ 1
    expect(verdict(content)).not.to.equal('CAdES Verification successful')
    const [report] = verifyPdf(signed, policyOf(rsa.pki)).signatures
    expect(report).to.deep.include({
      indication: 'TOTAL_PASSED',
      signatureAlgorithm: 'RSASSA-PSS with SHA-256',
    })
  })

  it('is done in two steps as well, with the prepared value stored between them', async () => {
    const prepared = prepareSignature(pdf, { ...options(), signer: signers.individual })
    const loaded: PreparedSignature = deserialize(serialize(prepared))
    const value = await signers.individual.sign(prepared.signedAttributes)
    const signed = completeSignature(loaded, value)
    expect(verifyPdf(signed, policyOf(signers.pki)).indication).to.equal('TOTAL_PASSED')
    expect(prepared.bytes.length).to.equal(signed.length)
  })

  it('does not complete what was altered or is signed by another key', async () => {
    const prepared = prepareSignature(pdf, { ...options(), signer: signers.individual })
    const value = await signers.individual.sign(prepared.signedAttributes)
    const altered = Uint8Array.from(prepared.bytes)
    altered[20] = (altered[20] ?? 0) ^ 1
    expect(await codeOf(() => completeSignature({ ...prepared, bytes: altered }, value))).to.equal(
      'PREPARED_SIGNATURE_MISMATCH',
    )
    const foreign = await signers.agency.sign(prepared.signedAttributes)
    expect(await codeOf(() => completeSignature(prepared, foreign))).to.equal('PREPARED_SIGNATURE_MISMATCH')
    const other = prepareSignature(pdf, { ...options(), signer: signers.agency })
    expect(
      await codeOf(() => completeSignature({ ...prepared, signedAttributes: other.signedAttributes }, value)),
    ).to.equal('PREPARED_SIGNATURE_MISMATCH')
  })

  it('makes the reserved place as large as asked for, and says when it is too small', async () => {
    const signed = await signPdf(pdf, options({ contentsSize: 10_000 }))
    const contents = signatureDict(signed).entries.get('Contents')
    expect(isString(contents) && contents.bytes.length).to.equal(10_000)
    expect(await codeOf(() => signPdf(pdf, options({ contentsSize: 300 })))).to.equal('SIGNATURE_TOO_LARGE')
  })

  it('writes the lock as transform and into the field, and obeys it', async () => {
    const lock = { action: 'Exclude', fields: ['congvan.number', agencySignature] } as const
    const signed = await signPdf(pdf, options({ lock }))
    const file = openPdf(signed)
    const references = signatureDict(signed).entries.get('Reference')
    const reference = isArray(references) ? references.items[0] : null
    expect(isDict(reference) && isName(reference.entries.get('TransformMethod'), 'FieldMDP')).to.equal(true)
    expect(asText(signed)).to.contain('/Type /SigFieldLock /Action /Exclude /Fields [(congvan.number)')
    expect(file.revisions).to.have.length(2)
    expect(await codeOf(() => signPdf(signed, options({ field: 'Signature1' })))).to.equal('PDF_FIELD_LOCKED')
    expect(await codeOf(() => signPdf(signed, options({ field: agencySignature })))).to.equal('no error')
  })

  it('refuses to sign where a signature has locked all', async () => {
    const signed = await signPdf(pdf, options({ lock: { action: 'All' } }))
    for (const field of [agencySignature, 'Signature1']) {
      expect(await codeOf(() => signPdf(signed, options({ field })))).to.equal('PDF_NO_CHANGES_PERMITTED')
    }
  })

  it('refuses another lock than the form prescribes', async () => {
    const text = asText(pdf)
    const rect = '[ 0 0 0 0 ]\n/P'
    const locked = Buffer.from(text.replace(rect, `[ 0 0 0 0 ]\n/Lock <</Action/All>>/P`), 'latin1')
    // The table is behind the insertion, so the file is made anew by an update that only moves the table.
    expect(locked.length).to.be.greaterThan(pdf.length)
    const shifted = reindexed(locked)
    const key = signers.agency
    const code = (lock?: SignatureOptions['lock']) =>
      codeOf(() =>
        signPdf(shifted, options({ key, field: agencySignature, ...(lock === undefined ? {} : { lock }) })),
      )
    expect(await code({ action: 'Include', fields: ['congvan.date'] })).to.equal('PDF_FIELD_LOCK_CONFLICT')
    expect(await code({ action: 'All' })).to.equal('no error')
    const signed = await signPdf(shifted, options({ key, field: agencySignature }))
    expect(asText(signed)).to.contain('/TransformMethod /FieldMDP').and.contain('/Action /All')
  })

  it('refuses input that cannot be signed, by name', async () => {
    const signed = await signField(pdf, signers.individual, individualSignature)
    const cases: readonly (readonly [string, Uint8Array, string])[] = [
      ['PDF_NOT_A_PDF', notAPdf(), individualSignature],
      ['PDF_MALFORMED', truncated(pdf), individualSignature],
      ['PDF_ENCRYPTED', await encrypted(pdf, 'x'), individualSignature],
      ['PDF_FIELD_ALREADY_SIGNED', signed, individualSignature],
      ['PDF_FIELD_NOT_FOUND', pdf, 'congvan.number'],
      ['PDF_FIELD_NOT_FOUND', pdf, 'congvan.signature.other'],
      ['PDF_FIELD_NOT_FOUND', pdf, 'congvan'],
      ['PDF_FIELD_NOT_FOUND', pdf, ''],
    ]
    for (const [code, input, field] of cases) {
      expect(await codeOf(() => signPdf(input, options({ field }))), code).to.equal(code)
    }
  })

  it('shows the lines of a visible signature in its box, and nothing without them', async () => {
    const lines = ['Người ký: Người ký 1', 'Chức vụ: Chủ tịch', '02.03.2026 15:00:00 +07:00']
    const signed = await signPdf(pdf, options({ appearance: { fontBytes, lines } }))
    expect(verifyPdf(signed, policyOf(signers.pki)).indication).to.equal('TOTAL_PASSED')
    expect(asText(signed)).to.contain('/Subtype /Form /BBox [0 0 120 60]')
    const unknown = { fontBytes, lines: ['漢'] }
    expect(await codeOf(() => signPdf(pdf, options({ appearance: unknown })))).to.equal(
      'PDF_TEXT_NOT_ENCODABLE',
    )
  })
})

/** A table file whose objects were moved by an edit, with a new table. */
function reindexed(pdf: Uint8Array): Uint8Array {
  const text = asText(pdf)
  const body = text.slice(0, text.lastIndexOf('xref\n0'))
  const trailer = /trailer\s*(<<[\s\S]*>>)\s*startxref/.exec(text)?.[1] ?? ''
  const offsets = new Map(
    [...body.matchAll(/(?:^|\n)(\d+) 0 obj/g)].map((match) => [
      Number(match[1]),
      body.indexOf(`${match[1]} 0 obj`, match.index),
    ]),
  )
  const size = Math.max(...offsets.keys()) + 1
  const lines = Array.from({ length: size }, (_, i) => {
    const offset = offsets.get(i)
    return offset === undefined ? '0000000000 65535 f \n' : `${String(offset).padStart(10, '0')} 00000 n \n`
  })
  return Buffer.from(
    `${body}xref\n0 ${size}\n${lines.join('')}trailer\n${trailer}\nstartxref\n${body.length}\n%%EOF\n`,
    'latin1',
  )
}
