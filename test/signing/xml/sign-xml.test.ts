import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, verify, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { SignedXml } from 'xml-crypto'
import { signatureAlgorithm } from '../../../signing/algorithms.ts'
import { SigningError, type SigningErrorCode } from '../../../signing/errors.ts'
import { type SignXmlOptions, signXml } from '../../../signing/xml/sign-xml.ts'
import { requireProgram } from '../../support/programs.ts'
import { elementText, header, open, replaceOnce, sample, seal, signingTime } from './sample.ts'
import { createAuthority, type KeyKind, toPem } from './support.ts'

const authority = createAuthority('Thử nghiệm')
const sha256 = (text: string | Uint8Array) => createHash('sha256').update(text).digest('base64')

describe('XML signing', () => {
  it('writes the XAdES baseline B signature, element for element', async () => {
    const key = authority.issue('Nút 1', { withChain: true })
    const sealed = await seal(key)
    const [certificate, issuer] = [key.certificate, authority.certificate].map((der) =>
      Buffer.from(der).toString('base64'),
    )
    const ds = 'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
    const method = '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>'
    const c14n = '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform>'
    const named = (der: Uint8Array) =>
      `<xades:Cert><xades:CertDigest>${method}<ds:DigestValue>${sha256(der)}</ds:DigestValue></xades:CertDigest></xades:Cert>`
    const signedProperties =
      '<xades:SignedProperties Id="seal-signed-properties"><xades:SignedSignatureProperties>' +
      '<xades:SigningTime>2025-06-30T01:02:03Z</xades:SigningTime>' +
      `<xades:SigningCertificateV2>${named(key.certificate)}${named(authority.certificate)}</xades:SigningCertificateV2>` +
      '</xades:SignedSignatureProperties><xades:SignedDataObjectProperties>' +
      '<xades:DataObjectFormat ObjectReference="#seal-content"><xades:MimeType>application/xml</xades:MimeType></xades:DataObjectFormat>' +
      '</xades:SignedDataObjectProperties></xades:SignedProperties>'
    // Alone, the apex declares xades and each first use below declares ds.
    const canonicalProperties = signedProperties
      .replace(
        '<xades:SignedProperties',
        '<xades:SignedProperties xmlns:xades="http://uri.etsi.org/01903/v1.3.2#"',
      )
      .replaceAll('<ds:DigestMethod', `<ds:DigestMethod ${ds}`)
      .replaceAll('<ds:DigestValue>', `<ds:DigestValue ${ds}>`)
    const value = /<ds:SignatureValue>(.*?)<\/ds:SignatureValue>/.exec(sealed)?.[1]
    const signature =
      `<ds:Signature ${ds} Id="seal"><ds:SignedInfo>` +
      '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod>' +
      '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"></ds:SignatureMethod>' +
      '<ds:Reference Id="seal-content" URI=""><ds:Transforms>' +
      '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>' +
      `${c14n}</ds:Transforms>${method}<ds:DigestValue>${sha256(sample)}</ds:DigestValue></ds:Reference>` +
      '<ds:Reference Type="http://uri.etsi.org/01903#SignedProperties" URI="#seal-signed-properties">' +
      `<ds:Transforms>${c14n}</ds:Transforms>${method}<ds:DigestValue>${sha256(canonicalProperties)}</ds:DigestValue></ds:Reference>` +
      `</ds:SignedInfo><ds:SignatureValue>${value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>` +
      `<ds:X509Certificate>${certificate}</ds:X509Certificate><ds:X509Certificate>${issuer}</ds:X509Certificate>` +
      '</ds:X509Data></ds:KeyInfo><ds:Object>' +
      `<xades:QualifyingProperties xmlns:xades="http://uri.etsi.org/01903/v1.3.2#" Target="#seal">${signedProperties}</xades:QualifyingProperties>` +
      '</ds:Object></ds:Signature>'
    const expected = replaceOnce(sample, '</edXML:edXMLHeader>', `${signature}</edXML:edXMLHeader>`)
    expect(sealed).to.equal(`<?xml version="1.0" encoding="UTF-8"?>\n${expected}`)
    const signedInfo = elementText(sealed, 'ds:SignedInfo').replace(
      '<ds:SignedInfo>',
      `<ds:SignedInfo ${ds}>`,
    )
    const rs = Buffer.from(value ?? '', 'base64')
    expect(rs).to.have.length(64)
    expect(
      verify(
        'sha256',
        Buffer.from(signedInfo),
        {
          key: new X509Certificate(key.certificate).publicKey,
          dsaEncoding: 'ieee-p1363',
        },
        rs,
      ),
    ).to.equal(true)
  })

  it('signs the same content whatever its layout in the file', async () => {
    const key = authority.issue('Nút 1')
    const laidOut = `\ufeff<?xml version='1.0'?><!-- outside -->${sample.replace(' Length="3" Sha256="aa"', " Sha256='a&#97;'\n  Length = '3' ")}`
    const digestOf = (xml: string) => elementText(xml, 'ds:DigestValue')
    expect(digestOf(await seal(key, laidOut))).to.equal(digestOf(await seal(key)))
  })

  it('always writes the smaller of the two possible ECDSA values', async () => {
    const key = authority.issue('Nút 1')
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    for (let run = 0; run < 24; run += 1) {
      const value = /<ds:SignatureValue>(.*?)</.exec(await seal(key))?.[1] ?? ''
      const s = BigInt(`0x${Buffer.from(value, 'base64').subarray(32).toString('hex')}`)
      expect(s <= order / 2n).to.equal(true)
    }
  })

  describe('is accepted by xmlsec1', () => {
    let folder: string
    beforeEach(function () {
      requireProgram(this, 'xmlsec1')
      folder = mkdtempSync(join(tmpdir(), 'congvan-xmlsec-'))
      writeFileSync(join(folder, 'ca.pem'), toPem(authority.certificate))
    })
    afterEach(() => rmSync(folder, { recursive: true, force: true }))

    const check = (xml: string) => {
      const file = join(folder, 'sealed.xml')
      writeFileSync(file, xml)
      const options = ['--verify', '--enabled-key-data', 'x509', '--trusted-pem', join(folder, 'ca.pem')]
      options.push('--id-attr:Id', 'http://uri.etsi.org/01903/v1.3.2#:SignedProperties', file)
      return spawnSync('xmlsec1', options, { encoding: 'utf8' })
    }

    for (const kind of ['p256', 'p384', 'rsa'] satisfies KeyKind[]) {
      it(kind, async () => {
        const { status, stdout, stderr } = check(
          await seal(authority.issue('Nút 1', { kind, withChain: true })),
        )
        expect(`${stdout}${stderr}`).to.contain('SignedInfo References (ok/all): 2/2')
        expect(status).to.equal(0)
      })
    }

    it('and a changed file is not', async () => {
      const sealed = await seal(authority.issue('Nút 1'))
      for (const changed of [
        replaceOnce(sealed, 'Length="3"', 'Length="4"'),
        replaceOnce(sealed, '2025-06-30T01:02:03Z', '2025-06-30T01:02:04Z'),
      ]) {
        expect(check(changed).status).to.not.equal(0)
      }
      const stranger = createAuthority('Người lạ').issue('Nút 1', { withChain: true })
      expect(check(await seal(stranger)).status).to.not.equal(0)
    })
  })

  // A third implementation of canonicalization and of reference processing; it also knows PSS.
  for (const kind of ['p256', 'rsa', 'rsa-pss'] satisfies KeyKind[]) {
    it(`is accepted by xml-crypto: ${kind}`, async () => {
      const key = authority.issue('Nút 1', { kind })
      const sealed = await seal(key)
      expect(checkWithXmlCrypto(sealed, key.certificate)).to.deep.equal({ valid: true, references: 2 })
      const changed = replaceOnce(sealed, 'Length="3"', 'Length="4"')
      expect(checkWithXmlCrypto(changed, key.certificate)).to.deep.equal({ valid: false, references: 0 })
    })
  }

  it('opens with RSA-PSS and checks with openssl', async function () {
    requireProgram(this, 'openssl')
    const key = authority.issue('Nút 1', { kind: 'rsa-pss' })
    const sealed = await seal(key)
    expect(open(sealed, key).signedAt.toISOString()).to.equal('2025-06-30T01:02:03.000Z')
    const folder = mkdtempSync(join(tmpdir(), 'congvan-pss-'))
    try {
      const [data, value, publicKey] = ['data', 'value', 'key.pem'].map((name) => join(folder, name))
      const signedInfo = elementText(sealed, 'ds:SignedInfo').replace(
        '<ds:SignedInfo>',
        '<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">',
      )
      writeFileSync(data ?? '', signedInfo)
      writeFileSync(value ?? '', Buffer.from(/<ds:SignatureValue>(.*?)</.exec(sealed)?.[1] ?? '', 'base64'))
      const spki = new X509Certificate(key.certificate).publicKey.export({ type: 'spki', format: 'pem' })
      writeFileSync(publicKey ?? '', spki)
      const options = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32', '-signature']
      const said = execFileSync('openssl', [
        'dgst',
        '-sha256',
        '-verify',
        publicKey ?? '',
        ...options,
        value ?? '',
        data ?? '',
      ])
      expect(said.toString()).to.contain('Verified OK')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  describe('refuses', () => {
    const key = authority.issue('Nút 1')
    const refused: [string, SigningErrorCode, string, Partial<SignXmlOptions>][] = [
      ['a DOCTYPE', 'XML_DOCTYPE_FORBIDDEN', `<!DOCTYPE edXML>${sample}`, {}],
      ['an undeclared entity', 'XML_MALFORMED', sample.replace('rừng', '&rung;'), {}],
      ['a comment in the content', 'XML_PROFILE_UNSUPPORTED', sample.replace('rừng', '<!-- -->'), {}],
      [
        'a processing instruction in the content',
        'XML_PROFILE_UNSUPPORTED',
        sample.replace('rừng', '<?p not-?>'),
        {},
      ],
      [
        'a missing place',
        'XML_PLACE_NOT_FOUND',
        sample,
        { parent: { namespace: 'urn:x', localName: 'edXMLHeader' } },
      ],
      [
        'two places',
        'XML_PLACE_NOT_FOUND',
        sample.replace('<Subject>', '<edXMLHeader></edXMLHeader><Subject>'),
        {},
      ],
      [
        'an algorithm without XML name',
        'ALGORITHM_UNSUPPORTED',
        sample,
        { key: { ...key, algorithm: signatureAlgorithm('RSASSA-PSS', 'SHA-1') } },
      ],
      [
        'SHA-1',
        'ALGORITHM_UNSUPPORTED',
        sample,
        { key: { ...key, algorithm: signatureAlgorithm('ECDSA', 'SHA-1') } },
      ],
      [
        'a key that is not that of the certificate',
        'KEY_CERTIFICATE_MISMATCH',
        sample,
        { key: { ...key, certificate: authority.issue('Nút 2').certificate } },
      ],
    ]
    for (const [what, code, xml, options] of refused) {
      it(what, async () => {
        expect(
          await rejection(
            signXml(xml, { key, signingTime, parent: header, signatureId: 'seal', ...options }),
          ),
        ).to.equal(code)
      })
    }

    it('a file that is signed already', async () => {
      const sealed = await seal(key)
      expect(await rejection(seal(key, sealed))).to.equal('XML_ALREADY_SIGNED')
    })

    it('an Id that is no XML name', async () => {
      const signing = signXml(sample, { key, signingTime, parent: header, signatureId: '1"/>' })
      expect(await signing.then(String, String)).to.match(/RangeError/)
    })
  })
})

async function rejection(promise: Promise<unknown>): Promise<SigningErrorCode | null> {
  try {
    await promise
  } catch (error) {
    if (error instanceof SigningError) return error.code
    throw error
  }
  return null
}

/** What xml-crypto says of the one signature in the file. */
function checkWithXmlCrypto(xml: string, certificate: Uint8Array): { valid: boolean; references: number } {
  const signed = new SignedXml({ publicCert: toPem(certificate) })
  const ecdsa = 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256'
  signed.SignatureAlgorithms[ecdsa] = class {
    getAlgorithmName() {
      return ecdsa
    }
    getSignature(): never {
      throw new Error('not used')
    }
    verifySignature(material: string, key: unknown, value: string) {
      return verify(
        'sha256',
        Buffer.from(material),
        { key: String(key), dsaEncoding: 'ieee-p1363' },
        Buffer.from(value, 'base64'),
      )
    }
  }
  signed.loadSignature(elementText(xml, 'ds:Signature'))
  return { valid: signed.checkSignature(xml), references: signed.getSignedReferences().length }
}
