/** The fields of a letter for a PDF that another program made without them (design 4, number and date on the page). */
import { SigningError } from '../errors.ts'
import { emptyAppearance } from './appearance.ts'
import { RevisionWriter } from './append-writer.ts'
import { type Form, type FormField, findField, isSigned, readForm } from './form.ts'
import { FormRevision, signatureFlag } from './form-revision.ts'
import { fillFields, individualPosition, letterFields } from './letter-fields.ts'
import { widgetFlag } from './new-field.ts'
import {
  isArray,
  isDict,
  isReference,
  type PdfDict,
  type PdfReference,
  pdfArray,
  pdfDict,
  pdfName,
  pdfText,
  withEntries,
} from './objects.ts'
import { type FieldPlace, placeOnPage } from './page-place.ts'
import { openPdf } from './pdf-file.ts'
import type { Snapshot } from './snapshot.ts'
import { decimal } from './upright.ts'

/** A field of a letter and where it stands. */
export interface LetterField {
  /** One of `letterFields`, `datePartFields` or `individualSignatureField(n)`. */
  readonly name: string
  readonly place: FieldPlace
  /** Of a field that is filled: size in points (default 13) and where in its box the text stands (default left). */
  readonly text?: { readonly size?: number; readonly align?: 'left' | 'centre' | 'right' }
}

/**
 * Appends one revision with the fields, empty and without borders, as a letter has them: all below `congvan`, so that
 * nothing but values and appearances has to change later. Nothing is added to the pages' own content.
 *
 * @throws SigningError `PDF_NO_CHANGES_PERMITTED` when the document is signed, `PDF_FIELD_EXISTS`,
 *   `PDF_FIELD_NOT_FOUND` for a name that is no letter field's, `PDF_PAGE_NOT_FOUND`, `PDF_PLACE_OUTSIDE_PAGE`, and as
 *   `openPdf`
 */
export function addLetterFields(
  pdf: Uint8Array,
  fields: readonly LetterField[],
  options: { readonly password?: string } = {},
): Uint8Array {
  const file = openPdf(pdf, options)
  const snapshot = file.latest
  const form = readForm(snapshot)
  const signed = form?.fields.find(isSigned)
  if (signed !== undefined) throw new SigningError('PDF_NO_CHANGES_PERMITTED', { field: signed.name })
  const writer = new RevisionWriter(file)
  const changes = new FormRevision(writer, snapshot, form)
  const tree = new FieldTree(writer, snapshot, form)
  const added = new Set<string>()
  for (const field of fields) {
    const { name } = field
    if (!isLetterField(name)) throw new SigningError('PDF_FIELD_NOT_FOUND', { field: name })
    if (findField(form, name) !== undefined || added.has(name))
      throw new SigningError('PDF_FIELD_EXISTS', { field: name })
    added.add(name)
    const { page, box, rotation } = placeOnPage(snapshot, field.place, name)
    const reference = writer.allocate()
    const parent = tree.parentOf(name, reference)
    const { left, bottom, width, height } = box
    const dict = pdfDict({
      Type: pdfName('Annot'),
      Subtype: pdfName('Widget'),
      T: pdfText(lastPart(name)),
      TU: pdfText(labelOf(name)),
      Parent: parent,
      F: widgetFlag.print,
      Rect: pdfArray([left, bottom, left + width, bottom + height].map((value) => Number(decimal(value)))),
      P: page.reference,
      BS: pdfDict({ W: 0 }),
      AP: pdfDict({ N: emptyAppearance(writer, box) }),
      MK: rotation === 0 ? undefined : pdfDict({ R: rotation }),
      ...kindOf(field),
    })
    writer.set(reference, dict)
    changes.addWidget(reference, page)
  }
  const root = tree.write()
  if (root !== undefined) changes.addRoot(root)
  changes.setNewFormEntries(formEntries())
  changes.raiseFlags(signatureFlag.signaturesExist | signatureFlag.appendOnly)
  changes.write()
  return writer.build().bytes
}

function isLetterField(name: string): boolean {
  return (
    fillFields.includes(name) ||
    name === letterFields.agencySignature ||
    individualPosition(name) !== undefined
  )
}

