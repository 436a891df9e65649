import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import { expect } from 'chai'
import fc from 'fast-check'
import { SigningError } from '../../../signing/errors.ts'
import { decryptAes, encryptAes } from '../../../signing/pdf/encryption/aes.ts'
import { rc4 } from '../../../signing/pdf/encryption/rc4.ts'
import { readForm } from '../../../signing/pdf/form.ts'
import {
  isArray,
  isReference,
  isString,
  type PdfValue,
  pdfDict,
  pdfHexString,
  pdfName,
  pdfReference,
  pdfText,
  sameValue,
  textOf,
} from '../../../signing/pdf/objects.ts'
import { readPages } from '../../../signing/pdf/pages.ts'
import { encryptorOf, openPdf, type PdfFile } from '../../../signing/pdf/pdf-file.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import type { VerificationPolicy } from '../../../signing/policy.ts'
import { requireProgram } from '../../support/programs.ts'
import { inFolder } from './checkers.ts'
import { asText, replaced, smallPdf } from './small-pdf.ts'

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** `qpdf --encrypt` with these options after the two passwords. */
function encryptedBy(pdf: Uint8Array, passwords: readonly [string, string], options: readonly string[]) {
  return inFolder({ 'in.pdf': pdf }, (cwd) => {
    const before = options.filter((option) => option.startsWith('--object-streams'))
    const own = options.filter((option) => !before.includes(option))
    const all = [
      '--allow-weak-crypto',
      ...before,
      '--encrypt',
      ...passwords,
      ...own,
      '--',
      'in.pdf',
      'out.pdf',
    ]
    const run = spawnSync('qpdf', all, { cwd, encoding: 'utf8' })
    if (run.status !== 0) throw new Error(run.stderr)
    return readFileSync(join(cwd, 'out.pdf'))
  })
}

/** Title, names of fields and the first page's content, all of which are enciphered. */
function contentOf(file: PdfFile): { title: string; fields: string[]; content: string } {
  const { latest } = file
  const info = latest.dictEntry(latest.trailer, 'Info')
  const title = info?.entries.get('Title')
  const contents = readPages(latest)[0]?.dict.entries.get('Contents') ?? null
  const reference = isArray(contents) ? (contents.items[0] ?? null) : contents
  const object = isReference(reference) ? latest.target(reference) : undefined
  const data = object === undefined ? undefined : file.streamData(object)
  return {
    title: isString(title) ? textOf(title) : '',
    fields: readForm(latest)?.fields.map((field) => field.name) ?? [],
    content: data === undefined ? '' : asText(inflateSync(data)),
  }
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof SigningError) return error.code
    throw error
  }
  return 'no error'
}

const policy: VerificationPolicy = {
  trustAnchors: [],
  untrusted: [],
  crls: [],
  ocspResponses: [],
  time: new Date('2026-01-01T00:00:00Z'),
  requireRevocation: false,
  legacy: false,
  profile: 'any',
}

