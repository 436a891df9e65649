import { expect } from 'chai'
import { encrypted, notAPdf, truncated } from '../../../fixtures/documents/broken.ts'
import { SigningError } from '../../../signing/errors.ts'
import { letterFields } from '../../../signing/pdf/letter-fields.ts'
import { isReference, pdfArray, pdfDict, pdfReference } from '../../../signing/pdf/objects.ts'
import { signPdf } from '../../../signing/pdf/sign-pdf.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import type { VerificationReport } from '../../../signing/report.ts'
import { policyOf, seedTime } from '../cms/signatures.ts'
import { forge } from './forge.ts'
import { makeSigners, type Signers, signField } from './signers.ts'
import { replaced, smallPdf } from './small-pdf.ts'

const { individualSignature, agencySignature } = letterFields

describe('verifying a PDF', () => {
  let signers: Signers
  let signed: Uint8Array

  before(async () => {
    signers = await makeSigners()
    signed = await signField(await smallPdf(), signers.individual, individualSignature)
  })

  const verify = (pdf: Uint8Array, changes = {}): VerificationReport =>
    verifyPdf(pdf, policyOf(signers.pki, changes))
  const errorCodes = (report: VerificationReport) => report.errors.map(({ code }) => code)

  it('says of a document without signatures just that', async () => {
    const none = {
      format: 'pdf',
      indication: 'NO_SIGNATURE',
      subIndication: null,
      signatures: [],
      errors: [],
    }
    expect(verify(await smallPdf())).to.deep.equal(none)
    expect(verify(await smallPdf({ fields: false }))).to.deep.equal(none)
  })

  it('fails a broken file, cannot judge an encrypted one, and does not know what is no PDF', async () => {
    const broken = verify(truncated(signed))
    expect(broken).to.deep.include({ indication: 'TOTAL_FAILED', subIndication: 'FORMAT_FAILURE' })
    expect(errorCodes(broken)).to.deep.equal(['PDF_MALFORMED'])
    const headless = verify(replaced(signed, '%PDF-', '%PDX-'))
    expect(headless).to.deep.include({ indication: 'TOTAL_FAILED', subIndication: 'FORMAT_FAILURE' })
    const locked = verify(await encrypted(await smallPdf(), 'x'))
    expect(locked.indication).to.equal('INDETERMINATE')
    expect(errorCodes(locked)).to.deep.equal(['PDF_ENCRYPTED'])
    expect(() => verify(notAPdf()))
      .to.throw(SigningError)
      .with.property('code', 'PDF_NOT_A_PDF')
  })

  it('judges certificates at the given time and by the given anchors', () => {
    expect(verify(signed, { trustAnchors: [] })).to.deep.include({
      indication: 'INDETERMINATE',
      subIndication: 'NO_CERTIFICATE_CHAIN_FOUND',
    })
    expect(verify(signed, { requireRevocation: true }).subIndication).to.equal('TRY_LATER')
    expect(verify(signed, { crls: signers.pki.crls() }).indication).to.equal('TOTAL_PASSED')
    const late = new Date(seedTime.getTime() + 10 * 365 * 86_400_000)
    expect(verify(signed, { time: late }).indication).to.equal('INDETERMINATE')
  })

  it('fails a changed content by its digest and a changed value by its signature', () => {
    const content = verify(replaced(signed, '/Filter /Adobe.PPKLite', '/Filter /Adobe.PPKLitf'))
    expect(content).to.deep.include({ indication: 'TOTAL_FAILED', subIndication: 'HASH_FAILURE' })
    expect(content.signatures[0]?.cryptoIntact).to.equal(false)
  })

  it('fails a signature that no field leads to, however it came to that', async () => {
    // The way to it is cut in the signed bytes themselves: the form is called otherwise.
    const cut = verify(replaced(signed, '/AcroForm', '/AcroFork'))
    expect(cut).to.deep.include({ indication: 'TOTAL_FAILED', subIndication: 'FORMAT_FAILURE' })
    expect(errorCodes(cut)).to.deep.equal(['SIGNATURE_UNREACHABLE'])
    const [only] = cut.signatures
    expect(cut.signatures).to.have.length(1)
    expect(only).to.deep.include({ field: 'individual', indication: 'TOTAL_FAILED', cryptoIntact: false })
    expect(only?.warnings[0]?.code).to.equal('SIGNATURE_UNREACHABLE')
  })

  it('tells an unreadable signature beside a good one', async () => {
    const second = await signField(signed, signers.agency, agencySignature)
    const report = verify(replaced(second, '/ByteRange [0', '/ByteRange [x'))
    expect(report.indication).to.equal('TOTAL_FAILED')
    const dangling = forge(await smallPdf(), ({ field, change }) => {
      change(field(agencySignature).reference, { V: pdfReference(9999) })
    })
    const both = verify(
      await signPdf(dangling, { key: signers.individual, field: individualSignature, signingTime: seedTime }),
    )
    expect(both.indication).to.equal('TOTAL_FAILED')
    expect(both.signatures.map((one) => [one.field, one.indication, one.subIndication])).to.deep.equal([
      [agencySignature, 'TOTAL_FAILED', 'FORMAT_FAILURE'],
      [individualSignature, 'TOTAL_PASSED', null],
    ])
    expect(both.signatures[0]?.warnings[0]?.code).to.equal('SIGNATURE_DICTIONARY_MISSING')
  })

  it('does not take a signature dictionary out of an object stream, where it has no bytes of its own', async () => {
    for (const objectStreams of [false, true]) {
      const [report] = verify(await smallPdf({ objectStreams, hollowSignature: true })).signatures
      expect(report).to.deep.include({
        field: agencySignature,
        indication: 'TOTAL_FAILED',
        subIndication: 'FORMAT_FAILURE',
        cryptoIntact: false,
      })
      const code = report?.warnings[0]?.code
      expect(code).to.equal(objectStreams ? 'SIGNATURE_DICTIONARY_MISSING' : 'BYTE_RANGE_GAP_IS_NOT_CONTENTS')
    }
  })

  it('permits validation material to be added, and not to be taken away', () => {
    const stored = forge(signed, ({ writer, root, change }) => {
      const certificate = writer.addStream(pdfDict({}), signers.pki.governmentCa)
      change(root, { DSS: writer.add(pdfDict({ Certs: pdfArray([certificate]), CRLs: pdfArray([]) })) })
    })
    const report = verify(stored)
    expect(report.indication).to.equal('TOTAL_PASSED')
    expect(report.signatures[0]).to.deep.include({ changesAfter: 'permitted', coverage: 'revision' })
    expect(report.signatures[0]?.changes.map(({ code }) => code)).to.deep.equal(['SECURITY_STORE_ADDED'])
    const removed = forge(stored, ({ root, change }) => change(root, { DSS: undefined }))
    const emptied = forge(stored, ({ snapshot, change }) => {
      const store = snapshot.catalog.entries.get('DSS')
      if (isReference(store)) change(store, { Certs: pdfArray([]) })
    })
    for (const pdf of [removed, emptied]) {
      const changes = verify(pdf).signatures[0]?.changes.map(({ code }) => code)
      expect(changes).to.deep.equal(['SECURITY_STORE_ADDED', 'SECURITY_STORE_CHANGED'])
    }
  })

  it('uses the revocation data that the document carries', () => {
    const stored = forge(signed, ({ writer, root, change }) => {
      const crls = signers.pki.crls().map((crl) => writer.addStream(pdfDict({}), crl))
      change(root, { DSS: writer.add(pdfDict({ CRLs: pdfArray(crls) })) })
    })
    const report = verify(stored, { requireRevocation: true })
    expect(report.indication).to.equal('TOTAL_PASSED')
    expect(report.signatures[0]?.warnings).to.deep.equal([])
  })
})
