import { expect } from 'chai'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { digestAlgorithms, digest as digestOf, signatureAlgorithm } from '../../../signing/algorithms.ts'
import { judgeSignedData } from '../../../signing/cms/judge-signed-data.ts'
import { ATTRIBUTE_OID, CONTENT_TYPE } from '../../../signing/cms/oids.ts'
import { assembleSignedData, attribute, buildSignedAttributes } from '../../../signing/cms/signed-data.ts'
import { verifyCms } from '../../../signing/cms/verify-cms.ts'
import { SigningError } from '../../../signing/errors.ts'
import { asKeyProvider } from '../../../signing/keys/pkcs8.ts'
import {
  digestAlgorithmIdentifier,
  signatureAlgorithmIdentifier,
} from '../../../signing/x509/algorithm-identifier.ts'
import { parseCertificate } from '../../../signing/x509/certificate.ts'
import { parseDer, TAG } from '../../../signing/x509/der.ts'
import { nullValue, octetString, oid, sequence, setOf, time, tlv } from '../../../signing/x509/der-write.ts'
import {
  content,
  type Deviation,
  judge,
  makeTwin,
  policyOf,
  seedTime,
  sign,
  signWrongly,
  verdict,
} from './signatures.ts'

describe('verdict on a CMS signature (EN 319 102-1)', () => {
  let pki: TestPki
  let rsa: TestPki

  before(async () => {
    pki = await makeTestPki({ seedTime })
    rsa = await makeTestPki({ seedTime, algorithm: 'RSA-2048' })
  })

  /** signing-certificate-v2 by SHA-256, whatever the signature's digest. */
  function certificateBySha256(certificate: Uint8Array): Uint8Array {
    const hash = octetString(digestOf(sha('SHA-256'), certificate))
    return attribute(ATTRIBUTE_OID.signingCertificateV2, sequence(sequence(sequence(hash))))
  }

  function sha(name: string) {
    const found = digestAlgorithms.find((one) => one.name === name)
    if (found === undefined) throw new Error(name)
    return found
  }

  it('passes what we sign and names signer, role and algorithms', async () => {
    const judged = judge(await sign(asKeyProvider(pki.samples.individual)), policyOf(pki))
    expect(verdict(judged)).to.equal('TOTAL_PASSED')
    expect(judged).to.deep.include({
      cryptoIntact: true,
      role: 'individual',
      claimedTime: null,
      provenTime: null,
      digestAlgorithm: 'SHA-256',
      signatureAlgorithm: 'ECDSA with SHA-256',
      signingCertificateV2: true,
    })
    expect(judged.signer?.subject).to.equal(
      'CN=Người ký 1,title=Chủ tịch,organizationIdentifier=H40.12.3,O=Ủy ban nhân dân xã thử nghiệm,C=VN',
    )
    expect(judged.signer?.serial).to.match(/^[0-9A-F]{32}$/)
    expect(judged.warnings.map(({ code }) => code)).to.deep.equal(['REVOCATION_NOT_CHECKED'])
    const agency = judge(await sign(asKeyProvider(rsa.samples.agency)), policyOf(rsa))
    expect([verdict(agency), agency.role]).to.deep.equal(['TOTAL_PASSED', 'agency'])
  })

  it('judges the certificate: expired, not yet valid, revoked, wrong use, no anchor', async () => {
    const of = async (name: keyof TestPki['samples'], changes = {}) =>
      verdict(judge(await sign(asKeyProvider(pki.samples[name])), policyOf(pki, changes)))
    expect(await of('expired')).to.equal('INDETERMINATE/OUT_OF_BOUNDS_NO_POE')
    expect(await of('notYetValid')).to.equal('INDETERMINATE/OUT_OF_BOUNDS_NO_POE')
    expect(await of('revoked', { crls: pki.crls() })).to.equal('INDETERMINATE/REVOKED_NO_POE')
    expect(await of('wrongUse')).to.equal('INDETERMINATE/CHAIN_CONSTRAINTS_FAILURE')
    expect(await of('agency', { trustAnchors: [] })).to.equal('INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND')
    expect(await of('agency', { requireRevocation: true })).to.equal('INDETERMINATE/TRY_LATER')
    expect(await of('agency', { crls: pki.crls() })).to.equal('TOTAL_PASSED')
  })

  it('uses revocation data that the file carries, and then wants it to be complete', async () => {
    const cms = await sign(asKeyProvider(pki.samples.revoked))
    const carried = (crls: readonly Uint8Array[]) =>
      verdict(
        judgeSignedData({
          cms,
          contentDigest: (digest) => digestOf(digest, content),
          policy: policyOf(pki),
          context: 'pdf',
          subFilter: 'ETSI.CAdES.detached',
          embeddedRevocation: { crls, ocspResponses: [] },
        }),
      )
    expect(carried(pki.crls())).to.equal('INDETERMINATE/REVOKED_NO_POE')
    expect(carried([pki.rootCrl()])).to.equal('INDETERMINATE/TRY_LATER')
  })

  it('tells a changed content from a changed signature', async () => {
    const cms = await sign(asKeyProvider(pki.samples.agency))
    const changed = judge(cms, policyOf(pki), Buffer.from('khác'))
    expect([verdict(changed), changed.cryptoIntact]).to.deep.equal(['TOTAL_FAILED/HASH_FAILURE', false])
  })

  it('never passes after a change of any byte', async () => {
    const changes = [0x01, 0x20, 0x80, 0xff]
    for (const [one, from] of [
      [pki, 0],
      [rsa, 3000],
    ] as const) {
      const cms = await sign(asKeyProvider(one.samples.individual))
      // Everything needed for a path is also at hand outside of the CMS.
      const policy = policyOf(one, { untrusted: [one.governmentCa, one.samples.individual.certificate] })
      expect(verdict(judge(cms, policy))).to.equal('TOTAL_PASSED')
      const passed: string[] = []
      for (let position = from; position < cms.length; position += 1) {
        const broken = Uint8Array.from(cms)
        const change = changes[position % changes.length] ?? 1
        broken[position] = (broken[position] ?? 0) ^ change
        if (judge(broken, policy).indication === 'TOTAL_PASSED') passed.push(`${position} ^ ${change}`)
      }
      expect(passed).to.deep.equal([])
    }
  })

  const failed: readonly (readonly [string, string, () => Deviation])[] = [
    [
      'no message-digest',
      'FORMAT_FAILURE',
      () => ({ attributes: (a) => [a.contentType, a.signingCertificate] }),
    ],
    [
      'no content-type',
      'FORMAT_FAILURE',
      () => ({ attributes: (a) => [a.messageDigest, a.signingCertificate] }),
    ],
    [
      'message-digest twice, the first right',
      'FORMAT_FAILURE',
      () => ({
        attributes: (a) => [
          ...Object.values(a),
          attribute(ATTRIBUTE_OID.messageDigest, octetString(Buffer.alloc(32))),
        ],
      }),
    ],
    [
      'message-digest with two values',
      'FORMAT_FAILURE',
      () => ({
        attributes: (a) => {
          const values = [octetString(digestOf(sha('SHA-256'), content)), octetString(Buffer.alloc(32))]
          return [
            a.contentType,
            a.signingCertificate,
            sequence(oid(ATTRIBUTE_OID.messageDigest), setOf(values)),
          ]
        },
      }),
    ],
    [
      'message-digest of another content',
      'HASH_FAILURE',
      () => ({
        attributes: (a) => [
          a.contentType,
          a.signingCertificate,
          attribute(ATTRIBUTE_OID.messageDigest, octetString(Buffer.alloc(32))),
        ],
      }),
    ],
    [
      'content-type of something else',
      'FORMAT_FAILURE',
      () => ({
        attributes: (a) => [
          a.messageDigest,
          a.signingCertificate,
          attribute(ATTRIBUTE_OID.contentType, oid(CONTENT_TYPE.timestampInfo)),
        ],
      }),
    ],
    ['content enclosed beside the file', 'FORMAT_FAILURE', () => ({ enclosed: content })],
    ['another content type', 'FORMAT_FAILURE', () => ({ contentType: CONTENT_TYPE.signedData })],
    [
      'signing-certificate-v2 of another certificate',
      'FORMAT_FAILURE',
      () => ({
        attributes: (a) => [
          a.contentType,
          a.messageDigest,
          certificateBySha256(pki.samples.individual.certificate),
        ],
      }),
    ],
    [
      'signing-certificate-v2 that breaks off',
      'FORMAT_FAILURE',
      () => ({
        attributes: (a) => [
          a.contentType,
          a.messageDigest,
          attribute(ATTRIBUTE_OID.signingCertificateV2, sequence()),
        ],
      }),
    ],
    [
      'a digest algorithm that is not the signature algorithm',
      'HASH_FAILURE',
      () => ({ digestAlgorithm: digestAlgorithmIdentifier(sha('SHA-512')) }),
    ],
    [
      'digestAlgorithms without the one used',
      'FORMAT_FAILURE',
      () => ({ digestAlgorithms: [digestAlgorithmIdentifier(sha('SHA-512'))] }),
    ],
    [
      'a signature algorithm with another digest',
      'SIG_CRYPTO_FAILURE',
      () => ({ signatureAlgorithm: signatureAlgorithmIdentifier(signatureAlgorithm('ECDSA', 'SHA-384')) }),
    ],
    [
      'a signature algorithm for another kind of key',
      'SIG_CRYPTO_FAILURE',
      () => ({
        signatureAlgorithm: signatureAlgorithmIdentifier(signatureAlgorithm('RSASSA-PKCS1-v1_5', 'SHA-256')),
      }),
    ],
    ['no signer', 'FORMAT_FAILURE', () => ({ signers: () => [] })],
    ['two signers', 'FORMAT_FAILURE', () => ({ signers: (one) => [one, one] })],
  ]
  for (const [what, subIndication, deviation] of failed) {
    it(`fails: ${what}`, () => {
      const judged = judge(signWrongly(pki.samples.agency, deviation()), policyOf(pki))
      expect(verdict(judged)).to.equal(`TOTAL_FAILED/${subIndication}`)
    })
  }

  it('fails when the certificate is exchanged for one of the same issuer and serial', () => {
    const twin = makeTwin(pki.samples.agency.serial)
    const cms = signWrongly(pki.samples.agency, { certificates: [twin.certificate] })
    const judged = judge(cms, policyOf(pki, { trustAnchors: [twin.authority] }))
    expect([verdict(judged), judged.cryptoIntact]).to.deep.equal(['TOTAL_FAILED/SIG_CRYPTO_FAILURE', false])
  })

  it('takes the named certificate where two bear the same issuer and serial', () => {
    const twin = makeTwin(pki.samples.agency.serial)
    const { certificate, chain } = pki.samples.agency
    const cms = signWrongly(pki.samples.agency, { certificates: [twin.certificate, certificate, ...chain] })
    expect(verdict(judge(cms, policyOf(pki)))).to.equal('TOTAL_PASSED')
  })

  it('does not find a signer without certificates, but finds him among those given', () => {
    const cms = signWrongly(pki.samples.agency, { certificates: [] })
    const judged = judge(cms, policyOf(pki))
    expect(verdict(judged)).to.equal('INDETERMINATE/NO_SIGNING_CERTIFICATE_FOUND')
    expect([judged.cryptoIntact, judged.signer, judged.certificate]).to.deep.equal([null, null, null])
    const untrusted = [pki.samples.agency.certificate, pki.governmentCa]
    expect(verdict(judge(cms, policyOf(pki, { untrusted })))).to.equal('TOTAL_PASSED')
  })

  it('leaves open what is not the standard form but proves nothing wrong', () => {
    const open = (deviation: Deviation) =>
      verdict(judge(signWrongly(pki.samples.agency, deviation), policyOf(pki)))
    expect(open({ versions: [3, 1] })).to.equal('INDETERMINATE/SIG_CONSTRAINTS_FAILURE')
    expect(open({ versions: [1, 3] })).to.equal('INDETERMINATE/SIG_CONSTRAINTS_FAILURE')
    const { issuer, serial } = parseCertificate(pki.samples.agency.certificate)
    const shouted = Buffer.from(issuer.raw)
    const position = shouted.indexOf('PKI')
    expect(position).to.be.greaterThan(0)
    shouted.write('pki', position)
    const identifier = sequence(shouted, tlv(TAG.INTEGER, serial))
    expect(open({ identifier })).to.equal('INDETERMINATE/SIG_CONSTRAINTS_FAILURE')
  })

  it('never passes SHA-1 or an unknown algorithm', () => {
    const sha1 = sha('SHA-1')
    const weak: Deviation = {
      digestAlgorithm: digestAlgorithmIdentifier(sha1),
      attributes: (a) => [
        a.contentType,
        a.signingCertificate,
        attribute(ATTRIBUTE_OID.messageDigest, octetString(digestOf(sha1, content))),
      ],
    }
    const mixed = judge(signWrongly(pki.samples.agency, weak), policyOf(pki))
    expect(verdict(mixed)).to.equal('INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE')
    const unknown = judge(
      signWrongly(pki.samples.agency, { digestAlgorithm: sequence(oid('1.2.840.113549.2.2'), nullValue()) }),
      policyOf(pki),
    )
    expect(verdict(unknown)).to.equal('INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE')
    expect(unknown.cryptoIntact).to.equal(null)
  })

  it('reports SHA-1 throughout as intact but never passes it', () => {
    const algorithm = signatureAlgorithm('RSASSA-PKCS1-v1_5', 'SHA-1')
    const cms = signWrongly(rsa.samples.agency, {
      algorithm,
      attributes: (a) => [
        a.contentType,
        a.messageDigest,
        certificateBySha256(rsa.samples.agency.certificate),
      ],
    })
    const judged = judge(cms, policyOf(rsa))
    expect([verdict(judged), judged.cryptoIntact]).to.deep.equal([
      'INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE',
      true,
    ])
    const legacy = judge(cms, policyOf(rsa, { legacy: true }))
    expect(verdict(legacy)).to.equal('INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE_NO_POE')
    expect(legacy.warnings.map(({ code }) => code)).to.include('WEAK_DIGEST')
  })

  it('takes PSS parameters strictly', () => {
    const strict = (parameters: Uint8Array | null) => {
      const identifier = sequence(oid('1.2.840.113549.1.1.10'), ...(parameters === null ? [] : [parameters]))
      return verdict(
        judge(signWrongly(rsa.samples.agency, { signatureAlgorithm: identifier }), policyOf(rsa)),
      )
    }
    const right = parseDer(signatureAlgorithmIdentifier(signatureAlgorithm('RSASSA-PSS', 'SHA-256')))
      .children[1]?.raw
    expect(strict(right ?? new Uint8Array())).to.equal('TOTAL_PASSED')
    expect(strict(null), 'absent').to.equal('INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE')
    expect(strict(sequence()), 'defaults, SHA-1').to.match(/^TOTAL_FAILED/)
    const hex = Buffer.from(right ?? []).toString('hex')
    const swapped = (from: string, to: string) => {
      const at = hex.lastIndexOf(from)
      expect(at).to.be.greaterThan(0)
      return Buffer.from(hex.slice(0, at) + to + hex.slice(at + from.length), 'hex')
    }
    expect(strict(swapped('020120', '02011f')), 'salt length').to.equal('TOTAL_FAILED/SIG_CRYPTO_FAILURE')
    const mask = strict(swapped('608648016503040201', '608648016503040203'))
    expect(mask, 'another digest in MGF1').to.equal('TOTAL_FAILED/SIG_CRYPTO_FAILURE')
  })

  it('knows the old profiles and names them', async () => {
    const cms = await sign(asKeyProvider(pki.samples.agency))
    const under = (subFilter: string) =>
      judgeSignedData({
        cms,
        contentDigest: (digest) => digestOf(digest, content),
        policy: policyOf(pki),
        context: 'pdf',
        subFilter,
      })
    const legacy = under('adbe.pkcs7.detached')
    expect(verdict(legacy)).to.equal('TOTAL_PASSED')
    expect(legacy.warnings.map(({ code }) => code)).to.include('LEGACY_PROFILE')
    expect(verdict(under('ETSI.RFC3161'))).to.equal('TOTAL_FAILED/FORMAT_FAILURE')
    expect(verdict(under('khác'))).to.equal('TOTAL_FAILED/FORMAT_FAILURE')
  })

  it('warns of a signing-time in PAdES and of unsorted attributes', () => {
    const cms = signWrongly(pki.samples.agency, {
      attributes: (a) => [...Object.values(a), attribute(ATTRIBUTE_OID.signingTime, time(seedTime))],
      signed: (attributes) => tlv(TAG.SET, ...attributes.toReversed()),
    })
    const judged = judge(cms, policyOf(pki))
    expect(verdict(judged)).to.equal('TOTAL_PASSED')
    expect(judged.claimedTime).to.equal('2026-03-02T08:00:00.000Z')
    const codes = judged.warnings.map(({ code }) => code)
    expect(codes).to.include.members(['SIGNING_TIME_IN_PADES', 'SIGNED_ATTRIBUTES_NOT_SORTED'])
  })

  it('does not embed a certificate that the signature does not name', async () => {
    const key = asKeyProvider(pki.samples.agency)
    const { algorithm, certificate, chain } = key
    const messageDigest = digestOf(algorithm.digest, content)
    const signedAttributes = buildSignedAttributes({ messageDigest, certificate, digest: algorithm.digest })
    const signature = await key.sign(signedAttributes)
    const assemble = (embedded: readonly Uint8Array[]) =>
      assembleSignedData({ signedAttributes, signature, algorithm, certificate, chain: embedded })
    expect(() => assemble(chain)).to.throw(SigningError, 'signing-certificate-v2')
    expect(verdict(judge(assemble([]), policyOf(pki, { untrusted: chain })))).to.equal('TOTAL_PASSED')
  })

  it('makes a broken file of a format a verdict', () => {
    for (const cms of [new Uint8Array(), Buffer.from('3000', 'hex'), Buffer.from('rác'), Buffer.alloc(64)]) {
      expect(verdict(judge(cms, policyOf(pki)))).to.equal('TOTAL_FAILED/FORMAT_FAILURE')
      expect(verifyCms(cms, content, policyOf(pki)).subIndication).to.equal('FORMAT_FAILURE')
    }
  })
})