describe('encrypted PDFs (ISO 32000-2, 7.6)', () => {
  it('has the RC4 of RFC 6229', () => {
    const zeros = new Uint8Array(32)
    expect(rc4(hex('0102030405'), zeros)).to.deep.equal(
      Uint8Array.from(hex('b2396305f03dc027ccc3524a0a1118a8 6982944f18fc82d589c403a47a0d0919')),
    )
    expect(rc4(hex('0102030405060708090a0b0c0d0e0f10'), zeros)).to.deep.equal(
      Uint8Array.from(hex('9ac7cc9a609d1ef7b2932899cde41b97 5248c4959014126a6e8a84f11d1a9e1c')),
    )
  })

  it('reads back what it enciphers by AES, and refuses broken blocks', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.constantFrom(16, 32), (data, length) => {
        const key = new Uint8Array(length).fill(7)
        const sealed = encryptAes(key, data)
        expect(Buffer.compare(decryptAes(key, sealed) ?? new Uint8Array(0), data)).to.equal(0)
        expect(decryptAes(key, sealed.subarray(1))).to.equal(undefined)
      }),
    )
  })

  const variants: readonly (readonly [name: string, ...options: string[]])[] = [
    ['RC4 of 40 bits (V1, R2)', '40'],
    ['RC4 of 128 bits (V2, R3)', '128', '--use-aes=n'],
    ['RC4 by crypt filters (V4, R4)', '128', '--use-aes=n', '--force-V4'],
    ['AES of 128 bits (V4, R4)', '128', '--use-aes=y'],
    ['AES of 128 bits with plain metadata', '128', '--use-aes=y', '--cleartext-metadata'],
    ['AES of 256 bits (V5, R5)', '256', '--force-R5'],
    ['AES of 256 bits (V5, R6)', '256'],
    ['AES of 256 bits with plain metadata', '256', '--cleartext-metadata'],
    ['AES of 256 bits with object streams', '256', '--object-streams=generate'],
    ['AES of 128 bits with object streams', '128', '--use-aes=y', '--object-streams=generate'],
    ['RC4 of 128 bits with object streams', '128', '--use-aes=n', '--object-streams=generate'],
  ]
  for (const [name, ...options] of variants) {
    it(`reads what qpdf enciphered by ${name}`, async function () {
      requireProgram(this, 'qpdf')
      const plain = await smallPdf()
      const expected = contentOf(openPdf(plain))
      expect(expected.title).to.equal('Văn bản nhỏ')
      const sealed = encryptedBy(plain, ['user', 'owner'], options)
      expect(contentOf(openPdf(sealed, { password: 'user' }))).to.deep.equal(expected)
      expect(contentOf(openPdf(sealed, { password: 'owner' }))).to.deep.equal(expected)
      expect(codeOf(() => openPdf(sealed, { password: 'other' }))).to.equal('PDF_PASSWORD_WRONG')
      expect(codeOf(() => openPdf(sealed, {}))).to.equal('PDF_ENCRYPTED')
      const open = encryptedBy(plain, ['', 'owner'], options)
      expect(contentOf(openPdf(open, {}))).to.deep.equal(expected)
      expect(contentOf(openPdf(open, { password: 'other' }))).to.deep.equal(expected)
      expect(
        codeOf(() => openPdf(open)),
        'by someone who does not encipher',
      ).to.equal('PDF_ENCRYPTED')
    })
  }

  it('takes passwords that are not ASCII', async function () {
    requireProgram(this, 'qpdf')
    const plain = await smallPdf()
    const modern = encryptedBy(plain, ['mật khẩu', 'chủ'], ['256'])
    expect(contentOf(openPdf(modern, { password: 'mật khẩu' })).title).to.equal('Văn bản nhỏ')
    // Decomposed, as some keyboards type it.
    expect(contentOf(openPdf(modern, { password: 'mật khẩu'.normalize('NFD') })).title).to.equal(
      'Văn bản nhỏ',
    )
    const legacy = encryptedBy(plain, ['café', 'owner'], ['128', '--use-aes=y'])
    expect(contentOf(openPdf(legacy, { password: 'café' })).title).to.equal('Văn bản nhỏ')
  })

  it('reads back what it enciphers into an object, but for the contents of signatures', async function () {
    requireProgram(this, 'qpdf')
    for (const [, ...options] of variants) {
      const file = openPdf(encryptedBy(await smallPdf(), ['', 'owner'], options), {})
      const encryptor = encryptorOf(file)
      const place = pdfReference(77, 0)
      const value: PdfValue = pdfDict({
        T: pdfText('Chữ ký'),
        Sub: pdfDict({ A: pdfHexString(Uint8Array.of(1, 2, 3)) }),
        Sig: pdfDict({ ByteRange: null, Contents: pdfHexString(Uint8Array.of(0x30, 0)) }),
      })
      const written = encryptor?.encryptValue(place, value) ?? null
      expect(sameValue(written, value)).to.equal(false)
      const object = { ...place, value: written, stream: undefined, span: undefined }
      expect(sameValue(file.encryption?.decryptObject(object).value, value)).to.equal(true)
      const data = Buffer.from('some data')
      const dict = pdfDict({ Type: pdfName('XObject') })
      const sealed = encryptor?.encryptStream(place, dict, data) ?? data
      expect(Buffer.compare(sealed, data)).not.to.equal(0)
      const opened = file.encryption?.decryptStream(place, dict, sealed) ?? new Uint8Array(0)
      expect(asText(opened)).to.equal('some data')
    }
  })

  it('leaves streams of the filter Identity as they are', async function () {
    requireProgram(this, 'qpdf')
    const file = openPdf(encryptedBy(await smallPdf(), ['', 'owner'], ['256']), {})
    const data = Buffer.from('plain')
    const place = pdfReference(5)
    const crypt = pdfDict({ Filter: pdfName('Crypt'), DecodeParms: pdfDict({ Name: pdfName('Identity') }) })
    expect(file.encryption?.decryptStream(place, crypt, data)).to.equal(data)
    const other = pdfDict({ Filter: pdfName('Crypt'), DecodeParms: pdfDict({ Name: pdfName('None') }) })
    expect(file.encryption?.decryptStream(place, other, data)).to.equal(undefined)
  })

  it('gives a verdict on what cannot be opened, and never calls it invalid', async function () {
    requireProgram(this, 'qpdf')
    const sealed = encryptedBy(await smallPdf(), ['user', 'owner'], ['256'])
    const verdict = (options?: { password?: string }): unknown => {
      const report = verifyPdf(sealed, policy, options)
      return [report.indication, report.errors.map((error) => error.code)]
    }
    expect(verdict()).to.deep.equal(['INDETERMINATE', ['PDF_ENCRYPTED']])
    expect(verdict({ password: 'x' })).to.deep.equal(['INDETERMINATE', ['PDF_PASSWORD_WRONG']])
    expect(verdict({ password: 'user' })).to.deep.equal(['NO_SIGNATURE', []])
    const handler = replaced(sealed, '/Standard', '/Strandad')
    expect(codeOf(() => openPdf(handler, { password: 'user' }))).to.equal('PDF_ENCRYPTED')
  })
})
