/** Cross-reference sections: tables, streams and hybrids (ISO 32000-2, 7.5.4 and 7.5.8). */
import { type Allowance, valueCost } from './allowance.ts'
import { declaredEntries, decodeStream } from './filters.ts'
import { locateSection, type Note } from './irregularity.ts'
import { isDigit, Lexer, latin1Text, malformed } from './lexer.ts'
import { pdfLimits } from './limits.ts'
import { isArray, isInteger, isName, type PdfDict, type PdfValue } from './objects.ts'
import { parseDict, parseIndirectObject } from './parser.ts'

/** Where an object is. `free` also says that it is not (or no longer) there. */
export type XrefEntry =
  | { readonly type: 'free' }
  | { readonly type: 'offset'; readonly offset: number; readonly generation: number }
  | { readonly type: 'compressed'; readonly container: number; readonly index: number }

export interface XrefSection {
  /** Offset of `xref` or of the stream's object number. */
  readonly offset: number
  /** One past the trailer dictionary or `endobj`. */
  readonly end: number
  readonly kind: 'table' | 'stream'
  readonly entries: ReadonlyMap<number, XrefEntry>
  readonly trailer: PdfDict
  /** Offset of the section before it. */
  readonly previous: number | undefined
  /** Offset of the additional stream of a hybrid file. */
  readonly hybrid: number | undefined
}

/** What sections are read with. */
export interface SectionReading {
  /** Told of what is not quite regular; the file must then be checked by `assertUnambiguous`. */
  readonly note: Note
  readonly allowance: Allowance
  /** Entries that there may be; looked at before anything is unpacked. */
  readonly most: number
}

/** Reads the section at `offset`; a hybrid's stream is read with it and its entries joined. */
export function readSection(bytes: Uint8Array, offset: number, reading: SectionReading): XrefSection {
  const { note, allowance, most } = reading
  const lexer = new Lexer(bytes, locateSection(bytes, offset, note), bytes.length, allowance)
  lexer.skipWhitespace()
  if (!lexer.at('xref')) return readStreamSection(lexer, most)
  const start = lexer.position
  lexer.take('xref')
  const entries = readTable(lexer, most, note)
  lexer.expect('trailer')
  lexer.skipWhitespace()
  const trailer = parseDict(lexer)
  const hybrid = offsetEntry(trailer, 'XRefStm', start, bytes.length)
  checkSize(entries, trailer, start)
  return {
    offset: start,
    end: lexer.position,
    kind: 'table',
    entries:
      hybrid === undefined
        ? entries
        : joinHybrid(bytes.subarray(0, start), entries, hybrid, { ...reading, most: most - entries.size }),
    trailer,
    previous: offsetEntry(trailer, 'Prev', start, bytes.length),
    hybrid,
  }
}

/** `first count` on a line of its own (7.5.4). */
const subsectionHeader = /^(\d{1,10}) (\d{1,10})[ \t]*(?:\r\n|\r|\n)/
const looseHeader = /^(\d{1,10})[ \t]+(\d{1,10})[ \t\r\n]+/
const entryBytes = 20

/** An entry whose numbers are not filled up with zeros or whose end is not of two bytes. */
const looseEntry = /^[ \t\r\n]*(\d{1,10})[ \t]+(\d{1,5})[ \t]+([nf])[ \t]*[\r\n]{1,2}/

/**
 * Reads the table in the form that the standard knows, or in one that can be taken for nothing else. Readers that find
 * another form repair the file, and then show objects that no cross-reference section names: hence the note.
 */
function readTable(lexer: Lexer, most: number, note: Note): Map<number, XrefEntry> {
  const entries = new Map<number, XrefEntry>()
  const text = (length: number) => latin1Text(lexer.bytes, lexer.position, lexer.position + length)
  lexer.skipWhitespace()
  while (isDigit(lexer.peek())) {
    const here = text(40)
    const regular = subsectionHeader.exec(here)
    const header = regular ?? looseHeader.exec(here)
    if (header === null) throw malformed(lexer.position, 'the header of a subsection is expected')
    if (regular === null)
      note('XREF_TABLE_IRREGULAR', lexer.position, 'the header of a subsection has extra space')
    lexer.position += header[0].length
    const count = Number(header[2])
    const first = firstOf(
      Number(header[1]),
      count,
      text(entryBytes),
      entries.size === 0,
      lexer.position,
      note,
    )
    if (first + count > pdfLimits.objects) throw malformed(lexer.position, 'too many objects')
    if (entries.size + count > most) throw malformed(lexer.position, 'too many cross-reference entries')
    lexer.spend(count * valueCost.xrefEntry)
    for (let number = first; number < first + count; number += 1) {
      if (entries.has(number)) throw malformed(lexer.position, `object ${number} stands twice in one table`)
      entries.set(number, readEntry(lexer, note))
    }
    // Some writers leave a line empty before the trailer.
    lexer.skipWhitespace()
  }
  return entries
}

