/** Signature fields that are to be signed later. */
import { SigningError } from '../errors.ts'
import { RevisionWriter } from './append-writer.ts'
import { findField, isSigned, readForm } from './form.ts'
import { FormRevision, signatureFlag } from './form-revision.ts'
import type { FieldLock } from './letter-fields.ts'
import { assertCreatable, newField, widgetFlag } from './new-field.ts'
import { type FieldPlace, placeOnPage } from './page-place.ts'
import { openPdf } from './pdf-file.ts'

export interface EmptySignatureField {
  /** Without a period. */
  readonly name: string
  /** Where it is seen; without it the field is invisible. */
  readonly place?: FieldPlace
  /** What a signature in the field has to lock. */
  readonly lock?: FieldLock
}

/**
 * Appends one revision with empty signature fields. They belong into a document before its first signature: what is
 * signed already would show another form than its signer saw.
 *
 * @throws SigningError `PDF_NO_CHANGES_PERMITTED` when the document is signed, `PDF_FIELD_EXISTS`,
 *   `PDF_FIELD_NOT_FOUND` for a name that no new field can have, `PDF_PAGE_NOT_FOUND`, `PDF_PLACE_OUTSIDE_PAGE`, and as
 *   `openPdf`
 */
export function addSignatureFields(
  pdf: Uint8Array,
  fields: readonly EmptySignatureField[],
  options: { readonly password?: string } = {},
): Uint8Array {
  const file = openPdf(pdf, options)
  const snapshot = file.latest
  const form = readForm(snapshot)
  const signed = form?.fields.find(isSigned)
  if (signed !== undefined) throw new SigningError('PDF_NO_CHANGES_PERMITTED', { field: signed.name })
  const writer = new RevisionWriter(file)
  const changes = new FormRevision(writer, snapshot, form)
  const added = new Set<string>()
  for (const { name, place, lock } of fields) {
    if (findField(form, name) !== undefined || added.has(name))
      throw new SigningError('PDF_FIELD_EXISTS', { field: name })
    assertCreatable(form, name)
    added.add(name)
    const placed = place === undefined ? undefined : placeOnPage(snapshot, place, name)
    const { dict, page } = newField(writer, snapshot, { name, placed, lock, flags: widgetFlag.print })
    changes.addField(writer.add(dict), page)
  }
  changes.raiseFlags(signatureFlag.signaturesExist)
  changes.write()
  return writer.build().bytes
}
