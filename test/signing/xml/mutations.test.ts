/**
 * What no change of bytes may achieve (issue 3). A change of an XML file is one of signed content when the canonical
 * octets of what is signed are no longer the same, as libxml2 writes them: the content, SignedInfo, the signed
 * properties; or the value or the certificate. Such a file never passes. A file of the sealed profile passes in no other
 * bytes at all. A time-stamp proves a time only while its token is the same. How often is in `effort`.
 */
import { expect } from 'chai'
import { type XmlDocument, XmlElement } from 'libxml2-wasm'
import { makeTimestampAuthority } from '../../../fixtures/pki/timestamp-authority.ts'
import { SigningError } from '../../../signing/errors.ts'
import type { VerificationPolicy } from '../../../signing/policy.ts'
import { nodeKeyFingerprint } from '../../../signing/x509/fingerprint.ts'
import { canonicalOctets } from '../../../signing/xml/c14n.ts'
import { XADES, XMLDSIG } from '../../../signing/xml/names.ts'
import { withXml } from '../../../signing/xml/parse.ts'
import { signXmlLimits, type XadesSubject } from '../../../signing/xml/sign-prepare.ts'
import { signXades } from '../../../signing/xml/sign-xades.ts'
import { verifySealedXml } from '../../../signing/xml/verify-sealed-xml.ts'
import { verifyXml } from '../../../signing/xml/verify-xml.ts'
import { policyOf } from '../cms/signatures.ts'
import { mutate, type Span } from '../fuzz/mutate.ts'
import { effort, type Random, seededRandom } from '../fuzz/random.ts'
import { randomDocument } from '../fuzz/random-document.ts'
import { type KeyKind, makeSigners, type Signers } from '../matrix/signers.ts'
import { root, seal } from './sample.ts'

const { rounds, seed } = effort(20_000)
/** A new signature over a new document after so many changes. */
const PER_SAMPLE = 60
const keyKinds = ['P-256', 'RSA-2048', 'Ed25519'] as const satisfies readonly KeyKind[]
const forms = ['document', 'excluded', 'element', 'enveloping', 'detached'] as const
const attachment = Buffer.from('tệp đính kèm')
const attachments = new Map([['cid:a', attachment]])

/** Words that change what a parser sees. */
const pieces = [
  ...[
    '<!-- x -->',
    '<?p x?>',
    '<![CDATA[]]>',
    '&#x20;',
    ' ',
    '\n',
    '\r',
    '\t',
    '<x/>',
    '&lt;',
    'xmlns:n="urn:n"',
  ],
  ...[' xmlns=""', ' Id="M"', ' xml:space="preserve"', "'", '"', '0', '</r>', '\u0301'],
].map((text) => Buffer.from(text))

interface Sample {
  readonly name: string
  readonly form: (typeof forms)[number]
  readonly bytes: Buffer
  readonly covered: readonly string[]
  readonly token: string | undefined
}

describe('changed bytes of a signed XML file', () => {
  let signers: Signers
  let policy: VerificationPolicy

  before(async () => {
    signers = await makeSigners(new Date('2026-03-02T08:00:00Z'))
    policy = policyOf(signers.pki)
  })

  async function makeSample(random: Random): Promise<Sample> {
    const form = random.pick(forms)
    const kind = random.pick(keyKinds)
    const stamped = random.below(3) === 0
    const { provider: timestamp } = makeTimestampAuthority({ pki: signers.pki, clock: () => signers.now })
    const signed = await signXades(subjectOf(form, randomDocument(random)), {
      key: signers.provider(kind, { rsaPadding: random.pick(['pss', 'pkcs1']) }),
      signingTime: signers.now,
      signatureId: 'sig',
      ...(stamped && { timestamp }),
    })
    const bytes = Buffer.from(signed)
    const covered = coveredOf(bytes, form)
    if (covered === null) throw new Error(`not readable: ${bytes}`)
    const token = stamped ? tokenOf(bytes) : undefined
    return { name: `${form}, ${kind}, ${stamped ? 'B-T' : 'B-B'}`, form, bytes, covered, token }
  }

  it(`never passes with a change of what is signed, in ${rounds * 0.85} changes`, async function () {
    this.timeout(0)
    const random = seededRandom(seed)
    let sample = await makeSample(random)
    const counts = { changes: 0, passed: 0 }
    for (let round = 0; counts.changes < rounds * 0.85; round += 1) {
      if (round % PER_SAMPLE === 0) {
        sample = await makeSample(random)
        const report = verifyXml(sample.bytes, policy, { attachments })
        expect(report.indication, `${sample.name} ${sample.bytes}`).to.equal('TOTAL_PASSED')
      }
      const { what, bytes } = mutate(sample.bytes, random, spanFor(sample, random), pieces)
      if (bytes.equals(sample.bytes)) continue
      counts.changes += 1
      const report = verifyXml(bytes, policy, { attachments })
      const told = `seed ${seed}, ${sample.name}: ${what} of ${sample.bytes.toString('base64')}`
      if (report.indication === 'TOTAL_PASSED') {
        counts.passed += 1
        expect(coveredOf(bytes, sample.form), told).to.deep.equal(sample.covered)
      }
      for (const { provenTime } of report.signatures) {
        if (provenTime !== null) expect(tokenOf(bytes), told).to.equal(sample.token)
      }
    }
    process.stdout.write(
      `      ${counts.changes} changes, ${counts.passed} of them in nothing that is signed, which passed\n`,
    )
    expect(counts.passed).to.be.lessThan(counts.changes / 2)
  })

  it(`passes a sealed file in its own bytes alone, in ${rounds * 0.15} changes`, async function () {
    this.timeout(0)
    const random = seededRandom(seed + 1)
    const key = signers.provider('P-256')
    const keyFingerprints = [nodeKeyFingerprint(key.certificate)]
    const sealed = Buffer.from(await seal(key))
    expect(verifyXml(sealed, policy).indication).to.equal('TOTAL_PASSED')
    expect(verifySealedXml(sealed, { keyFingerprints, root }).keyFingerprint).to.equal(keyFingerprints[0])
    let changes = 0
    while (changes < rounds * 0.15) {
      const { what, bytes } = mutate(sealed, random, undefined, pieces)
      if (bytes.equals(sealed)) continue
      changes += 1
      expect(verifyXml(bytes, policy).indication, what).not.to.equal('TOTAL_PASSED')
      expect(() => verifySealedXml(bytes, { keyFingerprints, root }), what).to.throw(SigningError)
    }
    process.stdout.write(`      ${changes} changes\n`)
  })
})

