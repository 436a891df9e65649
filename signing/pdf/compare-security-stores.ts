/** Changes to the document security store (ISO 32000-2, 12.8.4.3): revocation data and certificates may be added. */
import { forbidden, type RevisionChange } from './change.ts'
import type { RevisionPair } from './compare-revisions.ts'
import { isArray, isDict, isReference, type PdfReference, type PdfValue, sameValue } from './objects.ts'

/** Store, VRI, one signature's entry, its lists. */
const deepest = 3

export function* compareSecurityStores(pair: RevisionPair): Generator<RevisionChange> {
  const { before, after, modified, judged } = pair
  const old = before.catalog.entries.get('DSS')
  const now = after.catalog.entries.get('DSS')
  const parts = [...partsOf(pair, old)]
  if (sameValue(old, now) && !parts.some((part) => modified.has(part))) return
  const store = after.resolve(now)
  if (now === undefined || !isDict(store) || store.duplicates !== undefined) {
    yield forbidden('SECURITY_STORE_CHANGED', 'the document security store was removed')
    return
  }
  for (const part of parts) judged.add(part)
  yield isLost(pair, old, now)
    ? forbidden('SECURITY_STORE_CHANGED', 'entries of the document security store were removed')
    : { kind: 'security-store' }
}

/**
 * Object numbers of the store and of the dictionaries and arrays it is made of, as far as nothing but the store refers
 * to them: an array that is also a page's contents must not grow unseen.
 */
function* partsOf(pair: RevisionPair, root: PdfValue | undefined, depth = 0): Generator<number> {
  const { before, references } = pair
  const value = before.resolve(root)
  if (isReference(root)) {
    if (references.of(root.number) !== 1 || before.target(root)?.stream !== undefined) return
    yield root.number
  }
  if (depth > deepest) return
  if (isDict(value)) for (const item of value.entries.values()) yield* partsOf(pair, item, depth + 1)
}

/**
 * Whether anything of the old store is missing in the new one: lists may grow, dictionaries may get entries. The
 * items of a list are streams and so references; anything else must stay where it stands. What is
 * said of one signature (an entry of `/VRI`, depth 2) is written anew by each validation, so only its key must stay.
 */
function isLost(
  pair: RevisionPair,
  old: PdfValue | undefined,
  now: PdfValue | undefined,
  depth = 0,
): boolean {
  const before = pair.before.resolve(old)
  const after = pair.after.resolve(now)
  if (isArray(before)) {
    if (!isArray(after)) return true
    const kept = new Set(after.items.filter(isReference).map(keyOf))
    return !before.items.every((item, i) =>
      isReference(item) ? kept.has(keyOf(item)) : sameValue(item, after.items[i]),
    )
  }
  if (!isDict(before) || depth >= 2) return before !== null && after === null
  return (
    !isDict(after) ||
    [...before.entries].some(([key, item]) => isLost(pair, item, after.entries.get(key), depth + 1))
  )
}

function keyOf({ number, generation }: PdfReference): string {
  return `${number} ${generation}`
}
