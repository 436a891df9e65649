/** Byte ranges in bytes that no object owns: a signature whose object the cross-reference no longer names. */
import { SigningError } from '../errors.ts'
import type { Span } from './objects.ts'
import type { PdfFile } from './pdf-file.ts'

/**
 * Offsets at which `/ByteRange` stands outside of every object and trailer of every revision. Whoever takes a signature's object
 * out of the cross-reference leaves such bytes behind; a writer of PDF leaves none.
 *
 * @throws SigningError `PDF_MALFORMED` when a file has more objects in more revisions than any document needs
 */
export function orphanedByteRanges(file: PdfFile): number[] {
  const buffer = Buffer.from(file.bytes.buffer, file.bytes.byteOffset, file.bytes.byteLength)
  const found: number[] = []
  let spans: readonly Span[] | undefined
  for (let at = buffer.indexOf('/ByteRange'); at >= 0; at = buffer.indexOf('/ByteRange', at + 1)) {
    spans ??= objectSpans(file)
    if (!isInside(spans, at)) found.push(at)
  }
  return found
}

/**
 * Where the objects of all revisions stand and their trailers, which may hold a byte range of their own (ISO/TS 32004),
 * in the order of the file. An object that cannot be read has no bytes.
 */
function objectSpans(file: PdfFile): Span[] {
  const spans = new Map<number, Span>()
  for (const { index, entries, section } of file.revisions) {
    file.countVisits(entries.size)
    spans.set(section.offset, { start: section.offset, end: section.end })
    for (const entry of entries.values()) {
      if (entry.type !== 'offset') continue
      try {
        const { span } = file.objectAt(entry.offset, file.at(index))
        if (span !== undefined) spans.set(span.start, span)
      } catch (error) {
        if (!(error instanceof SigningError)) throw error
      }
    }
  }
  return [...spans.values()].sort((a, b) => a.start - b.start)
}

/** The last span that begins before the place is the only one that can hold it: objects share no bytes. */
function isInside(spans: readonly Span[], at: number): boolean {
  let [low, high] = [0, spans.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((spans[middle]?.start ?? 0) <= at) low = middle + 1
    else high = middle
  }
  const span = spans[low - 1]
  return span !== undefined && at < span.end
}
