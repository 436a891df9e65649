import { isSigned, readForm } from './form.ts'
import type { SignatureFieldState } from './letter-fields.ts'
import { isString, textOf } from './objects.ts'
import { type OpenOptions, openPdf } from './pdf-file.ts'

/** The terminal form fields of a document as its last revision has them, by fully qualified name. */
export interface DocumentFields {
  readonly names: readonly string[]
  readonly signatureFields: readonly SignatureFieldState[]
  /** What stands in the text fields that have a value. */
  readonly texts: ReadonlyMap<string, string>
}

/** @throws SigningError as `openPdf`: `PDF_NOT_A_PDF`, `PDF_MALFORMED`, `PDF_ENCRYPTED` */
export function listFields(pdf: Uint8Array, options: OpenOptions = {}): DocumentFields {
  const fields = readForm(openPdf(pdf, options).latest)?.fields ?? []
  return {
    names: fields.map((field) => field.name),
    signatureFields: fields
      .filter((field) => field.type === 'Sig')
      .map((field) => ({ name: field.name, signed: isSigned(field) })),
    texts: new Map(
      fields.flatMap(({ type, name, value }): [string, string][] =>
        type === 'Tx' && isString(value) ? [[name, textOf(value)]] : [],
      ),
    ),
  }
}
