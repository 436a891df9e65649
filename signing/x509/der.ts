/**
 * A reader for DER (ITU-T X.690 clauses 8 to 11), small and strict.
 *
 * `parseDer` checks the whole tree before anything is taken from it: definite and shortest lengths, primitive
 * strings, canonical BOOLEAN and INTEGER, nothing after the end, limited depth. Nodes keep their place in the
 * input, so what is hashed later are the bytes as they were received. Children are made when asked for: a long
 * CRL costs a scan, not a million objects.
 *
 * The order inside SET OF is not enforced here, because certificates in use break it; `isSortedSetOf` tells.
 */
import { SigningError } from '../errors.ts'

/** Identifier octets in use here (X.690 8.1.2); context tags by `contextTag`. */
export const TAG = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OID: 0x06,
  ENUMERATED: 0x0a,
  UTF8_STRING: 0x0c,
  NUMERIC_STRING: 0x12,
  PRINTABLE_STRING: 0x13,
  TELETEX_STRING: 0x14,
  IA5_STRING: 0x16,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  VISIBLE_STRING: 0x1a,
  UNIVERSAL_STRING: 0x1c,
  BMP_STRING: 0x1e,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const

/** The identifier octet of the context-specific tag `[number]`. */
export function contextTag(number: number, constructed: boolean): number {
  return 0x80 | (constructed ? 0x20 : 0) | number
}

export interface DerLimits {
  /** Longest input in bytes. */
  readonly maxBytes: number
  /** Deepest nesting of constructed values. */
  readonly maxDepth: number
}

export const defaultDerLimits: DerLimits = { maxBytes: 64 * 1024 * 1024, maxDepth: 40 }

/** One TLV inside a checked input. */
export class DerNode {
  readonly source: Uint8Array
  readonly tag: number
  /** Offsets into `source`: of the identifier, of the content, and one past the content. */
  readonly start: number
  readonly contentStart: number
  readonly end: number
  #children: readonly DerNode[] | undefined

  constructor(source: Uint8Array, tag: number, start: number, contentStart: number, end: number) {
    this.source = source
    this.tag = tag
    this.start = start
    this.contentStart = contentStart
    this.end = end
  }

  /** Identifier, length and content as received; a view, not a copy. */
  get raw(): Uint8Array {
    return this.source.subarray(this.start, this.end)
  }

  get content(): Uint8Array {
    return this.source.subarray(this.contentStart, this.end)
  }

  get constructed(): boolean {
    return (this.tag & 0x20) !== 0
  }

  get children(): readonly DerNode[] {
    if (!this.constructed) throw malformed(this.start, 'a constructed value is expected')
    if (this.#children === undefined) {
      const found: DerNode[] = []
      for (const child of this.walk()) found.push(child)
      this.#children = found
    }
    return this.#children
  }

  /**
   * The first children, at most so many: for lists of which no more are looked at. Nothing is kept.
   */
  first(most: number): readonly DerNode[] {
    const found: DerNode[] = []
    for (const child of this.walk()) {
      if (found.length >= most) break
      found.push(child)
    }
    return found
  }

  /** The children one by one, without keeping them: for lists of any length. */
  *walk(): Generator<DerNode> {
    if (!this.constructed) throw malformed(this.start, 'a constructed value is expected')
    let position = this.contentStart
    while (position < this.end) {
      const child = readHeader(this.source, position, this.end)
      yield child
      position = child.end
    }
  }
}

/**
 * Checks `bytes` as exactly one DER value and returns it.
 * @throws SigningError `INPUT_TOO_LARGE`, `DER_MALFORMED` (`position` is the byte at fault)
 */
export function parseDer(bytes: Uint8Array, limits: DerLimits = defaultDerLimits): DerNode {
  if (bytes.length > limits.maxBytes) throw new SigningError('INPUT_TOO_LARGE', { limit: limits.maxBytes })
  const root = readHeader(bytes, 0, bytes.length)
  if (root.end !== bytes.length) throw malformed(root.end, 'data after the end of the value')
  check(root, 0, limits.maxDepth)
  return root
}

/** Length of the DER value at the start of `bytes`, header included; what follows it is not looked at. */
export function derLength(bytes: Uint8Array): number {
  return readHeader(bytes, 0, bytes.length).end
}

