import { expect } from 'chai'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import type { KeyProvider } from '../../../signing/keys/key-provider.ts'
import { asKeyProvider } from '../../../signing/keys/pkcs8.ts'
import type { VerificationReport } from '../../../signing/report.ts'
import { XADES, XMLDSIG } from '../../../signing/xml/names.ts'
import { signXades } from '../../../signing/xml/sign-xades.ts'
import { verifyXml } from '../../../signing/xml/verify-xml.ts'
import { ENVELOPED, EXCLUSIVE, reference, signRaw, unsignedSignature } from './raw-signature.ts'
import { replaceOnce } from './sample.ts'

describe('XML signature wrapping and what it leaves unsigned', () => {
  const signingTime = new Date('2026-03-02T08:00:00Z')
  let pki: TestPki
  let key: KeyProvider

  before(async () => {
    pki = await makeTestPki({ seedTime: signingTime })
    key = asKeyProvider(pki.samples.agency)
  })

  const verify = (xml: string) =>
    verifyXml(Buffer.from(xml), {
      trustAnchors: [pki.root],
      untrusted: [...key.chain],
      crls: [],
      ocspResponses: [],
      time: new Date('2026-04-01T00:00:00Z'),
      requireRevocation: false,
      legacy: false,
      profile: 'any',
    })
  const signed = (xml: string, references: string, parts = {}) =>
    signRaw(xml.replace('SIGNATURE', unsignedSignature(key, references, parts)), key)
  const verdict = ({ indication, subIndication }: VerificationReport) => `${indication}/${subIndication}`
  const codes = ({ signatures, errors }: VerificationReport) =>
    [...errors, ...signatures.flatMap(({ warnings }) => warnings)].map(({ code }) => code)
  const expectRefused = (report: VerificationReport, code: string) => {
    expect(codes(report)).to.include(code)
    expect(verdict(report)).to.equal('INDETERMINATE/SIG_CONSTRAINTS_FAILURE')
  }

  const assertion = (signature: string) =>
    `<a:Assertion xmlns:a="urn:a" ID="good"><a:User>an</a:User>${signature}</a:Assertion>`
  const enveloped = () =>
    signed(assertion('SIGNATURE'), reference('#good', { transforms: [ENVELOPED, EXCLUSIVE] }))

  it('passes an element that holds its own signature, alone and in a frame', async () => {
    const good = await enveloped()
    expect(verdict(verify(good))).to.equal('TOTAL_PASSED/null')
    const report = verify(`<Frame>${good}</Frame>`)
    expect(verdict(report)).to.equal('TOTAL_PASSED/null')
    expect(report.signatures[0]?.coverage).to.equal('partial')
  })

  it('does not pass beside an unsigned element of the same name, wherever the signed one was moved', async () => {
    const good = await enveloped()
    const evil = (inner: string) =>
      `<a:Assertion xmlns:a="urn:a" ID="evil"><a:User>root</a:User>${inner}</a:Assertion>`
    const moved = [
      `<Frame>${evil('')}${good}</Frame>`,
      `<Frame>${good}${evil('')}</Frame>`,
      `<Frame>${evil(`<Old>${good}</Old>`)}</Frame>`,
      evil(good),
      evil(`<ds:Signature xmlns:ds="${XMLDSIG}"/>`).replace('<ds:Signature', `<x>${good}</x><ds:Signature`),
    ]
    for (const xml of moved.slice(0, 4)) expectRefused(verify(xml), 'XML_UNSIGNED_TWIN')
    expect(verify(moved[4] ?? '').indication).to.equal('TOTAL_FAILED')
  })

  it('looks for twins of what an Object holds, and of what a filter selects', async () => {
    const object = '<ds:Object Id="o"><Order xmlns="">10</Order></ds:Object>'
    const enveloping = await signed('SIGNATURE', reference('#o'), { objects: object })
    expect(verdict(verify(enveloping))).to.equal('TOTAL_PASSED/null')
    expectRefused(verify(`<Order>99${enveloping}</Order>`), 'XML_UNSIGNED_TWIN')

    const F2 = 'http://www.w3.org/2002/06/xmldsig-filter2'
    const filter = `<ds:Transform Algorithm="${F2}"><XPath xmlns="${F2}" Filter="intersect">/Doc/Order[1]</XPath></ds:Transform>`
    const filtered = await signed(
      '<Doc><Order>10</Order>SIGNATURE</Doc>',
      reference('', { transforms: [], filter }),
    )
    expect(verdict(verify(filtered))).to.equal('TOTAL_PASSED/null')
    const second = filtered.replace('</Order>', '</Order><Order>99</Order>')
    expectRefused(verify(second), 'XML_UNSIGNED_TWIN')
  })

  it('finds unsigned elements hidden in the Objects of a signature over the whole file', async () => {
    const good = await signed(
      '<Doc><Item>10</Item>SIGNATURE</Doc>',
      reference('', { transforms: [ENVELOPED, EXCLUSIVE] }),
    )
    expect(verify(good).signatures[0]?.coverage).to.equal('whole-file')
    const hidden = replaceOnce(
      good,
      '</ds:Signature>',
      '<ds:Object><Item>99</Item></ds:Object></ds:Signature>',
    )
    expectRefused(verify(hidden), 'XML_UNSIGNED_TWIN')
    const disguised = replaceOnce(
      good,
      '</ds:Signature>',
      '<ds:Object><QualifyingPropertiesX>99</QualifyingPropertiesX></ds:Object></ds:Signature>',
    )
    expect(verify(disguised).signatures[0]?.coverage).to.equal('partial')
  })

  it('does not pass a signature over its own properties, its keys or nothing', async () => {
    const nothing = await signed(
      '<Doc>SIGNATURE</Doc>',
      reference('#o', { transforms: [ENVELOPED, EXCLUSIVE] }),
      { objects: '<ds:Object Id="o">10</ds:Object>' },
    )
    expectRefused(verify(nothing), 'XML_NOTHING_SIGNED')
    const keys = await signed('<Doc>SIGNATURE</Doc>', reference('#k'), {
      keyInfo: '<ds:KeyName Id="k">k</ds:KeyName>',
    })
    expectRefused(verify(keys), 'XML_NOTHING_SIGNED')
    const properties = `<ds:Object><xades:QualifyingProperties xmlns:xades="${XADES}" Target="#raw"><xades:SignedProperties Id="sp"/></xades:QualifyingProperties></ds:Object>`
    expectRefused(
      verify(await signed('<Doc>SIGNATURE</Doc>', reference('#sp'), { objects: properties })),
      'XML_NOTHING_SIGNED',
    )
  })

  it('does not take a signature for a plain one after its signed properties were moved out of it', async () => {
    const xml = Buffer.from(
      await signXades(
        {
          form: 'enveloped',
          xml: '<Doc><Order Id="o">10</Order></Doc>',
          references: [{ kind: 'element', id: 'o' }],
        },
        { key, signingTime, signatureId: 'sig' },
      ),
    ).toString()
    expect(verdict(verify(xml))).to.equal('TOTAL_PASSED/null')
    const [properties = ''] = /<xades:SignedProperties .*<\/xades:SignedProperties>/s.exec(xml) ?? []
    const [object = ''] = /<ds:Object><xades:QualifyingProperties.*<\/ds:Object>/s.exec(xml) ?? []
    const alone = properties.replace(
      '<xades:SignedProperties',
      `<xades:SignedProperties xmlns:ds="${XMLDSIG}" xmlns:xades="${XADES}"`,
    )
    const stripped = replaceOnce(replaceOnce(xml, object, ''), '<Doc>', `<Doc><Old>${alone}</Old>`)
    const report = verify(stripped)
    expect(report.signatures[0]?.cryptoIntact).to.equal(true)
    expectRefused(report, 'SIGNED_PROPERTIES_MISPLACED')
  })

  it('does not take markup for signed where base64 took the text alone', async () => {
    const xml = await signed(
      '<Doc><Data Id="d">QUJD</Data>SIGNATURE</Doc>',
      reference('#d', { transforms: [`${XMLDSIG}base64`] }),
    )
    expect(verdict(verify(xml))).to.equal('TOTAL_PASSED/null')
    const report = verify(xml.replace('QUJD', '<evil/>QU<evil>JD</evil>'))
    expect(report.signatures[0]).to.include({ cryptoIntact: true, coverage: 'partial' })
    expectRefused(verify(xml.replace('<Doc>', '<Doc><Data>RVZJTA==</Data>')), 'XML_UNSIGNED_TWIN')
  })

  it('does not pass a signed text that an unsigned comment parts', async () => {
    const good = await enveloped()
    expect(verdict(verify(good.replace('<a:User>', '<!-- --><a:User>')))).to.equal('TOTAL_PASSED/null')
    const parted = verify(good.replace('>an<', '>a<!---->n<'))
    expect(parted.signatures[0]?.cryptoIntact).to.equal(true)
    expectRefused(parted, 'XML_TEXT_SPLIT')
  })

  it('weighs the digests of a manifest as it weighs those of the signature', async () => {
    const MD5 = 'http://www.w3.org/2001/04/xmldsig-more#md5'
    const manifest = (method: string) =>
      `<ds:Object><ds:Manifest Id="m">${reference('#d', { method })}</ds:Manifest></ds:Object>`
    const make = (method: string) =>
      signed('<Doc><Data Id="d">10</Data>SIGNATURE</Doc>', reference('#m'), { objects: manifest(method) })
    expect(verdict(verify(await make('http://www.w3.org/2001/04/xmlenc#sha256')))).to.equal(
      'TOTAL_PASSED/null',
    )
    const weak = verify(await make(MD5))
    expect(codes(weak)).to.include('WEAK_DIGEST')
    expect(weak.indication).to.equal('INDETERMINATE')
  })

  it('tells a time-stamp that cannot be checked without losing the verdict', async () => {
    const xml = Buffer.from(
      await signXades({ form: 'enveloped', xml: '<Doc>10</Doc>' }, { key, signingTime, signatureId: 'sig' }),
    ).toString()
    const stamp =
      '<xades:UnsignedProperties><xades:UnsignedSignatureProperties><xades:SignatureTimeStamp><ds:CanonicalizationMethod Algorithm="urn:x"/><xades:EncapsulatedTimeStamp>MAA=</xades:EncapsulatedTimeStamp></xades:SignatureTimeStamp></xades:UnsignedSignatureProperties></xades:UnsignedProperties></xades:QualifyingProperties>'
    const report = verify(replaceOnce(xml, '</xades:QualifyingProperties>', stamp))
    expect(codes(report)).to.include('XML_TIMESTAMP_NOT_CHECKED')
    expect(report.signatures[0]).to.include({ cryptoIntact: true, provenTime: null })
    const broken = verify(
      replaceOnce(replaceOnce(xml, '>10<', '>99<'), '</xades:QualifyingProperties>', stamp),
    )
    expect(verdict(broken)).to.equal('TOTAL_FAILED/HASH_FAILURE')
  })

  it('answers PSS parameters that no digest goes with, without an exception', () => {
    const method = `<ds:SignatureMethod Algorithm="http://www.w3.org/2007/05/xmldsig-more#rsa-pss"><pss:RSAPSSParams xmlns:pss="http://www.w3.org/2007/05/xmldsig-more#"><ds:DigestMethod Algorithm="urn:none"/></pss:RSAPSSParams></ds:SignatureMethod>`
    const xml = unsignedSignature(key, reference('')).replace(/<ds:SignatureMethod[^>]*>/, method)
    expect(codes(verify(xml))).to.include('ALGORITHM_UNSUPPORTED')
  })

  it('tells the place of each of many elements, and does not count them for each anew', async () => {
    const item = (at: number) => `<Item Id="i${at}">${at}</Item>`
    const items = Array.from({ length: 300 }, (_, at) => item(at))
    const xml = await signed(
      `<Doc>${items.join('')}SIGNATURE</Doc>`,
      [0, 1, 299].map((at) => reference(`#i${at}`)).join(''),
    )
    const [signature] = verify(xml).signatures
    expect(signature?.covered?.map(({ path }) => path)).to.deep.equal([
      '/Doc/Item[1]',
      '/Doc/Item[2]',
      '/Doc/Item[300]',
    ])
  })

  it('is undecided, and no more, where the signature names a certificate that is not at hand', async () => {
    const xml = Buffer.from(
      await signXades({ form: 'enveloped', xml: '<Doc>10</Doc>' }, { key, signingTime, signatureId: 'sig' }),
    ).toString()
    const other = Buffer.from(asKeyProvider(pki.samples.individual).certificate).toString('base64')
    const swapped = xml.replace(
      /<ds:X509Data>.*<\/ds:X509Data>/s,
      `<ds:X509Data><ds:X509Certificate>${other}</ds:X509Certificate></ds:X509Data>`,
    )
    const report = verify(swapped)
    expect(verdict(report)).to.equal('INDETERMINATE/NO_SIGNING_CERTIFICATE_FOUND')
    expect(report.signatures[0]).to.include({ cryptoIntact: null, signer: null })
  })

  it('reads references to characters with any number of leading zeros', async () => {
    const xml = await signed(
      '<Doc>A&#65;SIGNATURE</Doc>',
      reference('', { transforms: [ENVELOPED, EXCLUSIVE] }),
    )
    expect(verdict(verify(xml.replace('&#65;', '&#x0000000041;')))).to.equal('TOTAL_PASSED/null')
  })

  it('refuses an encoding that a long XML declaration names out of sight', () => {
    const long = `<?xml version="1.0" ${' '.repeat(600)}encoding="windows-1258"?><Doc/>`
    expect(codes(verify(long))).to.deep.equal(['XML_ENCODING_UNSUPPORTED'])
  })
})
