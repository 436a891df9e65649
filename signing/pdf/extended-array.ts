/** Arrays that may grow at their end: the fields of a form, the annotations of a page. */
import type { RevisionPair } from './compare-revisions.ts'
import { isArray, isReference, type PdfDict, type PdfValue, sameValue } from './objects.ts'

/**
 * Whether the array under a key is what it was, with references to new objects at its end. An array that is an object
 * of its own counts as judged only if nothing else refers to it: what it means elsewhere is not known here.
 */
export function isExtended(pair: RevisionPair, old: PdfDict, now: PdfDict, key: string): boolean {
  const before = pair.before.entry(old, key)
  const after = pair.after.entry(now, key)
  const reference = old.entries.get(key)
  if (isReference(reference) && pair.references.of(reference.number) === 1) {
    pair.judged.add(reference.number)
  }
  if (before === null) return after === null || isArray(after)
  if (!isArray(before) || !isArray(after)) return false
  return (
    before.items.every((item, i) => sameValue(item, after.items[i])) &&
    appendedTo(before, after).every(isReference)
  )
}

/** What stands behind the old items. */
export function appendedTo(before: PdfValue, after: PdfValue): readonly PdfValue[] {
  return isArray(after) ? after.items.slice(isArray(before) ? before.items.length : 0) : []
}
