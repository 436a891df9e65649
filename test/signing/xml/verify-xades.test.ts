import { expect } from 'chai'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { makeTimestampAuthority } from '../../../fixtures/pki/timestamp-authority.ts'
import type { KeyProvider } from '../../../signing/keys/key-provider.ts'
import { asKeyProvider } from '../../../signing/keys/pkcs8.ts'
import type { VerificationPolicy } from '../../../signing/policy.ts'
import type { SignatureReport, VerificationReport } from '../../../signing/report.ts'
import type { XadesSubject } from '../../../signing/xml/sign-prepare.ts'
import { type SignXadesOptions, signXades } from '../../../signing/xml/sign-xades.ts'
import { type VerifyXmlOptions, verifyXml } from '../../../signing/xml/verify-xml.ts'
import { replaceOnce } from './sample.ts'

const document =
  '<h:hồsơ xmlns:h="urn:hs" xmlns="urn:a"><mục Id="M1">đất &lt; 5 ha</mục><mục Id="M2" h:k="v"><trong xmlns=""/></mục></h:hồsơ>'

describe('verification of XAdES signatures', () => {
  const signingTime = new Date('2026-03-02T08:00:00Z')
  let pki: TestPki
  let key: KeyProvider
  let second: KeyProvider

  before(async () => {
    pki = await makeTestPki({ seedTime: signingTime })
    key = asKeyProvider(pki.samples.agency)
    second = asKeyProvider(pki.samples.individual)
  })

  const policy = (change: Partial<VerificationPolicy> = {}): VerificationPolicy => ({
    trustAnchors: [pki.root],
    untrusted: [],
    crls: [],
    ocspResponses: [],
    time: new Date('2026-04-01T00:00:00Z'),
    requireRevocation: false,
    legacy: false,
    profile: 'any',
    ...change,
  })
  const sign = async (subject: XadesSubject, options: Partial<SignXadesOptions> = {}) =>
    Buffer.from(await signXades(subject, { key, signingTime, signatureId: 'sig', ...options })).toString()
  const verify = (xml: string | Uint8Array, options: VerifyXmlOptions = {}, change = {}) =>
    verifyXml(Buffer.from(xml), policy(change), options)
  const one = (report: VerificationReport): SignatureReport => {
    expect(report.signatures).to.have.length(1)
    const [signature] = report.signatures
    if (signature === undefined) throw new Error('no signature')
    return signature
  }
  const codes = (signature: SignatureReport) => signature.warnings.map(({ code }) => code)
  const verdict = ({
    indication,
    subIndication,
  }: Pick<VerificationReport, 'indication' | 'subIndication'>) =>
    subIndication === null ? indication : `${indication}/${subIndication}`

  it('passes an enveloped signature and hands out what it covers', async () => {
    const report = verify(await sign({ form: 'enveloped', xml: document }))
    expect(report).to.include({ format: 'xml', indication: 'TOTAL_PASSED' })
    const signature = one(report)
    expect(signature).to.include({
      id: 'sig-1',
      field: 'sig',
      cryptoIntact: true,
      level: 'XAdES-B-B',
      role: 'agency',
      claimedTime: '2026-03-02T08:00:00Z',
      provenTime: null,
      coverage: 'whole-file',
      changesAfter: 'none',
    })
    expect(codes(signature)).to.deep.equal(['REVOCATION_NOT_CHECKED'])
    const [content] = signature.covered ?? []
    expect(content).to.include({ uri: '', path: '/', filtered: false })
    expect(Buffer.from(content?.octets ?? []).toString()).to.equal(
      '<h:hồsơ xmlns:h="urn:hs"><mục xmlns="urn:a" Id="M1">đất &lt; 5 ha</mục><mục xmlns="urn:a" Id="M2" h:k="v"><trong xmlns=""></trong></mục></h:hồsơ>',
    )
  })

  it('passes the same document in UTF-16, and not with one letter changed', async () => {
    const xml = await sign({ form: 'enveloped', xml: document })
    const utf16 = Buffer.from(`\ufeff${xml.replace(/^<\?xml.*?\?>/, '')}`, 'utf16le')
    expect(verdict(verify(utf16))).to.equal('TOTAL_PASSED')
    expect(verdict(verify(Buffer.from(utf16).swap16()))).to.equal('TOTAL_PASSED')
    const changed = Buffer.from(utf16.toString('utf16le').replace('đất', 'đát'), 'utf16le')
    expect(verdict(verify(changed))).to.equal('TOTAL_FAILED/HASH_FAILURE')
  })

  it('passes enveloping signatures over XML and over octets', async () => {
    const xml = await sign({ form: 'enveloping', content: document, as: 'xml' })
    expect(verdict(verify(xml))).to.equal('TOTAL_PASSED')
    expect(one(verify(xml)).coverage).to.equal('whole-file')
    const octets = await sign({ form: 'enveloping', content: Buffer.from([0, 1, 2, 255]), as: 'base64' })
    expect(verdict(verify(octets))).to.equal('TOTAL_PASSED')
    const besides = octets.replace('</ds:Signature>', '<ds:Object>khác</ds:Object></ds:Signature>')
    expect(one(verify(besides))).to.include({ coverage: 'partial', indication: 'TOTAL_PASSED' })
    expect(codes(one(verify(besides)))).to.include('XML_PARTLY_COVERED')
  })

  it('asks the caller for what stands elsewhere, and for nothing else', async () => {
    const bytes = Buffer.from('%PDF-1.7')
    const xml = await sign({
      form: 'detached',
      references: [{ kind: 'external', uri: 'cid:tệp-1', octets: bytes }],
    })
    expect(verdict(verify(xml))).to.equal('INDETERMINATE/SIGNED_DATA_NOT_FOUND')
    expect(one(verify(xml)).cryptoIntact).to.equal(null)
    const uri = /URI="(cid:[^"]*)"/.exec(xml)?.[1] ?? ''
    const given = (octets: Uint8Array | (() => Uint8Array)) => ({ attachments: new Map([[uri, octets]]) })
    expect(verdict(verify(xml, given(bytes)))).to.equal('TOTAL_PASSED')
    expect(
      verdict(
        verify(
          xml,
          given(() => bytes),
        ),
      ),
    ).to.equal('TOTAL_PASSED')
    expect(verdict(verify(xml, given(Buffer.from('%PDF-1.6'))))).to.equal('TOTAL_FAILED/HASH_FAILURE')
  })

  it('covers parts only where parts were signed, and suspects a twin of a signed element', async () => {
    const xml = await sign({ form: 'enveloped', xml: document, references: [{ kind: 'element', id: 'M1' }] })
    // The second element bears the name of the signed one, and nobody signed it.
    const signature = one(verify(xml))
    expect(signature).to.include({ cryptoIntact: true, coverage: 'partial' })
    expect(verdict(signature)).to.equal('INDETERMINATE/SIG_CONSTRAINTS_FAILURE')
    expect(codes(signature)).to.include.members(['XML_UNSIGNED_TWIN', 'XML_PARTLY_COVERED'])
    const plain = document
      .replaceAll('mục Id="M2"', 'khác Id="M2"')
      .replace('</trong></mục>', '</trong></khác>')
    const other = plain.replace('<trong xmlns=""/></mục>', '<trong xmlns=""/></khác>')
    const alone = one(
      verify(await sign({ form: 'enveloped', xml: other, references: [{ kind: 'element', id: 'M1' }] })),
    )
    expect(alone).to.include({ indication: 'TOTAL_PASSED', coverage: 'partial' })
    expect(alone.covered?.[0]?.path).to.equal('/hồsơ/mục')
  })

  it('judges parallel and countersignatures beside one another', async () => {
    const excluded = [{ kind: 'document', signatures: 'excluded' }] as const
    const first = await sign({ form: 'enveloped', xml: document, references: excluded })
    const parallel = await sign(
      { form: 'enveloped', xml: first, references: excluded },
      { key: second, signatureId: 'hai' },
    )
    const report = verify(parallel)
    expect(report.signatures.map(({ field, coverage }) => `${field} ${coverage}`)).to.deep.equal([
      'sig whole-file',
      'hai whole-file',
    ])
    expect(verdict(report)).to.equal('TOTAL_PASSED')
    const counter = await sign(
      { form: 'counter', xml: first, signatureId: 'sig' },
      { key: second, signatureId: 'counter' },
    )
    const countered = verify(counter)
    expect(countered.signatures).to.have.length(2)
    expect(verdict(countered)).to.equal('TOTAL_PASSED')
    expect(countered.signatures[1]).to.include({ counterSigns: 'sig-1', coverage: 'partial' })
    const broken = verify(counter.replace(/(<ds:SignatureValue[^>]*>)..../, '$1AAAA'))
    expect(broken.signatures.map(verdict)).to.deep.equal([
      'TOTAL_FAILED/SIG_CRYPTO_FAILURE',
      'TOTAL_FAILED/HASH_FAILURE',
    ])
  })

  it('takes the time that a time-stamp proves, and none from a stamp over other data', async () => {
    const authority = makeTimestampAuthority({ pki, clock: () => new Date('2026-03-02T09:00:00Z') })
    const xml = await sign({ form: 'enveloped', xml: document }, { timestamp: authority.provider })
    const signature = one(verify(xml))
    expect(signature).to.include({
      indication: 'TOTAL_PASSED',
      level: 'XAdES-B-T',
      provenTime: '2026-03-02T09:00:00.000Z',
    })
    const expired = new Date('2060-01-01T00:00:00Z')
    expect(one(verify(xml, {}, { time: expired })).subIndication).not.to.equal(null)
    const other = await sign(
      { form: 'enveloped', xml: document.replace('5 ha', '6 ha') },
      { timestamp: authority.provider },
    )
    const token = (text: string) => /<xades:EncapsulatedTimeStamp[^>]*>([^<]*)</.exec(text)?.[1] ?? 'none'
    const swapped = one(verify(replaceOnce(xml, token(xml), token(other))))
    expect(swapped).to.include({ indication: 'TOTAL_PASSED', level: 'XAdES-B-B', provenTime: null })
    expect(codes(swapped)).to.include('TIMESTAMP_NOT_PROVEN')
  })

  it('does not believe properties that are not signed', async () => {
    const xml = await sign({ form: 'enveloped', xml: document })
    const untyped = verify(xml.replace(/ Type="[^"]*#SignedProperties"/, ''))
    expect(verdict(untyped)).to.equal('TOTAL_FAILED/SIG_CRYPTO_FAILURE')
    const moved = verify(xml.replace('08:00:00Z', '07:00:00Z'))
    expect(verdict(moved)).to.equal('TOTAL_FAILED/HASH_FAILURE')
    expect(one(moved).claimedTime).to.equal(null)
  })

  it('finds another certificate than the named one only indeterminate', async () => {
    const xml = await sign({ form: 'enveloped', xml: document })
    const certificate = (provider: KeyProvider) => Buffer.from(provider.certificate).toString('base64')
    const compact = xml.replace(/<ds:X509Certificate>([^<]*)</g, (whole) => whole.replace(/\s/g, ''))
    expect(compact).to.include(certificate(key))
    const swapped = one(verify(compact.replace(certificate(key), certificate(second))))
    expect(swapped.indication).not.to.equal('TOTAL_PASSED')
    expect(verdict(one(verify(xml, {}, { trustAnchors: [] })))).to.equal(
      'INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND',
    )
    const bare = one(verify(xml.replace(/<ds:KeyInfo.*<\/ds:KeyInfo>/s, '')))
    expect(verdict(bare)).to.equal('INDETERMINATE/NO_SIGNING_CERTIFICATE_FOUND')
    const found = one(
      verify(
        xml.replace(/<ds:KeyInfo.*<\/ds:KeyInfo>/s, ''),
        {},
        { untrusted: [key.certificate, ...key.chain] },
      ),
    )
    expect(verdict(found)).to.equal('TOTAL_PASSED')
  })

  it('is no signature of a document profile', async () => {
    const xml = await sign({ form: 'enveloped', xml: document })
    expect(verdict(verify(xml, {}, { profile: 'issued' }))).to.equal('INDETERMINATE/SIG_CONSTRAINTS_FAILURE')
  })

  it('fails whatever byte of signed content is changed', async () => {
    const xml = Buffer.from(await sign({ form: 'enveloped', xml: document }))
    const end = xml.indexOf('<ds:Signature')
    for (let at = xml.indexOf('<h:'); at < end; at += 1) {
      const changed = Buffer.from(xml)
      changed[at] = (changed[at] ?? 0) ^ 1
      const { indication } = verifyXml(changed, policy())
      expect(indication, `byte ${at}`).not.to.equal('TOTAL_PASSED')
    }
  })
})
