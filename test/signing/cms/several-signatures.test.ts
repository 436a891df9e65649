import { execFileSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type IssuedCertificate, makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { toPem } from '../../../fixtures/pki/write-pki.ts'
import { digest as digestOf } from '../../../signing/algorithms.ts'
import { ATTRIBUTE_OID } from '../../../signing/cms/oids.ts'
import { attribute, buildSignedAttributes } from '../../../signing/cms/signed-data.ts'
import { verifyCms } from '../../../signing/cms/verify-cms.ts'
import { asKeyProvider } from '../../../signing/keys/pkcs8.ts'
import {
  digestAlgorithmIdentifier,
  signatureAlgorithmIdentifier,
} from '../../../signing/x509/algorithm-identifier.ts'
import { parseCertificate } from '../../../signing/x509/certificate.ts'
import { parseDer, TAG } from '../../../signing/x509/der.ts'
import {
  context,
  integer,
  octetString,
  oid,
  sequence,
  setOf,
  tlv,
  utf8String,
} from '../../../signing/x509/der-write.ts'
import { requireProgram } from '../../support/programs.ts'
import { signStamped } from '../validation/stamped-signatures.ts'
import { content, policyOf, seedTime } from './signatures.ts'

describe('several signatures in one CMS', () => {
  let pki: TestPki

  before(async () => {
    pki = await makeTestPki({ seedTime })
  })

  it('are all judged and reported, those of openssl as well', async function () {
    requireProgram(this as unknown as Mocha.Context, 'openssl')
    const now = await makeTestPki({ seedTime: new Date() })
    const folder = mkdtempSync(join(tmpdir(), 'congvan-cms-'))
    try {
      writeFileSync(join(folder, 'content'), content)
      const { individual, agency } = now.samples
      for (const [name, issued] of [
        ['one', individual],
        ['two', agency],
      ] as const) {
        const key = createPrivateKey({
          key: Buffer.from(issued.privateKeyPkcs8),
          format: 'der',
          type: 'pkcs8',
        })
        writeFileSync(join(folder, `${name}.key`), key.export({ type: 'pkcs8', format: 'pem' }))
        writeFileSync(join(folder, `${name}.pem`), toPem('CERTIFICATE', issued.certificate))
      }
      const signers = ['-signer', 'one.pem', '-inkey', 'one.key', '-signer', 'two.pem', '-inkey', 'two.key']
      const files = ['-in', 'content', '-outform', 'DER', '-out', 'made.p7s']
      execFileSync('openssl', ['cms', '-sign', '-binary', '-cades', ...signers, ...files], {
        cwd: folder,
        stdio: 'pipe',
      })
      const cms = readFileSync(join(folder, 'made.p7s'))
      const policy = policyOf(now, { time: new Date(), untrusted: [now.governmentCa] })
      const report = verifyCms(cms, content, policy)
      expect(report.indication, JSON.stringify(report)).to.equal('TOTAL_PASSED')
      expect(report.signatures.map(({ id, role }) => [id, role]).toSorted()).to.deep.equal(
        report.signatures.map((_, index) => [`sig-${index + 1}`, report.signatures[index]?.role]).toSorted(),
      )
      expect(report.signatures.map(({ role }) => role).toSorted()).to.deep.equal(['agency', 'individual'])
      const other = verifyCms(cms, Buffer.from('khác'), policy)
      expect(other.signatures.map(({ subIndication }) => subIndication)).to.deep.equal([
        'HASH_FAILURE',
        'HASH_FAILURE',
      ])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  /** `SignerInfo` over the value of another signature (RFC 5652 section 11.4). */
  async function counterSign(
    issued: IssuedCertificate,
    signature: Uint8Array,
    changes: { over?: Uint8Array; contentType?: boolean; unsigned?: readonly Uint8Array[] } = {},
  ): Promise<Uint8Array> {
    const { algorithm, certificate, sign } = asKeyProvider(issued)
    const { digest } = algorithm
    const attributes = parseDer(
      buildSignedAttributes({
        messageDigest: digestOf(digest, changes.over ?? signature),
        certificate,
        digest,
      }),
    ).children.filter(({ children: [type] }) => {
      const isContentType = Buffer.compare(type?.raw ?? Buffer.alloc(0), oid(ATTRIBUTE_OID.contentType)) === 0
      return changes.contentType === true || !isContentType
    })
    const signed = setOf(attributes.map(({ raw }) => raw))
    const { issuer, serial } = parseCertificate(certificate)
    return sequence(
      integer(1),
      sequence(issuer.raw, tlv(TAG.INTEGER, serial)),
      digestAlgorithmIdentifier(digest),
      Uint8Array.from(signed).fill(0xa0, 0, 1),
      signatureAlgorithmIdentifier(algorithm),
      octetString(await sign(signed)),
      ...(changes.unsigned === undefined ? [] : [setOf(changes.unsigned, 0xa1)]),
    )
  }

  /** A person's signature and what an agency adds to it; certificates of both are at hand. */
  async function countersigned(make: (signature: Uint8Array) => Promise<Uint8Array>) {
    // ECDSA values differ each time, so the first signature is made first and completed afterwards.
    const { individual } = pki.samples
    const plain = await signStamped(pki, individual, {})
    const signer = parseDer(plain).children[1]?.children[0]?.children.at(-1)?.children[0]
    const value = signer?.children.at(-1)?.content ?? expect.fail('no signature value')
    const inner = parseDer(plain).children[1]?.children[0] ?? expect.fail('no SignedData')
    const unsigned = setOf([attribute(ATTRIBUTE_OID.counterSignature, await make(value))], 0xa1)
    const signerInfo = sequence(...(signer?.children ?? []).map(({ raw }) => raw), unsigned)
    const kept = inner.children.slice(0, -1).map(({ raw }) => raw)
    const root = parseDer(plain).children[0]?.raw ?? expect.fail('no type')
    const cms = sequence(root, context(0, sequence(...kept, setOf([signerInfo]))))
    return verifyCms(cms, content, policyOf(pki, { untrusted: [pki.samples.agency.certificate] }))
  }

  it('are counter-signatures, reported beneath what they sign', async () => {
    const report = await countersigned((value) => counterSign(pki.samples.agency, value))
    expect(report.indication, JSON.stringify(report)).to.equal('TOTAL_PASSED')
    const told = report.signatures.map(({ id, counterSigns, role, cryptoIntact }) => [
      id,
      counterSigns ?? null,
      role,
      cryptoIntact,
    ])
    expect(told).to.deep.equal([
      ['sig-1', null, 'individual', true],
      ['sig-1.1', 'sig-1', 'agency', true],
    ])
  })

  it('are counter-signatures on counter-signatures', async () => {
    const report = await countersigned(async (value) => {
      const below = await counterSign(pki.samples.agency, value)
      const inner = parseDer(below).children.at(-1)?.content ?? expect.fail('no value')
      const above = await counterSign(pki.samples.agency, inner)
      return sequence(
        ...parseDer(below).children.map(({ raw }) => raw),
        setOf([attribute(ATTRIBUTE_OID.counterSignature, above)], 0xa1),
      )
    })
    expect(report.signatures.map(({ id }) => id)).to.deep.equal(['sig-1', 'sig-1.1', 'sig-1.1.1'])
    expect(report.indication).to.equal('TOTAL_PASSED')
  })

  it('are counter-signatures over something else, which fail beside a good signature', async () => {
    for (const [changes, sub] of [
      [{ over: content }, 'HASH_FAILURE'],
      [{ contentType: true }, 'FORMAT_FAILURE'],
    ] as const) {
      const report = await countersigned((value) => counterSign(pki.samples.agency, value, changes))
      expect(report.indication).to.equal('TOTAL_FAILED')
      const verdicts = report.signatures.map(({ subIndication }) => subIndication)
      expect(verdicts).to.deep.equal([null, sub])
    }
    const nonsense = await countersigned(async () => octetString(Buffer.from('rác')))
    expect([nonsense.indication, nonsense.signatures.length]).to.deep.equal(['TOTAL_PASSED', 1])
    const codes = nonsense.signatures[0]?.warnings.map(({ code }) => code)
    expect(codes).to.include('COUNTER_SIGNATURE_UNREADABLE')
  })

  it('tell what the signer says of himself', async () => {
    const commitment = sequence(oid('1.2.840.113549.1.9.16.6.5'))
    const signed = [
      attribute(ATTRIBUTE_OID.commitmentType, commitment),
      attribute(ATTRIBUTE_OID.mimeType, utf8String('application/pdf')),
      attribute(ATTRIBUTE_OID.contentHints, sequence(utf8String('Quyết định'), oid('1.2.840.113549.1.7.1'))),
      attribute(
        ATTRIBUTE_OID.signerLocation,
        sequence(context(0, utf8String('VN')), context(1, utf8String('Huế'))),
      ),
      attribute(ATTRIBUTE_OID.signaturePolicy, sequence(oid('1.3.6.1.4.1.32473.1'), sequence())),
      attribute(
        ATTRIBUTE_OID.signerAttributesV2,
        sequence(context(0, sequence(oid('2.5.4.72'), setOf([utf8String('Chủ tịch')])))),
      ),
    ]
    const cms = await signStamped(pki, pki.samples.individual, { signed })
    const [signature] = verifyCms(cms, content, policyOf(pki)).signatures
    expect(signature?.indication).to.equal('TOTAL_PASSED')
    expect(signature?.details).to.deep.equal({
      commitmentTypes: ['1.2.840.113549.1.9.16.6.5'],
      mimeType: 'application/pdf',
      contentHint: 'Quyết định',
      location: ['Huế', 'VN'],
      signaturePolicy: '1.3.6.1.4.1.32473.1',
      claimedAttributes: ['2.5.4.72'],
    })
    const codes = signature?.warnings.map(({ code }) => code)
    expect(codes).to.include('SIGNATURE_POLICY_NOT_AVAILABLE')
  })
})
