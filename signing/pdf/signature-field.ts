/** Puts a signature dictionary into a field: an existing one, or a new one without a place on the page. */
import { SigningError } from '../errors.ts'
import { emptyAppearance, signatureAppearance } from './appearance.ts'
import { type RevisionWriter, referenceEntry } from './append-writer.ts'
import { embedFont } from './embed-font.ts'
import {
  type Form,
  type FormField,
  findField,
  isSigned,
  rectangleOf,
  signatureFlags,
  type Widget,
} from './form.ts'
import type { FieldLock } from './letter-fields.ts'
import { malformed } from './lexer.ts'
import { lockEntries, prescribedLock, sameLock } from './locks.ts'
import {
  isArray,
  isReference,
  type PdfDict,
  type PdfReference,
  type PdfValue,
  pdfArray,
  pdfDict,
  pdfName,
  pdfText,
  withEntries,
} from './objects.ts'
import { readPages } from './pages.ts'
import type { Snapshot } from './snapshot.ts'

/** SignaturesExist and AppendOnly (ISO 32000-2, table 225). */
const signedFlags = 3
/** Print and Locked (table 167). */
const widgetFlags = 4 | 128

/** What a visible signature shows inside its box. The page around it is never touched. */
export interface SignatureAppearance {
  /** A TrueType font with all letters of the lines; its licence must permit embedding. */
  readonly fontBytes: Uint8Array
  readonly lines: readonly string[]
  /** Largest font size in points; smaller where the box asks for it. Default 10, as NĐ 30/2020/NĐ-CP wants. */
  readonly fontSize?: number
}

export interface SignaturePlacement {
  readonly field: string
  readonly value: PdfReference
  readonly lock: FieldLock | undefined
  readonly appearance: SignatureAppearance | undefined
}

/**
 * The field to sign, if the document has it.
 * @throws SigningError `PDF_FIELD_NOT_FOUND` when the name is no signature field's, `PDF_FIELD_ALREADY_SIGNED`
 */
