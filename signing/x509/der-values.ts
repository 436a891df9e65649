/** Values of DER nodes: each function demands its type and throws `DER_MALFORMED` otherwise. */
import { type DerNode, malformed, TAG } from './der.ts'

/** A cursor over the children of a SEQUENCE, for structures with optional members. */
export class DerFields {
  readonly #nodes: readonly DerNode[]
  readonly #parent: DerNode
  #next = 0

  constructor(parent: DerNode, tag: number = TAG.SEQUENCE) {
    expectTag(parent, tag)
    this.#parent = parent
    this.#nodes = parent.children
  }

  /** The next member, whatever its tag. */
  any(what: string): DerNode {
    const node = this.#nodes[this.#next]
    if (node === undefined) throw malformed(this.#parent.end, `${what} is missing`)
    this.#next += 1
    return node
  }

  /** The next member, which must have this tag. */
  take(tag: number, what: string): DerNode {
    const node = this.any(what)
    if (node.tag !== tag) throw malformed(node.start, `${what} is expected`)
    return node
  }

  /** The next member if it has this tag. */
  optional(tag: number): DerNode | undefined {
    const node = this.#nodes[this.#next]
    if (node?.tag !== tag) return undefined
    this.#next += 1
    return node
  }

  /** The tag of the next member; undefined at the end. */
  get nextTag(): number | undefined {
    return this.#nodes[this.#next]?.tag
  }

  /** Demands that nothing is left. */
  finish(what: string): void {
    const node = this.#nodes[this.#next]
    if (node !== undefined) throw malformed(node.start, `unexpected member of ${what}`)
  }
}

export function expectTag(node: DerNode, tag: number): void {
  if (node.tag !== tag) {
    throw malformed(node.start, `tag 0x${tag.toString(16)} is expected, not 0x${node.tag.toString(16)}`)
  }
}

/** The single child of an EXPLICIT wrapper. */
export function onlyChild(node: DerNode): DerNode {
  const [child, ...rest] = node.children
  if (child === undefined || rest.length > 0) throw malformed(node.start, 'exactly one value is expected')
  return child
}

/** Dotted decimal form of an OBJECT IDENTIFIER. */
export function readOid(node: DerNode): string {
  expectTag(node, TAG.OID)
  return decodeOid(node.content)
}

/** The content octets of an OBJECT IDENTIFIER in dotted decimal; for IMPLICIT tags. */
export function decodeOid(content: Uint8Array): string {
  let text = ''
  let value = 0
  for (const byte of content) {
    // Seven more bits would leave the whole numbers that are exact.
    if (value > 2 ** 45) return decodeLongOid(content)
    value = value * 128 + (byte & 0x7f)
    if ((byte & 0x80) !== 0) continue
    if (text === '') {
      const root = value < 40 ? 0 : value < 80 ? 1 : 2
      text = `${root}.${value - root * 40}`
    } else {
      text += `.${value}`
    }
    value = 0
  }
  return text
}

function decodeLongOid(content: Uint8Array): string {
  const arcs: string[] = []
  let value = 0n
  for (const byte of content) {
    value = (value << 7n) | BigInt(byte & 0x7f)
    if ((byte & 0x80) !== 0) continue
    if (arcs.length === 0) {
      const root = value < 40n ? 0n : value < 80n ? 1n : 2n
      arcs.push(String(root), String(value - root * 40n))
    } else {
      arcs.push(String(value))
    }
    value = 0n
  }
  return arcs.join('.')
}

export function readBoolean(node: DerNode): boolean {
  expectTag(node, TAG.BOOLEAN)
  return node.content[0] === 0xff
}

/** A non-negative INTEGER that fits a safe number. */
export function readSmallInteger(node: DerNode): number {
  expectTag(node, TAG.INTEGER)
  return decodeSmallInteger(node)
}

/** As `readSmallInteger`, for IMPLICIT tags. */
export function decodeSmallInteger(node: DerNode): number {
  const { content } = node
  if (content.length === 0 || content.length > 6 || (content[0] ?? 0) >= 0x80) {
    throw malformed(node.start, 'number out of range')
  }
  let value = 0
  for (const byte of content) value = value * 256 + byte
  return value
}

/** The INTEGER of a certificate's serial: its content octets, which compare as they are. */
export function readIntegerBytes(node: DerNode): Uint8Array {
  expectTag(node, TAG.INTEGER)
  return node.content
}

export function readOctetString(node: DerNode): Uint8Array {
  expectTag(node, TAG.OCTET_STRING)
  return node.content
}

/** The bytes of a BIT STRING without unused bits. */
export function readBitStringBytes(node: DerNode): Uint8Array {
  expectTag(node, TAG.BIT_STRING)
  if (node.content[0] !== 0) throw malformed(node.start, 'BIT STRING of whole bytes is expected')
  return node.content.subarray(1)
}

/** A named BIT STRING: the set of bit numbers that are one. `tag` for IMPLICIT ones. */
export function readNamedBits(node: DerNode, tag: number = TAG.BIT_STRING): ReadonlySet<number> {
  expectTag(node, tag)
  if (node.content.length === 0) throw malformed(node.start, 'BIT STRING')
  const bits = new Set<number>()
  node.content.subarray(1).forEach((byte, index) => {
    for (let bit = 0; bit < 8; bit += 1) if ((byte & (0x80 >> bit)) !== 0) bits.add(index * 8 + bit)
  })
  return bits
}

const decoders: Readonly<Record<number, string>> = {
  [TAG.UTF8_STRING]: 'utf-8',
  [TAG.NUMERIC_STRING]: 'latin1',
  [TAG.PRINTABLE_STRING]: 'latin1',
  [TAG.TELETEX_STRING]: 'latin1',
  [TAG.IA5_STRING]: 'latin1',
  [TAG.VISIBLE_STRING]: 'latin1',
}

/** Text of any of the string types of X.520; undefined for another type. Broken UTF-8 or BMP is an error. */
export function readText(node: DerNode): string | undefined {
  const { content } = node
  if (node.tag === TAG.BMP_STRING || node.tag === TAG.UNIVERSAL_STRING) return readWide(node)
  const encoding = decoders[node.tag]
  if (encoding === undefined) return undefined
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(content)
  } catch {
    throw malformed(node.start, 'text is not valid UTF-8')
  }
}

