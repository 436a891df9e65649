/** Puts a signature dictionary into a field: an existing one, or a new one. */
import { SigningError } from '../errors.ts'
import { emptyAppearance } from './appearance.ts'
import type { RevisionWriter } from './append-writer.ts'
import { type Form, type FormField, findField, isSigned, type Rectangle, rectangleOf } from './form.ts'
import { type FormRevision, signatureFlag } from './form-revision.ts'
import type { FieldLock } from './letter-fields.ts'
import { prescribedLock, sameLock } from './locks.ts'
import { assertCreatable, lockDict, newField, widgetFlag } from './new-field.ts'
import { type PdfDict, type PdfReference, type PdfValue, pdfDict, withEntries } from './objects.ts'
import { type FieldPlace, placeOnPage, type Rotation, rotationUnder } from './page-place.ts'
import { type SignatureAppearance, signatureAppearance } from './signature-appearance.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * The field to sign, if the document has it.
 * @throws SigningError `PDF_FIELD_NOT_FOUND` when the name is no signature field's, `PDF_FIELD_ALREADY_SIGNED`
 */
export function fieldToSign(form: Form | undefined, name: string): FormField | undefined {
  const field = findField(form, name)
  if (field === undefined) {
    assertCreatable(form, name)
    return undefined
  }
  if (field.type !== 'Sig') throw new SigningError('PDF_FIELD_NOT_FOUND', { field: name })
  if (isSigned(field)) throw new SigningError('PDF_FIELD_ALREADY_SIGNED', { field: name })
  return field
}

/**
 * The lock that a signature in the field will carry.
 * @throws SigningError `PDF_FIELD_LOCK_CONFLICT` when the form prescribes another one
 */
export function lockToWrite(
  snapshot: Snapshot,
  field: FormField | undefined,
  wanted: FieldLock | undefined,
): FieldLock | undefined {
  const prescribed = field === undefined ? undefined : prescribedLock(snapshot, field)
  if (prescribed === undefined || wanted === undefined) return wanted ?? prescribed
  const agreed = wanted.permission === undefined || wanted.permission === prescribed.permission
  if (agreed && sameLock(prescribed, wanted)) return prescribed
  throw new SigningError('PDF_FIELD_LOCK_CONFLICT', { field: field?.name ?? '' })
}

export interface SignaturePlacement {
  readonly field: string
  readonly value: PdfReference
  readonly lock: FieldLock | undefined
  readonly appearance: SignatureAppearance | undefined
  /** Where a new field stands; not used for one that the document has. */
  readonly place: FieldPlace | undefined
}

/**
 * Writes field and widget so that the field's value is the signature.
 * @throws SigningError `PDF_PAGE_NOT_FOUND`, `PDF_PLACE_OUTSIDE_PAGE`, `PDF_TEXT_NOT_ENCODABLE`, `IMAGE_UNSUPPORTED`
 */
export function placeSignature(
  writer: RevisionWriter,
  changes: FormRevision,
  snapshot: Snapshot,
  form: Form | undefined,
  placement: SignaturePlacement,
): void {
  const field = findField(form, placement.field)
  if (field === undefined) createField(writer, changes, snapshot, placement)
  else signField(writer, snapshot, field, placement)
  changes.raiseFlags(signatureFlag.signaturesExist | signatureFlag.appendOnly)
}

function createField(
  writer: RevisionWriter,
  changes: FormRevision,
  snapshot: Snapshot,
  { field: name, value, lock, appearance, place }: SignaturePlacement,
): void {
  const placed = place === undefined ? undefined : placeOnPage(snapshot, place, name)
  const flags = widgetFlag.print | widgetFlag.locked
  const shown =
    placed === undefined ? undefined : appearanceDict(writer, placed.box, placed.rotation, appearance)
  const { dict, page } = newField(writer, snapshot, { name, placed, lock, flags, value, appearance: shown })
  changes.addField(writer.add(dict), page)
}

function signField(
  writer: RevisionWriter,
  snapshot: Snapshot,
  field: FormField,
  { value, lock, appearance }: SignaturePlacement,
): void {
  const changes: Record<string, PdfValue | undefined> = { V: value }
  if (lock !== undefined && !field.dict.entries.has('Lock')) changes.Lock = writer.add(lockDict(lock))
  let dict = withEntries(field.dict, changes)
  for (const widget of field.widgets) {
    const box = rectangleOf(snapshot, widget.dict)
    // A widget without a size shows nothing and needs no appearance (12.7.5.5).
    if (box.width === 0 || box.height === 0) continue
    const rotation = appearance === undefined ? 0 : rotationUnder(snapshot, widget)
    const shown = appearanceDict(writer, box, rotation, appearance)
    if (widget.reference.number === field.reference.number) dict = withEntries(dict, { AP: shown })
    else writer.set(widget.reference, withEntries(widget.dict, { AP: shown }))
  }
  writer.set(field.reference, dict)
}

function appearanceDict(
  writer: RevisionWriter,
  box: Rectangle,
  rotation: Rotation,
  appearance: SignatureAppearance | undefined,
): PdfDict {
  const empty =
    appearance === undefined ||
    ('lines' in appearance && !('image' in appearance) && appearance.lines.length === 0)
  return pdfDict({
    N: empty ? emptyAppearance(writer, box) : signatureAppearance(writer, box, rotation, appearance),
  })
}
