import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { makeTimestampAuthority } from '../../../fixtures/pki/timestamp-authority.ts'
import { SigningError, type SigningErrorCode } from '../../../signing/errors.ts'
import type { KeyProvider } from '../../../signing/keys/key-provider.ts'
import { asKeyProvider } from '../../../signing/keys/pkcs8.ts'
import { completeXades } from '../../../signing/xml/sign-complete.ts'
import { prepareXades, type XadesSubject } from '../../../signing/xml/sign-prepare.ts'
import { loadPreparedXades, storePreparedXades } from '../../../signing/xml/sign-store.ts'
import { type SignXadesOptions, signXades } from '../../../signing/xml/sign-xades.ts'
import { requireProgram } from '../../support/programs.ts'
import { inFolder } from '../pdf/checkers.ts'
import { elementText, replaceOnce } from './sample.ts'
import { toPem } from './support.ts'
import { type XmlsecOptions, xmlCryptoVerdict, xmlsecVerdict } from './xml-checkers.ts'

/** With all that a canonicalizer must get right: prolog, namespaces, line ends, CDATA, comments, instructions. */
const laidOut =
  '\ufeff<?xml version="1.0"?>\r\n<?before x?><!-- trước -->\r\n' +
  `<h:hồsơ xmlns:h="urn:hs" xmlns="urn:a" xmlns:unused="urn:u" b='2&gt;>' a = "1&#xA;">\r\n` +
  '  <mục Id="M1">đất &lt; 5 ha<![CDATA[ & <rừng>]]><!-- ghi chú --></mục>\r\n' +
  '  <mục Id="M2" h:k="v"><?pi x?><trong xmlns=""/></mục>\n\n  <nơi-ký/>\n</h:hồsơ><!-- sau -->\n'

