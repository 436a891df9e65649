/**
 * Whether the bytes of an update are its objects and nothing else. What stands between objects is read by no one who
 * follows the cross-reference section, but by readers that repair, so none is allowed there.
 */
import { forbidden, type RevisionChange } from './change.ts'
import { isWhitespace, Lexer, latin1Text } from './lexer.ts'
import type { PdfFile } from './pdf-file.ts'
import type { Revision } from './revision.ts'

/** Words that a repairing reader looks for; a comment has no business to contain them. */
const structural = /\bobj\b|endobj|stream|xref|trailer|%EOF|%PDF/

/** @throws SigningError `PDF_MALFORMED` when an object of the revision cannot be read */
export function* checkRevisionBody(file: PdfFile, revision: Revision): Generator<RevisionChange> {
  const snapshot = file.at(revision.index)
  if (revision.section.hybrid !== undefined) {
    yield forbidden(
      'HYBRID_UPDATE',
      'the update shows one document to readers of streams and another to others',
    )
    return
  }
  const spans: { start: number; end: number }[] = [
    { start: revision.section.offset, end: revision.section.end },
  ]
  for (const [number, entry] of revision.entries) {
    if (entry.type !== 'offset' || entry.offset < revision.start) continue
    const span = snapshot.object(number)?.span
    if (span !== undefined && span.start !== revision.section.offset) spans.push(span)
  }
  let at = revision.start
  for (const span of spans.sort((a, b) => a.start - b.start)) {
    if (span.start < at) {
      yield forbidden('BYTES_OUTSIDE_OBJECTS', `objects overlap at byte ${span.start}`)
    } else {
      yield* checkGap(file.bytes, at, span.start)
    }
    at = Math.max(at, span.end)
  }
  yield* checkGap(file.bytes, at, startOfStartxref(file.bytes, revision))
}

function* checkGap(bytes: Uint8Array, start: number, end: number): Generator<RevisionChange> {
  const lexer = new Lexer(bytes, start, end)
  for (;;) {
    lexer.skipWhitespace()
    const comment = lexer.position
    if (comment >= end) return
    lexer.skipSpace()
    const text = latin1Text(bytes, comment, lexer.position)
    if (comment === lexer.position || structural.test(text)) {
      yield forbidden('BYTES_OUTSIDE_OBJECTS', `bytes ${comment} to ${end} belong to no object`)
      return
    }
  }
}

/** Offset of the `startxref` that ends the revision; what follows it was checked when the revision was read. */
function startOfStartxref(bytes: Uint8Array, revision: Revision): number {
  let at = revision.endOfMarker - '%%EOF'.length
  while (isWhitespace(bytes[at - 1])) at -= 1
  while (at > 0 && (bytes[at - 1] ?? 0) >= 0x30 && (bytes[at - 1] ?? 0) <= 0x39) at -= 1
  while (isWhitespace(bytes[at - 1])) at -= 1
  return at - 'startxref'.length
}
