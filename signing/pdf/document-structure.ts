/** Page tree and form of one revision, read once for the two comparisons in which the revision takes part. */
import { type Form, readForm } from './form.ts'
import { type PageNode, readPageTree } from './page-tree.ts'
import type { PdfFile } from './pdf-file.ts'
import type { Snapshot } from './snapshot.ts'

export interface DocumentStructure {
  readonly pages: ReadonlyMap<number, PageNode>
  readonly form: Form | undefined
}

/** Of each file the structure of the revision that was asked for last. */
const latest = new WeakMap<PdfFile, DocumentStructure & { readonly revision: number }>()

/** @throws SigningError `PDF_MALFORMED` when page tree or form is no tree */
export function structureOf(snapshot: Snapshot): DocumentStructure {
  const { file, revision } = snapshot
  const known = latest.get(file)
  if (known?.revision === revision) return known
  const structure = { revision, pages: readPageTree(snapshot), form: readForm(snapshot) }
  latest.set(file, structure)
  return structure
}
