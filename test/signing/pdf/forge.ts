/** Revisions that nobody should accept, appended by our own writer: what an attacker with the same tool would do. */
import { RevisionWriter } from '../../../signing/pdf/append-writer.ts'
import { type FormField, findField, readForm } from '../../../signing/pdf/form.ts'
import {
  isReference,
  type PdfDict,
  type PdfReference,
  type PdfValue,
  withEntries,
} from '../../../signing/pdf/objects.ts'
import { readPages } from '../../../signing/pdf/pages.ts'
import { openPdf } from '../../../signing/pdf/pdf-file.ts'
import type { Snapshot } from '../../../signing/pdf/snapshot.ts'

export interface Forgery {
  readonly writer: RevisionWriter
  readonly snapshot: Snapshot
  readonly root: PdfReference
  readonly page: { readonly reference: PdfReference; readonly dict: PdfDict }
  field(name: string): FormField
  /** Rewrites a dictionary object with some entries changed. */
  change(reference: PdfReference, entries: Record<string, PdfValue | undefined>): void
}

export function forge(pdf: Uint8Array, act: (forgery: Forgery) => void): Uint8Array {
  const file = openPdf(pdf)
  const snapshot = file.latest
  const writer = new RevisionWriter(file)
  const root = snapshot.trailer.entries.get('Root')
  const page = readPages(snapshot)[0]
  if (!isReference(root) || page === undefined) throw new Error('no document')
  act({
    writer,
    snapshot,
    root,
    page,
    field(name) {
      const field = findField(readForm(snapshot), name)
      if (field === undefined) throw new Error(name)
      return field
    },
    change(reference, entries) {
      const value = snapshot.resolve(reference)
      if (typeof value !== 'object' || value?.kind !== 'dict') throw new Error('no dictionary')
      writer.set(reference, withEntries(value, entries))
    },
  })
  return writer.build().bytes
}
