/** What changed in the catalog (ISO 32000-2, 7.7.2), but for the page tree, the form and the security store. */
import { forbidden, harmless, type RevisionChange } from './change.ts'
import { type Comparison, keysOf } from './comparison.ts'
import { isDict, isName, isReference, isString, type PdfDict, type PdfValue } from './objects.ts'
import type { Snapshot } from './snapshot.ts'
import { isXmpMetadata } from './xmp.ts'

/** Compared in a manner of their own. */
const ownRules: ReadonlySet<string> = new Set(['Pages', 'AcroForm', 'DSS'])

/** Changes that programs make without telling. */
const silentKeys: ReadonlySet<string> = new Set(['Extensions'])

export function* compareCatalogs(comparison: Comparison): Generator<RevisionChange> {
  const { before, after } = comparison
  const root = before.trailer.entries.get('Root')
  const [old, now] = [before.catalog, after.catalog]
  if (isReference(root)) comparison.judge(root.number)
  if (now.duplicates !== undefined) yield forbidden('CATALOG_CHANGED', 'a key of the catalog stands twice')
  if (isReference(root) && after.target(root)?.stream !== undefined)
    yield forbidden('CATALOG_CHANGED', 'the catalog became a stream')
  for (const key of keysOf(old, now)) {
    if (ownRules.has(key)) {
      if (!isRightPart(comparison, key)) yield forbidden('CATALOG_CHANGED', `/${key} of the catalog changed`)
      continue
    }
    const [value, current] = [old.entries.get(key), now.entries.get(key)]
    if (comparison.same(value, current, 'told')) continue
    const changed = `/${key} of the catalog changed`
    if (key === 'Metadata') yield* compareMetadata(comparison, value, current)
    else if (!mayBecome(comparison, key, value, current)) yield forbidden('CATALOG_CHANGED', changed)
    else if (!silentKeys.has(key)) yield harmless('CATALOG_UPDATED', changed)
  }
}

/** The page tree keeps its root; form and store are plain dictionaries or absent. */
function isRightPart({ before, after }: Comparison, key: string): boolean {
  const [old, now] = [before, after].map((snapshot) => snapshot.catalog.entries.get(key))
  if (key === 'Pages') return isReference(old) && isReference(now) && old.number === now.number
  return now === undefined || now === null || isPlainDict(after, now)
}

/** Whether an entry that differs may have its new value: it alters nothing that is shown or done. */
function mayBecome(
  comparison: Comparison,
  key: string,
  old: PdfValue | undefined,
  now: PdfValue | undefined,
): boolean {
  const { after } = comparison
  const value = after.resolve(now)
  const isNew = old === undefined || old === null
  switch (key) {
    case 'Version':
      return isName(value) && /^\d\.\d$/.test(value.name)
    case 'Lang':
      return isNew && isString(value)
    case 'PageMode':
      return isNew && isName(value) && value.name !== 'UseAttachments' && value.name !== 'UseOC'
    case 'PageLayout':
      return isNew && isName(value)
    case 'Extensions':
      comparison.judgeAll(old)
      return value === null || (isPlainDict(after, now) && isPlainTree(after, value))
    case 'MarkInfo':
    case 'PieceInfo':
      if (key === 'MarkInfo') comparison.judgeAll(old)
      return isPlainDict(after, now) && (isNew || key === 'MarkInfo')
    case 'Type':
      return isNew && isName(value, 'Catalog')
    default:
      return false
  }
}

function isPlainDict(snapshot: Snapshot, value: PdfValue | undefined): boolean {
  const resolved = snapshot.resolve(value)
  const isStream = isReference(value) && snapshot.target(value)?.stream !== undefined
  return isDict(resolved) && resolved.duplicates === undefined && !isStream
}

/** Developer extensions (7.12): dictionaries and arrays of them, names, strings and numbers. */
function isPlainTree(snapshot: Snapshot, value: PdfValue, depth = 0): boolean {
  if (depth > 4) return false
  if (isReference(value) && snapshot.target(value)?.stream !== undefined) return false
  const resolved = snapshot.resolve(value)
  if (isDict(resolved))
    return [...resolved.entries.values()].every((item) => isPlainTree(snapshot, item, depth + 1))
  if (typeof resolved === 'object' && resolved?.kind === 'array')
    return resolved.items.every((item) => isPlainTree(snapshot, item, depth + 1))
  return true
}

/** New XMP metadata must be that and nothing else (14.3.2). */
function* compareMetadata(
  comparison: Comparison,
  old: PdfValue | undefined,
  now: PdfValue | undefined,
): Generator<RevisionChange> {
  const { after } = comparison
  if (now === undefined || now === null) {
    yield forbidden('METADATA_CHANGED', 'the metadata of the document was removed')
    return
  }
  const object = isReference(now) ? after.target(now) : undefined
  const dict: PdfDict | undefined = isDict(object?.value) ? object.value : undefined
  if (isReference(old) && isReference(now) && old.number === now.number) comparison.judge(old.number)
  if (object === undefined || dict === undefined || !isXmpMetadata(after.file, object)) {
    yield forbidden('METADATA_CHANGED', 'the metadata of the document is no XMP')
    return
  }
  yield harmless('METADATA_UPDATED', 'the metadata of the document changed')
}
