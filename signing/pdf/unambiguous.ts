/**
 * Whether a file that is not quite regular still reads the same to everybody. Some readers follow its cross-reference
 * sections, others repair it: they look for objects wherever these stand, and take the last of each number. Both see
 * one document only if the sections name exactly the objects that stand in the file.
 */
import { isWhitespace, malformed } from './lexer.ts'
import { pdfLimits } from './limits.ts'
import { headerBefore, type ObjectHeader } from './object-words.ts'
import { sameValue } from './objects.ts'
import type { PdfFile } from './pdf-file.ts'

/** @throws SigningError `PDF_MALFORMED` where a reader that repairs the file may see something else */
export function assertUnambiguous(file: PdfFile): void {
  const found = findHeaders(file.bytes)
  for (const { section, entries } of file.revisions) {
    if (!sameValue(section.trailer.entries.get('Root'), file.latest.trailer.entries.get('Root')))
      throw malformed(section.offset, 'the revisions of an irregular file differ in their catalog')
    if (section.hybrid !== undefined) throw malformed(section.offset, 'a hybrid file is irregular')
    for (const [number, entry] of entries) {
      if (entry.type !== 'offset') continue
      const header = found.get(skipSpace(file.bytes, entry.offset))
      if (header?.number !== number || header.generation !== entry.generation)
        throw malformed(entry.offset, `object ${number} of an irregular file is not at its place`)
    }
  }
  for (const { section, entries } of file.revisions) {
    for (const entry of entries.values()) {
      if (entry.type === 'offset') found.delete(skipSpace(file.bytes, entry.offset))
    }
    found.delete(section.offset)
  }
  const [stray] = found.keys()
  if (stray !== undefined) throw malformed(stray, 'an irregular file has an object that nothing names')
  checkObjectStreams(file)
}

/** An object of an object stream must be the only one of its number, and be named by its revision. */
function checkObjectStreams(file: PdfFile): void {
  for (const { index, entries, section } of file.revisions) {
    const containers = new Map<number, Set<number>>()
    for (const [number, entry] of entries) {
      if (entry.type !== 'compressed') continue
      if (file.definedIn(number).length > 1)
        throw malformed(
          section.offset,
          `object ${number} of an irregular file stands in an object stream and again`,
        )
      const named = containers.get(entry.container) ?? new Set()
      containers.set(entry.container, named.add(number))
    }
    for (const [container, named] of containers) {
      const numbers = file.at(index).numbersInStream(container)
      if (numbers.some((number) => !named.has(number)))
        throw malformed(
          section.offset,
          `object stream ${container} of an irregular file holds more than is named`,
        )
    }
  }
}

function skipSpace(bytes: Uint8Array, offset: number): number {
  let at = offset
  while (isWhitespace(bytes[at])) at += 1
  return at
}

/** Whatever looks like `number generation obj`, by its offset. */
function findHeaders(bytes: Uint8Array): Map<number, ObjectHeader> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found = new Map<number, ObjectHeader>()
  for (let at = buffer.indexOf('obj'); at >= 0; at = buffer.indexOf('obj', at + 3)) {
    const header = headerBefore(bytes, at)
    if (header === undefined) continue
    found.set(header.start, header)
    if (found.size > pdfLimits.objects) throw malformed(at, 'too many objects')
  }
  return found
}
