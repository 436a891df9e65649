/** What changed in the document information (ISO 32000-2, 14.3.3), which no page shows. */
import { forbidden, harmless, type RevisionChange } from './change.ts'
import { type Comparison, keysOf } from './comparison.ts'
import { isDict, isName, isReference, isString, type PdfDict, type PdfValue, sameValue } from './objects.ts'
import type { Snapshot } from './snapshot.ts'

/** What programs write about themselves when they save. */
const ownKeys: ReadonlySet<string> = new Set(['ModDate', 'Producer'])

const nothing: PdfDict = { kind: 'dict', entries: new Map() }

/**
 * Strings may change, be it in the dictionary itself or in a new one. A first dictionary is as harmless; a writer that
 * forgets to name the old one changes nothing that a page shows.
 */
export function* compareInformation(comparison: Comparison): Generator<RevisionChange> {
  const { before, after, added } = comparison
  const reference = before.trailer.entries.get('Info') ?? null
  const current = after.trailer.entries.get('Info') ?? null
  const old = before.resolve(reference)
  const now = after.resolve(current)
  if (now === null || sameDirectly(comparison, reference, current)) return
  const isPlain = isDict(now) && now.duplicates === undefined && !isStream(after, current)
  if (!isPlain || (old !== null && !isDict(old)) || isStream(before, reference)) {
    yield forbidden('INFO_CHANGED', 'the document information is no plain dictionary')
    return
  }
  // In a new object or in its own; one that played another part before is none of the two.
  if (isReference(current) && !added.has(current.number) && !sameValue(reference, current)) {
    yield forbidden('INFO_CHANGED', 'the document information is another object that existed before')
    return
  }
  if (isReference(reference) && sameValue(reference, current)) comparison.judge(reference.number)
  yield* compareEntries(comparison, isDict(old) ? old : nothing, now)
}

function sameDirectly(comparison: Comparison, old: PdfValue, now: PdfValue): boolean {
  return sameValue(old, now) && !(isReference(old) && comparison.isTouched(old.number))
}

function* compareEntries(comparison: Comparison, old: PdfDict, now: PdfDict): Generator<RevisionChange> {
  const changed: string[] = []
  for (const key of keysOf(old, now)) {
    const value = now.entries.get(key) ?? null
    if (comparison.same(old.entries.get(key), value, 'told')) continue
    const isText = isString(value) || isName(value) || value === null || typeof value === 'boolean'
    if (!isText) {
      yield forbidden('INFO_CHANGED', `/${key} of the document information changed`)
      continue
    }
    const isFirst = key === 'CreationDate' && !old.entries.has(key)
    if (!isFirst && !ownKeys.has(key)) changed.push(key)
  }
  if (changed.length > 0)
    yield harmless('INFORMATION_UPDATED', `/${changed.join(' /')} of the document information changed`)
}

function isStream(snapshot: Snapshot, value: PdfValue): boolean {
  return isReference(value) && snapshot.target(value)?.stream !== undefined
}
