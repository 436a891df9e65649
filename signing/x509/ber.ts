/**
 * BER to DER, for containers that may lawfully be BER: PKCS#12 files (RFC 7292 section 4) and CMS outside of
 * PDF (RFC 5652 section 2). Indefinite lengths become definite, long lengths short, strings in pieces whole,
 * TRUE 0xff. Never used on signed structures inside: they are octet strings or checked as DER afterwards.
 *
 * A string in pieces under an IMPLICIT context tag looks like any constructed value and stays one;
 * `joinPieces` is for the reader who knows better.
 */
import { SigningError } from '../errors.ts'
import { type DerNode, malformed, TAG } from './der.ts'
import { readOctetString } from './der-values.ts'
import { tlv } from './der-write.ts'

interface Piece {
  readonly der: Uint8Array
  readonly end: number
}

/**
 * Re-encodes exactly one BER value.
 * @throws SigningError `INPUT_TOO_LARGE`, `DER_MALFORMED`
 */
export function berToDer(
  bytes: Uint8Array,
  limits: { maxBytes: number; maxDepth: number } = { maxBytes: 16 * 1024 * 1024, maxDepth: 40 },
): Uint8Array {
  if (bytes.length > limits.maxBytes) throw new SigningError('INPUT_TOO_LARGE', { limit: limits.maxBytes })
  const { der, end } = convert(bytes, 0, bytes.length, limits.maxDepth, { left: MOST_VALUES })
  if (end !== bytes.length) throw malformed(end, 'data after the end of the value')
  return der
}

/** The content of an `[n] IMPLICIT OCTET STRING`, primitive or in pieces. */
export function joinPieces(node: DerNode): Uint8Array {
  return node.constructed ? Buffer.concat(node.children.map(readOctetString)) : node.content
}

/** How many values are converted; a content of 100 MB in pieces as they are in use has far fewer. */
const MOST_VALUES = 250_000

/** How many more values may be converted. */
interface Allowance {
  left: number
}

function convert(
  source: Uint8Array,
  start: number,
  limit: number,
  depth: number,
  allowance: Allowance,
): Piece {
  allowance.left -= 1
  if (allowance.left < 0) throw malformed(start, 'too many values')
  const tag = source[start]
  const first = source[start + 1]
  if (tag === undefined || first === undefined || start + 2 > limit) throw malformed(start, 'cut off')
  if ((tag & 0x1f) === 0x1f) throw malformed(start, 'tag number above 30')
  const constructed = (tag & 0x20) !== 0
  if (first === 0x80) {
    if (!constructed) throw malformed(start, 'indefinite length of a primitive value')
    return convertIndefinite(source, start, limit, depth, allowance)
  }
  const { contentStart, end } = readDefiniteLength(source, start, limit)
  if (!constructed) {
    const content = source.subarray(contentStart, end)
    const truth = tag === TAG.BOOLEAN && content.length === 1 && content[0] !== 0
    return { der: tlv(tag, truth ? Uint8Array.of(0xff) : content), end }
  }
  if (depth === 0) throw malformed(start, 'nested too deep')
  const members: Uint8Array[] = []
  for (let position = contentStart; position < end; ) {
    const member = convert(source, position, end, depth - 1, allowance)
    members.push(member.der)
    position = member.end
  }
  return { der: assemble(tag, members, start), end }
}

function convertIndefinite(
  source: Uint8Array,
  start: number,
  limit: number,
  depth: number,
  allowance: Allowance,
): Piece {
  if (depth === 0) throw malformed(start, 'nested too deep')
  const members: Uint8Array[] = []
  let position = start + 2
  while (source[position] !== 0 || source[position + 1] !== 0) {
    const member = convert(source, position, limit, depth - 1, allowance)
    members.push(member.der)
    position = member.end
  }
  if (position + 2 > limit) throw malformed(start, 'cut off')
  return { der: assemble(source[start] ?? 0, members, start), end: position + 2 }
}

function assemble(tag: number, members: readonly Uint8Array[], start: number): Uint8Array {
  const primitive = tag & ~0x20
  const isUniversalString = (tag & 0xc0) === 0 && tag !== TAG.SEQUENCE && tag !== TAG.SET
  if (!isUniversalString) return tlv(tag, Buffer.concat(members))
  if (primitive === TAG.BIT_STRING) throw malformed(start, 'BIT STRING in pieces')
  // Joined first: there may be more pieces than a call may have arguments.
  const pieces = members.map((member) => {
    if (member[0] !== primitive) throw malformed(start, 'string with pieces of another type')
    return contentOf(member)
  })
  return tlv(primitive, Buffer.concat(pieces))
}

function contentOf(der: Uint8Array): Uint8Array {
  return der.subarray(readDefiniteLength(der, 0, der.length).contentStart)
}

function readDefiniteLength(
  source: Uint8Array,
  start: number,
  limit: number,
): { contentStart: number; end: number } {
  const first = source[start + 1] ?? 0
  const count = first < 0x80 ? 0 : first & 0x7f
  if (count > 6 || start + 2 + count > limit) throw malformed(start, 'length')
  let length = first < 0x80 ? first : 0
  for (let i = 0; i < count; i += 1) length = length * 256 + (source[start + 2 + i] ?? 0)
  const contentStart = start + 2 + count
  if (contentStart + length > limit) throw malformed(start, 'longer than what contains it')
  return { contentStart, end: contentStart + length }
}
