/**
 * How a document message tells its files apart, in elements that edXML has (QCVN 102:2016). Pure.
 *
 * - The main file is the first PDF of the manifest (NB161 art 8.3b); its `Reference` has no `Description`.
 * - An annex has its label as `Description` (`Phụ lục`, of several `Phụ lục I`, `Phụ lục II`, …), and the same label
 *   stands in `OtherInfo/Appendixes`. A label that is listed and has no file is an annex that is missing.
 * - Every other file is one that is sent along.
 *
 * A copy says so by `OtherInfo/TyperNotation` = `SY`, `SL` or `TrS`, the abbreviations of NĐ 30/2020 Phụ lục III; the
 * document that it was made from stands in `OtherInfo/ReferenceCodes`, the part that was taken in `Content`. A document
 * that is passed on keeps its `DocumentId` and its bytes; its `TraceHeader`s begin with who sent it first and end with
 * `From`.
 */
import { copyFormOf } from '../documents/copy-forms.ts'
import type { SeparateKind } from '../documents/document-files-store.ts'
import type { Provenance } from '../documents/provenance-store.ts'
import type { Attachment, DocumentMessage } from '../edxml/envelope.ts'

/** A separate file as it came. */
export interface MessageFile {
  readonly position: number
  readonly kind: SeparateKind
  readonly name: string
  readonly contentType: string
  readonly sha256: string
  readonly length: number
}

export const ATTACHMENT_LABEL = 'Tài liệu kèm theo'
const ANNEX_LABEL = 'Phụ lục'

/** The labels of so many annexes (NĐ 30/2020 Phụ lục I, III.1a: Roman numerals where there are two or more). */
export function annexLabels(count: number): string[] {
  if (count === 1) return [ANNEX_LABEL]
  return Array.from({ length: count }, (_, index) => `${ANNEX_LABEL} ${roman(index + 1)}`)
}

function roman(number: number): string {
  const digits: readonly (readonly [number, string])[] = [
    [100, 'C'],
    [90, 'XC'],
    [50, 'L'],
    [40, 'XL'],
    [10, 'X'],
    [9, 'IX'],
    [5, 'V'],
    [4, 'IV'],
    [1, 'I'],
  ]
  let rest = number
  let text = ''
  for (const [value, letters] of digits) {
    while (rest >= value) {
      text += letters
      rest -= value
    }
  }
  return text
}

/** The files of a message beside its document. */
export function separateFiles(message: DocumentMessage, document: Attachment): MessageFile[] {
  const listed = new Set(message.otherInfo?.appendixes ?? [])
  return message.attachments
    .filter((one) => one.contentId !== document.contentId)
    .map((one, index) => ({
      position: index + 2,
      kind: one.description !== undefined && listed.has(one.description) ? 'annex' : 'attachment',
      name: one.attachmentName,
      contentType: one.contentType,
      sha256: one.sha256,
      length: one.length,
    }))
}

/** What a message says of where its document comes from. */
export function provenanceOf(message: DocumentMessage): Provenance {
  const { otherInfo, traceHeaders } = message
  const labels = new Set(message.attachments.map((one) => one.description))
  const first = traceHeaders[0]?.organId
  const copyForm = copyFormOf(otherInfo?.typerNotation) ?? null
  return {
    trace: traceHeaders.map((one) => ({
      organId: one.organId ?? null,
      timestamp: one.timestamp.toISOString(),
    })),
    originCode: first !== undefined && first !== message.from.organId ? first : null,
    copyForm,
    copyPart: copyForm === null ? null : (message.content ?? null),
    sourceDocumentCode: copyForm === null ? null : (otherInfo?.referenceCodes ?? null),
    missing: (otherInfo?.appendixes ?? []).filter((label) => !labels.has(label)),
  }
}
