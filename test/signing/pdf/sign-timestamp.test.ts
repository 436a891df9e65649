/** PAdES B-T and document time-stamps (ETSI EN 319 142-1 clauses 5.4.3 and 6.3). */
import { spawnSync } from 'node:child_process'
import { expect } from 'chai'
import { makeTimestampAuthority, type TimestampAuthority } from '../../../fixtures/pki/timestamp-authority.ts'
import { toPem } from '../../../fixtures/pki/write-pki.ts'
import type { TimestampProvider } from '../../../signing/cms/timestamp-provider.ts'
import { SigningError } from '../../../signing/errors.ts'
import { readSignedBytes } from '../../../signing/pdf/byte-range.ts'
import { addDocumentTimestamp } from '../../../signing/pdf/document-timestamp.ts'
import { findSignatures } from '../../../signing/pdf/find-signatures.ts'
import { letterFields } from '../../../signing/pdf/letter-fields.ts'
import { isName, pdfDict } from '../../../signing/pdf/objects.ts'
import { openPdf } from '../../../signing/pdf/pdf-file.ts'
import { completeSignature, prepareSignature, signPdf } from '../../../signing/pdf/sign-pdf.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import { requireProgram } from '../../support/programs.ts'
import { policyOf, seedTime } from '../cms/signatures.ts'
import { inFolder, pdfsigReport, qpdfComplaints } from './checkers.ts'
import { codeOf } from './code-of.ts'
import { makeSigners, type Signers, signField } from './signers.ts'
import { smallPdf } from './small-pdf.ts'

const { individualSignature, agencySignature } = letterFields

/** Of the newest signature. */
function signedBytes(pdf: Uint8Array) {
  const dict = findSignatures(openPdf(pdf)).signatures.at(-1)?.dict ?? pdfDict({})
  const { range, cms } = readSignedBytes(pdf, dict)
  if (range === undefined || cms === undefined) throw new Error('no signature')
  return { dict, range, cms }
}

