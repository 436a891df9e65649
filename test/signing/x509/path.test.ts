import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { expect } from 'chai'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { ATTRIBUTE } from '../../../signing/x509/name.ts'
import { type PathInput, validateCertificatePath } from '../../../signing/x509/path.ts'
import { newSerial, writeCertificate } from '../../../signing/x509/write-certificate.ts'

const seedTime = new Date('2026-03-02T08:00:00Z')
const DAY = 86_400_000

function later(days: number): Date {
  return new Date(seedTime.getTime() + days * DAY)
}

describe('path validation (RFC 5280 section 6, EN 319 102-1 clause 5.2.6)', () => {
  let pki: TestPki
  let other: TestPki

  before(async () => {
    pki = await makeTestPki({ seedTime })
    other = await makeTestPki({ seedTime, label: 'khác' })
  })

  /** The verdict on one line, for a good certificate unless told otherwise. */
  function verdict(changes: Partial<PathInput> = {}): string {
    const { indication, subIndication } = validateCertificatePath({
      certificate: pki.samples.individual.certificate,
      intermediates: [pki.governmentCa],
      trustAnchors: [pki.root],
      crls: [],
      ocspResponses: [],
      time: seedTime,
      requireRevocation: false,
      purpose: 'document-signing',
      ...changes,
    })
    return subIndication === null ? indication : `${indication}/${subIndication}`
  }

  it('passes a good certificate, with and without revocation data', () => {
    expect(verdict()).to.equal('TOTAL_PASSED')
    expect(verdict({ crls: pki.crls() })).to.equal('TOTAL_PASSED')
    expect(verdict({ crls: pki.crls(), requireRevocation: true })).to.equal('TOTAL_PASSED')
  })

  it('gives the path from the certificate to the anchor', () => {
    const { path } = validateCertificatePath({
      certificate: pki.samples.agency.certificate,
      intermediates: [pki.root, other.governmentCa, pki.governmentCa],
      trustAnchors: [other.root, pki.root],
      crls: [],
      ocspResponses: [],
      time: seedTime,
      requireRevocation: false,
      purpose: 'document-signing',
    })
    const fingerprint = (der: Uint8Array) => createHash('sha256').update(der).digest('hex')
    expect(path.map(fingerprint)).to.deep.equal(
      [pki.samples.agency.certificate, pki.governmentCa, pki.root].map(fingerprint),
    )
  })

  it('takes an issuing CA, or the certificate itself, as an anchor', () => {
    expect(verdict({ trustAnchors: [pki.governmentCa], intermediates: [] })).to.equal('TOTAL_PASSED')
    expect(verdict({ trustAnchors: [pki.samples.individual.certificate], intermediates: [] })).to.equal(
      'TOTAL_PASSED',
    )
  })

  it('finds no path without an anchor, without the CA between, or to an anchor of the same name and another key', async () => {
    const namesake = await makeTestPki({ seedTime })
    const none = 'INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND'
    expect(verdict({ trustAnchors: [] })).to.equal(none)
    expect(verdict({ intermediates: [] })).to.equal(none)
    expect(verdict({ trustAnchors: [other.root] })).to.equal(none)
    expect(verdict({ trustAnchors: [namesake.root], intermediates: [namesake.governmentCa] })).to.equal(none)
  })

  it('is not disturbed by broken and foreign certificates on offer', () => {
    const broken = Uint8Array.from(pki.governmentCa)
    broken[40] = (broken[40] ?? 0) ^ 1
    const intermediates = [Buffer.from('rác'), broken, other.governmentCa, pki.governmentCa, pki.governmentCa]
    expect(verdict({ intermediates })).to.equal('TOTAL_PASSED')
  })

  it('does not take a certificate below a holder who is no CA', () => {
    // The agency's key signs a certificate as if it were a CA.
    const held = pki.samples.agency
    const privateKey = createPrivateKey({
      key: Buffer.from(held.privateKeyPkcs8),
      format: 'der',
      type: 'pkcs8',
    })
    const publicKey = createPublicKey(privateKey)
    const organization = 'Ủy ban nhân dân xã thử nghiệm'
    const name = [
      [ATTRIBUTE.country, 'VN'],
      [ATTRIBUTE.organization, organization],
      [ATTRIBUTE.organizationIdentifier, 'H40.12.3'],
      [ATTRIBUTE.commonName, organization],
    ] as const
    const forged = writeCertificate(
      {
        subject: [[ATTRIBUTE.commonName, 'Người ký giả']],
        publicKey,
        notBefore: later(-1),
        notAfter: later(1),
        keyUsage: [0, 1],
      },
      { name, publicKey, privateKey },
      newSerial(),
    )
    expect(verdict({ certificate: forged, intermediates: [held.certificate, pki.governmentCa] })).to.equal(
      'INDETERMINATE/CERTIFICATE_CHAIN_GENERAL_FAILURE',
    )
  })

  it('judges validity at the time asked, to the last second', () => {
    const outside = 'INDETERMINATE/OUT_OF_BOUNDS_NO_POE'
    expect(verdict({ certificate: pki.samples.expired.certificate })).to.equal(outside)
    expect(verdict({ certificate: pki.samples.expired.certificate, time: later(-2) })).to.equal(
      'TOTAL_PASSED',
    )
    expect(verdict({ certificate: pki.samples.notYetValid.certificate })).to.equal(outside)
    expect(verdict({ certificate: pki.samples.notYetValid.certificate, time: later(366) })).to.equal(
      'TOTAL_PASSED',
    )
    const end = later(3 * 365).getTime()
    expect(verdict({ time: new Date(end + 999) })).to.equal('TOTAL_PASSED')
    expect(verdict({ time: new Date(end + 1000) })).to.equal(outside)
    expect(verdict({ time: later(-2) })).to.equal(outside)
  })

  it('refuses a certificate that is for something else', () => {
    const certificate = pki.samples.wrongUse.certificate
    expect(verdict({ certificate })).to.equal('INDETERMINATE/CHAIN_CONSTRAINTS_FAILURE')
    expect(verdict({ certificate: pki.governmentCa, intermediates: [] })).to.equal(
      'INDETERMINATE/CHAIN_CONSTRAINTS_FAILURE',
    )
    expect(verdict({ purpose: 'time-stamping' })).to.equal('INDETERMINATE/CHAIN_CONSTRAINTS_FAILURE')
  })

  it('finds the revoked one on the CRL, from the moment of its revocation on', () => {
    const certificate = pki.samples.revoked.certificate
    const crls = pki.crls()
    expect(verdict({ certificate, crls })).to.equal('INDETERMINATE/REVOKED_NO_POE')
    expect(verdict({ certificate, crls, time: later(30) })).to.equal('INDETERMINATE/REVOKED_NO_POE')
    // At a moment before, the later list is evidence that it was good then.
    expect(verdict({ certificate, crls, time: new Date(seedTime.getTime() - 1000) })).to.equal('TOTAL_PASSED')
  })

  it('finds a revocation on a list that is out of date too', () => {
    const certificate = pki.samples.revoked.certificate
    expect(verdict({ certificate, crls: pki.crls(), time: later(800) })).to.equal(
      'INDETERMINATE/REVOKED_NO_POE',
    )
  })

  it('says "try later" when revocation is wanted and nothing usable is there', () => {
    const tryLater = 'INDETERMINATE/TRY_LATER'
    const [government, root] = [pki.governmentCrl(), pki.rootCrl()]
    expect(verdict({ requireRevocation: true })).to.equal(tryLater)
    expect(verdict({ crls: [government] }), 'none for the CA').to.equal(tryLater)
    expect(verdict({ crls: [root] }), 'none for the signer').to.equal(tryLater)
    expect(verdict({ crls: [government, root], time: later(400) }), 'out of date').to.equal(tryLater)
    expect(verdict({ crls: other.crls() }), 'of others').to.equal(tryLater)
    expect(verdict({ crls: [Buffer.from('rác')] }), 'unreadable').to.equal(tryLater)
    const forged = Uint8Array.from(government)
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
    expect(verdict({ crls: [forged, root] }), 'signature broken').to.equal(tryLater)
  })

  it('refuses a signer below a revoked CA', async () => {
    const fresh = await makeTestPki({ seedTime })
    fresh.revokeGovernmentCa(seedTime)
    expect(
      verdict({
        certificate: fresh.samples.individual.certificate,
        intermediates: [fresh.governmentCa],
        trustAnchors: [fresh.root],
        crls: fresh.crls(),
      }),
    ).to.equal('INDETERMINATE/REVOKED_CA_NO_POE')
  })

  it('warns that revocation was not checked when it was not wanted', () => {
    const { warnings } = validateCertificatePath({
      certificate: pki.samples.revoked.certificate,
      intermediates: [pki.governmentCa],
      trustAnchors: [pki.root],
      crls: [],
      ocspResponses: [],
      time: seedTime,
      requireRevocation: false,
      purpose: 'document-signing',
    })
    expect(warnings.map(({ code }) => code)).to.deep.equal(['REVOCATION_NOT_CHECKED'])
  })
})
