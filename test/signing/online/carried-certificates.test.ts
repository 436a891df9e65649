import { expect } from 'chai'
import { makeLetter } from '../../../fixtures/documents/letter.ts'
import { communeLetter } from '../../../fixtures/documents/sample-letters.ts'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { makeTimestampAuthority, type TimestampAuthority } from '../../../fixtures/pki/timestamp-authority.ts'
import {
  carriedByCms,
  carriedByPdf,
  carriedByXml,
  type KeyProvider,
  loadPkcs12,
  signCms,
  signPdf,
  signXades,
} from '../../../signing/index.ts'

describe('certificates that a file carries', () => {
  const time = new Date('2025-01-06T01:00:00Z')
  let pki: TestPki
  let authority: TimestampAuthority
  let key: KeyProvider
  const nothing = { certificates: [], crls: [], ocspResponses: [] }

  before(async () => {
    pki = await makeTestPki({ seedTime: time })
    authority = makeTimestampAuthority({ pki, clock: () => time })
    key = loadPkcs12(pki.samples.agency.pkcs12('x'), 'x')
  })

  function expectAll(certificates: readonly Uint8Array[]): void {
    const found = new Set(certificates.map((der) => Buffer.from(der).toString('hex')))
    const due = { signer: key.certificate, issuer: pki.governmentCa, authority: authority.certificate }
    for (const [name, der] of Object.entries(due)) {
      expect(found.has(Buffer.from(der).toString('hex')), name).to.equal(true)
    }
  }

  it('are those of signer and time-stamp authority, in a PDF, a CMS and an XML', async () => {
    const common = { key, signingTime: time, timestamp: authority.provider }
    const pdf = await signPdf(await makeLetter({ ...communeLetter, created: time }), {
      ...common,
      field: 'congvan.signature.agency',
    })
    expectAll(carriedByPdf(pdf).certificates)
    expectAll(carriedByCms(await signCms(Buffer.from('x'), common)).certificates)
    const xml = await signXades({ form: 'enveloped', xml: '<a/>' }, { ...common, signatureId: 's' })
    expectAll(carriedByXml(xml).certificates)
  })

  it('are none in files without a signature, of another kind, or broken', async () => {
    const letter = await makeLetter({ ...communeLetter, created: time })
    for (const bytes of [
      letter,
      letter.subarray(0, 1000),
      Buffer.from('<a/>'),
      Buffer.from('<a'),
      new Uint8Array(),
    ]) {
      for (const carried of [carriedByPdf, carriedByCms, carriedByXml]) {
        expect(carried(bytes)).to.deep.equal(nothing)
      }
    }
    const noBase64 = '<X509Certificate xmlns="http://www.w3.org/2000/09/xmldsig#">&lt;&gt;</X509Certificate>'
    expect(carriedByXml(Buffer.from(noBase64)).crls).to.deep.equal([])
  })
})
