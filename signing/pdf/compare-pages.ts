/** What changed on pages: nothing may, but for the widgets of new signature fields. */
import { forbidden, type RevisionChange } from './change.ts'
import type { RevisionPair } from './compare-revisions.ts'
import { appendedTo, isExtended } from './extended-array.ts'
import { differingKeys, isDict, isReference } from './objects.ts'
import { readPages } from './pages.ts'

/** A page may get the widgets of new signature fields at the end of its annotations, and nothing else. */
export function* comparePages(pair: RevisionPair, widgets: ReadonlySet<number>): Generator<RevisionChange> {
  const { before, after, modified } = pair
  for (const page of readPages(before)) {
    const annotations = page.dict.entries.get('Annots')
    const number = page.reference.number
    const changed = modified.get(number)
    const touched = isReference(annotations) && modified.has(annotations.number)
    if (changed === undefined && !touched) continue
    const now = changed?.after.value ?? page.dict
    if (!isDict(now) || now.duplicates !== undefined || changed?.after.stream !== undefined) {
      yield forbidden('PAGE_CHANGED', `page object ${number} changed`)
      continue
    }
    pair.judged.add(number)
    const keys = differingKeys(page.dict, now).filter((key) => key !== 'Annots')
    if (keys.length > 0)
      yield forbidden('PAGE_CHANGED', `/${keys.join(' /')} of page object ${number} changed`)
    const appended = appendedTo(before.entry(page.dict, 'Annots'), after.entry(now, 'Annots'))
    const known = appended.every((item) => isReference(item) && widgets.has(item.number))
    if (!isExtended(pair, page.dict, now, 'Annots') || !known) {
      yield forbidden('PAGE_CHANGED', `annotations of page object ${number} changed`)
    }
  }
}