/** Whether the children stand in the order that DER asks of SET OF (X.690 11.6). */
export function isSortedSetOf(node: DerNode): boolean {
  let previous: Uint8Array | undefined
  for (const child of node.walk()) {
    if (previous !== undefined && Buffer.compare(previous, child.raw) > 0) return false
    previous = child.raw
  }
  return true
}

export function malformed(position: number, reason: string): SigningError {
  return new SigningError('DER_MALFORMED', { position, reason })
}

function check(node: DerNode, depth: number, maxDepth: number): void {
  if (node.constructed) {
    if (depth >= maxDepth) throw malformed(node.start, 'nested too deep')
    if ((node.tag & 0xc0) === 0 && node.tag !== TAG.SEQUENCE && node.tag !== TAG.SET) {
      throw malformed(node.start, 'a primitive type is encoded as constructed')
    }
    for (let position = node.contentStart; position < node.end; ) {
      const child = readHeader(node.source, position, node.end)
      check(child, depth + 1, maxDepth)
      position = child.end
    }
    return
  }
  const length = node.end - node.contentStart
  const first = node.source[node.contentStart]
  switch (node.tag) {
    case 0x10:
    case 0x11:
      throw malformed(node.start, 'a SEQUENCE or SET is encoded as primitive')
    case TAG.BOOLEAN:
      if (length !== 1 || (first !== 0 && first !== 0xff)) throw malformed(node.start, 'BOOLEAN')
      return
    case TAG.INTEGER:
    case TAG.ENUMERATED: {
      if (first === undefined || length === 0) throw malformed(node.start, 'empty INTEGER')
      const second = node.source[node.contentStart + 1]
      if (
        length > 1 &&
        second !== undefined &&
        (first === 0 ? second < 0x80 : first === 0xff && second >= 0x80)
      ) {
        throw malformed(node.start, 'INTEGER is not encoded in the fewest bytes')
      }
      return
    }
    case TAG.NULL:
      if (length !== 0) throw malformed(node.start, 'NULL with content')
      return
    case TAG.BIT_STRING: {
      if (first === undefined || length === 0 || first > 7 || (length === 1 && first !== 0)) {
        throw malformed(node.start, 'BIT STRING')
      }
      const last = node.source[node.end - 1] ?? 0
      if (length > 1 && (last & ((1 << first) - 1)) !== 0) {
        throw malformed(node.start, 'unused bits of a BIT STRING are not zero')
      }
      return
    }
    case TAG.OID:
      checkOid(node, length)
  }
}

function checkOid(node: DerNode, length: number): void {
  if (length === 0 || ((node.source[node.end - 1] ?? 0) & 0x80) !== 0) {
    throw malformed(node.start, 'OBJECT IDENTIFIER is cut off')
  }
  let arcStarts = true
  for (const byte of node.content) {
    if (arcStarts && byte === 0x80) throw malformed(node.start, 'OBJECT IDENTIFIER with a padded arc')
    arcStarts = (byte & 0x80) === 0
  }
}

/** The TLV at `start`, which must end by `limit`; its content is not looked at. */
export function readHeader(source: Uint8Array, start: number, limit: number): DerNode {
  const tag = source[start]
  const first = source[start + 1]
  if (tag === undefined || first === undefined || start + 2 > limit) throw malformed(start, 'cut off')
  if ((tag & 0x1f) === 0x1f) throw malformed(start, 'tag number above 30')
  if (tag === 0) throw malformed(start, 'end-of-contents marker')
  let contentStart = start + 2
  let length = first
  if (first >= 0x80) {
    const count = first & 0x7f
    if (count === 0) throw malformed(start, 'indefinite length')
    if (count > 4) throw malformed(start, 'length of more than four bytes')
    if (contentStart + count > limit) throw malformed(start, 'cut off')
    length = 0
    for (let i = 0; i < count; i += 1) length = length * 256 + (source[contentStart + i] ?? 0)
    if (length < 0x80 || source[contentStart] === 0) throw malformed(start, 'length not in its shortest form')
    contentStart += count
  }
  const end = contentStart + length
  if (end > limit) throw malformed(start, 'longer than what contains it')
  return new DerNode(source, tag, start, contentStart, end)
}
