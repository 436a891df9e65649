/** Files that exploit what CMS leaves open (RFC 5652 sections 5 and 14); each is made here, and none may pass. */
import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
} from 'node:crypto'
import { expect } from 'chai'
import { type IssuedCertificate, makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { digestNamed, digest as digestOf, signatureAlgorithm, signData } from '../../../signing/algorithms.ts'
import { judgeSignedData } from '../../../signing/cms/judge-signed-data.ts'
import { ATTRIBUTE_OID, CONTENT_TYPE } from '../../../signing/cms/oids.ts'
import { assembleSignedData, attribute, buildSignedAttributes } from '../../../signing/cms/signed-data.ts'
import { verifyCms } from '../../../signing/cms/verify-cms.ts'
import {
  digestAlgorithmIdentifier,
  signatureAlgorithmIdentifier,
} from '../../../signing/x509/algorithm-identifier.ts'
import { parseCertificate } from '../../../signing/x509/certificate.ts'
import { parseDer, TAG } from '../../../signing/x509/der.ts'
import {
  context,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  setOf,
  time,
  tlv,
} from '../../../signing/x509/der-write.ts'
import { isCa, issue, keyUsage } from '../x509/make-certificates.ts'
import { content, judge, makeTwin, policyOf, seedTime, signWrongly, verdict } from './signatures.ts'

const sha256 = digestNamed('SHA-256')

describe('attacks on CMS', () => {
  let ec: TestPki
  let rsa: TestPki

  before(async () => {
    ec = await makeTestPki({ seedTime })
    rsa = await makeTestPki({ seedTime, algorithm: 'RSA-2048' })
  })

  const keyOf = ({ privateKeyPkcs8 }: IssuedCertificate): KeyObject =>
    createPrivateKey({ key: Buffer.from(privateKeyPkcs8), format: 'der', type: 'pkcs8' })

  /** A file with one signer; what is left out is as it should be. */
  function assemble(
    issued: IssuedCertificate,
    parts: {
      signature: Uint8Array
      signed?: Uint8Array | null
      unsigned?: readonly Uint8Array[]
      algorithm?: Uint8Array
      certificate?: Uint8Array
      enclosed?: Uint8Array
    },
  ): Uint8Array {
    const { signature, signed = null, unsigned = [], certificate = issued.certificate } = parts
    const { issuer, serial } = parseCertificate(issued.certificate)
    const stored = signed === null ? [] : [Uint8Array.from(signed).fill(0xa0, 0, 1)]
    const algorithm = parts.algorithm ?? signatureAlgorithmIdentifier(signatureAlgorithm('ECDSA', 'SHA-256'))
    const signerInfo = sequence(
      integer(1),
      sequence(issuer.raw, tlv(TAG.INTEGER, serial)),
      digestAlgorithmIdentifier(sha256),
      ...stored,
      algorithm,
      octetString(signature),
      ...(unsigned.length === 0 ? [] : [setOf(unsigned, 0xa1)]),
    )
    const enclosed = parts.enclosed === undefined ? [] : [context(0, octetString(parts.enclosed))]
    const signedData = sequence(
      integer(1),
      setOf([digestAlgorithmIdentifier(sha256)]),
      sequence(oid(CONTENT_TYPE.data), ...enclosed),
      setOf([certificate, ...issued.chain], 0xa0),
      setOf([signerInfo]),
    )
    return sequence(oid(CONTENT_TYPE.signedData), context(0, signedData))
  }

  function attributesFor(issued: IssuedCertificate, certificate = issued.certificate): Uint8Array {
    return buildSignedAttributes({
      messageDigest: digestOf(sha256, content),
      certificate,
      chain: issued.chain,
      digest: sha256,
    })
  }

  function found(cms: Uint8Array, data: Uint8Array, pki = ec) {
    const report = verifyCms(cms, data, policyOf(pki))
    const [signature] = report.signatures
    return {
      verdict: `${report.indication}/${report.subIndication}`,
      intact: signature?.cryptoIntact,
      codes: signature?.warnings.map(({ code }) => code) ?? report.errors.map(({ code }) => code),
    }
  }

  describe('signed attributes that are not there', () => {
    it('hand out the attributes of a signature as the content of another', () => {
      const { agency } = ec.samples
      const signed = attributesFor(agency)
      const signature = signData(signatureAlgorithm('ECDSA', 'SHA-256'), keyOf(agency), signed)
      expect(found(assemble(agency, { signature, signed }), content).verdict).to.equal('TOTAL_PASSED/null')
      const confused = found(assemble(agency, { signature }), signed)
      expect([confused.verdict, confused.intact]).to.deep.equal(['TOTAL_FAILED/FORMAT_FAILURE', true])
      expect(confused.codes).to.include('SIGNED_ATTRIBUTES_AS_CONTENT')
      const enclosed = found(assemble(agency, { signature, enclosed: signed }), signed)
      expect(enclosed.verdict).to.equal('TOTAL_FAILED/FORMAT_FAILURE')
    })

    it('leave nothing that binds the certificate, so that even a right value does not pass', () => {
      const { agency } = ec.samples
      const signature = signData(signatureAlgorithm('ECDSA', 'SHA-256'), keyOf(agency), content)
      const bare = found(assemble(agency, { signature }), content)
      expect([bare.verdict, bare.intact]).to.deep.equal(['INDETERMINATE/SIG_CONSTRAINTS_FAILURE', true])
      const other = found(assemble(agency, { signature }), Buffer.from('khác'))
      expect([other.verdict, other.intact]).to.deep.equal(['TOTAL_FAILED/SIG_CRYPTO_FAILURE', false])
    })

    it('are taken away from a signature that had them, or moved to the unsigned ones', () => {
      const { agency } = ec.samples
      const signed = attributesFor(agency)
      const signature = signData(signatureAlgorithm('ECDSA', 'SHA-256'), keyOf(agency), signed)
      const unsigned = parseDer(signed).children.map(({ raw }) => raw)
      for (const parts of [{ signature }, { signature, unsigned }]) {
        expect(found(assemble(agency, parts), content).verdict).to.equal('TOTAL_FAILED/SIG_CRYPTO_FAILURE')
      }
    })
  })

  describe('attributes more than once', () => {
    const repeated: readonly (readonly [string, () => Uint8Array])[] = [
      ['content-type', () => attribute(ATTRIBUTE_OID.contentType, oid(CONTENT_TYPE.signedData))],
      ['signing-time', () => attribute(ATTRIBUTE_OID.signingTime, time(seedTime))],
      [
        'signing-certificate-v2',
        () => {
          const hash = octetString(digestOf(sha256, ec.samples.individual.certificate))
          return attribute(ATTRIBUTE_OID.signingCertificateV2, sequence(sequence(sequence(hash))))
        },
      ],
      ['signer-attributes-v2', () => attribute(ATTRIBUTE_OID.signerAttributesV2, sequence())],
      ['signature-policy', () => attribute(ATTRIBUTE_OID.signaturePolicy, nullValue())],
    ]
    for (const [name, make] of repeated) {
      it(`fail: ${name} in two attributes or with two values`, () => {
        const again = make()
        const type = parseDer(again).children[0]?.raw ?? expect.fail('no type')
        const value = parseDer(again).children[1]?.children[0]?.raw ?? expect.fail('no value')
        const second = sequence(oid('1.2.3.4'))
        const twice = [again, sequence(type, setOf([second]))]
        for (const extra of [twice, [sequence(type, setOf([value, second]))]]) {
          const cms = signWrongly(ec.samples.agency, { attributes: (a) => [...Object.values(a), ...extra] })
          expect(verdict(judge(cms, policyOf(ec)))).to.equal('TOTAL_FAILED/FORMAT_FAILURE')
        }
      })
    }
  })

  it('of a digest for the content that is not that of the signature are left open', () => {
    const algorithm = signatureAlgorithm('ECDSA', 'SHA-384')
    const cms = signWrongly(ec.samples.agency, {
      algorithm,
      digestAlgorithm: digestAlgorithmIdentifier(sha256),
      attributes: (a) => [
        a.contentType,
        attribute(
          ATTRIBUTE_OID.signingCertificateV2,
          sequence(sequence(sequence(octetString(digestOf(sha256, ec.samples.agency.certificate))))),
        ),
        attribute(ATTRIBUTE_OID.messageDigest, octetString(digestOf(sha256, content))),
      ],
    })
    const judged = judge(cms, policyOf(ec))
    expect([verdict(judged), judged.cryptoIntact]).to.deep.equal([
      'INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE',
      true,
    ])
    expect(judged.warnings.map(({ code }) => code)).to.include('ALGORITHM_MISMATCH')
  })

  describe('signature values', () => {
    /** `EMSA-PKCS1-v1_5` of RFC 8017 section 9.2, wrong in one respect. */
    function padded(info: Uint8Array, before = Buffer.of(0, 1), tail = Buffer.alloc(0)): Buffer {
      const filling = 256 - before.length - 1 - info.length - tail.length
      return Buffer.concat([before, Buffer.alloc(filling, 0xff), Buffer.of(0), info, tail])
    }
    const info = (signed: Uint8Array, algorithm: Uint8Array) =>
      sequence(algorithm, octetString(digestOf(sha256, signed)))
    const right = sequence(oid(sha256.oid), nullValue())

    const blocks: readonly (readonly [string, (signed: Uint8Array) => Buffer, boolean])[] = [
      ['as it should be', (signed) => padded(info(signed, right)), true],
      [
        'short padding and bytes behind the digest',
        (signed) => {
          const head = Buffer.concat([
            Buffer.of(0, 1),
            Buffer.alloc(8, 0xff),
            Buffer.of(0),
            info(signed, right),
          ])
          return Buffer.concat([head, Buffer.alloc(256 - head.length, 0x41)])
        },
        false,
      ],
      ['one byte behind the digest', (signed) => padded(info(signed, right), undefined, Buffer.of(0)), false],
      ['the padding of encryption', (signed) => padded(info(signed, right), Buffer.of(0, 2)), false],
      [
        'parameters that nobody reads',
        (signed) => padded(info(signed, sequence(oid(sha256.oid), octetString(Buffer.alloc(30, 0x41))))),
        false,
      ],
      [
        'another digest algorithm',
        (signed) => padded(info(signed, sequence(oid('1.3.14.3.2.26'), nullValue()))),
        false,
      ],
      ['no algorithm at all', (signed) => padded(digestOf(sha256, signed)), false],
    ]
    for (const [what, block, holds] of blocks) {
      it(`of RSA hold or not: ${what}`, () => {
        const { agency } = rsa.samples
        const signed = attributesFor(agency)
        const signature = privateEncrypt(
          { key: keyOf(agency), padding: constants.RSA_NO_PADDING },
          block(signed),
        )
        const algorithm = signatureAlgorithmIdentifier(signatureAlgorithm('RSASSA-PKCS1-v1_5', 'SHA-256'))
        const result = found(assemble(agency, { signature, signed, algorithm }), content, rsa)
        expect(result.verdict).to.equal(holds ? 'TOTAL_PASSED/null' : 'TOTAL_FAILED/SIG_CRYPTO_FAILURE')
      })
    }

    it('of RSA are not taken in another length or scheme', () => {
      const { agency } = rsa.samples
      const signed = attributesFor(agency)
      const pkcs1 = signatureAlgorithm('RSASSA-PKCS1-v1_5', 'SHA-256')
      const pss = signatureAlgorithm('RSASSA-PSS', 'SHA-256')
      const value = signData(pkcs1, keyOf(agency), signed)
      const wrong = [
        { signature: value, algorithm: signatureAlgorithmIdentifier(pss) },
        { signature: Buffer.concat([Buffer.of(0), value]), algorithm: signatureAlgorithmIdentifier(pkcs1) },
        { signature: value.subarray(1), algorithm: signatureAlgorithmIdentifier(pkcs1) },
        { signature: new Uint8Array(), algorithm: signatureAlgorithmIdentifier(pkcs1) },
      ]
      for (const parts of wrong) {
        const { verdict: said } = found(assemble(agency, { signed, ...parts }), content, rsa)
        expect(said).to.equal('TOTAL_FAILED/SIG_CRYPTO_FAILURE')
      }
    })

    it('of ECDSA do not hold for zero, the group order, or an encoding that is no DER', () => {
      const { agency } = ec.samples
      const signed = attributesFor(agency)
      const order = Buffer.from('00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
      const zero = Buffer.of(0)
      const one = Buffer.of(1)
      const pairs = [zero, one, order].flatMap((r) => [zero, order].map((s) => [r, s] as const))
      const values = pairs.map(([r, s]) => sequence(tlv(TAG.INTEGER, r), tlv(TAG.INTEGER, s)))
      const own = Buffer.from(signData(signatureAlgorithm('ECDSA', 'SHA-256'), keyOf(agency), signed))
      const long = Buffer.concat([Buffer.of(0x30, 0x81, own.length - 2), own.subarray(2)])
      for (const signature of [...values, long, Buffer.concat([own, Buffer.of(0)]), sequence()]) {
        const { verdict: said } = found(assemble(agency, { signature, signed }), content)
        expect(said, signature.toString()).to.equal('TOTAL_FAILED/SIG_CRYPTO_FAILURE')
      }
    })
  })

  it('with a point that is not on the curve never reach the arithmetic', () => {
    const { agency } = ec.samples
    const der = Buffer.from(agency.certificate)
    const { publicKeyInfo } = parseCertificate(agency.certificate)
    const at = der.indexOf(publicKeyInfo) + publicKeyInfo.length - 1
    der[at] = (der[at] ?? 0) ^ 1
    const signed = attributesFor(agency, der)
    const signature = signData(signatureAlgorithm('ECDSA', 'SHA-256'), keyOf(agency), signed)
    const result = found(assemble(agency, { signature, signed, certificate: der }), content)
    expect([result.verdict.split('/')[0], result.intact]).to.deep.equal(['INDETERMINATE', null])
  })

  it('with another certificate over the same key are found by signing-certificate-v2', () => {
    const { agency, individual } = ec.samples
    const signed = attributesFor(agency)
    const signature = signData(signatureAlgorithm('ECDSA', 'SHA-256'), keyOf(agency), signed)
    // The twin says the same of issuer and serial, so the signer's identifier fits both.
    const twin = Buffer.from(agency.certificate)
    const end = twin.length - 1
    twin[end] = (twin[end] ?? 0) ^ 1
    const result = found(assemble(agency, { signature, signed, certificate: twin }), content)
    expect(result.verdict).to.equal('TOTAL_FAILED/FORMAT_FAILURE')
    expect(result.codes).to.include('SIGNING_CERTIFICATE_MISMATCH')
    expect(individual.certificate).not.to.deep.equal(agency.certificate)
  })

  describe('encodings', () => {
    /** Indefinite length for the outer three levels, and the signature value in pieces. */
    function asBer(cms: Uint8Array): Uint8Array {
      const eoc = Buffer.of(0, 0)
      const open = (tag: number, ...members: readonly Uint8Array[]) =>
        Buffer.concat([Buffer.of(tag, 0x80), ...members, eoc])
      const root = parseDer(cms)
      const [type, wrapped] = root.children
      const inner = wrapped?.children[0]
      if (type === undefined || inner === undefined) throw new Error('no ContentInfo')
      return open(0x30, type.raw, open(0xa0, open(0x30, ...inner.children.map(({ raw }) => raw))))
    }

    it('of BER are read in files and refused in a PDF', () => {
      const cms = asBer(signWrongly(ec.samples.agency, {}))
      expect(found(cms, content).verdict).to.equal('TOTAL_PASSED/null')
      expect(found(cms, Buffer.from('khác')).verdict).to.equal('TOTAL_FAILED/HASH_FAILURE')
      expect(verdict(judge(cms, policyOf(ec)))).to.equal('TOTAL_FAILED/FORMAT_FAILURE')
    })

    it('with enclosed content in pieces are read in files', () => {
      const cms = Buffer.from(signWrongly(ec.samples.agency, { enclosed: content }))
      const plain = octetString(content)
      const at = cms.indexOf(plain)
      const pieces = [content.subarray(0, 3), content.subarray(3)].map((piece) => octetString(piece))
      const wrapper = Buffer.concat([Buffer.of(0xa0, 0x80, 0x24, 0x80), ...pieces, Buffer.of(0, 0, 0, 0)])
      const explicit = context(0, plain)
      expect(cms.subarray(at - 2, at + plain.length)).to.deep.equal(Buffer.from(explicit))
      const { children } = parseDer(cms)
      const inner = children[1]?.children[0] ?? expect.fail('no SignedData')
      const [version, digests, , ...rest] = inner.children.map(({ raw }) => raw)
      const encapsulated = Buffer.concat([
        Buffer.of(0x30, 0x80),
        oid(CONTENT_TYPE.data),
        wrapper,
        Buffer.of(0, 0),
      ])
      const file = Buffer.concat([
        Buffer.of(0x30, 0x80),
        oid(CONTENT_TYPE.signedData),
        Buffer.of(0xa0, 0x80, 0x30, 0x80),
        version ?? Buffer.alloc(0),
        digests ?? Buffer.alloc(0),
        encapsulated,
        ...rest,
        Buffer.alloc(6),
      ])
      const report = verifyCms(file, null, policyOf(ec))
      expect([report.indication, report.signatures[0]?.cryptoIntact]).to.deep.equal(['TOTAL_PASSED', true])
    })

    it('with data behind the signature fail, in a file and inside of it', () => {
      const cms = signWrongly(ec.samples.agency, {})
      const inner = parseDer(cms).children[1]?.children[0] ?? expect.fail('no SignedData')
      const longer = sequence(...inner.children.map(({ raw }) => raw), nullValue())
      const files = [
        Buffer.concat([cms, Buffer.of(0)]),
        Buffer.concat([cms, cms]),
        Buffer.concat([asBer(cms), Buffer.of(0, 0)]),
        sequence(oid(CONTENT_TYPE.signedData), context(0, longer)),
        sequence(oid(CONTENT_TYPE.signedData), context(0, inner.raw), nullValue()),
      ]
      for (const file of files) expect(found(file, content).verdict).to.equal('TOTAL_FAILED/FORMAT_FAILURE')
    })

    it('without an end, too deep, or longer than the file are verdicts', () => {
      const deep = Buffer.concat([Buffer.alloc(20_000, Buffer.of(0x30, 0x80)), Buffer.alloc(20_000)])
      const files = [
        deep,
        Buffer.alloc(1000, 0x30),
        Buffer.of(0x30, 0x80),
        Buffer.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff),
        Buffer.of(0x30, 0x80, 0x04, 0x80, 0, 0, 0, 0),
        Buffer.concat([Buffer.of(0x24, 0x80), sequence(), Buffer.of(0, 0)]),
      ]
      for (const file of files) expect(found(file, content).verdict).to.equal('TOTAL_FAILED/FORMAT_FAILURE')
    })
  })

  it('by a key whose check would cost too much are left open, never passed unchecked', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const modulus = parseDer(publicKey.export({ type: 'pkcs1', format: 'der' })).children[0]?.raw
    const numbers = sequence(modulus ?? expect.fail('no modulus'), integer(2 ** 33 + 1))
    const slow = createPublicKey({ key: Buffer.from(numbers), format: 'der', type: 'pkcs1' })
    const ca = issue('CA', [isCa(), keyUsage(5, 6)])
    const { certificate } = issue('Người ký 1', [keyUsage(0, 1)], ca, { publicKey: slow, privateKey })
    const algorithm = signatureAlgorithm('RSASSA-PKCS1-v1_5', 'SHA-256')
    const named = { certificate, chain: [], digest: sha256 }
    const signedAttributes = buildSignedAttributes({ messageDigest: digestOf(sha256, content), ...named })
    const signature = Buffer.alloc(256, 7)
    const cms = assembleSignedData({ signedAttributes, signature, algorithm, certificate, chain: [] })
    const policy = policyOf(ec, { trustAnchors: [ca.certificate] })
    for (const report of [verifyCms(cms, content, policy).signatures[0], judge(cms, policy)]) {
      expect([report?.indication, report?.subIndication, report?.cryptoIntact]).to.deep.equal([
        'INDETERMINATE',
        'CRYPTO_CONSTRAINTS_FAILURE',
        null,
      ])
    }
  })

  it('that ask for hundreds of signature checks are left open where the budget of the file ends', () => {
    const { agency } = ec.samples
    const { serial } = parseCertificate(agency.certificate)
    const twins = Array.from({ length: 9 }, () => makeTwin(serial, 'P-521').certificate)
    const signed = (certificates: readonly Uint8Array[], signers: number) => {
      const cms = signWrongly(agency, {
        attributes: (a) => [a.contentType, a.messageDigest],
        certificates,
        signers: (one) => Array.from({ length: signers }, () => one),
      })
      return verifyCms(cms, content, policyOf(ec)).signatures
    }
    const limitedOf = (signatures: ReturnType<typeof signed>) =>
      signatures.filter(({ warnings }) => warnings.some(({ code }) => code === 'SIGNATURE_CHECKS_LIMITED'))
    expect(signed(twins.slice(1), 1)[0]?.subIndication, 'all keys tried').to.equal('SIG_CRYPTO_FAILURE')
    expect(limitedOf(signed(twins, 1)), 'more keys than are tried').to.have.lengthOf(1)
    const limited = limitedOf(signed(twins.slice(1), 64))
    expect(limited.length).to.be.within(40, 63)
    for (const { indication, cryptoIntact } of limited) {
      expect([indication, cryptoIntact]).to.deep.equal(['INDETERMINATE', null])
    }
  })

  it('with lists, certificates or names by the hundred thousand are refused before any is read', () => {
    const junk = Buffer.alloc(900_000, Buffer.of(0x30, 0))
    const good = signWrongly(ec.samples.agency, { certificates: [junk] })
    expect(found(good, content).verdict).to.equal('TOTAL_FAILED/FORMAT_FAILURE')
    const named = attribute(
      ATTRIBUTE_OID.signingCertificateV2,
      sequence(sequence(...Array.from({ length: 51 }, () => sequence(octetString(Buffer.alloc(32)))))),
    )
    const many = signWrongly(ec.samples.agency, {
      attributes: (a) => [a.contentType, a.messageDigest, named],
    })
    expect(found(many, content).verdict).to.equal('TOTAL_FAILED/FORMAT_FAILURE')
  })

  it('with thousands of lists of junk in an attribute are judged without them', () => {
    const lists = tlv(0xa0, sequence(Buffer.alloc(400_000, Buffer.of(0x30, 0))))
    const archive = attribute(ATTRIBUTE_OID.adobeRevocation, sequence(lists))
    const cms = signWrongly(ec.samples.agency, { attributes: (a) => [...Object.values(a), archive] })
    const judged = judge(cms, policyOf(ec))
    expect(verdict(judged)).to.equal('INDETERMINATE/TRY_LATER')
    const message = judged.warnings.find(({ code }) => code === 'REVOCATION_DATA_UNREADABLE')?.message
    expect(message).to.match(/^1000 /)
  })

  it('with more signers than any document has are refused before any is checked', () => {
    const cms = signWrongly(ec.samples.agency, { signers: (one) => Array.from({ length: 65 }, () => one) })
    expect(found(cms, content).verdict).to.equal('TOTAL_FAILED/FORMAT_FAILURE')
  })

  it('with more pieces or attributes than a call may have arguments are verdicts', () => {
    const pieces = Buffer.concat([
      Buffer.of(0x24, 0x80),
      Buffer.alloc(600_000, Buffer.of(4, 0)),
      Buffer.of(0, 0),
    ])
    expect(found(pieces, content).codes).to.deep.equal(['DER_MALFORMED'])
    const fewer = Buffer.concat([
      Buffer.of(0x24, 0x80),
      Buffer.alloc(300_000, Buffer.of(4, 0)),
      Buffer.of(0, 0),
    ])
    expect(found(fewer, content).codes).to.deep.equal(['CMS_MALFORMED'])
    const many = Array.from({ length: 150_000 }, () => sequence(oid('1.2'), setOf([])))
    const cms = signWrongly(ec.samples.agency, { attributes: (a) => [...Object.values(a), ...many] })
    expect(found(cms, content).verdict).to.equal('TOTAL_FAILED/FORMAT_FAILURE')
  })

  it('by the digest of adbe.pkcs7.sha1 are intact at best', () => {
    const sha1 = digestOf(digestNamed('SHA-1'), content)
    const cms = signWrongly(ec.samples.agency, {
      enclosed: sha1,
      attributes: (a) => [
        a.contentType,
        a.signingCertificate,
        attribute(ATTRIBUTE_OID.messageDigest, octetString(digestOf(sha256, sha1))),
      ],
    })
    const under = (data: Uint8Array, legacy: boolean) =>
      judgeSignedData({
        cms,
        contentDigest: (digest) => digestOf(digest, data),
        policy: policyOf(ec, { legacy }),
        context: 'pdf',
        subFilter: 'adbe.pkcs7.sha1',
      })
    const judged = under(content, false)
    expect([verdict(judged), judged.cryptoIntact]).to.deep.equal([
      'INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE',
      true,
    ])
    expect(judged.warnings.map(({ code }) => code)).to.include.members(['WEAK_DIGEST', 'LEGACY_PROFILE'])
    expect(verdict(under(content, true))).to.equal('INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE_NO_POE')
    const changed = under(Buffer.from('khác'), true)
    expect([verdict(changed), changed.cryptoIntact]).to.deep.equal(['TOTAL_FAILED/HASH_FAILURE', false])
  })

  it('of the bare RSA value of adbe.x509.rsa_sha1 are recognised and not judged', () => {
    const judged = judgeSignedData({
      cms: octetString(Buffer.alloc(256, 1)),
      contentDigest: (digest) => digestOf(digest, content),
      policy: policyOf(ec),
      context: 'pdf',
      subFilter: 'adbe.x509.rsa_sha1',
    })
    expect([verdict(judged), judged.cryptoIntact]).to.deep.equal([
      'INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE',
      null,
    ])
  })
})
