/** Writes DER (ITU-T X.690). Each function returns one whole TLV; they nest by being passed to one another. */
import { BoundedCache } from './bounded-cache.ts'
import { TAG } from './der.ts'

/** A TLV with the given identifier octet and content. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const header = [tag]
  if (length < 0x80) {
    header.push(length)
  } else {
    const bytes: number[] = []
    for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
    header.push(0x80 | bytes.length, ...bytes)
  }
  const out = new Uint8Array(header.length + length)
  out.set(header)
  let position = header.length
  for (const part of parts) {
    out.set(part, position)
    position += part.length
  }
  return out
}

export function sequence(...members: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return tlv(TAG.SEQUENCE, ...members)
}

/** SET OF: the members are put in the order of X.690 11.6. `tag` for IMPLICIT ones. */
export function setOf(members: readonly Uint8Array[], tag: number = TAG.SET): Uint8Array<ArrayBuffer> {
  // Joined first: what is read may have more members than a call may have arguments.
  return tlv(tag, Buffer.concat(members.toSorted((a, b) => Buffer.compare(a, b))))
}

/** `[number] EXPLICIT`, or `[number] IMPLICIT` of a constructed type when given its members. */
export function context(number: number, ...members: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return tlv(0xa0 | number, ...members)
}

/** `[number] IMPLICIT` of a primitive type: `content` without tag and length. */
export function contextPrimitive(number: number, content: Uint8Array): Uint8Array<ArrayBuffer> {
  return tlv(0x80 | number, content)
}

/** @param dotted dotted decimal, e.g. `2.5.4.3` */
export function oid(dotted: string): Uint8Array<ArrayBuffer> {
  return tlv(TAG.OID, oidContent(dotted))
}

/** The content octets of an OBJECT IDENTIFIER. */
export function oidContent(dotted: string): Uint8Array<ArrayBuffer> {
  const known = oidContents.get(dotted)
  if (known !== undefined) return Uint8Array.from(known)
  const [first = 0n, second = 0n, ...arcs] = dotted.split('.').map(BigInt)
  const bytes: number[] = []
  for (const arc of [first * 40n + second, ...arcs]) {
    const groups = [Number(arc & 0x7fn)]
    for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) groups.unshift(Number(rest & 0x7fn) | 0x80)
    bytes.push(...groups)
  }
  oidContents.set(dotted, bytes)
  return Uint8Array.from(bytes)
}

/** The same few are written with every signature. */
const oidContents = new BoundedCache<string, readonly number[]>(512)

/** A non-negative INTEGER. */
export function integer(value: number | bigint): Uint8Array<ArrayBuffer> {
  const hex = value.toString(16)
  return unsignedInteger(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'))
}

/** A non-negative INTEGER from big-endian bytes: leading zeros are dropped, a sign byte is put where needed. */
export function unsignedInteger(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1
  const trimmed = bytes.subarray(start)
  return (trimmed[0] ?? 0) >= 0x80 ? tlv(TAG.INTEGER, Uint8Array.of(0), trimmed) : tlv(TAG.INTEGER, trimmed)
}

export function boolean(value: boolean): Uint8Array<ArrayBuffer> {
  return tlv(TAG.BOOLEAN, Uint8Array.of(value ? 0xff : 0))
}

export function nullValue(): Uint8Array<ArrayBuffer> {
  return tlv(TAG.NULL)
}

export function octetString(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return tlv(TAG.OCTET_STRING, bytes)
}

/** A BIT STRING of whole bytes. */
export function bitString(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return tlv(TAG.BIT_STRING, Uint8Array.of(0), bytes)
}

/** A named BIT STRING: the given bit numbers are one, trailing zeros are dropped (X.690 11.2.2). */
export function namedBits(bits: readonly number[], tag: number = TAG.BIT_STRING): Uint8Array<ArrayBuffer> {
  const highest = Math.max(-1, ...bits)
  const bytes = new Uint8Array(1 + Math.floor((highest + 8) / 8))
  bytes[0] = highest < 0 ? 0 : 7 - (highest % 8)
  for (const bit of bits) {
    const index = 1 + Math.floor(bit / 8)
    bytes[index] = (bytes[index] ?? 0) | (0x80 >> (bit % 8))
  }
  return tlv(tag, bytes)
}

export function utf8String(text: string): Uint8Array<ArrayBuffer> {
  return tlv(TAG.UTF8_STRING, new TextEncoder().encode(text))
}

export function printableString(text: string): Uint8Array<ArrayBuffer> {
  return tlv(TAG.PRINTABLE_STRING, Buffer.from(text, 'latin1'))
}

export function ia5String(text: string): Uint8Array<ArrayBuffer> {
  return tlv(TAG.IA5_STRING, Buffer.from(text, 'latin1'))
}

/** Time of RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050; whole seconds. */
export function time(value: Date): Uint8Array<ArrayBuffer> {
  const digits = value
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '')
  const year = value.getUTCFullYear()
  return year >= 1950 && year < 2050
    ? tlv(TAG.UTC_TIME, Buffer.from(digits.slice(2)))
    : tlv(TAG.GENERALIZED_TIME, Buffer.from(digits))
}
