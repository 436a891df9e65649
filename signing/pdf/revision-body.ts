/**
 * Whether the bytes of an update are its objects and nothing else. What stands between objects is read by no one who
 * follows the cross-reference section, but by readers that repair, so none is allowed there.
 */
import { forbidden, type RevisionChange } from './change.ts'
import { isWhitespace, Lexer, latin1Text } from './lexer.ts'
import { resemblesObjects } from './object-words.ts'
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
  const startxref = startOfStartxref(file.bytes, revision)
  yield* checkGap(file.bytes, at, startxref)
  if (/[^\0\t\n\f\r ]/.test(latin1Text(file.bytes, revision.section.end, startxref))) {
    yield forbidden('BYTES_OUTSIDE_OBJECTS', 'there is more than white space before "startxref"')
  }
}

/**
 * Whether an object looks like one object to a reader that repairs: such readers look for these words wherever they
 * stand, be it in the data of a stream, in a string or in a comment.
 */
function* checkWords(bytes: Uint8Array, span: Span, { section }: Revision): Generator<RevisionChange> {
  const isTable = section.kind === 'table' && span.start === section.offset
  const text = latin1Text(bytes, span.start, span.end)
  const words = isTable
    ? text.slice(text.indexOf('trailer') + 'trailer'.length)
    : text.slice(0, -'endobj'.length)
  const isStream = /endstream[\0\t\n\f\r ]*$/.test(words)
  const inner = isTable ? words : words.replace(/^\d+\s+\d+\s+obj/, '').replace(/endstream\s*$/, '')
  if (isTable && hasComment(bytes, section)) {
    yield forbidden('BYTES_OUTSIDE_OBJECTS', `the trailer at byte ${span.start} has a comment`)
  } else if (resemblesObjects(inner)) {
    const what = isTable ? 'trailer' : isStream ? 'stream' : 'object'
    yield forbidden(
      'BYTES_OUTSIDE_OBJECTS',
      `the ${what} at byte ${span.start} holds what looks like another object`,
    )
  }
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
