/** Which revision a byte range ends with. */
import type { Coverage } from '../report.ts'
import type { ByteRange } from './byte-range.ts'
import { isWhitespace } from './lexer.ts'
import type { PdfFile } from './pdf-file.ts'

export interface CoveredBytes {
  readonly coverage: Coverage
  /** The revision whose end is covered; undefined where the range ends in the middle of one. */
  readonly revision: number | undefined
}

/** A range covers a revision when it ends after its `%%EOF` and only white space follows up to the next one. */
export function coverageOf(file: PdfFile, range: ByteRange | undefined): CoveredBytes {
  if (range === undefined || range[0] !== 0) return { coverage: 'partial', revision: undefined }
  const end = range[2] + range[3]
  const covered = file.revisions.find((revision) => {
    return (
      revision.endOfMarker <= end && (file.revisions[revision.index + 1]?.section.offset ?? Infinity) >= end
    )
  })
  if (covered === undefined || !isBlank(file.bytes, covered.endOfMarker, end)) {
    return { coverage: 'partial', revision: undefined }
  }
  return { coverage: end === file.bytes.length ? 'whole-file' : 'revision', revision: covered.index }
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (!isWhitespace(bytes[at])) return false
  return true
}