describe('time-stamps of a PDF', () => {
  let signers: Signers
  let authority: TimestampAuthority
  let pdf: Uint8Array

  before(async () => {
    signers = await makeSigners()
    authority = makeTimestampAuthority({ pki: signers.pki, clock: () => seedTime })
    pdf = await smallPdf()
  })

  const options = () => ({ key: signers.individual, field: individualSignature, signingTime: seedTime })
  const policy = () => policyOf(signers.pki)

  /** A provider whose tokens are followed by zeros, as long as those of a real authority with many certificates. */
  const lengthened = (length: number): TimestampProvider => ({
    timestamp: async (digest) => {
      const token = await authority.provider.timestamp(digest)
      return Buffer.concat([token, new Uint8Array(Math.max(0, length - token.length))])
    },
  })

  it('signs at level B-T, proven by the token', async () => {
    const signed = await signPdf(pdf, { ...options(), timestamp: authority.provider })
    expect(Buffer.compare(signed.subarray(0, pdf.length), pdf)).to.equal(0)
    const [report] = verifyPdf(signed, policy()).signatures
    expect(report).to.deep.include({ indication: 'TOTAL_PASSED', level: 'PAdES-B-T' })
    expect(new Date(report?.provenTime ?? 0)).to.deep.equal(seedTime)
  })

  it('is taken by pdfsig and qpdf', async function () {
    for (const program of ['pdfsig', 'certutil', 'qpdf']) requireProgram(this, program)
    const signed = await signPdf(pdf, { ...options(), timestamp: authority.provider })
    expect(qpdfComplaints(signed)).to.equal('')
    expect(pdfsigReport(signed, signers.pki.root)).to.contain('Signature is Valid')
  })

  it('puts the token into a signature made in two steps', async () => {
    const prepared = prepareSignature(pdf, { ...options(), signer: signers.individual, timestampSize: 8192 })
    const value = await signers.individual.sign(prepared.signedAttributes)
    const signed = await completeSignature(prepared, value, { timestamp: authority.provider })
    expect(verifyPdf(signed, policy()).signatures[0]?.level).to.equal('PAdES-B-T')
    const without = completeSignature(prepared, value)
    expect(verifyPdf(without, policy()).signatures[0]?.level).to.equal('PAdES-B-B')
  })

  it('says how long a token is that does not fit, and makes room for it where it may', async () => {
    const prepared = prepareSignature(pdf, { ...options(), signer: signers.individual, timestampSize: 4096 })
    const value = await signers.individual.sign(prepared.signedAttributes)
    let thrown: unknown
    try {
      await completeSignature(prepared, value, { timestamp: lengthened(9000) })
    } catch (error) {
      thrown = error
    }
    if (!(thrown instanceof SigningError)) throw new Error('no error')
    expect(thrown.code).to.equal('SIGNATURE_TOO_LARGE')
    expect(Number(thrown.params.size) - Number(thrown.params.reserved)).to.be.greaterThan(1000)
    const long = { ...options(), timestamp: lengthened(30_000) }
    expect(signedBytes(await signPdf(pdf, long)).cms.length).to.be.greaterThan(30_000)
    expect(await codeOf(() => signPdf(pdf, { ...long, contentsSize: 16_000 }))).to.equal(
      'SIGNATURE_TOO_LARGE',
    )
  })

  it('hands on what the provider throws', async () => {
    const failing: TimestampProvider = { timestamp: async () => Promise.reject(new Error('no route')) }
    let message = ''
    try {
      await signPdf(pdf, { ...options(), timestamp: failing })
    } catch (error) {
      message = error instanceof Error ? error.message : ''
    }
    expect(message).to.equal('no route')
  })

  for (const objectStreams of [false, true]) {
    it(`stamps a document behind its signatures, ${objectStreams ? 'streams' : 'table'}`, async function () {
      const original = await smallPdf({ objectStreams })
      const individual = await signField(original, signers.individual, individualSignature)
      const agency = await signField(individual, signers.agency, agencySignature)
      const stamped = await addDocumentTimestamp(agency, { timestamp: authority.provider })
      expect(Buffer.compare(stamped.subarray(0, agency.length), agency)).to.equal(0)
      const report = verifyPdf(stamped, policy())
      expect(report.indication).to.equal('TOTAL_PASSED')
      expect(report.signatures.map(({ changesAfter }) => changesAfter)).to.deep.equal([
        'permitted',
        'permitted',
        'none',
      ])
      expect(report.signatures[2]).to.deep.include({ field: 'Timestamp1', role: 'timestamp' })
      const { dict } = signedBytes(stamped)
      expect(isName(dict.entries.get('Type'), 'DocTimeStamp')).to.equal(true)
      const again = await addDocumentTimestamp(stamped, { timestamp: authority.provider })
      expect(verifyPdf(again, policy()).signatures.map(({ field }) => field)).to.include('Timestamp2')
      requireProgram(this, 'qpdf')
      expect(qpdfComplaints(again)).to.equal('')
    })
  }

  it('makes tokens over the document that openssl takes', async function () {
    requireProgram(this, 'openssl')
    const stamped = await addDocumentTimestamp(pdf, { timestamp: lengthened(0), digest: 'SHA-384' })
    const { range, cms } = signedBytes(stamped)
    const content = Buffer.concat([stamped.subarray(0, range[1]), stamped.subarray(range[2])])
    const check = (data: Uint8Array): string =>
      inFolder({ token: cms, data, 'ca.pem': toPem('CERTIFICATE', signers.pki.root) }, (cwd) => {
        const at = ['-attime', String(seedTime.getTime() / 1000)]
        const args = [
          'ts',
          '-verify',
          '-data',
          'data',
          '-in',
          'token',
          '-token_in',
          '-CAfile',
          'ca.pem',
          ...at,
        ]
        const { stdout, stderr } = spawnSync('openssl', args, { cwd, encoding: 'utf8' })
        return stdout + stderr
      })
    expect(check(content)).to.contain('Verification: OK')
    content[40] = (content[40] ?? 0) ^ 1
    expect(check(content)).to.contain('Verification: FAILED')
  })

  it('makes room for a long document time-stamp, and refuses one with too little', async () => {
    const stamped = await addDocumentTimestamp(pdf, { timestamp: lengthened(20_000) })
    expect(stamped.length).to.be.greaterThan(pdf.length + 40_000)
    const small = { timestamp: lengthened(20_000), tokenSize: 9000 }
    expect(await codeOf(() => addDocumentTimestamp(pdf, small))).to.equal('SIGNATURE_TOO_LARGE')
  })
})
