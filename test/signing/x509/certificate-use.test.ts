import { expect } from 'chai'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { SigningError } from '../../../signing/errors.ts'
import { assertCertificateUsable } from '../../../signing/x509/certificate-use.ts'

const seedTime = new Date('2026-03-02T08:00:00Z')

describe('check of one’s own certificate before signing (NĐ 68/2024 articles 29 and 31)', () => {
  let pki: TestPki

  before(async () => {
    pki = await makeTestPki({ seedTime })
  })

  function errorFor(certificate: Uint8Array, time = seedTime): SigningError | undefined {
    try {
      assertCertificateUsable(certificate, time)
    } catch (error) {
      if (error instanceof SigningError) return error
      throw error
    }
    return undefined
  }

  it('takes certificates of persons, agencies and nodes', () => {
    const { individual, agency, node } = pki.samples
    for (const { certificate } of [individual, agency, node])
      expect(errorFor(certificate)).to.equal(undefined)
  })

  it('names what is wrong, whose certificate it is, and when', () => {
    const expired = errorFor(pki.samples.expired.certificate)
    expect(expired?.code).to.equal('CERTIFICATE_EXPIRED')
    expect(expired?.messageIn('vi')).to.equal(
      'Chứng thư số của Người ký hết hạn đã hết hạn ngày 2026-03-01T08:00:00.000Z',
    )
    const early = errorFor(pki.samples.notYetValid.certificate)
    expect(early?.code).to.equal('CERTIFICATE_NOT_YET_VALID')
    expect(early?.params.notBefore).to.equal('2027-03-02T08:00:00.000Z')
    expect(errorFor(pki.samples.wrongUse.certificate)?.code).to.equal('CERTIFICATE_WRONG_USE')
    expect(errorFor(pki.governmentCa)?.code).to.equal('CERTIFICATE_WRONG_USE')
    expect(errorFor(Buffer.from('rác'))?.code).to.equal('CERTIFICATE_MALFORMED')
  })

  it('asks about the time given', () => {
    const { expired } = pki.samples
    expect(errorFor(expired.certificate, new Date('2025-06-01T00:00:00Z'))).to.equal(undefined)
    expect(errorFor(pki.samples.agency.certificate, new Date('2036-01-01T00:00:00Z'))?.code).to.equal(
      'CERTIFICATE_EXPIRED',
    )
  })
})
