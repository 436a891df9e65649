/**
 * The entries of a CRL, indexed by serial number: lists of a hundred thousand are scanned once, without an object for
 * each entry, and asked in constant time. The bytes were checked as DER before.
 */
import { randomBytes } from 'node:crypto'
import { type DerNode, malformed, readHeader, TAG } from './der.ts'
import { readOid } from './der-values.ts'

/** Byte offsets of the entries of one certificate issuer; open addressing, at most half full. */
export class SerialTable {
  readonly #source: Uint8Array
  /** Offset of an entry plus one; 0 is empty. */
  #slots = new Uint32Array(16)
  #count = 0
  /** Unknown to those who choose serial numbers, so that they cannot make them collide. */
  readonly #seed = randomBytes(4).readUInt32LE()

  constructor(source: Uint8Array) {
    this.#source = source
  }

  /** The entry at `start`, with the content octets of its serial; of two with one number the later stays. */
  add(start: number, serialStart: number, serialEnd: number): void {
    if ((this.#count + 1) * 2 > this.#slots.length) this.#grow()
    const slot = this.#slotOf(this.#source, serialStart, serialEnd)
    if (this.#slots[slot] === 0) this.#count += 1
    this.#slots[slot] = start + 1
  }

  /** Where the entry of a serial number starts, by its content octets. */
  find(serial: Uint8Array): number | undefined {
    const found = this.#slots[this.#slotOf(serial, 0, serial.length)] ?? 0
    return found === 0 ? undefined : found - 1
  }

  /** The slot of these octets, or the empty one where they belong. */
  #slotOf(source: Uint8Array, start: number, end: number): number {
    const mask = this.#slots.length - 1
    let slot = hashOf(this.#seed, source, start, end) & mask
    for (;;) {
      const found = this.#slots[slot] ?? 0
      if (found === 0) return slot
      const entry = readHeader(this.#source, found - 1, this.#source.length)
      const own = readHeader(this.#source, entry.contentStart, entry.end)
      if (equalOctets(this.#source, own.contentStart, own.end, source, start, end)) return slot
      slot = (slot + 1) & mask
    }
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Uint32Array(old.length * 4)
    for (const found of old) {
      if (found === 0) continue
      const entry = readHeader(this.#source, found - 1, this.#source.length)
      const own = readHeader(this.#source, entry.contentStart, entry.end)
      this.#slots[this.#slotOf(this.#source, own.contentStart, own.end)] = found
    }
  }
}

/** FNV-1a with a secret start and a final mix. */
function hashOf(seed: number, source: Uint8Array, start: number, end: number): number {
  let value = seed
  for (let i = start; i < end; i += 1) value = Math.imul(value ^ (source[i] ?? 0), 0x01000193)
  value ^= value >>> 15
  value = Math.imul(value, 0x2c1b3c6d)
  return (value ^ (value >>> 13)) >>> 0
}

function equalOctets(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  if (aEnd - aStart !== bEnd - bStart) return false
  for (let i = 0; i < aEnd - aStart; i += 1) if (a[aStart + i] !== b[bStart + i]) return false
  return true
}

export interface EntryIndex {
  /**
   * Tables by the `nameKey` of the certificate issuer: an entry's issuer holds for the next ones too (RFC 5280 section
   * 5.3.3), and the first ones are of the CRL's issuer.
   */
  readonly tables: ReadonlyMap<string, SerialTable>
  /** An entry has a critical extension that is not understood: the list may then prove nobody good (section 5.3). */
  readonly unknownCritical: boolean
}

/**
 * @param issuerKey `nameKey` of the CRL's issuer
 * @param certificateIssuer for indirect lists: the `nameKey` of the issuer that an entry's extensions name, if any
 * @param isUnderstood whether an entry extension, by its dotted identifier, may be critical
 */
export function indexEntries(
  entries: DerNode | undefined,
  issuerKey: string,
  certificateIssuer: ((extensions: DerNode) => string | undefined) | undefined,
  isUnderstood: (type: string) => boolean,
): EntryIndex {
  const tables = new Map<string, SerialTable>()
  let unknownCritical = false
  if (entries === undefined) return { tables, unknownCritical }
  const { source } = entries
  let current = new SerialTable(source)
  tables.set(issuerKey, current)
  for (let position = entries.contentStart; position < entries.end; ) {
    const entry = readHeader(source, position, entries.end)
    if (entry.tag !== TAG.SEQUENCE || entry.contentStart === entry.end) {
      throw malformed(position, 'entry of a list')
    }
    const serial = readHeader(source, entry.contentStart, entry.end)
    if (serial.tag !== TAG.INTEGER) throw malformed(serial.start, 'userCertificate')
    const extensions = extensionsOf(entry, serial)
    if (extensions !== undefined) {
      unknownCritical ||= hasUnknownCritical(extensions, isUnderstood)
      const named = certificateIssuer?.(extensions)
      if (named !== undefined) {
        current = tables.get(named) ?? new SerialTable(source)
        tables.set(named, current)
      }
    }
    current.add(position, serial.contentStart, serial.end)
    position = entry.end
  }
  return { tables, unknownCritical }
}

function extensionsOf(entry: DerNode, serial: DerNode): DerNode | undefined {
  if (serial.end === entry.end) throw malformed(entry.start, 'revocationDate is missing')
  const date = readHeader(entry.source, serial.end, entry.end)
  return date.end === entry.end ? undefined : readHeader(entry.source, date.end, entry.end)
}

function hasUnknownCritical(extensions: DerNode, isUnderstood: (type: string) => boolean): boolean {
  const { source } = extensions
  for (let position = extensions.contentStart; position < extensions.end; ) {
    const extension = readHeader(source, position, extensions.end)
    const type = readHeader(source, extension.contentStart, extension.end)
    // A member after the identifier that is a BOOLEAN says "critical".
    if (type.end < extension.end && source[type.end] === TAG.BOOLEAN && !isUnderstood(readOid(type)))
      return true
    position = extension.end
  }
  return false
}