function kindOf({ name, text = {} }: LetterField) {
  if (!fillFields.includes(name)) return { FT: pdfName('Sig') }
  const { size = 13, align = 'left' } = text
  return {
    FT: pdfName('Tx'),
    DA: pdfText(`/${viewerFont} ${decimal(size)} Tf 0 g`),
    Q: { left: 0, centre: 1, right: 2 }[align],
  }
}

/** What a viewer would write in by itself; what this library fills in brings its own font. */
const viewerFont = 'TiRo'

function formEntries() {
  const font = pdfDict({
    Type: pdfName('Font'),
    Subtype: pdfName('Type1'),
    BaseFont: pdfName('Times-Roman'),
    Encoding: pdfName('WinAnsiEncoding'),
  })
  return { DA: pdfText(`/${viewerFont} 13 Tf 0 g`), DR: pdfDict({ Font: pdfDict({ [viewerFont]: font }) }) }
}

/** What assistive technology calls a field (table 226). */
function labelOf(name: string): string {
  if (name === letterFields.number) return 'Số văn bản'
  if (name === letterFields.agencySignature) return 'Chữ ký số của cơ quan, tổ chức'
  return fillFields.includes(name) ? 'Ngày ban hành' : 'Chữ ký số của người có thẩm quyền'
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

/** A non-terminal field: its object, the children that it has and those that it gets. */
interface Node {
  readonly reference: PdfReference
  readonly dict: PdfDict
  readonly kids: PdfReference[]
  readonly isNew: boolean
}

/** The fields between the form and its terminal fields; those that are there get further children. */
class FieldTree {
  readonly #writer: RevisionWriter
  readonly #snapshot: Snapshot
  readonly #form: Form | undefined
  readonly #nodes = new Map<string, Node>()

  constructor(writer: RevisionWriter, snapshot: Snapshot, form: Form | undefined) {
    this.#writer = writer
    this.#snapshot = snapshot
    this.#form = form
  }

  /** The parent of a field of that full name, which gets it as a child. */
  parentOf(name: string, kid: PdfReference): PdfReference {
    const node = this.#node(name.slice(0, name.lastIndexOf('.')))
    node.kids.push(kid)
    return node.reference
  }

  /** Writes what is new or has changed; answers the new root, if there is one. */
  write(): PdfReference | undefined {
    let root: PdfReference | undefined
    for (const [name, { reference, dict, kids, isNew }] of this.#nodes) {
      if (kids.length === 0) continue
      const former = this.#snapshot.entry(dict, 'Kids')
      const items = [...(isArray(former) ? former.items : []), ...kids]
      this.#writer.set(reference, withEntries(dict, { Kids: pdfArray(items) }))
      if (isNew && !name.includes('.')) root = reference
    }
    return root
  }

  #node(name: string): Node {
    const known = this.#nodes.get(name)
    if (known !== undefined) return known
    const found = this.#existing(name)
    const node = found ?? this.#created(name)
    this.#nodes.set(name, node)
    return node
  }

  #created(name: string): Node {
    if (findField(this.#form, name) !== undefined) throw new SigningError('PDF_FIELD_EXISTS', { field: name })
    const reference = this.#writer.allocate()
    const parent = name.includes('.') ? this.parentOf(name, reference) : undefined
    return { reference, dict: pdfDict({ T: pdfText(lastPart(name)), Parent: parent }), kids: [], isNew: true }
  }

  /** The ancestor of that name of a terminal field that the document has. */
  #existing(name: string): Node | undefined {
    const below = this.#form?.fields.find((field) => field.name.startsWith(`${name}.`))
    if (below === undefined) return undefined
    const reference = this.#ancestor(below, below.name.split('.').length - name.split('.').length)
    const dict = reference === undefined ? undefined : this.#snapshot.resolve(reference)
    return reference === undefined || !isDict(dict) ? undefined : { reference, dict, kids: [], isNew: false }
  }

  #ancestor(field: FormField, steps: number): PdfReference | undefined {
    let dict = field.dict
    let reference: PdfReference | undefined
    for (let step = 0; step < steps; step += 1) {
      const parent = dict.entries.get('Parent')
      const value = this.#snapshot.resolve(parent)
      if (!isReference(parent) || !isDict(value)) return undefined
      reference = parent
      dict = value
    }
    return reference
  }
}
