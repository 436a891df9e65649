/** Objects of an update that nothing leads to. */
import { forbidden, harmless, type RevisionChange } from './change.ts'
import type { Comparison } from './comparison.ts'
import { type IndirectObject, isArray, isDict, isName, isReference, type PdfDict } from './objects.ts'
import type { PdfFile } from './pdf-file.ts'
import { reachedAmong } from './reach.ts'

/**
 * Judges the objects that the update wrote though nothing in the document leads to them, but for what the revision
 * itself is stored in. Programs leave some behind that they thought to need; what a reader that repairs could take for
 * a part of the document (a catalog, a page, an object stream) is none of those.
 */
export function* checkUnused(file: PdfFile, comparison: Comparison): Generator<RevisionChange> {
  const { after, added, modified, references } = comparison
  const revision = file.revisions[after.revision]
  // What another key of the trailer leads to is a part of the document to no reader, and for one that repairs a find.
  const known = ['Root', 'Info', 'Encrypt'].map((key) => after.trailer.entries.get(key) ?? null)
  const roots = [...known, ...[...modified.values()].map((object) => object.after.value)]
  const reached = reachedAmong(after, roots, added)
  const containers = new Set<number>()
  for (const entry of revision?.entries.values() ?? []) {
    if (entry.type === 'compressed') containers.add(entry.container)
  }
  for (const number of added) {
    if (reached.has(number) || containers.has(number) || references.isDangling(number)) continue
    const object = after.object(number)
    if (object === undefined || object.span?.start === revision?.section.offset) continue
    const message = `object ${number} was added though nothing leads to it`
    if (isPlain(object)) yield { kind: 'left-over', message }
    else yield isLeftOver(object) ? harmless('OBJECT_UNUSED', message) : forbidden('OBJECT_CHANGED', message)
  }
}

/** Types of what programs leave behind; everything that has no type is told apart by its keys. */
const leftOverTypes: ReadonlySet<string> = new Set([
  ...['VRI', 'DSS', 'Metadata', 'XObject', 'Font', 'FontDescriptor', 'Encoding', 'ExtGState', 'Sig'],
  'SigFieldLock',
])

/** By these keys a reader that repairs, or one that looks for fields and pages by itself, finds its way. */
const structuralKeys = [
  ...['Root', 'Pages', 'Kids', 'Contents', 'Parent', 'FT', 'T', 'ByteRange', 'AcroForm', 'Names', 'S', 'JS'],
  ...['EF', 'Linearized', 'Subtype', 'First', 'N', 'W'],
]

/** A number, a text and the like is no part of a document by itself. */
function isPlain({ value }: IndirectObject): boolean {
  return !isDict(value) && !isArray(value) && !isReference(value)
}

function isLeftOver({ value, stream }: IndirectObject): boolean {
  if (isArray(value)) return true
  if (!isDict(value) || value.duplicates !== undefined) return false
  const type = value.entries.get('Type') ?? null
  if (type !== null) return isName(type) && leftOverTypes.has(type.name) && !value.entries.has('ByteRange')
  if (stream !== undefined) return !hasAny(value, ['First', 'N', 'W', 'Root'])
  return !hasAny(value, structuralKeys)
}

function hasAny(dict: PdfDict, keys: readonly string[]): boolean {
  return keys.some((key) => dict.entries.has(key))
}