function readWide(node: DerNode): string {
  const { content } = node
  const width = node.tag === TAG.BMP_STRING ? 2 : 4
  if (content.length % width !== 0) throw malformed(node.start, 'wide string of odd length')
  let text = ''
  for (let i = 0; i < content.length; i += width) {
    let point = 0
    for (let j = 0; j < width; j += 1) point = point * 256 + (content[i + j] ?? 0)
    if (point > 0x10ffff) throw malformed(node.start, 'character out of range')
    text += width === 2 ? String.fromCharCode(point) : String.fromCodePoint(point)
  }
  return text
}

/**
 * UTCTime or GeneralizedTime in the form of RFC 5280 section 4.1.2.5: with seconds and `Z`. A GeneralizedTime
 * may have a fraction where `fraction` allows it (RFC 3161). The result has milliseconds.
 */
export function readTime(node: DerNode, options: { fraction?: boolean } = {}): Date {
  const text = Buffer.from(node.content).toString('latin1')
  const utc = node.tag === TAG.UTC_TIME
  if (!utc && node.tag !== TAG.GENERALIZED_TIME) throw malformed(node.start, 'a time is expected')
  const match = (
    utc
      ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)()Z$/
      : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d*[1-9])?Z$/
  ).exec(text)
  if (match === null || (match[7] && !options.fraction)) throw malformed(node.start, 'form of the time')
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  const fullYear = utc ? (year >= 50 ? 1900 + year : 2000 + year) : year
  const time = new Date(0)
  time.setUTCFullYear(fullYear, month - 1, day)
  time.setUTCHours(hour, minute, second, Math.floor(Number(match[7] || 0) * 1000))
  const kept = time.getUTCMonth() === month - 1 && time.getUTCDate() === day && time.getUTCHours() === hour
  if (!kept || minute > 59 || second > 59) throw malformed(node.start, 'no such date')
  return time
}
