/** A new signature field, which is its own widget (ISO 32000-2, 12.7.5.5). */
import { SigningError } from '../errors.ts'
import type { RevisionWriter } from './append-writer.ts'
import type { Form, Rectangle } from './form.ts'
import type { FieldLock } from './letter-fields.ts'
import { malformed } from './lexer.ts'
import { lockEntries } from './locks.ts'
import {
  type PdfDict,
  type PdfReference,
  type PdfValue,
  pdfArray,
  pdfDict,
  pdfName,
  pdfText,
} from './objects.ts'
import type { PlacedBox } from './page-place.ts'
import { readPages } from './pages.ts'
import type { Snapshot } from './snapshot.ts'

/** Annotation flags (table 167). */
export const widgetFlag = { print: 4, locked: 128 } as const

/**
 * Refuses a name that no new field can have. A partial name has no period (12.7.4.2), so only a form's maker can create
 * a field below another one.
 * @throws SigningError `PDF_FIELD_NOT_FOUND`
 */
export function assertCreatable(form: Form | undefined, name: string): void {
  const taken = form?.fields.some((other) => other.name.startsWith(`${name}.`)) === true
  if (name === '' || name.includes('.') || taken)
    throw new SigningError('PDF_FIELD_NOT_FOUND', { field: name })
}

export interface NewField {
  readonly name: string
  /** Where it is seen; undefined for a field without a box, which stands on the first page. */
  readonly placed: PlacedBox | undefined
  readonly lock: FieldLock | undefined
  readonly flags: number
  /** Value and appearance; undefined for a field that is to be signed later. */
  readonly value?: PdfReference | undefined
  readonly appearance?: PdfDict | undefined
}

/** The field's dictionary and the page whose annotation it is. */
export function newField(
  writer: RevisionWriter,
  snapshot: Snapshot,
  field: NewField,
): { readonly dict: PdfDict; readonly page: PlacedBox['page'] } {
  const page = field.placed?.page ?? readPages(snapshot)[0]
  if (page === undefined) throw malformed(0, 'the document has no page')
  const rotation = field.placed?.rotation ?? 0
  const dict = pdfDict({
    Type: pdfName('Annot'),
    Subtype: pdfName('Widget'),
    FT: pdfName('Sig'),
    T: pdfText(field.name),
    F: field.flags,
    Rect: field.placed === undefined ? pdfArray([0, 0, 0, 0]) : corners(field.placed.box),
    P: page.reference,
    V: field.value,
    AP: field.appearance,
    MK: rotation === 0 ? undefined : pdfDict({ R: rotation }),
    Lock: field.lock === undefined ? undefined : writer.add(lockDict(field.lock)),
  })
  return { dict, page }
}

/** `/Lock` of a field (table 236). */
export function lockDict(lock: FieldLock): PdfDict {
  return pdfDict({ Type: pdfName('SigFieldLock'), ...lockEntries(lock), P: lock.permission })
}

function corners({ left, bottom, width, height }: Rectangle): PdfValue {
  const round = (value: number): number => Math.round(value * 1000) / 1000
  return pdfArray([round(left), round(bottom), round(left + width), round(bottom + height)])
}
