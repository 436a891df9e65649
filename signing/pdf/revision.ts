/**
 * The revisions of a file (ISO 32000-2, 7.5.6): the file as it was first written and each incremental update.
 *
 * The chain is followed from the last `startxref` by `/Prev` and by nothing else; every link is checked, nothing is
 * repaired. Two readers that repair differently see two documents, and a signature covers only one of them.
 */
import { declaredEntries } from './filters.ts'
import { isWhitespace, Lexer, latin1Text, malformed } from './lexer.ts'
import { pdfLimits } from './limits.ts'
import { isDict, isInteger } from './objects.ts'
import { parseIndirectObject } from './parser.ts'
import { readSection, type XrefEntry, type XrefSection } from './xref.ts'

export interface Revision {
  /** 0 is the oldest. */
  readonly index: number
  /** Where its bytes begin: the end of the revision before it. */
  readonly start: number
  /** One past its `%%EOF` and the end-of-line marker after that. */
  readonly end: number
  /** One past the letter F of its `%%EOF`. */
  readonly endOfMarker: number
  /** Its section; the first-page section of a linearised file. */
  readonly section: XrefSection
  /** What this revision says about objects (of a linearised file: both its sections together). */
  readonly entries: ReadonlyMap<number, XrefEntry>
}

/** All revisions, oldest first. The last must end the file; only white space and NUL may follow it. */
export function readRevisions(bytes: Uint8Array): Revision[] {
  const last = findStartxref(bytes)
  const sections = readChain(bytes, last)
  const base = readBase(bytes, sections)
  const revisions: Revision[] = [base.revision]
  for (const section of sections.slice(0, sections.length - base.sections).reverse()) {
    const before = revisions.at(-1)
    const start = before?.end ?? 0
    if (section.offset < start)
      throw malformed(section.offset, 'an update lies inside the revision before it')
    const marker = readEnd(bytes, section.end, section.offset)
    revisions.push({ index: revisions.length, start, ...marker, section, entries: section.entries })
  }
  const end = revisions.at(-1)?.end ?? 0
  for (let at = end; at < bytes.length; at += 1) {
    if (!isWhitespace(bytes[at])) throw malformed(at, 'data after the end of the last revision')
  }
  return revisions
}

/** The value of the last `startxref` of the file (7.5.5), which must stand right before the last `%%EOF`. */
function findStartxref(bytes: Uint8Array): number {
  const tail = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const marker = tail.lastIndexOf('%%EOF')
  const keyword = marker < 0 ? -1 : tail.lastIndexOf('startxref', marker)
  if (keyword < 0) throw malformed(bytes.length, 'no "startxref" and "%%EOF" at the end')
  const lexer = new Lexer(bytes, keyword, marker)
  lexer.expect('startxref')
  lexer.skipWhitespace()
  const offset = lexer.integer('offset of the cross-reference section')
  lexer.skipWhitespace()
  if (lexer.position !== marker) throw malformed(lexer.position, '"%%EOF" is expected')
  if (offset === 0 || offset >= keyword) throw malformed(keyword, '"startxref" does not point into the file')
  return offset
}

/** The sections of the chain, newest first. */
function readChain(bytes: Uint8Array, last: number): XrefSection[] {
  const sections: XrefSection[] = []
  const seen = new Set<number>()
  let entries = 0
  for (let offset: number | undefined = last; offset !== undefined; ) {
    if (seen.has(offset)) throw malformed(offset, 'the chain of /Prev runs in a circle')
    if (seen.size >= pdfLimits.revisions) throw malformed(offset, 'too many revisions')
    seen.add(offset)
    const most = Math.min(pdfLimits.xrefEntries, bytes.length / 2 + 1000)
    if (entries + entriesOfStream(bytes, offset) > most)
      throw malformed(offset, 'too many cross-reference entries')
    const section = readSection(bytes, offset)
    entries += section.entries.size
    if (entries > most) throw malformed(offset, 'too many cross-reference entries')
    sections.push(section)
    offset = section.previous
  }
  return sections
}

/** What a cross-reference stream says of its size, looked at before anything is unpacked; 0 of a table. */
function entriesOfStream(bytes: Uint8Array, offset: number): number {
  const lexer = new Lexer(bytes, offset)
  lexer.skipWhitespace()
  if (lexer.at('xref')) return 0
  const { value } = parseIndirectObject(lexer, (length) => (isInteger(length) ? length : undefined))
  return isDict(value) ? declaredEntries(value) : 0
}

/** The oldest revision; in a linearised file (annex F) its first section points forward to a second one. */
function readBase(
  bytes: Uint8Array,
  sections: readonly XrefSection[],
): { revision: Revision; sections: 1 | 2 } {
  const main = sections.at(-1)
  const firstPage = sections.at(-2)
  if (main === undefined) throw malformed(0, 'no cross-reference section')
  if (firstPage === undefined || firstPage.offset > main.offset) {
    const marker = readEnd(bytes, main.end, main.offset)
    return { revision: { index: 0, start: 0, ...marker, section: main, entries: main.entries }, sections: 1 }
  }
  const marker = readEnd(bytes, main.end, firstPage.offset)
  const entries = new Map([...main.entries, ...firstPage.entries])
  return { revision: { index: 0, start: 0, ...marker, section: firstPage, entries }, sections: 2 }
}

/** The `startxref`, offset and `%%EOF` that end a revision. */
function readEnd(bytes: Uint8Array, from: number, offset: number): { end: number; endOfMarker: number } {
  const lexer = new Lexer(bytes, from)
  lexer.skipSpace()
  lexer.expect('startxref')
  lexer.skipWhitespace()
  const at = lexer.position
  if (lexer.integer('offset of the cross-reference section') !== offset) {
    throw malformed(at, '"startxref" does not point to the section before it')
  }
  lexer.skipWhitespace()
  if (latin1Text(bytes, lexer.position, lexer.position + 5) !== '%%EOF') {
    throw malformed(lexer.position, '"%%EOF" is expected')
  }
  lexer.position += 5
  const endOfMarker = lexer.position
  lexer.skipEndOfLine()
  return { end: lexer.position, endOfMarker }
}