/** Some writers count the objects from 1, though the first of them is the free one of number 0. */
function firstOf(
  first: number,
  count: number,
  entry: string,
  isFirst: boolean,
  position: number,
  note: Note,
): number {
  if (first !== 1 || count === 0 || !isFirst || !entry.startsWith('0000000000 65535 f')) return first
  note('XREF_TABLE_IRREGULAR', position, 'the table counts from 1 instead of 0')
  return 0
}

const free: XrefEntry = { type: 'free' }

function readEntry(lexer: Lexer, note: Note): XrefEntry {
  const { bytes, position } = lexer
  const offset = digits(bytes, position, 10)
  const generation = digits(bytes, position + 11, 5)
  const kind = bytes[position + 17]
  const [first, second] = [bytes[position + 18], bytes[position + 19]]
  const isRegular =
    offset >= 0 &&
    generation >= 0 &&
    bytes[position + 10] === 0x20 &&
    bytes[position + 16] === 0x20 &&
    (kind === 0x6e || kind === 0x66) &&
    (first === 0x20 ? second === 0x0a || second === 0x0d : first === 0x0d && second === 0x0a)
  if (isRegular && position + entryBytes <= lexer.end) {
    lexer.position += entryBytes
    return entryOf(offset, generation, kind === 0x6e)
  }
  const loose = looseEntry.exec(latin1Text(bytes, position, position + 40))
  if (loose === null) throw malformed(position, 'a cross-reference entry of 20 bytes is expected')
  note('XREF_TABLE_IRREGULAR', position, 'a cross-reference entry of 20 bytes is expected')
  lexer.position += loose[0].length
  return entryOf(Number(loose[1]), Number(loose[2]), loose[3] === 'n')
}

/** Some writers mark a missing object as in use at offset 0, where only the header can be. */
function entryOf(offset: number, generation: number, inUse: boolean): XrefEntry {
  return inUse && offset !== 0 ? { type: 'offset', offset, generation } : free
}

