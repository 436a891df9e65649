import { isUtf8 } from 'node:buffer'
import { SigningError } from '../errors.ts'

/** What is refused before a parser sees the file. Sizes are in bytes of UTF-8. */
export interface XmlLimits {
  readonly maxBytes: number
  readonly maxElements: number
  readonly maxDepth: number
  /** Attributes and namespace declarations of one element. */
  readonly maxAttributes: number
  /** One run of text or one CDATA section. */
  readonly maxTextBytes: number
}

/** Room for a sealed envelope of 5,000 recipients with every field filled, and not much more. */
export const sealedXmlLimits: XmlLimits = {
  maxBytes: 16 * 1024 * 1024,
  maxElements: 100_000,
  maxDepth: 32,
  maxAttributes: 16,
  maxTextBytes: 256 * 1024,
}

const LT = 0x3c
const GT = 0x3e
const SLASH = 0x2f
const EQUALS = 0x3d
const EXCLAMATION = 0x21
const QUESTION = 0x3f
const DOUBLE_QUOTE = 0x22
const SINGLE_QUOTE = 0x27

/**
 * Walks over the markup once without building anything, so that a hostile file costs no memory. It judges no
 * well-formedness beyond what it needs to count; that is the parser's work.
 *
 * @throws SigningError `INPUT_TOO_LARGE`, `XML_ENCODING_UNSUPPORTED` (anything but UTF-8), `XML_DOCTYPE_FORBIDDEN`,
 *   `XML_LIMIT_EXCEEDED`, `XML_MALFORMED` (markup that never ends).
 */
export function scanXml(xml: Uint8Array, limits: XmlLimits): void {
  if (xml.length > limits.maxBytes) throw new SigningError('INPUT_TOO_LARGE', { limit: limits.maxBytes })
  const bytes = Buffer.from(xml.buffer, xml.byteOffset, xml.byteLength)
  requireUtf8(bytes)
  let elements = 0
  let depth = 0
  let textStart = 0
  for (let at = bytes.indexOf(LT); at !== -1; at = bytes.indexOf(LT, textStart)) {
    requireText(at - textStart, limits)
    const next = bytes[at + 1]
    if (next === EXCLAMATION) {
      const isCData = startsWith(bytes, at, '<![CDATA[')
      if (isCData) textStart = endOf(bytes, ']]>', at + 9)
      else if (startsWith(bytes, at, '<!--')) textStart = endOf(bytes, '-->', at + 4)
      else throw new SigningError('XML_DOCTYPE_FORBIDDEN', { position: at })
      if (isCData) requireText(textStart - at - '<![CDATA[]]>'.length, limits)
    } else if (next === QUESTION) textStart = endOf(bytes, '?>', at + 2)
    else if (next === SLASH) {
      textStart = bytes.indexOf(GT, at + 2) + 1
      if (textStart === 0) throw unended(at + 2)
      depth -= 1
    } else {
      const tag = scanStartTag(bytes, at)
      textStart = tag.end
      elements += 1
      if (!tag.empty) depth += 1
      if (elements > limits.maxElements) throw exceeded('elements', limits.maxElements)
      if (depth > limits.maxDepth) throw exceeded('depth', limits.maxDepth)
      if (tag.attributes > limits.maxAttributes) throw exceeded('attributes', limits.maxAttributes)
    }
  }
  requireText(bytes.length - textStart, limits)
}

/** UTF-16 and UTF-32 begin with a byte order mark or have a zero byte among the first four. */
function requireUtf8(bytes: Buffer): void {
  if (!isUtf8(bytes) || bytes.subarray(0, 4).includes(0)) {
    throw new SigningError('XML_ENCODING_UNSUPPORTED', { reason: 'the bytes are not UTF-8' })
  }
  const declared = /^\uFEFF?<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/.exec(
    bytes.toString('latin1', 0, 200).replace(/^\u00EF\u00BB\u00BF/, ''),
  )?.[1]
  if (declared !== undefined && declared.toLowerCase() !== 'utf-8') {
    throw new SigningError('XML_ENCODING_UNSUPPORTED', { reason: `declared as ${declared}` })
  }
}

function scanStartTag(bytes: Buffer, start: number): { end: number; empty: boolean; attributes: number } {
  let attributes = 0
  for (let at = start + 1; at < bytes.length; at += 1) {
    const byte = bytes[at]
    if (byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE) {
      const close = bytes.indexOf(byte, at + 1)
      if (close === -1) throw unended(start)
      at = close
    } else if (byte === EQUALS) attributes += 1
    else if (byte === GT) return { end: at + 1, empty: bytes[at - 1] === SLASH, attributes }
  }
  throw unended(start)
}

function startsWith(bytes: Buffer, at: number, ascii: string): boolean {
  return bytes.toString('latin1', at, at + ascii.length) === ascii
}

function endOf(bytes: Buffer, terminator: string, from: number): number {
  const found = bytes.indexOf(terminator, from, 'latin1')
  if (found === -1) throw unended(from)
  return found + terminator.length
}

function requireText(length: number, limits: XmlLimits): void {
  if (length > limits.maxTextBytes) throw exceeded('text bytes', limits.maxTextBytes)
}

function exceeded(what: string, limit: number): SigningError {
  return new SigningError('XML_LIMIT_EXCEEDED', { limit: `${what} > ${limit}` })
}

function unended(position: number): SigningError {
  return new SigningError('XML_MALFORMED', {
    reason: `the markup at byte ${position} does not end`,
    position,
  })
}
