import { expect } from 'chai'
import fc from 'fast-check'
import { SigningError, type SigningErrorCode } from '../../../signing/errors.ts'
import { nodeKeyFingerprint } from '../../../signing/x509/fingerprint.ts'
import { writeCanonical } from '../../../signing/xml/canonical-writer.ts'
import { signXml } from '../../../signing/xml/sign-xml.ts'
import { verifySealedXml } from '../../../signing/xml/verify-sealed-xml.ts'
import { refusalOf } from './expect-code.ts'
import { EDXML, elementText, header, open, replaceOnce, sample, seal, signingTime } from './sample.ts'
import { createAuthority } from './support.ts'

const authority = createAuthority('Thử nghiệm')
const key = authority.issue('Nút 1', { withChain: true })
const attacker = createAuthority('Người lạ').issue('Nút 1')
const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'

describe('opening sealed XML', () => {
  let sealed: string
  let signature: string
  before(async () => {
    sealed = await seal(key)
    signature = elementText(sealed, 'ds:Signature')
  })

  const refusal = (xml: string | Uint8Array) => refusalOf(() => open(xml, key))

  it('gives the claimed time, the certificate, the key and exactly the signed content', () => {
    const opened = open(sealed, key)
    expect(opened.signedAt.toISOString()).to.equal('2025-06-30T01:02:03.000Z')
    expect(Buffer.from(opened.certificate).equals(key.certificate)).to.equal(true)
    expect(opened.keyFingerprint).to.equal(nodeKeyFingerprint(key.certificate))
    expect(writeCanonical(opened.signed)).to.equal(sample)
  })

  it('takes every algorithm that nodes may have', async () => {
    for (const kind of ['p256', 'p384', 'rsa', 'rsa-pss'] as const) {
      const other = authority.issue('Nút 2', { kind })
      expect(writeCanonical(open(await seal(other), attacker, other).signed), kind).to.equal(sample)
    }
  })

  it('refuses RSA below 2048 bits', async () => {
    const weak = authority.issue('Nút 2', { kind: 'rsa-1024' })
    const sealedByWeak = await seal(weak)
    expect(refusalOf(() => open(sealedByWeak, weak))).to.equal('ALGORITHM_UNSUPPORTED')
  })

  it('refuses another root element than the wanted one', () => {
    const options = { keyFingerprints: [nodeKeyFingerprint(key.certificate)] }
    const wanted = { namespace: 'urn:congvan:receipt:1', localName: 'Receipt' }
    expect(refusalOf(() => verifySealedXml(Buffer.from(sealed), { ...options, root: wanted }))).to.equal(
      'XML_PROFILE_UNSUPPORTED',
    )
  })

  it('takes a root that is in no table with the signature as its last child', async () => {
    const own = { namespace: 'urn:x', localName: 'Feed' }
    const xml = await signXml('<Feed xmlns="urn:x"><Entry>1</Entry></Feed>', {
      key,
      signingTime,
      parent: own,
      signatureId: 'feed',
    })
    const opened = verifySealedXml(xml, { keyFingerprints: [nodeKeyFingerprint(key.certificate)], root: own })
    expect(opened.signed.children).to.have.length(1)
  })

  describe('changed content', () => {
    const changes: [string, SigningErrorCode, (xml: string) => string][] = [
      ['text', 'XML_DIGEST_MISMATCH', (xml) => replaceOnce(xml, 'rừng', 'rứng')],
      [
        'an attribute: the hash of a file',
        'XML_DIGEST_MISMATCH',
        (xml) => replaceOnce(xml, 'Sha256="aa"', 'Sha256="ab"'),
      ],
      [
        'an element more',
        'XML_DIGEST_MISMATCH',
        (xml) => replaceOnce(xml, '<Subject>', '<To></To><Subject>'),
      ],
      [
        'white space between elements',
        'XML_DIGEST_MISMATCH',
        (xml) => replaceOnce(xml, '<Subject>', '\n<Subject>'),
      ],
      [
        'a composed letter taken apart',
        'XML_DIGEST_MISMATCH',
        (xml) => replaceOnce(xml, 'ừ', 'ừ'.normalize('NFD')),
      ],
      ['the signing time', 'XML_DIGEST_MISMATCH', (xml) => replaceOnce(xml, '01:02:03Z', '01:02:04Z')],
      [
        'the media type',
        'XML_PROFILE_UNSUPPORTED',
        (xml) => replaceOnce(xml, 'application/xml', 'text/html'),
      ],
      [
        'a digest in SignedInfo',
        'XML_SIGNATURE_INVALID',
        (xml) => xml.replace(/<ds:DigestValue>.{4}/, '<ds:DigestValue>AAAA'),
      ],
      [
        'the signature value',
        'XML_SIGNATURE_INVALID',
        (xml) => xml.replace(/<ds:SignatureValue>.{4}/, '<ds:SignatureValue>AAAA'),
      ],
    ]
    for (const [what, code, change] of changes) {
      it(what, () => expect(refusal(change(sealed))).to.equal(code))
    }
  })

  describe('text that two readers may see differently', () => {
    for (const inside of ['<!-- -->', '<?p not-?>', '<![CDATA[]]>', '<![CDATA[x]]>']) {
      it(inside, () => {
        expect(refusal(replaceOnce(sealed, 'rừng', `rừ${inside}ng`))).to.equal('XML_PROFILE_UNSUPPORTED')
      })
    }
    it('a comment inside DigestValue', () => {
      const changed = sealed.replace('<ds:DigestValue>', '<ds:DigestValue><!-- AAAA -->')
      expect(refusal(changed)).to.equal('XML_PROFILE_UNSUPPORTED')
    })
    it('comments and instructions outside the root', () => {
      expect(refusal(`${sealed}<!-- -->`)).to.equal('XML_PROFILE_UNSUPPORTED')
      expect(refusal(`${sealed}<?p?>`)).to.equal('XML_PROFILE_UNSUPPORTED')
    })
  })

  describe('signature wrapping', () => {
    const bare = (xml: string) => xml.slice(declaration.length)
    const evil = sample.replace('rừng', 'vàng')
    const wrapped: [string, () => string][] = [
      [
        'the signed file inside a forged one',
        () => declaration + replaceOnce(evil, '<edXML:edXMLBody>', `<edXML:edXMLBody>${bare(sealed)}`),
      ],
      [
        'the signed file inside an Object of its signature, in a forged one',
        () =>
          declaration +
          replaceOnce(
            evil,
            '</edXML:edXMLHeader>',
            `${signature.replace('</ds:Signature>', `<ds:Object>${bare(sealed).replace(signature, '')}</ds:Object></ds:Signature>`)}</edXML:edXMLHeader>`,
          ),
      ],
      [
        'the signature as the root, the file inside',
        () =>
          declaration +
          signature.replace('</ds:Signature>', `<ds:Object>${bare(sealed)}</ds:Object></ds:Signature>`),
      ],
      [
        'the signature directly under the root',
        () => sealed.replace(signature, '').replace(/<\/edXML>$/, `${signature}</edXML>`),
      ],
      [
        'the signature first in its parent',
        () => {
          const without = sealed.replace(signature, '')
          return replaceOnce(without, '<edXML:edXMLHeader>', `<edXML:edXMLHeader>${signature}`)
        },
      ],
      [
        'the signature in the body',
        () =>
          replaceOnce(sealed.replace(signature, ''), '</edXML:edXMLBody>', `${signature}</edXML:edXMLBody>`),
      ],
      [
        'a forged element after the signature',
        () => replaceOnce(sealed, '</ds:Signature>', '</ds:Signature><Subject>vàng</Subject>'),
      ],
      [
        'a second header',
        () =>
          replaceOnce(
            sealed,
            '<edXML:edXMLHeader>',
            '<edXML:edXMLHeader></edXML:edXMLHeader><edXML:edXMLHeader>',
          ),
      ],
      [
        'a second envelope',
        () =>
          sealed.replace(
            /<\/edXML>$/,
            `<edXML:edXMLEnvelope xmlns:edXML="${EDXML}"></edXML:edXMLEnvelope></edXML>`,
          ),
      ],
      [
        'content hidden in a further Object',
        () =>
          replaceOnce(
            sealed,
            '</ds:Signature>',
            `<ds:Object><Subject>vàng</Subject></ds:Object></ds:Signature>`,
          ),
      ],
      [
        'content hidden in the Object of the properties',
        () => replaceOnce(sealed, '</ds:Object>', '<Subject>vàng</Subject></ds:Object>'),
      ],
      [
        'content hidden in KeyInfo',
        () => replaceOnce(sealed, '<ds:X509Data>', '<ds:KeyName>x</ds:KeyName><ds:X509Data>'),
      ],
      [
        'unsigned properties',
        () =>
          replaceOnce(
            sealed,
            '</xades:QualifyingProperties>',
            '<xades:UnsignedProperties></xades:UnsignedProperties></xades:QualifyingProperties>',
          ),
      ],
      [
        'forged signed properties, the true ones in another Object',
        () => {
          const properties = elementText(sealed, 'xades:SignedProperties')
          const forged = replaceOnce(properties, '01:02:03Z', '09:09:09Z').replace(
            'Id="seal-signed-properties"',
            'Id="x"',
          )
          return replaceOnce(sealed, properties, forged).replace(
            '</ds:Signature>',
            `<ds:Object><xades:QualifyingProperties xmlns:xades="http://uri.etsi.org/01903/v1.3.2#" Target="#seal">${properties}</xades:QualifyingProperties></ds:Object></ds:Signature>`,
          )
        },
      ],
    ]
    for (const [what, forge] of wrapped) {
      it(what, () => {
        const forged = forge()
        expect(forged).to.not.equal(sealed)
        expect(refusal(forged)).to.equal('XML_PROFILE_UNSUPPORTED')
      })
    }

    it('an Id that stands twice, in any spelling', () => {
      for (const attribute of ['Id', 'ID', 'id', 'xml:id']) {
        const twice = replaceOnce(sealed, '<Subject>', `<Subject ${attribute}="seal-signed-properties">`)
        expect(refusal(twice), attribute).to.equal('XML_DUPLICATE_ID')
      }
    })

    it('two signatures', async () => {
      const second = elementText(await seal(attacker), 'ds:Signature').replaceAll('seal', 'other')
      for (const both of [
        replaceOnce(sealed, '</edXML:edXMLHeader>', `${second}</edXML:edXMLHeader>`),
        replaceOnce(sealed, signature, `${second}${signature}`),
      ]) {
        expect(refusal(both)).to.equal('XML_PROFILE_UNSUPPORTED')
      }
    })

    it('names the place and the number of signatures as the reason', async () => {
      const reason = (xml: string) => () => open(xml, key)
      const first = replaceOnce(
        sealed.replace(signature, ''),
        '<edXML:edXMLHeader>',
        `<edXML:edXMLHeader>${signature}`,
      )
      expect(reason(first)).to.throw(SigningError, /does not stand at its place/)
      const second = elementText(await seal(attacker), 'ds:Signature').replaceAll('seal', 'other')
      const both = replaceOnce(sealed, '</edXML:edXMLHeader>', `${second}</edXML:edXMLHeader>`)
      expect(reason(both)).to.throw(SigningError, /2 signatures/)
    })

    it('two SignedInfo', () => {
      const info = elementText(sealed, 'ds:SignedInfo')
      expect(refusal(replaceOnce(sealed, info, info + info))).to.equal('XML_SIGNATURE_MALFORMED')
    })

    it('no reference, or one to something else', () => {
      const reference = elementText(sealed, 'ds:Reference')
      const none = sealed.replace(/<ds:Reference.*<\/ds:Reference>/s, '')
      expect(refusal(none)).to.equal('XML_SIGNATURE_MALFORMED')
      expect(refusal(replaceOnce(sealed, reference, ''))).to.equal('XML_PROFILE_UNSUPPORTED')
      expect(refusal(replaceOnce(sealed, 'URI=""', 'URI="#seal"'))).to.equal('XML_PROFILE_UNSUPPORTED')
      expect(refusal(replaceOnce(sealed, 'URI=""', 'URI="http://127.0.0.1/x"'))).to.equal(
        'XML_PROFILE_UNSUPPORTED',
      )
    })
  })

  describe('other algorithms', () => {
    const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#'
    const changes: [string, string, string][] = [
      [
        'XSLT',
        'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
        'http://www.w3.org/TR/1999/REC-xslt-19991116',
      ],
      [
        'XPath',
        'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
        'http://www.w3.org/TR/1999/REC-xpath-19991116',
      ],
      [
        'HMAC',
        'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256',
        'http://www.w3.org/2000/09/xmldsig#hmac-sha1',
      ],
      [
        'SHA-1 in the signature',
        'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256',
        'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1',
      ],
    ]
    for (const [what, from, to] of changes) {
      it(what, () => expect(refusal(replaceOnce(sealed, from, to))).to.equal('XML_PROFILE_UNSUPPORTED'))
    }
    it('inclusive canonicalization, and comments', () => {
      for (const other of ['http://www.w3.org/TR/2001/REC-xml-c14n-20010315', `${exclusive}WithComments`]) {
        expect(refusal(sealed.replace(exclusive, other))).to.equal('XML_PROFILE_UNSUPPORTED')
      }
    })
    it('SHA-1 digests', () => {
      const changed = sealed.replaceAll(
        'http://www.w3.org/2001/04/xmlenc#sha256',
        'http://www.w3.org/2000/09/xmldsig#sha1',
      )
      expect(refusal(changed)).to.equal('XML_PROFILE_UNSUPPORTED')
    })
  })

  describe('keys', () => {
    it('refuses a seal by an unknown key, however well made', async () => {
      expect(refusal(await seal(attacker))).to.equal('XML_KEY_NOT_ALLOWED')
    })

    it("refuses the attacker's signature under the true certificate", async () => {
      const forged = { ...attacker, certificate: key.certificate, chain: key.chain }
      const theirs = await seal(attacker)
      const swapped = replaceOnce(
        theirs,
        elementText(theirs, 'ds:X509Data'),
        elementText(sealed, 'ds:X509Data'),
      )
      expect(refusal(swapped)).to.equal('XML_SIGNATURE_INVALID')
      let code: string | null = null
      try {
        await seal(forged)
      } catch (error) {
        code = error instanceof SigningError ? error.code : null
      }
      expect(code).to.equal('KEY_CERTIFICATE_MISMATCH')
    })

    it("refuses the true signature under the attacker's certificate", () => {
      const own = Buffer.from(key.certificate).toString('base64')
      const other = Buffer.from(attacker.certificate).toString('base64')
      expect(refusal(replaceOnce(sealed, own, other))).to.equal('XML_KEY_NOT_ALLOWED')
      expect(refusalOf(() => open(replaceOnce(sealed, own, other), key, attacker))).to.equal(
        'XML_SIGNATURE_INVALID',
      )
    })

    it('refuses another certificate for the very same key', async () => {
      const renewed = authority.renew(key)
      const own = Buffer.from(key.certificate).toString('base64')
      const changed = replaceOnce(sealed, own, Buffer.from(renewed).toString('base64'))
      expect(nodeKeyFingerprint(renewed)).to.equal(nodeKeyFingerprint(key.certificate))
      expect(refusal(changed)).to.equal('XML_PROFILE_UNSUPPORTED')
    })

    it('refuses a certificate that SigningCertificateV2 does not name', () => {
      const extra = `<ds:X509Certificate>${Buffer.from(attacker.certificate).toString('base64')}</ds:X509Certificate>`
      expect(refusal(replaceOnce(sealed, '</ds:X509Data>', `${extra}</ds:X509Data>`))).to.equal(
        'XML_PROFILE_UNSUPPORTED',
      )
    })

    it('refuses a broken certificate', () => {
      const changed = sealed.replace(/<ds:X509Certificate>.{8}/, '<ds:X509Certificate>AAAAAAAA')
      expect(refusal(changed)).to.equal('CERTIFICATE_MALFORMED')
    })
  })

  describe('a second valid file of the same content', () => {
    const same: [string, () => string][] = [
      ['white space in a tag', () => replaceOnce(sealed, '<Subject>', '<Subject >')],
      [
        'an empty element without end tag',
        () => replaceOnce(sealed, ' Sha256="aa"></File>', ' Sha256="aa"/>'),
      ],
      ['other quotes', () => replaceOnce(sealed, 'Length="3"', "Length='3'")],
      [
        'attributes in another order',
        () => replaceOnce(sealed, 'Length="3" Sha256="aa"', 'Sha256="aa" Length="3"'),
      ],
      ['a character reference', () => replaceOnce(sealed, 'rừng', 'r&#x1EEB;ng')],
      [
        'a declaration that nothing uses',
        () => replaceOnce(sealed, '<Subject>', '<Subject xmlns:x="urn:x">'),
      ],
      ['another XML declaration', () => sealed.replace('encoding="UTF-8"', 'encoding="utf-8"')],
      ['no XML declaration', () => sealed.slice(declaration.length)],
      ['a byte order mark', () => `\ufeff${sealed}`],
      ['a line break at the end', () => `${sealed}\n`],
      ['line ends of Windows', () => sealed.replace('\n', '\r\n')],
      ['broken lines in base64', () => sealed.replace(/<ds:SignatureValue>.{4}/, '$&\n')],
      ['no padding in base64', () => replaceOnce(sealed, '=</ds:SignatureValue>', '</ds:SignatureValue>')],
    ]
    for (const [what, change] of same) {
      it(what, () => {
        const changed = change()
        expect(changed).to.not.equal(sealed)
        expect(refusal(changed)).to.be.oneOf(['XML_PROFILE_UNSUPPORTED', 'XML_SIGNATURE_MALFORMED'])
      })
    }

    it('the other of the two ECDSA values', () => {
      const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
      const value = /<ds:SignatureValue>(.*?)</.exec(sealed)?.[1] ?? ''
      const bytes = Buffer.from(value, 'base64')
      const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
      bytes.set(Buffer.from(s.toString(16).padStart(64, '0'), 'hex'), 32)
      expect(refusal(replaceOnce(sealed, value, bytes.toString('base64')))).to.equal(
        'XML_PROFILE_UNSUPPORTED',
      )
    })
  })

  it('never opens a file with any byte changed, added or taken away', () => {
    const bytes = Buffer.from(sealed)
    const edits = fc.oneof(
      fc.record({
        at: fc.nat(bytes.length - 1),
        remove: fc.constant(1),
        insert: fc.uint8Array({ minLength: 1, maxLength: 1 }),
      }),
      fc.record({ at: fc.nat(bytes.length), remove: fc.nat(40), insert: fc.uint8Array({ maxLength: 8 }) }),
      fc.record({
        at: fc.nat(bytes.length),
        remove: fc.nat(4),
        insert: fc
          .constantFrom(' ', '<a/>', '&amp;', '\n', '<!---->', 'Id="x"')
          .map((text) => Buffer.from(text)),
      }),
    )
    fc.assert(
      fc.property(edits, ({ at, remove, insert }) => {
        const changed = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)])
        fc.pre(!changed.equals(bytes))
        expect(refusal(changed)).to.be.a('string')
      }),
      { numRuns: 1_500 },
    )
  })

  it('opens whatever was sealed, exactly', async () => {
    const text = fc
      .string({ unit: 'grapheme', maxLength: 40 })
      .map((value) => value.replace(/[^\P{C}]/gu, ''))
    await fc.assert(
      fc.asyncProperty(text, async (subject) => {
        const escaped = subject.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
        const xml = replaceOnce(sample, 'V/v đất &lt; 5 ha &amp; rừng', escaped)
        const opened = open(
          await signXml(xml, { key, signingTime, parent: header, signatureId: 'seal' }),
          key,
        )
        expect(writeCanonical(opened.signed)).to.equal(xml)
      }),
      { numRuns: 60 },
    )
  })
})
