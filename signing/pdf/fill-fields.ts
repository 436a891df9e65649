/** Fills text fields by an appended revision that changes nothing else (design 4, number and date on the page). */
import { SigningError } from '../errors.ts'
import { type Quadding, textFieldAppearance, textStyleOf } from './appearance.ts'
import { RevisionWriter } from './append-writer.ts'
import { embedFont } from './embed-font.ts'
import { type Form, type FormField, findField, readForm, rectangleOf } from './form.ts'
import { inheritedEntry } from './inherited-entry.ts'
import { assertUnlocked } from './locks.ts'
import { type PdfDict, type PdfValue, pdfDict, pdfText, withEntries } from './objects.ts'
import type { Rotation } from './page-place.ts'
import { openPdf } from './pdf-file.ts'
import type { Snapshot } from './snapshot.ts'

export interface FillOptions {
  /** Values by the fields' full names. */
  readonly fields: Readonly<Record<string, string>>
  /** A TrueType font with all letters of the values; its licence must permit embedding. */
  readonly fontBytes: Uint8Array
  /** Fonts of single fields that are set in another face than the rest. */
  readonly fontBytesByField?: Readonly<Record<string, Uint8Array>>
  /** Of an encrypted document. */
  readonly password?: string
}

/**
 * Appends one revision that sets the value and the appearance of the named text fields. The same input gives the
 * same bytes, in whatever order the fields are named.
 *
 * @throws SigningError `PDF_FIELD_NOT_FOUND` when a name is no text field's, `PDF_FIELD_LOCKED`,
 *   `PDF_NO_CHANGES_PERMITTED`, `PDF_TEXT_NOT_ENCODABLE`, `PDF_TEXT_TOO_WIDE`, and as `openPdf`
 */
export async function fillTextFields(pdf: Uint8Array, options: FillOptions): Promise<Uint8Array> {
  return appendFills(pdf, options)
}

/** As `fillTextFields`, at once. */
export function appendFills(pdf: Uint8Array, options: FillOptions): Uint8Array {
  const file = openPdf(pdf, options.password === undefined ? {} : { password: options.password })
  const snapshot = file.latest
  const form = readForm(snapshot)
  const writer = new RevisionWriter(file)
  for (const [name, text] of Object.entries(options.fields).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const field = textField(form, name)
    assertUnlocked(snapshot, form, name)
    const fontBytes = options.fontBytesByField?.[name] ?? options.fontBytes
    fillField(writer, snapshot, form, field, text.normalize('NFC'), fontBytes)
  }
  return writer.build().bytes
}

function textField(form: Form | undefined, name: string): FormField {
  const field = findField(form, name)
  if (field === undefined || field.type !== 'Tx')
    throw new SigningError('PDF_FIELD_NOT_FOUND', { field: name })
  return field
}

function fillField(
  writer: RevisionWriter,
  snapshot: Snapshot,
  form: Form | undefined,
  field: FormField,
  text: string,
  fontBytes: Uint8Array,
): void {
  const font = embedFont(writer, fontBytes, [text])
  const inherited = (key: string): PdfValue => fieldEntry(snapshot, form, field.dict, key)
  const style = textStyleOf(inherited('DA'))
  const q = inherited('Q')
  const quadding: Quadding = q === 1 || q === 2 ? q : 0
  let dict = withEntries(field.dict, { V: pdfText(text) })
  for (const widget of field.widgets) {
    const box = rectangleOf(snapshot, widget.dict)
    const line = { field: field.name, text, font, style, quadding }
    const rotation = rotationIn(snapshot, widget.dict)
    const appearance = pdfDict({ N: textFieldAppearance(writer, box, rotation, line) })
    if (widget.reference.number === field.reference.number) dict = withEntries(dict, { AP: appearance })
    else writer.set(widget.reference, withEntries(widget.dict, { AP: appearance }))
  }
  writer.set(field.reference, dict)
}

/** How text is turned in a widget (table 192), so that it stands upright on a page that is shown turned. */
function rotationIn(snapshot: Snapshot, widget: PdfDict): Rotation {
  const look = snapshot.dictEntry(widget, 'MK')
  const value = look === undefined ? null : snapshot.entry(look, 'R')
  return value === 90 || value === 180 || value === 270 ? value : 0
}

/** An inheritable entry of a field: its own, an ancestor's, or the form's. */
function fieldEntry(snapshot: Snapshot, form: Form | undefined, dict: PdfDict, key: string): PdfValue {
  const found = inheritedEntry(snapshot, dict, key)
  return found !== null || form === undefined ? found : snapshot.entry(form.acroForm, key)
}
