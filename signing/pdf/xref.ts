/** Cross-reference sections: tables, streams and hybrids (ISO 32000-2, 7.5.4 and 7.5.8). */
import { decodeStream } from './filters.ts'
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

/** Reads the section at `offset`; a hybrid's stream is read with it and its entries joined. */
export function readSection(bytes: Uint8Array, offset: number): XrefSection {
  const lexer = new Lexer(bytes, offset)
  lexer.skipWhitespace()
  if (!lexer.at('xref')) return readStreamSection(lexer)
  const start = lexer.position
  lexer.take('xref')
  const entries = readTable(lexer)
  lexer.expect('trailer')
  lexer.skipWhitespace()
  const trailer = parseDict(lexer)
  const hybrid = offsetEntry(trailer, 'XRefStm', start, bytes.length)
  checkSize(entries, trailer, start)
  return {
    offset: start,
    end: lexer.position,
    kind: 'table',
    entries: hybrid === undefined ? entries : joinHybrid(bytes.subarray(0, start), entries, hybrid),
    trailer,
    previous: offsetEntry(trailer, 'Prev', start, bytes.length),
    hybrid,
  }
}

/** `first count` on a line of its own, and an entry of exactly 20 bytes (7.5.4). */
const subsectionHeader = /^(\d{1,10}) (\d{1,10})[ \t]*(?:\r\n|\r|\n)/
const tableEntry = /^(\d{10}) (\d{5}) ([nf])(?: \r| \n|\r\n)$/
const entryBytes = 20

/**
 * Reads the table in the one form that the standard knows. Readers that find another form repair the file, each in its
 * own way, and then show objects that no cross-reference section names.
 */
function readTable(lexer: Lexer): Map<number, XrefEntry> {
  const entries = new Map<number, XrefEntry>()
  const text = (length: number) => latin1Text(lexer.bytes, lexer.position, lexer.position + length)
  lexer.skipWhitespace()
  while (isDigit(lexer.peek())) {
    const header = subsectionHeader.exec(text(40))
    if (header === null) throw malformed(lexer.position, 'the header of a subsection is expected')
    lexer.position += header[0].length
    const first = Number(header[1])
    const count = Number(header[2])
    if (first + count > pdfLimits.objects) throw malformed(lexer.position, 'too many objects')
    for (let number = first; number < first + count; number += 1) {
      const entry = tableEntry.exec(text(entryBytes))
      if (entry === null) throw malformed(lexer.position, 'a cross-reference entry of 20 bytes is expected')
      if (entries.has(number)) throw malformed(lexer.position, `object ${number} stands twice in one table`)
      const offset = Number(entry[1])
      // Some writers mark a missing object as in use at offset 0, where only the header can be.
      const isFree = entry[3] === 'f' || offset === 0
      entries.set(
        number,
        isFree ? { type: 'free' } : { type: 'offset', offset, generation: Number(entry[2]) },
      )
      lexer.position += entryBytes
    }
    // Some writers leave a line empty before the trailer.
    lexer.skipWhitespace()
  }
  return entries
}

/** A reader may take objects at or above /Size for missing (7.5.5), so that none may stand there. */
function checkSize(entries: ReadonlyMap<number, XrefEntry>, trailer: PdfDict, position: number): void {
  const size = trailer.entries.get('Size')
  if (!isInteger(size) || trailer.duplicates?.has('Size')) throw malformed(position, 'Size is expected once')
  for (const [number, entry] of entries) {
    if (entry.type !== 'free' && number >= size) throw malformed(position, `object ${number} is beyond Size`)
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
): ReadonlyMap<number, XrefEntry> {
  const lexer = new Lexer(bytes, offset)
  lexer.skipWhitespace()
  const stream = readStreamSection(lexer)
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

function readStreamSection(lexer: Lexer): XrefSection {
  const start = lexer.position
  if (!isDigit(lexer.peek())) throw malformed(start, 'a cross-reference section is expected')
  const object = parseIndirectObject(lexer, (length) => (isInteger(length) ? length : undefined))
  const { value: dict, stream } = object
  if (stream === undefined || typeof dict !== 'object' || dict?.kind !== 'dict') {
    throw malformed(start, 'a cross-reference stream is expected')
  }
  if (!isName(dict.entries.get('Type'), 'XRef')) throw malformed(start, 'the stream is not of type XRef')
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
      else entries.set(number, { type: 'free' })
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
