import { X509Certificate } from 'node:crypto'
import { expect } from 'chai'
import type { VerificationPolicy } from '../../../signing/policy.ts'
import { signXml } from '../../../signing/xml/sign-xml.ts'
import { verifyXml } from '../../../signing/xml/verify-xml.ts'
import { elementText, replaceOnce, sample, seal, signingTime } from './sample.ts'
import { createAuthority } from './support.ts'

const authority = createAuthority('Thử nghiệm')
const key = authority.issue('Nút 1')

function policyOf(change: Partial<VerificationPolicy> = {}): VerificationPolicy {
  return {
    trustAnchors: [authority.certificate],
    untrusted: [],
    crls: [],
    ocspResponses: [],
    time: new Date('2025-07-01T00:00:00Z'),
    requireRevocation: false,
    legacy: false,
    profile: 'any',
    ...change,
  }
}

describe('XML verification report', () => {
  let sealed: string
  before(async () => {
    sealed = await seal(key)
  })

  const verify = (xml: string, change: Partial<VerificationPolicy> = {}) =>
    verifyXml(Buffer.from(xml), policyOf(change))

  it('passes a sealed file under its anchor and says what it is', () => {
    const report = verify(sealed)
    expect(report).to.deep.equal({
      format: 'edxml',
      indication: 'TOTAL_PASSED',
      subIndication: null,
      errors: [],
      signatures: [
        {
          id: 'sig-1',
          field: 'seal',
          cryptoIntact: true,
          indication: 'TOTAL_PASSED',
          subIndication: null,
          level: 'XAdES-B-B',
          role: 'unknown',
          signer: {
            subject: 'CN=Nút 1',
            serial: new X509Certificate(key.certificate).serialNumber,
            issuer: 'CN=Thử nghiệm',
          },
          claimedTime: '2025-06-30T01:02:03Z',
          provenTime: null,
          coverage: 'whole-file',
          changesAfter: 'none',
          changes: [],
          digestAlgorithm: 'SHA-256',
          signatureAlgorithm: 'ECDSA with SHA-256',
          warnings: report.signatures[0]?.warnings,
        },
      ],
    })
    expect(report.signatures[0]?.warnings.map((warning) => warning.code)).to.deep.equal([
      'REVOCATION_NOT_CHECKED',
    ])
  })

  it('passes a sealed receipt as XML', async () => {
    const receipt = { namespace: 'urn:congvan:receipt:1', localName: 'Receipt' }
    const xml = await signXml('<Receipt xmlns="urn:congvan:receipt:1"><Event>Expiry</Event></Receipt>', {
      key,
      signingTime,
      parent: receipt,
      signatureId: 'seal',
    })
    expect(verifyXml(xml, policyOf())).to.include({ format: 'xml', indication: 'TOTAL_PASSED' })
  })

  const cases: [string, (xml: string) => string, string, string | null, boolean | null][] = [
    ['changed content', (xml) => replaceOnce(xml, 'rừng', 'vàng'), 'TOTAL_FAILED', 'HASH_FAILURE', false],
    [
      'changed signing time',
      (xml) => replaceOnce(xml, '02:03Z', '02:04Z'),
      'TOTAL_FAILED',
      'HASH_FAILURE',
      false,
    ],
    [
      'changed value',
      (xml) => xml.replace(/<ds:SignatureValue>.{4}/, '<ds:SignatureValue>AAAA'),
      'TOTAL_FAILED',
      'SIG_CRYPTO_FAILURE',
      false,
    ],
    ['cut off', (xml) => xml.slice(0, -20), 'TOTAL_FAILED', 'FORMAT_FAILURE', null],
    [
      'with a DOCTYPE',
      (xml) => xml.replace('\n', '\n<!DOCTYPE edXML>'),
      'TOTAL_FAILED',
      'FORMAT_FAILURE',
      null,
    ],
    [
      'with an Id twice',
      (xml) => replaceOnce(xml, '<Subject>', '<Subject Id="seal">'),
      'TOTAL_FAILED',
      'FORMAT_FAILURE',
      null,
    ],
    [
      'without SignatureValue',
      (xml) => replaceOnce(xml, elementText(xml, 'ds:SignatureValue'), ''),
      'TOTAL_FAILED',
      'FORMAT_FAILURE',
      null,
    ],
    [
      'in another layout',
      (xml) => replaceOnce(xml, '<Subject>', '<Subject >'),
      'INDETERMINATE',
      'SIG_CONSTRAINTS_FAILURE',
      true,
    ],
    [
      'with a comment',
      (xml) => replaceOnce(xml, 'rừng', 'rừ<!-- -->ng'),
      'INDETERMINATE',
      'SIG_CONSTRAINTS_FAILURE',
      null,
    ],
    ['in UTF-16', () => '<?xml version="1.0" encoding="UTF-16"?><edXML/>', 'INDETERMINATE', 'GENERIC', null],
    ['unsigned', () => sample, 'NO_SIGNATURE', null, null],
    ['no XML', () => 'edXML', 'TOTAL_FAILED', 'FORMAT_FAILURE', null],
  ]
  for (const [what, change, indication, subIndication, cryptoIntact] of cases) {
    it(`judges a file ${what}: ${indication}${subIndication === null ? '' : `/${subIndication}`}`, () => {
      const report = verify(change(sealed))
      expect([report.indication, report.subIndication]).to.deep.equal([indication, subIndication])
      expect(report.signatures[0]?.cryptoIntact ?? null).to.equal(cryptoIntact)
      expect(report.errors).to.have.length(1)
    })
  }

  it('does not pass without an anchor, after expiry, or for a profile of documents', () => {
    const verdict = (change: Partial<VerificationPolicy>) => {
      const { indication, subIndication, signatures } = verify(sealed, change)
      expect(signatures[0]?.cryptoIntact).to.equal(true)
      return `${indication}/${subIndication}`
    }
    expect(verdict({ trustAnchors: [] })).to.equal('INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND')
    expect(verdict({ time: new Date('2036-01-01T00:00:00Z') })).to.equal('INDETERMINATE/OUT_OF_BOUNDS_NO_POE')
    expect(verdict({ requireRevocation: true })).to.equal('INDETERMINATE/TRY_LATER')
    expect(verdict({ profile: 'issued' })).to.equal('INDETERMINATE/SIG_CONSTRAINTS_FAILURE')
  })

  it('judges a file of another root by the general rules', () => {
    const report = verify(sealed.replaceAll('2016', '2015'))
    expect(report).to.include({ format: 'xml', indication: 'TOTAL_FAILED', subIndication: 'HASH_FAILURE' })
    expect(report.signatures[0]).to.include({ field: 'seal', cryptoIntact: false, level: 'XAdES-B-B' })
  })

  it('knows the sealed root in another spelling, and does not let it pass by the general rules', () => {
    for (const [what, file] of [
      ['UTF-16', Buffer.from(`\ufeff${sealed.replace(/^<\?xml.*?\?>/, '')}`, 'utf16le')],
      ['references', Buffer.from(sealed.replaceAll('http://www.mic', 'http&#58;//www.mic'))],
    ] as const) {
      const report = verifyXml(file, policyOf())
      expect([report.indication, report.subIndication], what).to.deep.equal([
        'INDETERMINATE',
        'SIG_CONSTRAINTS_FAILURE',
      ])
      expect(report.signatures, what).to.deep.equal([])
    }
  })

  it('names all that is wrong, and the worst decides', () => {
    const broken = replaceOnce(replaceOnce(sealed, 'rừng', 'vàng'), 'Length="3"', "Length='3'")
    const report = verify(broken, { trustAnchors: [] })
    expect([report.indication, report.subIndication]).to.deep.equal(['TOTAL_FAILED', 'HASH_FAILURE'])
    expect(report.errors.map((error) => error.code)).to.deep.equal([
      'XML_DIGEST_MISMATCH',
      'XML_PROFILE_UNSUPPORTED',
    ])
  })

  it('knows edXML by its root also where it cannot be parsed', () => {
    expect(verify(sealed.slice(0, -20)).format).to.equal('edxml')
    expect(verify('<edXML/>').format).to.equal('xml')
  })
})