describe('XAdES signing', () => {
  const signingTime = new Date('2026-03-02T08:00:00.789Z')
  let pki: TestPki
  let key: KeyProvider
  let second: KeyProvider

  before(async () => {
    pki = await makeTestPki({ seedTime: new Date() })
    key = asKeyProvider(pki.samples.agency)
    second = asKeyProvider(pki.samples.individual)
  })

  const sign = (subject: XadesSubject, options: Partial<SignXadesOptions> = {}) =>
    signXades(subject, { key, signingTime, signatureId: 'sig', ...options })
  const enveloped = (xml: Uint8Array | string, more: Partial<XadesSubject & { form: 'enveloped' }> = {}) =>
    ({ form: 'enveloped', xml, ...more }) as const
  const excluded = [{ kind: 'document', signatures: 'excluded' }] as const

  describe('is accepted by xmlsec1, and not when changed', () => {
    before(function () {
      requireProgram(this as unknown as Mocha.Context, 'xmlsec1')
    })

    const attachment = Buffer.from('%PDF-\x00\xff')
    const idElements = ['urn:a:mục']
    const forms: [string, XadesSubject, Partial<XmlsecOptions>, [string, string]][] = [
      ['a whole document', enveloped(laidOut), {}, ['đất', 'đát']],
      ['other signatures excluded', enveloped(laidOut, { references: excluded }), {}, ['đất', 'đát']],
      [
        'in an empty element',
        enveloped(laidOut, { place: { namespace: 'urn:a', localName: 'nơi-ký' } }),
        {},
        ['pi x', 'pi y'],
      ],
      [
        'one element, the signature inside',
        enveloped(laidOut, { references: [{ kind: 'element', id: 'M1' }], place: { id: 'M1' } }),
        { idElements },
        ['<rừng>', '<rưng>'],
      ],
      [
        'two elements, the signature elsewhere',
        enveloped(laidOut, {
          references: [
            { kind: 'element', id: 'M1' },
            { kind: 'element', id: 'M2' },
          ],
        }),
        { idElements },
        ['"v"', '"w"'],
      ],
      [
        'a document and an attachment beside it',
        enveloped(laidOut, {
          references: [{ kind: 'document' }, { kind: 'external', uri: 'cid:tệp@vi-du', octets: attachment }],
        }),
        { external: { 'cid:tệp@vi-du': attachment } },
        ['Id="M2"', 'Id="M3"'],
      ],
      ['an enveloped document', { form: 'enveloping', content: laidOut, as: 'xml' }, {}, ['đất', 'đát']],
      [
        'enveloped octets',
        { form: 'enveloping', content: attachment, as: 'base64' },
        {},
        [attachment.toString('base64'), 'AAAA'],
      ],
      [
        'detached octets',
        {
          form: 'detached',
          references: [{ kind: 'external', uri: 'tep.pdf', octets: attachment, mimeType: 'application/pdf' }],
        },
        { external: { 'tep.pdf': attachment } },
        ['application/pdf', 'application/pdx'],
      ],
    ]
    for (const [what, subject, options, [from, to]] of forms) {
      it(what, async () => {
        const signed = await sign(subject)
        const verdict = xmlsecVerdict(signed, { root: pki.root, ...options })
        expect(verdict.ok, verdict.said).to.equal(true)
        const changed = Buffer.from(replaceOnce(Buffer.from(signed).toString(), from, to))
        expect(xmlsecVerdict(changed, { root: pki.root, ...options }).ok).to.equal(false)
      })
    }

    it('an attachment that is another than the one signed is noticed', async () => {
      const digest = {
        algorithm: 'SHA-512',
        value: createHash('sha512').update(attachment).digest(),
      } as const
      const signed = await sign({
        form: 'detached',
        references: [{ kind: 'external', uri: 'cid:a', digest }],
      })
      const check = (octets: Uint8Array) =>
        xmlsecVerdict(signed, { root: pki.root, external: { 'cid:a': octets } })
      expect(check(attachment).ok).to.equal(true)
      expect(check(Buffer.from('khác')).ok).to.equal(false)
    })

    it('parallel signatures, each leaving the others intact', async () => {
      const once = await sign(enveloped(laidOut, { references: excluded }))
      const twice = await sign(enveloped(once, { references: excluded }), {
        key: second,
        signatureId: 'sig-2',
      })
      const thrice = await sign(enveloped(twice, { references: [{ kind: 'element', id: 'M1' }] }), {
        signatureId: 'sig.3',
      })
      for (const signatureId of ['sig', 'sig-2', 'sig.3']) {
        const verdict = xmlsecVerdict(thrice, { root: pki.root, signatureId, idElements })
        expect(verdict.ok, `${signatureId}: ${verdict.said}`).to.equal(true)
      }
    })

    it('countersignatures over a signature value, several and of one another', async () => {
      const once = await sign(enveloped(laidOut))
      const counter = (xml: Uint8Array, of: string, signatureId: string) =>
        sign({ form: 'counter', xml, signatureId: of }, { key: second, signatureId })
      const signed = await counter(await counter(await counter(once, 'sig', 'c1'), 'sig', 'c2'), 'c1', 'c3')
      for (const signatureId of ['sig', 'c1', 'c2', 'c3']) {
        const verdict = xmlsecVerdict(signed, { root: pki.root, signatureId })
        expect(verdict.ok, `${signatureId}: ${verdict.said}`).to.equal(true)
      }
      const text = Buffer.from(signed).toString()
      expect(text.match(/<xades:UnsignedSignatureProperties/g)).to.have.length(2)
      expect(text.match(/<xades:CounterSignature/g)).to.have.length(3)
    })
  })

  it('is accepted by xml-crypto', async () => {
    const signed = Buffer.from(await sign(enveloped('<a xmlns="urn:a"><b>đất</b></a>'))).toString()
    expect(xmlCryptoVerdict(signed, key.certificate)).to.deep.equal({ valid: true, references: 2 })
    const changed = replaceOnce(signed, 'đất', 'đát')
    expect(xmlCryptoVerdict(changed, key.certificate)).to.deep.equal({ valid: false, references: 0 })
  })

  it('keeps every byte of the document', () =>
    fc.assert(
      fc.asyncProperty(fc.constantFrom('', 'M1', 'M2'), fc.boolean(), async (id, exclude) => {
        const signed = Buffer.from(
          await sign(
            enveloped(laidOut, {
              ...(id !== '' && { place: { id } }),
              ...(exclude && { references: excluded }),
            }),
          ),
        ).toString()
        const signature = elementText(signed, 'ds:Signature')
        expect(signed.replace(signature, '')).to.equal(laidOut)
      }),
      { numRuns: 6 },
    ))

  it('writes the parts of XAdES baseline B', async () => {
    const references = [
      { kind: 'document' },
      { kind: 'external', uri: 'a', octets: Buffer.from('a'), mimeType: 'text/plain' },
    ] as const
    const text = Buffer.from(await sign(enveloped('<a/>', { references }))).toString()
    expect(text).to.match(
      /^<a><ds:Signature xmlns:ds="[^"]*" Id="sig"><ds:SignedInfo>.*<\/ds:Signature><\/a>$/s,
    )
    expect(elementText(text, 'xades:SigningTime')).to.equal(
      '<xades:SigningTime>2026-03-02T08:00:00Z</xades:SigningTime>',
    )
    const digests = [key.certificate, ...key.chain].map((der) =>
      createHash('sha256').update(der).digest('base64'),
    )
    const named = [...elementText(text, 'xades:SigningCertificateV2').matchAll(/<ds:DigestValue>(.*?)</g)]
    expect(named.map(([, value]) => value)).to.deep.equal(digests)
    const formats = elementText(text, 'xades:SignedDataObjectProperties')
    expect(
      [...formats.matchAll(/ObjectReference="#(.*?)"><xades:MimeType>(.*?)</g)].map(([, ...both]) => both),
    ).to.deep.equal([
      ['sig-reference-1', 'application/xml'],
      ['sig-reference-2', 'text/plain'],
    ])
    expect(text).not.to.contain('UnsignedProperties')
  })

  it('adds a time-stamp over the canonical signature value, which openssl takes', async function () {
    requireProgram(this, 'openssl')
    const { provider: timestamp } = makeTimestampAuthority({ pki, clock: () => new Date() })
    const signed = await sign(enveloped(laidOut), { timestamp })
    const text = Buffer.from(signed).toString()
    const token = Buffer.from(/<xades:EncapsulatedTimeStamp>(.*?)</.exec(text)?.[1] ?? '', 'base64')
    const octets = elementText(text, 'ds:SignatureValue').replace(
      '<ds:SignatureValue',
      '<ds:SignatureValue xmlns:ds="http://www.w3.org/2000/09/xmldsig#"',
    )
    const files = { token, octets, 'ca.pem': toPem(pki.root) }
    const said = inFolder(files, (cwd) => {
      const args = ['ts', '-verify', '-in', 'token', '-token_in', '-data', 'octets', '-CAfile', 'ca.pem']
      return spawnSync('openssl', args, { cwd, encoding: 'utf8' }).stdout
    })
    expect(said).to.contain('Verification: OK')
  })

  it('can be completed later from what was stored', async () => {
    const subject = enveloped(laidOut)
    const prepared = prepareXades(subject, { signer: key, signingTime, signatureId: 'sig' })
    const restored = loadPreparedXades(storePreparedXades(prepared))
    for (const one of [restored, structuredClone(prepared)]) {
      const completed = await completeXades(one, await key.sign(one.signedInfo))
      const value = elementText(Buffer.from(completed).toString(), 'ds:SignatureValue')
      expect(Buffer.from(completed).toString().replace(value, '')).to.equal(
        Buffer.from(prepared.bytes)
          .toString()
          .replace('<ds:SignatureValue Id="sig-value"></ds:SignatureValue>', ''),
      )
    }
    const other = prepareXades(enveloped('<khác/>'), { signer: key, signingTime, signatureId: 'sig' })
    expect(await rejection(completeXades(prepared, await key.sign(other.signedInfo)))).to.equal(
      'PREPARED_SIGNATURE_MISMATCH',
    )
    expect(
      await rejection(
        completeXades({ ...prepared, bytes: other.bytes }, await key.sign(prepared.signedInfo)),
      ),
    ).to.equal('PREPARED_SIGNATURE_MISMATCH')
    expect(await rejection(completeXades(prepared, await second.sign(prepared.signedInfo)))).to.equal(
      'PREPARED_SIGNATURE_MISMATCH',
    )
  })

  it('reads no stored preparation that is broken', () => {
    const stored = storePreparedXades(
      prepareXades(enveloped('<a/>'), { signer: key, signingTime, signatureId: 's' }),
    )
    const record = JSON.parse(stored)
    const broken: unknown[] = ['', '1', 'null', '{}', `${stored}}`, stored.replace('/1"', '/2"')]
    for (const field of Object.keys(record)) {
      for (const value of [undefined, null, 7.5, -1, 1e9, '=', ['=']])
        broken.push(JSON.stringify({ ...record, [field]: value }))
    }
    for (const one of broken) {
      expect(() => loadPreparedXades(String(one)), String(one).slice(0, 80))
        .to.throw(SigningError)
        .with.property('code', 'PREPARED_SIGNATURE_MALFORMED')
    }
  })

  describe('refuses', () => {
    const refused: [string, SigningErrorCode, XadesSubject][] = [
      ['what is no XML', 'XML_MALFORMED', enveloped('<a><b></a>')],
      ['a DOCTYPE', 'XML_DOCTYPE_FORBIDDEN', enveloped('<!DOCTYPE a><a/>')],
      ['an Id that stands twice', 'XML_DUPLICATE_ID', enveloped('<a><b Id="x"/><b ID="x"/></a>')],
      ['an Id that the signature brings', 'XML_DUPLICATE_ID', enveloped('<a xml:id="sig-value"/>')],
      ['a place that is not there', 'XML_PLACE_NOT_FOUND', enveloped('<a/>', { place: { id: 'x' } })],
      [
        'a place that is there twice',
        'XML_PLACE_NOT_FOUND',
        enveloped('<a><b/><b/></a>', { place: { namespace: '', localName: 'b' } }),
      ],
      [
        'an element that is not there',
        'XML_PLACE_NOT_FOUND',
        enveloped('<a/>', { references: [{ kind: 'element', id: 'x' }] }),
      ],
      [
        'a countersignature of nothing',
        'XML_PLACE_NOT_FOUND',
        { form: 'counter', xml: '<a Id="x"/>', signatureId: 'x' },
      ],
      ['content that is no XML', 'XML_MALFORMED', { form: 'enveloping', content: 'a', as: 'xml' }],
    ]
    for (const [what, code, subject] of refused) {
      it(what, async () => {
        expect(await rejection(sign(subject))).to.equal(code)
      })
    }

    it('names that mean something else in a reference, and what XML cannot hold', async () => {
      const odd = enveloped('<a><b Id="xpointer(/)"/></a>', {
        references: [{ kind: 'element', id: 'xpointer(/)' }],
      })
      expect(await sign(odd).then(String, String)).to.match(/^RangeError/)
      const mimeType = 'text/plain\u0001'
      for (const subject of [
        enveloped('<a/>', { references: [{ kind: 'document', mimeType }] }),
        { form: 'enveloping', content: 'x', as: 'base64', mimeType },
        { form: 'detached', references: [{ kind: 'external', uri: 'a\u0000', octets: Buffer.of() }] },
      ] satisfies XadesSubject[]) {
        expect(await sign(subject).then(String, String)).to.match(/^RangeError/)
      }
      const once = Buffer.from(await sign(enveloped('<a/>')))
        .toString()
        .replace('sig-value', 'xpointer(/)')
      const counter = sign({ form: 'counter', xml: once, signatureId: 'sig' }, { signatureId: 's2' })
      expect(await rejection(counter)).to.equal('XML_PLACE_NOT_FOUND')
    })

    it('to break a signature that is there', async () => {
      const once = await sign(enveloped(laidOut))
      expect(
        await rejection(sign(enveloped(once, { references: excluded }), { signatureId: 's2' })),
      ).to.equal('XML_SIGNATURE_COVERS_PLACE')
      const within = await sign(enveloped(laidOut, { references: [{ kind: 'element', id: 'M1' }] }))
      expect(
        await rejection(sign(enveloped(within, { place: { id: 'M1' } }), { signatureId: 's2' })),
      ).to.equal('XML_SIGNATURE_COVERS_PLACE')
      expect(
        await rejection(sign(enveloped(within, { place: { id: 'M2' } }), { signatureId: 's2' })),
      ).to.equal(null)
      // The second covers the first as a whole, so the first can no more be countersigned.
      const first = await sign(enveloped(laidOut, { references: excluded }))
      const both = await sign(enveloped(first), { signatureId: 's2' })
      const counter = sign({ form: 'counter', xml: both, signatureId: 'sig' }, { signatureId: 's3' })
      expect(await rejection(counter)).to.equal('XML_SIGNATURE_COVERS_PLACE')
    })

    it('to sign or stand in a part of a signature as if it were content', async () => {
      const once = await sign(enveloped(laidOut, { references: excluded }))
      const part = enveloped(once, {
        references: [{ kind: 'element', id: 'sig-value', signatures: 'excluded' }],
      })
      expect(await sign(part, { signatureId: 's2' }).then(String, String)).to.match(/^RangeError/)
      expect(
        await rejection(sign(enveloped(once, { place: { id: 'sig' } }), { signatureId: 's2' })),
      ).to.equal('XML_PLACE_NOT_FOUND')
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