/** Decimal digits, all of them, as a number; -1 where they are others. */
function digits(bytes: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let i = at; i < at + count; i += 1) {
    const digit = (bytes[i] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

/**
 * A reader may take objects at or above /Size for missing (7.5.5), so that none may stand there. A cross-reference
 * stream, whose number some writers forget to count, is no part of the document.
 */
function checkSize(entries: ReadonlyMap<number, XrefEntry>, trailer: PdfDict, position: number): void {
  const size = trailer.entries.get('Size')
  if (!isInteger(size) || trailer.duplicates?.has('Size')) throw malformed(position, 'Size is expected once')
  for (const [number, entry] of entries) {
    if (entry.type === 'free' || number < size) continue
    if (entry.type !== 'offset' || entry.offset !== position)
      throw malformed(position, `object ${number} is beyond Size`)
  }
}

/**
 * A hybrid's stream adds what its table calls free (7.5.8.4). A reader that knows no streams sees another document,
 * so the two may differ in nothing else. The stream must stand before the table, in bytes that belong to the revision.
 */
function joinHybrid(
  bytes: Uint8Array,
  table: ReadonlyMap<number, XrefEntry>,
  offset: number,
  { allowance, most }: SectionReading,
): ReadonlyMap<number, XrefEntry> {
  const lexer = new Lexer(bytes, offset, bytes.length, allowance)
  lexer.skipWhitespace()
  const stream = readStreamSection(lexer, most)
  const joined = new Map(table)
  for (const [number, entry] of stream.entries) {
    const other = table.get(number)
    if (other !== undefined && other.type !== 'free' && !sameEntry(other, entry)) {
      throw malformed(offset, `table and stream of a hybrid file disagree about object ${number}`)
    }
    if (entry.type !== 'free') joined.set(number, entry)
  }
  return joined
}

export function sameEntry(a: XrefEntry | undefined, b: XrefEntry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  if (a.type === 'offset') {
    return b.type === 'offset' && a.offset === b.offset && a.generation === b.generation
  }
  if (a.type === 'compressed') {
    return b.type === 'compressed' && a.container === b.container && a.index === b.index
  }
  return b.type === 'free'
}

function readStreamSection(lexer: Lexer, most: number): XrefSection {
  const start = lexer.position
  if (!isDigit(lexer.peek())) throw malformed(start, 'a cross-reference section is expected')
  const object = parseIndirectObject(lexer, (length) => (isInteger(length) ? length : undefined))
  const { value: dict, stream } = object
  if (stream === undefined || typeof dict !== 'object' || dict?.kind !== 'dict') {
    throw malformed(start, 'a cross-reference stream is expected')
  }
  if (!isName(dict.entries.get('Type'), 'XRef')) throw malformed(start, 'the stream is not of type XRef')
  const declared = declaredEntries(dict)
  if (declared > most) throw malformed(start, 'too many cross-reference entries')
  if (Number.isSafeInteger(declared)) lexer.spend(declared * valueCost.xrefEntry)
  const data = decodeStream(dict, lexer.bytes.subarray(stream.start, stream.end), start)
  const entries = readStreamEntries(dict, data, start)
  checkSize(entries, dict, start)
  return {
    offset: start,
    end: lexer.position,
    kind: 'stream',
    entries,
    trailer: dict,
    previous: offsetEntry(dict, 'Prev', start, lexer.bytes.length),
    hybrid: undefined,
  }
}

function readStreamEntries(dict: PdfDict, data: Uint8Array, position: number): Map<number, XrefEntry> {
  const widths = integers(dict.entries.get('W'), position, 'W')
  const [w0, w1, w2] = widths
  if (w0 === undefined || w1 === undefined || w2 === undefined || widths.length !== 3) {
    throw malformed(position, 'W must have three numbers')
  }
  if (w0 > 1 || w1 < 1 || w1 > 8 || w2 > 8) throw malformed(position, 'W is out of range')
  const size = dict.entries.get('Size')
  const subsections = integers(dict.entries.get('Index') ?? null, position, 'Index')
  const index = subsections.length > 0 ? subsections : [0, isInteger(size) ? size : 0]
  const entries = new Map<number, XrefEntry>()
  let at = 0
  const field = (width: number): number => {
    let value = 0
    for (let i = 0; i < width; i += 1) value = value * 256 + (data[at + i] ?? 0)
    at += width
    if (!Number.isSafeInteger(value))
      throw malformed(position, 'number out of range in a cross-reference stream')
    return value
  }
  for (let i = 0; i < index.length; i += 2) {
    const first = index[i] ?? 0
    const count = index[i + 1] ?? -1
    if (count < 0 || first + count > pdfLimits.objects) throw malformed(position, 'Index is out of range')
    if (at + count * (w0 + w1 + w2) > data.length)
      throw malformed(position, 'too few cross-reference entries')
    for (let number = first; number < first + count; number += 1) {
      const type = w0 === 0 ? 1 : field(w0)
      const second = field(w1)
      const third = field(w2)
      if (entries.has(number)) throw malformed(position, `object ${number} stands twice in one section`)
      // A type above 2 is to be taken as a reference to the null object (7.5.8.3).
      if (type === 1) entries.set(number, { type: 'offset', offset: second, generation: third })
      else if (type === 2) entries.set(number, { type: 'compressed', container: second, index: third })
      else entries.set(number, free)
    }
  }
  return entries
}

function integers(value: PdfValue | undefined, position: number, key: string): number[] {
  if (value === null) return []
  if (!isArray(value)) throw malformed(position, `${key} must be an array`)
  return value.items.map((item) => {
    if (!isInteger(item) || item < 0) throw malformed(position, `${key} must have whole numbers`)
    return item
  })
}

function offsetEntry(dict: PdfDict, key: string, position: number, limit: number): number | undefined {
  const value = dict.entries.get(key)
  if (value === undefined || value === null) return undefined
  if (dict.duplicates?.has(key)) throw malformed(position, `${key} stands twice`)
  if (!isInteger(value) || value <= 0 || value >= limit) throw malformed(position, `${key} is not an offset`)
  return value
}
