/** Changes to form, pages and catalog of one revision, gathered so that each object is written once. */
import type { RevisionWriter } from './append-writer.ts'
import { referenceEntry } from './append-writer.ts'
import { type Form, signatureFlags } from './form.ts'
import { malformed } from './lexer.ts'
import {
  isArray,
  isReference,
  type PdfDict,
  type PdfReference,
  type PdfValue,
  pdfArray,
  pdfDict,
  withEntries,
} from './objects.ts'
import type { Page } from './pages.ts'
import type { Snapshot } from './snapshot.ts'

/** `/SigFlags` (ISO 32000-2, table 225). */
export const signatureFlag = { signaturesExist: 1, appendOnly: 2 } as const

export class FormRevision {
  readonly #writer: RevisionWriter
  readonly #snapshot: Snapshot
  readonly #form: Form | undefined
  readonly #fields: PdfReference[] = []
  readonly #widgets = new Map<number, { readonly page: Page; readonly added: PdfReference[] }>()
  readonly #catalog: Record<string, PdfValue> = {}
  readonly #newForm: Record<string, PdfValue> = {}
  #flags = 0

  constructor(writer: RevisionWriter, snapshot: Snapshot, form: Form | undefined) {
    this.#writer = writer
    this.#snapshot = snapshot
    this.#form = form
  }

  /** A new field that is its own widget. */
  addField(field: PdfReference, page: Page): void {
    this.addRoot(field)
    this.addWidget(field, page)
  }

  /** A new field at the root of the form, whose widgets are told apart. */
  addRoot(field: PdfReference): void {
    this.#fields.push(field)
  }

  /** A new widget of a field below another one. */
  addWidget(field: PdfReference, page: Page): void {
    const known = this.#widgets.get(page.reference.number) ?? { page, added: [] }
    this.#widgets.set(page.reference.number, known)
    known.added.push(field)
  }

  /** What a form has that this revision makes; one that is there keeps what it has. */
  setNewFormEntries(entries: Readonly<Record<string, PdfValue>>): void {
    Object.assign(this.#newForm, entries)
  }

  raiseFlags(flags: number): void {
    this.#flags |= flags
  }

  setCatalogEntry(key: string, value: PdfValue): void {
    this.#catalog[key] = value
  }

  /** Hands everything to the writer; an object that stays as it was is not written. */
  write(): void {
    for (const { page, added } of this.#widgets.values()) {
      const changed = this.#appended(page.dict, 'Annots', added)
      if (changed !== undefined) this.#writer.set(page.reference, changed)
    }
    this.#writeForm()
    if (Object.keys(this.#catalog).length === 0) return
    const root = referenceEntry(this.#snapshot.trailer, 'Root')
    if (root === undefined) throw malformed(0, 'the document has no catalog')
    this.#writer.set(root, withEntries(this.#snapshot.catalog, this.#catalog))
  }

  #writeForm(): void {
    const form = this.#form
    if (form === undefined) {
      if (this.#fields.length === 0) return
      const acroForm = pdfDict({
        ...this.#newForm,
        Fields: pdfArray(this.#fields),
        SigFlags: this.#flags,
      })
      this.#catalog.AcroForm = this.#writer.add(acroForm)
      return
    }
    const flags = signatureFlags(this.#snapshot, form.acroForm)
    const flagged =
      (flags & this.#flags) === this.#flags
        ? form.acroForm
        : withEntries(form.acroForm, { SigFlags: flags | this.#flags })
    const listed =
      this.#fields.length === 0 ? flagged : (this.#appended(flagged, 'Fields', this.#fields) ?? flagged)
    if (listed === form.acroForm) return
    if (form.reference !== undefined) this.#writer.set(form.reference, listed)
    else this.#catalog.AcroForm = listed
  }

  /**
   * Appends to the array under a key; undefined when the array is an object of its own and has been written itself. An
   * array that other objects use as well (some programs give all pages one empty list of annotations) is left alone.
   */
  #appended(dict: PdfDict, key: string, added: readonly PdfReference[]): PdfDict | undefined {
    const entry = dict.entries.get(key)
    const array = this.#snapshot.resolve(entry)
    const items = pdfArray(isArray(array) ? [...array.items, ...added] : added)
    if (isReference(entry) && isArray(array) && !this.#writer.isShared(entry)) {
      this.#writer.set(entry, items)
      return undefined
    }
    return withEntries(dict, { [key]: items })
  }
}
