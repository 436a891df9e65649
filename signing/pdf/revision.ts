/**
 * The revisions of a file (ISO 32000-2, 7.5.6): the file as it was first written and each incremental update.
 *
 * The chain is followed from the last `startxref` by `/Prev` and by nothing else; every link is checked, nothing is
 * repaired. Two readers that repair differently see two documents, and a signature covers only one of them.
 */
import type { Allowance } from './allowance.ts'
import { type Irregularity, isNearby, type Note } from './irregularity.ts'
import { isWhitespace, Lexer, latin1Text, malformed } from './lexer.ts'
import { pdfLimits } from './limits.ts'
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

export interface Revisions {
  /** Oldest first. */
  readonly revisions: readonly Revision[]
  /** What makes `assertUnambiguous` necessary. */
  readonly irregularities: readonly Irregularity[]
}

/** Most irregularities that are noted one by one. */
const mostNotes = 20

/** All revisions. The last must end the file; only white space and NUL, or what resembles no object, may follow it. */
export function readRevisions(bytes: Uint8Array, allowance: Allowance): Revisions {
  const irregularities: Irregularity[] = []
  const note: Note = (code, position, reason) => {
    if (irregularities.length < mostNotes) irregularities.push({ code, position, reason })
  }
  checkHeader(bytes, note)
  const last = findStartxref(bytes)
  const sections = readChain(bytes, last, note, allowance)
  const base = readBase(bytes, sections, note)
  for (const { code, position, reason } of irregularities) {
    // Read at a fixed width it could name an object as it was before the update.
    if (code === 'XREF_TABLE_IRREGULAR' && position >= base.revision.end) throw malformed(position, reason)
  }
  const revisions: Revision[] = [base.revision]
  for (const section of sections.slice(0, sections.length - base.sections).reverse()) {
    const before = revisions.at(-1)
    const start = before?.end ?? 0
    if (section.offset < start)
      throw malformed(section.offset, 'an update lies inside the revision before it')
    const marker = readEnd(bytes, section.end, section.offset, note)
    revisions.push({ index: revisions.length, start, ...marker, section, entries: section.entries })
  }
  checkTail(bytes, revisions.at(-1)?.end ?? 0, note)
  return { revisions, irregularities }
}

/** How far into the file readers look for the header, and how much is passed over after its end. */
const mostForeign = 1024

/** `%PDF-` begins the file; before it may stand what a mail gateway or a faulty download put there. */
function checkHeader(bytes: Uint8Array, note: Note): void {
  const at = latin1Text(bytes, 0, mostForeign).indexOf('%PDF-')
  if (at < 0) throw malformed(0, '"%PDF-" is expected')
  if (at > 0) note('HEADER_NOT_AT_START', at, `${at} bytes stand before the header`)
}

function checkTail(bytes: Uint8Array, end: number, note: Note): void {
  let at = end
  while (at < bytes.length && isWhitespace(bytes[at])) at += 1
  if (at === bytes.length) return
  const foreign = latin1Text(bytes, at, at + mostForeign + 1)
  if (foreign.length > mostForeign || /obj|xref|trailer|stream|%PDF|%EOF/i.test(foreign))
    throw malformed(at, 'data after the end of the last revision')
  note('DATA_AFTER_END', at, `${bytes.length - at} bytes stand after the end`)
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
function readChain(bytes: Uint8Array, last: number, note: Note, allowance: Allowance): XrefSection[] {
  const sections: XrefSection[] = []
  const seen = new Set<number>()
  let left = Math.min(pdfLimits.xrefEntries, bytes.length / 4 + 1000)
  let length = 0
  for (let offset: number | undefined = last; offset !== undefined; ) {
    if (seen.size >= pdfLimits.revisions) throw malformed(offset, 'too many revisions')
    const section = readSection(bytes, offset, { note, allowance, most: left })
    if (seen.has(section.offset)) throw malformed(offset, 'the chain of /Prev runs in a circle')
    seen.add(section.offset)
    left -= section.entries.size
    // Sections share no bytes, so that all of them together are no longer than the file.
    length += section.end - section.offset
    if (length > bytes.length) throw malformed(offset, 'cross-reference sections overlap')
    sections.push(section)
    offset = section.previous
  }
  return sections
}

/** The oldest revision; in a linearised file (annex F) its first section points forward to a second one. */
function readBase(
  bytes: Uint8Array,
  sections: readonly XrefSection[],
  note: Note,
): { revision: Revision; sections: 1 | 2 } {
  const main = sections.at(-1)
  const firstPage = sections.at(-2)
  if (main === undefined) throw malformed(0, 'no cross-reference section')
  if (firstPage === undefined || firstPage.offset > main.offset) {
    const marker = readEnd(bytes, main.end, main.offset, note)
    return { revision: { index: 0, start: 0, ...marker, section: main, entries: main.entries }, sections: 1 }
  }
  const marker = readEnd(bytes, main.end, firstPage.offset, note)
  const entries = new Map([...main.entries, ...firstPage.entries])
  return { revision: { index: 0, start: 0, ...marker, section: firstPage, entries }, sections: 2 }
}

/** The `startxref`, offset and `%%EOF` that end a revision. */
function readEnd(
  bytes: Uint8Array,
  from: number,
  section: number,
  note: Note,
): { end: number; endOfMarker: number } {
  const lexer = new Lexer(bytes, from)
  lexer.skipSpace()
  lexer.expect('startxref')
  lexer.skipWhitespace()
  const at = lexer.position
  const offset = lexer.integer('offset of the cross-reference section')
  if (!isNearby(offset, section)) throw malformed(at, '"startxref" does not point to the section before it')
  if (!leadsTo(bytes, offset, section)) note('XREF_OFFSET_WRONG', at, `the section stands at byte ${section}`)
  lexer.skipWhitespace()
  if (latin1Text(bytes, lexer.position, lexer.position + 5) !== '%%EOF') {
    throw malformed(lexer.position, '"%%EOF" is expected')
  }
  lexer.position += 5
  const endOfMarker = lexer.position
  lexer.skipEndOfLine()
  return { end: lexer.position, endOfMarker }
}

/** Whether nothing but white space stands between an offset and its section. */
function leadsTo(bytes: Uint8Array, offset: number, section: number): boolean {
  let at = offset
  while (at < section && isWhitespace(bytes[at])) at += 1
  return at === section
}
