import { isAscii, isUtf8 } from 'node:buffer'
import { SigningError } from '../errors.ts'

/** In characters. */
const LONGEST_DECLARATION = 500
const DECLARATION = /^<\?xml\s[^>]*?\?>/

/**
 * A file's characters as UTF-8 without byte order mark. Canonical XML is UTF-8 whatever the file was written in, so a
 * signature survives this, and every reader below sees one encoding.
 *
 * Read are UTF-8, UTF-16 with its byte order mark (XML 1.0 section 4.3.3 demands one), ISO-8859-1 and US-ASCII where
 * they are declared. Other encodings are refused: a byte that two decoders map to different characters would give two
 * readers two documents.
 *
 * @throws SigningError `XML_ENCODING_UNSUPPORTED`
 */
export function decodeXml(xml: Uint8Array): Buffer {
  const bytes = Buffer.from(xml.buffer, xml.byteOffset, xml.byteLength)
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return fromUtf16(bytes.subarray(2))
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return fromUtf16(swapped(bytes.subarray(2)))
  if (bytes.subarray(0, 4).includes(0)) throw unsupported('no byte order mark, and a zero byte at the start')
  const body = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
  const declared = declaredEncoding(body.toString('latin1', 0, LONGEST_DECLARATION))
  switch (declared) {
    case undefined:
    case 'utf-8':
    case 'utf8':
      if (!isUtf8(body)) throw unsupported('the bytes are not UTF-8')
      return body
    case 'us-ascii':
    case 'ascii':
      if (!isAscii(body)) throw unsupported('the bytes are not US-ASCII')
      return withoutDeclaration(body.toString('latin1'))
    case 'iso-8859-1':
    case 'latin1':
      if (body !== bytes) throw unsupported('a byte order mark of UTF-8 before ISO-8859-1')
      // Readers that follow the web take these bytes for windows-1252.
      if (body.some((byte) => byte >= 0x80 && byte < 0xa0))
        throw unsupported('control characters of ISO-8859-1')
      return withoutDeclaration(body.toString('latin1'))
    default:
      throw unsupported(`declared as ${declared}`)
  }
}

function fromUtf16(bytes: Buffer): Buffer {
  if (bytes.length % 2 !== 0) throw unsupported('an odd number of bytes in UTF-16')
  const text = bytes.toString('utf16le')
  if (!text.isWellFormed()) throw unsupported('unpaired surrogates')
  const declared = declaredEncoding(text.slice(0, LONGEST_DECLARATION))
  if (declared !== undefined && !/^utf-16(le|be)?$/.test(declared)) {
    throw unsupported(`UTF-16 declared as ${declared}`)
  }
  return withoutDeclaration(text)
}

function swapped(bytes: Buffer): Buffer {
  if (bytes.length % 2 !== 0) throw unsupported('an odd number of bytes in UTF-16')
  return Buffer.from(bytes).swap16()
}

/** The declaration speaks of bytes that are gone; it is no part of any canonical form. The version stays checked. */
function withoutDeclaration(text: string): Buffer {
  const declaration = DECLARATION.exec(text)?.[0] ?? ''
  const version = /\sversion\s*=\s*["']([^"']*)["']/.exec(declaration)?.[1]
  if (version !== undefined && version !== '1.0') throw unsupported(`XML ${version}`)
  return Buffer.from(text.slice(declaration.length))
}

/** A declaration that is too long to be looked at could name any encoding to another reader. */
function declaredEncoding(beginning: string): string | undefined {
  const declaration = DECLARATION.exec(beginning)?.[0] ?? ''
  if (declaration === '' && /^<\?xml\s/.test(beginning)) throw unsupported('no end of the XML declaration')
  return /\sencoding\s*=\s*["']([^"']*)["']/.exec(declaration)?.[1]?.toLowerCase()
}

function unsupported(reason: string): SigningError {
  return new SigningError('XML_ENCODING_UNSUPPORTED', { reason })
}
