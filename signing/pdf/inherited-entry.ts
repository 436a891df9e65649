import { isReference, type PdfDict, type PdfValue } from './objects.ts'
import type { Snapshot } from './snapshot.ts'

/** How deep trees are at most whose steps need not be counted. */
const usualDepth = 8

/**
 * An inheritable entry: the dictionary's own or that of the nearest ancestor along `/Parent` that has it (ISO 32000-2,
 * 7.7.3.4 for pages, 12.7.4.1 for fields); references followed, null where there is none.
 */
export function inheritedEntry(snapshot: Snapshot, dict: PdfDict, key: string): PdfValue {
  const seen = new Set<number>()
  for (let current: PdfDict | undefined = dict; current !== undefined; ) {
    const own = snapshot.entry(current, key)
    if (own !== null) return own
    const parent: PdfValue | undefined = current.entries.get('Parent')
    if (!isReference(parent) || seen.has(parent.number)) break
    seen.add(parent.number)
    // Many fields may stand at the end of one long chain, which no tree has.
    if (seen.size > usualDepth) snapshot.file.countVisits(1)
    current = snapshot.dictEntry(current, 'Parent')
  }
  return null
}
