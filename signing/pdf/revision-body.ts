/**
 * Whether the bytes of an update are its objects and nothing else. What stands between objects is read by no one who
 * follows the cross-reference section, but by readers that repair, so none is allowed there.
 */
import { forbidden, type RevisionChange } from './change.ts'
import { isWhitespace, Lexer, latin1Text } from './lexer.ts'
import { holdsObjectWords } from './object-words.ts'
import { isDict, isInteger, type Span } from './objects.ts'
import type { PdfFile } from './pdf-file.ts'
import type { Revision } from './revision.ts'
import type { XrefSection } from './xref.ts'

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
    const object = snapshot.object(number)
    if (object === undefined) continue
    const { span, stream, value } = object
    if (stream !== undefined && !(isDict(value) && isInteger(value.entries.get('Length')))) {
      yield forbidden('BYTES_OUTSIDE_OBJECTS', `the length of stream ${number} is not in its dictionary`)
    }
    if (span !== undefined && span.start !== revision.section.offset) spans.push(span)
  }
  for (const span of spans) yield* checkWords(file.bytes, span, revision)
  let at = revision.start
  for (const span of spans.sort((a, b) => a.start - b.start)) {
    if (span.start < at) {
      yield forbidden('BYTES_OUTSIDE_OBJECTS', `objects overlap at byte ${span.start}`)
    } else {
      yield* checkGap(file.bytes, at, span.start)
    }
    at = Math.max(at, span.end)
  }
  // Some programs tell their name in a comment there.
  yield* checkGap(file.bytes, at, startOfStartxref(file.bytes, revision))
}

/**
 * Whether an object looks like one object to a reader that repairs: such readers look for these words wherever they
 * stand, be it in the data of a stream, in a string or in a comment.
 */
function* checkWords(bytes: Uint8Array, span: Span, { section }: Revision): Generator<RevisionChange> {
  const isTable = section.kind === 'table' && span.start === section.offset
  if (isTable && hasComment(bytes, section)) {
    yield forbidden('BYTES_OUTSIDE_OBJECTS', `the trailer at byte ${span.start} has a comment`)
    return
  }
  const inner = isTable ? (section.trailer.span ?? span) : innerOf(bytes, span)
  if (holdsObjectWords(bytes.subarray(inner.start, inner.end))) {
    yield forbidden(
      'BYTES_OUTSIDE_OBJECTS',
      `the ${isTable ? 'trailer' : 'object'} at byte ${span.start} holds what looks like another object`,
    )
  }
}

/** The object without its header, `endobj`, and the `endstream` before that. */
function innerOf(bytes: Uint8Array, span: Span): Span {
  const lexer = new Lexer(bytes, span.start, span.end)
  for (let i = 0; i < 2; i += 1) {
    lexer.integer('number in the header of an object')
    lexer.skipSpace()
  }
  const start = lexer.position + 'obj'.length
  let end = span.end - 'endobj'.length
  while (isWhitespace(bytes[end - 1])) end -= 1
  const word = end - 'endstream'.length
  return { start, end: latin1Text(bytes, word, end) === 'endstream' ? word : end }
}

/** Whether a trailer dictionary has a comment; strings, where a per cent sign means itself, are passed over. */
function hasComment(bytes: Uint8Array, section: XrefSection): boolean {
  const lexer = new Lexer(bytes, section.trailer.span?.start ?? section.offset, section.end)
  for (let byte = lexer.peek(); byte !== undefined; byte = lexer.peek()) {
    if (byte === 0x25) return true
    if (byte === 0x28) lexer.literalString()
    else lexer.position += 1
  }
  return false
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
