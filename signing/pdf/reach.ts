/** Which objects others lead to. */
import { isDict, isReference, type PdfValue } from './objects.ts'
import { readPages } from './pages.ts'
import type { Snapshot } from './snapshot.ts'

/** The numbers out of `among` that references lead to, from the roots and through those objects themselves. */
export function reachedAmong(
  snapshot: Snapshot,
  roots: readonly PdfValue[],
  among?: ReadonlySet<number>,
): Set<number> {
  const reached = new Set<number>()
  const pending = [...roots]
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (typeof value !== 'object' || value === null) continue
    if (value.kind === 'array') {
      for (const item of value.items) pending.push(item)
    } else if (value.kind === 'dict') {
      for (const item of value.entries.values()) pending.push(item)
    } else if (value.kind === 'reference') {
      if (reached.has(value.number) || (among !== undefined && !among.has(value.number))) continue
      reached.add(value.number)
      snapshot.file.countVisits(1)
      pending.push(snapshot.target(value)?.value ?? null)
    }
  }
  return reached
}

/**
 * The numbers of all objects that the revision draws with: contents and resources of its pages, inherited ones too,
 * appearances of annotations, and the resources of the form.
 */
export function drawnObjects(snapshot: Snapshot): Set<number> {
  const roots: PdfValue[] = []
  const nodes = new Set<number>()
  for (const { dict, reference } of readPages(snapshot)) {
    roots.push(dict.entries.get('Contents') ?? null, dict.entries.get('Resources') ?? null)
    nodes.add(reference.number)
    let parent = dict.entries.get('Parent') ?? null
    while (isReference(parent) && !nodes.has(parent.number)) {
      nodes.add(parent.number)
      const node = snapshot.resolve(parent)
      if (!isDict(node)) break
      roots.push(node.entries.get('Resources') ?? null)
      parent = node.entries.get('Parent') ?? null
    }
    for (const item of snapshot.arrayEntry(dict, 'Annots')?.items ?? []) {
      const annotation = snapshot.resolve(item)
      if (isDict(annotation)) roots.push(annotation.entries.get('AP') ?? null)
    }
  }
  const acroForm = snapshot.dictEntry(snapshot.catalog, 'AcroForm')
  roots.push(acroForm?.entries.get('DR') ?? null)
  return reachedAmong(snapshot, roots)
}
