/**
 * The bytes a signature covers: everything but the value of its `/Contents` (ISO 32000-2, 12.8.1). Writing leaves a
 * gap and fills it; reading demands that the gap is exactly that value and nothing else.
 */
import { createDigest, type DigestAlgorithm } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import { latin1Text } from './lexer.ts'
import { isArray, isString, type PdfDict } from './objects.ts'

/** Offset and length of the part before the gap, offset and length of the part after it. */
export type ByteRange = readonly [start: number, before: number, after: number, length: number]

/** Digest over the two parts, without copying them. */
export function digestByteRange(bytes: Uint8Array, range: ByteRange, algorithm: DigestAlgorithm): Uint8Array {
  const hash = createDigest(algorithm)
  hash.update(bytes.subarray(range[0], range[0] + range[1]))
  hash.update(bytes.subarray(range[2], range[2] + range[3]))
  return hash.digest()
}

/** Room for three offsets of ten digits; the rest is filled with spaces, so that no later byte moves. */
export const byteRangePlaceholder = `[0 ${Array(3).fill('0000000000').join(' ')}]`

export function contentsPlaceholder(size: number): string {
  return `<${'0'.repeat(size * 2)}>`
}

/**
 * Fills in the byte range around the placeholder of `/Contents`.
 * @param at offset of the placeholder of the byte range in the file
 * @param contents offset of the `<` in the file
 * @param size bytes reserved for the CMS
 * @param start where `bytes` begin in the file: 0 for the whole file, more for the revision alone
 */
export function writeByteRange(
  bytes: Uint8Array,
  at: number,
  contents: number,
  size: number,
  start = 0,
): ByteRange {
  const after = contents + 2 + size * 2
  const range: ByteRange = [0, contents, after, start + bytes.length - after]
  const text = `[${range.join(' ')}`
  bytes.set(Buffer.from(`${text.padEnd(byteRangePlaceholder.length - 1)}]`, 'latin1'), at - start)
  return range
}

/**
 * Writes the CMS into the gap; what is left stays zero.
 * @param start as in `writeByteRange`
 * @throws SigningError `SIGNATURE_TOO_LARGE`
 */
export function writeContents(bytes: Uint8Array, range: ByteRange, cms: Uint8Array, start = 0): void {
  const reserved = (range[2] - range[1] - 2) / 2
  if (cms.length > reserved) throw new SigningError('SIGNATURE_TOO_LARGE', { size: cms.length, reserved })
  bytes.set(Buffer.from(Buffer.from(cms).toString('hex'), 'latin1'), range[1] + 1 - start)
}

/** Why a byte range or its gap is refused. */
export type ByteRangeFault =
  | 'SIGNATURE_DICTIONARY_AMBIGUOUS'
  | 'BYTE_RANGE_MALFORMED'
  | 'BYTE_RANGE_OUTSIDE_FILE'
  | 'BYTE_RANGE_GAP_IS_NOT_CONTENTS'
  | 'CONTENTS_MALFORMED'
  | 'CONTENTS_PADDING_NOT_ZERO'

export interface SignedBytes {
  /** Present when the four numbers make two parts of this file, even if the gap is wrong. */
  readonly range: ByteRange | undefined
  /** The CMS without its padding; present when `/Contents` begins with one DER value. */
  readonly cms: Uint8Array | undefined
  /** Empty when everything is as it must be. */
  readonly faults: readonly ByteRangeFault[]
}

/**
 * Reads `/ByteRange` and `/Contents` of a signature dictionary that stands in the file itself. All faults are
 * collected: facts about a broken signature are still facts.
 */
export function readSignedBytes(bytes: Uint8Array, signature: PdfDict): SignedBytes {
  const faults: ByteRangeFault[] = []
  if (signature.duplicates !== undefined) faults.push('SIGNATURE_DICTIONARY_AMBIGUOUS')
  const numbers = readNumbers(bytes, signature)
  if (numbers === undefined) faults.push('BYTE_RANGE_MALFORMED')
  const inside = numbers !== undefined && liesInside(numbers, bytes.length)
  if (numbers !== undefined && !inside) faults.push('BYTE_RANGE_OUTSIDE_FILE')
  const range = inside ? numbers : undefined

  const contents = signature.entries.get('Contents')
  const span = isString(contents) && contents.hex ? contents.span : undefined
  if (range !== undefined && span !== undefined) {
    if (range[0] !== 0 || range[1] !== span.start || range[2] !== span.end) {
      faults.push('BYTE_RANGE_GAP_IS_NOT_CONTENTS')
    }
  }
  const written = isString(contents) && span !== undefined && isPlainHex(bytes, span.start, span.end)
  const length = isString(contents) && written ? derLength(contents.bytes) : undefined
  if (length === undefined || !isString(contents)) {
    faults.push('CONTENTS_MALFORMED')
    return { range, cms: undefined, faults }
  }
  const padding = contents.bytes.subarray(length)
  if (Buffer.compare(padding, new Uint8Array(padding.length)) !== 0) faults.push('CONTENTS_PADDING_NOT_ZERO')
  return { range, cms: contents.bytes.subarray(0, length), faults }
}

/** Exactly four whole numbers, written directly in the dictionary as plain digits. */
function readNumbers(bytes: Uint8Array, signature: PdfDict): ByteRange | undefined {
  const value = signature.entries.get('ByteRange')
  if (!isArray(value) || value.span === undefined || value.span.end - value.span.start > 512) return undefined
  const text = latin1Text(bytes, value.span.start, value.span.end)
  const match = /^\[\s*(\d{1,15})\s+(\d{1,15})\s+(\d{1,15})\s+(\d{1,15})\s*\]$/.exec(text)
  if (match === null) return undefined
  const [a, b, c, d] = match.slice(1).map(Number)
  return a === undefined || b === undefined || c === undefined || d === undefined ? undefined : [a, b, c, d]
}

function liesInside([start, before, after, length]: ByteRange, size: number): boolean {
  return start + before <= after && after + length <= size
}

/** `<`, an even number of hexadecimal digits, `>`: no white space, in which something could be hidden. */
function isPlainHex(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== 0x3c || bytes[end - 1] !== 0x3e || end - start < 2) return false
  // The decoder stops at the first pair that is none.
  const digits = latin1Text(bytes, start + 1, end - 1)
  return Buffer.from(digits, 'hex').length * 2 === digits.length
}

/** Length of the DER SEQUENCE that the bytes begin with; undefined when they do not (X.690 8.1.3, 10.1). */
function derLength(bytes: Uint8Array): number | undefined {
  const first = bytes[1]
  if (bytes[0] !== 0x30 || first === undefined) return undefined
  const count = first & 0x7f
  if (first >= 0x80 && (count === 0 || count > 4)) return undefined
  let length = first
  if (first >= 0x80) {
    length = 0
    for (let i = 0; i < count; i += 1) length = length * 256 + (bytes[2 + i] ?? 0)
  }
  const end = 2 + (first >= 0x80 ? count : 0) + length
  return end <= bytes.length && length > 0 ? end : undefined
}
