/** Cross-reference sections: tables, streams and hybrids (ISO 32000-2, 7.5.4 and 7.5.8). */
import { decodeStream } from './filters.ts'
import { isDigit, Lexer, malformed } from './lexer.ts'
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
  lexer.skipSpace()
  const trailer = parseDict(lexer)
  const hybrid = offsetEntry(trailer, 'XRefStm', start, bytes.length)
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

function readTable(lexer: Lexer): Map<number, XrefEntry> {
  const entries = new Map<number, XrefEntry>()
  lexer.skipSpace()
  while (isDigit(lexer.peek())) {
    const first = lexer.integer('first object number')
    lexer.skipSpace()
    const count = lexer.integer('number of entries')
    if (first + count > pdfLimits.objects) throw malformed(lexer.position, 'too many objects')
    lexer.skipSpace()
    for (let number = first; number < first + count; number += 1) {
      const at = lexer.position
      const offset = lexer.integer('offset of an object')
      lexer.skipSpace()
      const generation = lexer.integer('generation of an object')
      lexer.skipSpace()
      if (entries.has(number)) throw malformed(at, `object ${number} stands twice in one table`)
      // Some writers mark a missing object as in use at offset 0, where only the header can be.
      if (lexer.take('n'))
        entries.set(number, offset === 0 ? { type: 'free' } : { type: 'offset', offset, generation })
      else if (lexer.take('f')) entries.set(number, { type: 'free' })
      else throw malformed(lexer.position, '"n" or "f" is expected')
      lexer.skipSpace()
    }
  }
  return entries
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
  return {
    offset: start,
    end: lexer.position,
    kind: 'stream',
    entries: readStreamEntries(dict, data, start),
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
