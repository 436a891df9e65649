import { derKind, pemBlocks } from '../signing/index.ts'

/** What a file is, before anybody looks inside. */
export type SniffedFormat = 'pdf' | 'xml' | 'cms'

/** Where a reader of PDF still looks for the header (ISO 32000-1, Annex H, 3.4.1). */
const headerWindow = 1024

/**
 * Tells the format from the bytes, never from the name: CMS by its content type, PDF by `%PDF-` near the beginning
 * or `%%EOF` anywhere, XML by its first character. `undefined` = none of these.
 *
 * CMS is asked first because a signature may carry a PDF inside; XML before `%%EOF` because any text may name it.
 */
export function sniffFormat(bytes: Uint8Array): SniffedFormat | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (derKind(bytes) === 'cms' || cmsFromPem(bytes) !== undefined) return 'cms'
  if (buffer.subarray(0, headerWindow).includes('%PDF-')) return 'pdf'
  if (beginsLikeXml(buffer)) return 'xml'
  return buffer.includes('%%EOF') ? 'pdf' : undefined
}

/** The CMS of a PEM file (`-----BEGIN CMS-----`, `PKCS7`), if the file begins as one. */
export function cmsFromPem(bytes: Uint8Array): Uint8Array | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (
    !/^\s*-----BEGIN (?:CMS|PKCS7|PKCS #7 SIGNED DATA)-----/.test(buffer.subarray(0, 256).toString('latin1'))
  ) {
    return undefined
  }
  return pemBlocks(buffer.toString('latin1'))[0]
}

function beginsLikeXml(buffer: Buffer): boolean {
  const start = buffer.subarray(0, headerWindow)
  const utf16 = start.length >= 2 && (start.readUInt16BE(0) === 0xfeff || start.readUInt16BE(0) === 0xfffe)
  const text = utf16 ? start.toString('latin1').slice(2).replaceAll('\0', '') : start.toString('utf8')
  return /^\ufeff?\s*<[?!A-Za-z_:]/.test(text)
}
