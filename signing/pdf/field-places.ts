/** Where the fields of a document stand on its pages, as people see them. */
import { findField, isSigned, readForm, rectangleOf } from './form.ts'
import { isReference } from './objects.ts'
import { type FieldPlace, seenOnPage } from './page-place.ts'
import { readPages } from './pages.ts'
import { type OpenOptions, openPdf } from './pdf-file.ts'
import type { Snapshot } from './snapshot.ts'

export interface PlacedField {
  readonly name: string
  /** Undefined for a field that no page shows. */
  readonly place: FieldPlace | undefined
  /** Of a signature field. */
  readonly signed: boolean
}

/** The terminal fields of a document with the box of each one's first widget. @throws SigningError as `openPdf` */
export function fieldPlaces(pdf: Uint8Array, options: OpenOptions = {}): PlacedField[] {
  const snapshot = openPdf(pdf, options).latest
  const fields = readForm(snapshot)?.fields ?? []
  return fields.map((field) => ({
    name: field.name,
    place: placeOf(snapshot, field.name),
    signed: field.type === 'Sig' && isSigned(field),
  }))
}

/** The box of a field's first widget; undefined for one that no page shows. */
export function placeOf(snapshot: Snapshot, name: string): FieldPlace | undefined {
  const widget = findField(readForm(snapshot), name)?.widgets[0]
  if (widget === undefined) return undefined
  const pages = readPages(snapshot)
  const index = pages.findIndex((page) =>
    snapshot
      .arrayEntry(page.dict, 'Annots')
      ?.items.some((item) => isReference(item) && item.number === widget.reference.number),
  )
  const page = pages[index]
  const box = rectangleOf(snapshot, widget.dict)
  if (page === undefined || box.width === 0 || box.height === 0) return undefined
  return { page: index + 1, ...seenOnPage(snapshot, page, box) }
}
