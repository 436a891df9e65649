/** Which objects others lead to. */
import type { PdfValue } from './objects.ts'
import type { ReferenceCounts } from './reference-counts.ts'
import type { Snapshot } from './snapshot.ts'

/** The numbers out of `among` that references lead to, from the roots and through those objects themselves. */
export function reachedAmong(
  snapshot: Snapshot,
  roots: readonly PdfValue[],
  among: ReadonlySet<number>,
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
      if (reached.has(value.number) || !among.has(value.number)) continue
      reached.add(value.number)
      snapshot.file.countVisits(1)
      pending.push(snapshot.target(value)?.value ?? null)
    }
  }
  return reached
}

/**
 * The numbers of all objects that lead to one of `numbers`, by however many steps, and these numbers themselves.
 * @param isCrossed whether what leads to the object at hand is to be told as well; by default always
 */
export function leadingTo(
  numbers: Iterable<number>,
  references: ReferenceCounts,
  isCrossed: (referrer: number, number: number) => boolean = () => true,
): ReadonlySet<number> {
  const found = new Set(numbers)
  const pending = [...found]
  for (let number = pending.pop(); number !== undefined; number = pending.pop()) {
    for (const referrer of references.referrers(number)) {
      if (found.has(referrer) || !isCrossed(referrer, number)) continue
      found.add(referrer)
      pending.push(referrer)
    }
  }
  return found
}