function subjectOf(form: Sample['form'], xml: string): XadesSubject {
  switch (form) {
    case 'document':
      return { form: 'enveloped', xml }
    case 'excluded':
      return { form: 'enveloped', xml, references: [{ kind: 'document', signatures: 'excluded' }] }
    case 'element':
      return { form: 'enveloped', xml, references: [{ kind: 'element', id: 'M' }] }
    case 'enveloping':
      return { form: 'enveloping', content: xml, as: 'xml' }
    case 'detached':
      return { form: 'detached', references: [{ kind: 'external', uri: 'cid:a', octets: attachment }] }
  }
}

/** Half of the changes hit the document, where there is one, half the signature. */
function spanFor({ bytes, form }: Sample, random: Random): Span {
  const start = bytes.indexOf('<ds:Signature ')
  const end = bytes.indexOf('</ds:Signature>')
  if (form === 'enveloping' || form === 'detached') return { start: 0, end: bytes.length }
  if (random.below(2) === 0) return { start, end }
  return random.below(2) === 0 ? { start: 0, end: start } : { start: end, end: bytes.length }
}

const prefixes = { ds: XMLDSIG, xades: XADES }

/** What the signature of the file is over, in canonical octets, its value and certificate; null where that cannot be told. */
function coveredOf(bytes: Buffer, form: Sample['form']): readonly string[] | null {
  try {
    return withXml(bytes, signXmlLimits, (document) => {
      const signature = only(document, '//ds:Signature')
      const parts = ['ds:SignedInfo', 'ds:Object/xades:QualifyingProperties/xades:SignedProperties']
      const octets = parts.map((path) => canonicalOctets(only(signature, path)))
      const raw = ['ds:SignatureValue', 'ds:KeyInfo/ds:X509Data/ds:X509Certificate[1]'].map((path) =>
        Buffer.from(only(signature, path).content, 'base64').toString('base64'),
      )
      const content = contentOf(document, signature, form)
      return [...octets, ...content].map(String).concat(raw)
    })
  } catch (error) {
    if (error instanceof SigningError || error instanceof RangeError) return null
    throw error
  }
}

function contentOf(document: XmlDocument, signature: XmlElement, form: Sample['form']): readonly Buffer[] {
  if (form === 'detached') return []
  if (form === 'enveloping') return [canonicalOctets(only(signature, 'ds:Object[@Id]'))]
  if (form === 'element') return [canonicalOctets(only(document, '//*[@Id="M"]'))]
  signature.remove()
  return [canonicalOctets(document)]
}

/** @throws RangeError unless there is exactly one such element */
function only(from: XmlDocument | XmlElement, path: string): XmlElement {
  const [found, ...others] = from.find(path, prefixes)
  if (!(found instanceof XmlElement) || others.length > 0) throw new RangeError(`not one ${path}`)
  return found
}

/** Base64 without the white space that may stand in it. */
function tokenOf(bytes: Buffer): string {
  return withXml(bytes, signXmlLimits, (document) => {
    const { content } = only(document, '//xades:SignatureTimeStamp/xades:EncapsulatedTimeStamp')
    return Buffer.from(content, 'base64').toString('base64')
  })
}
