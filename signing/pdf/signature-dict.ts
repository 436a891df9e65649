/** The signature dictionary as it is written (ISO 32000-2, table 255), with places for byte range and contents. */
import type { RevisionWriter } from './append-writer.ts'
import { byteRangePlaceholder, contentsPlaceholder } from './byte-range.ts'
import type { DocumentPermission, FieldLock } from './letter-fields.ts'
import { lockEntries } from './locks.ts'
import { type PdfDict, type PdfReference, type PdfValue, pdfArray, pdfDict, pdfName } from './objects.ts'

/** The syntax of a signature dictionary whose byte range and contents are filled in later. */
export function signatureSyntax(
  writer: RevisionWriter,
  reference: PdfReference,
  entries: PdfDict,
  size: number,
): string {
  const rest = writer.syntaxOf(reference, entries).slice('<< '.length)
  return `<< /ByteRange ${byteRangePlaceholder} /Contents ${contentsPlaceholder(size)} ${rest}`
}

/** `/Reference`: what a signature certifies and locks (12.8.1, table 256); undefined where it does neither. */
export function signatureReferences(
  certify: DocumentPermission | undefined,
  lock: FieldLock | undefined,
  root: PdfValue,
): PdfValue | undefined {
  const references = [
    ...(certify === undefined ? [] : [transform('DocMDP', { P: certify }, undefined)]),
    ...(lock === undefined ? [] : [transform('FieldMDP', lockEntries(lock), root)]),
  ]
  return references.length === 0 ? undefined : pdfArray(references)
}

/** @param data what is analysed; due for FieldMDP (table 256) */
function transform(
  method: 'DocMDP' | 'FieldMDP',
  parameters: Readonly<Record<string, PdfValue>>,
  data: PdfValue | undefined,
): PdfDict {
  return pdfDict({
    Type: pdfName('SigRef'),
    TransformMethod: pdfName(method),
    TransformParams: pdfDict({ Type: pdfName('TransformParams'), V: pdfName('1.2'), ...parameters }),
    Data: data,
  })
}