export function fieldToSign(form: Form | undefined, name: string): FormField | undefined {
  const field = findField(form, name)
  if (field === undefined) {
    // A partial name has no period (12.7.4.2), so only a form's maker can create such a field.
    const taken = form?.fields.some((other) => other.name.startsWith(`${name}.`)) === true
    if (name === '' || name.includes('.') || taken)
      throw new SigningError('PDF_FIELD_NOT_FOUND', { field: name })
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
  if (prescribed !== undefined && wanted !== undefined && !sameLock(prescribed, wanted)) {
    throw new SigningError('PDF_FIELD_LOCK_CONFLICT', { field: field?.name ?? '' })
  }
  return wanted ?? prescribed
}

/** Writes field, widget, form and page objects so that the field's value is the signature. */
export function placeSignature(
  writer: RevisionWriter,
  snapshot: Snapshot,
  form: Form | undefined,
  placement: SignaturePlacement,
): void {
  const field = findField(form, placement.field)
  if (field === undefined) createField(writer, snapshot, form, placement)
  else signField(writer, snapshot, field, placement)
  if (field !== undefined && form !== undefined) raiseFlags(writer, snapshot, form)
}

function signField(
  writer: RevisionWriter,
  snapshot: Snapshot,
  field: FormField,
  placement: SignaturePlacement,
): void {
  const lock = placement.lock
  const changes: Record<string, PdfValue | undefined> = { V: placement.value }
  if (lock !== undefined && !field.dict.entries.has('Lock')) changes.Lock = writer.add(lockDict(lock))
  let dict = withEntries(field.dict, changes)
  for (const widget of field.widgets) {
    const appearance = widgetAppearance(writer, snapshot, widget, placement.appearance)
    if (appearance === undefined) continue
    if (widget.reference.number === field.reference.number) dict = withEntries(dict, { AP: appearance })
    else writer.set(widget.reference, withEntries(widget.dict, { AP: appearance }))
  }
  writer.set(field.reference, dict)
}

function lockDict(lock: FieldLock): PdfDict {
  return pdfDict({ Type: pdfName('SigFieldLock'), ...lockEntries(lock) })
}

/** A widget without a size shows nothing and needs no appearance (12.7.5.5). */
function widgetAppearance(
  writer: RevisionWriter,
  snapshot: Snapshot,
  widget: Widget,
  appearance: SignatureAppearance | undefined,
): PdfDict | undefined {
  const box = rectangleOf(snapshot, widget.dict)
  if (box.width === 0 || box.height === 0) return undefined
  if (appearance === undefined || appearance.lines.length === 0) {
    return pdfDict({ N: emptyAppearance(writer, box) })
  }
  const font = embedFont(writer, appearance.fontBytes, appearance.lines)
  return pdfDict({ N: signatureAppearance(writer, box, appearance.lines, font, appearance.fontSize ?? 10) })
}

function createField(
  writer: RevisionWriter,
  snapshot: Snapshot,
  form: Form | undefined,
  placement: SignaturePlacement,
): void {
  const page = readPages(snapshot)[0]
  if (page === undefined) throw malformed(0, 'the document has no page')
  const lock = placement.lock === undefined ? undefined : writer.add(lockDict(placement.lock))
  const field = writer.add(
    pdfDict({
      Type: pdfName('Annot'),
      Subtype: pdfName('Widget'),
      FT: pdfName('Sig'),
      T: pdfText(placement.field),
      F: widgetFlags,
      Rect: pdfArray([0, 0, 0, 0]),
      P: page.reference,
      V: placement.value,
      Lock: lock,
    }),
  )
  appendTo(writer, snapshot, page.reference, page.dict, 'Annots', field)
  const root = referenceEntry(snapshot.trailer, 'Root')
  if (root === undefined) throw malformed(0, 'the document has no catalog')
  if (form === undefined) {
    const acroForm = writer.add(pdfDict({ Fields: pdfArray([field]), SigFlags: signedFlags }))
    writer.set(root, withEntries(snapshot.catalog, { AcroForm: acroForm }))
    return
  }
  const flagged = withEntries(form.acroForm, {
    SigFlags: signatureFlags(snapshot, form.acroForm) | signedFlags,
  })
  const owner = form.reference
  const changed = appended(writer, snapshot, flagged, 'Fields', field) ?? flagged
  if (owner !== undefined) writer.set(owner, changed)
  else writer.set(root, withEntries(snapshot.catalog, { AcroForm: changed }))
}

function appendTo(
  writer: RevisionWriter,
  snapshot: Snapshot,
  owner: PdfReference,
  dict: PdfDict,
  key: string,
  item: PdfReference,
): void {
  const changed = appended(writer, snapshot, dict, key, item)
  if (changed !== undefined) writer.set(owner, changed)
}

/** Appends to the array under a key; undefined when the array is an object of its own and has been written itself. */
function appended(
  writer: RevisionWriter,
  snapshot: Snapshot,
  dict: PdfDict,
  key: string,
  item: PdfReference,
): PdfDict | undefined {
  const entry = dict.entries.get(key)
  const array = snapshot.resolve(entry)
  const items = isArray(array) ? [...array.items, item] : [item]
  if (isReference(entry) && isArray(array)) {
    writer.set(entry, pdfArray(items))
    return undefined
  }
  return withEntries(dict, { [key]: pdfArray(items) })
}

/** Says in the form that the document is signed and may only be appended to. */
function raiseFlags(writer: RevisionWriter, snapshot: Snapshot, form: Form): void {
  const flags = signatureFlags(snapshot, form.acroForm)
  if ((flags & signedFlags) === signedFlags) return
  const acroForm = withEntries(form.acroForm, { SigFlags: flags | signedFlags })
  const root = referenceEntry(snapshot.trailer, 'Root')
  if (form.reference !== undefined) writer.set(form.reference, acroForm)
  else if (root !== undefined) writer.set(root, withEntries(snapshot.catalog, { AcroForm: acroForm }))
}
