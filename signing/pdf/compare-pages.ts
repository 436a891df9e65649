/** What changed on pages: nothing may that they show, but for annotations, which are judged on their own. */
import { forbidden, harmless, type RevisionChange } from './change.ts'
import { compareAnnotations } from './compare-annotations.ts'
import { type Comparison, keysOf, type Manner } from './comparison.ts'
import { inheritedEntry } from './inherited-entry.ts'
import { isDict, isName, isReference, type PdfDict, sameValue } from './objects.ts'
import type { PageNode } from './page-tree.ts'

/** @param widgets object numbers of the widgets of signature fields that the revision created */
export function* comparePages(
  comparison: Comparison,
  widgets: ReadonlySet<number>,
): Generator<RevisionChange> {
  const { before, after } = comparison
  const root = before.catalog.entries.get('Pages')
  if (!isReference(root) || !comparison.isTouched(root.number)) return
  const old = comparison.structure.pages
  const now = comparison.structureAfter.pages
  for (const [number, node] of old) {
    if (!comparison.isTouched(number)) continue
    const counterpart = now.get(number)
    if (counterpart === undefined || after.target(node.reference)?.stream !== undefined) {
      yield forbidden('PAGE_CHANGED', `page object ${number} is gone`)
      continue
    }
    comparison.judge(number)
    yield* node.kids === undefined
      ? comparePage(comparison, node, counterpart, widgets)
      : compareInnerNode(comparison, node, counterpart)
  }
}

function* compareInnerNode(comparison: Comparison, old: PageNode, now: PageNode): Generator<RevisionChange> {
  const { number } = old.reference
  const kids =
    old.kids?.length === now.kids?.length && old.kids?.every((kid, i) => sameValue(kid, now.kids?.[i]))
  if (kids !== true)
    yield forbidden('PAGE_CHANGED', `pages were added to, taken from or moved in object ${number}`)
  // A list of its own that says the same is judged by that; so is the node above.
  if (kids === true) comparison.same(old.dict.entries.get('Kids'), now.dict.entries.get('Kids'), 'told')
  yield* compareEntries(comparison, old, now, (key) => key !== 'Kids')
}

function* comparePage(
  comparison: Comparison,
  old: PageNode,
  now: PageNode,
  widgets: ReadonlySet<number>,
): Generator<RevisionChange> {
  if (now.kids !== undefined) yield forbidden('PAGE_CHANGED', `page object ${old.reference.number} has kids`)
  yield* compareInherited(comparison, old, now)
  yield* compareEntries(comparison, old, now, (key) => key !== 'Annots')
  yield* compareAnnotations(comparison, old, now, widgets)
}

const inheritable = ['Resources', 'MediaBox', 'CropBox', 'Rotate']

/** What a page draws in and with, be it its own or that of whom it calls its parent. */
function* compareInherited(comparison: Comparison, old: PageNode, now: PageNode): Generator<RevisionChange> {
  const { before, after } = comparison
  for (const key of inheritable) {
    const value = old.dict.entries.get(key) ?? inheritedEntry(before, old.dict, key)
    const current = now.dict.entries.get(key) ?? inheritedEntry(after, now.dict, key)
    if (!comparison.same(value, current, 'drawn')) yield pageChanged(comparison, old, key)
  }
}

function* compareEntries(
  comparison: Comparison,
  old: PageNode,
  now: PageNode,
  isCompared: (key: string) => boolean,
): Generator<RevisionChange> {
  if (now.dict.duplicates !== undefined)
    yield forbidden('PAGE_CHANGED', `a key of page object ${old.reference.number} stands twice`)
  for (const key of keysOf(old.dict, now.dict)) {
    if (!isCompared(key) || (inheritable.includes(key) && old.kids === undefined)) continue
    const [value, current] = [old.dict.entries.get(key), now.dict.entries.get(key)]
    if (comparison.same(value, current, mannerOf(key))) continue
    yield mayBecome(comparison, key, old.dict, now.dict)
      ? harmless('PAGE_UPDATED', `/${key} of page object ${old.reference.number} changed`)
      : pageChanged(comparison, old, key)
  }
}

function pageChanged(comparison: Comparison, { reference }: PageNode, key: string): RevisionChange {
  return comparison.culprit === undefined || comparison.culprit === reference.number
    ? forbidden('PAGE_CHANGED', `/${key} of page object ${reference.number} changed`)
    : forbidden('OBJECT_CHANGED', `object ${comparison.culprit}, which pages draw with, changed`)
}

function mannerOf(key: string): Manner {
  return ['Contents', 'Group', 'Thumb', ...inheritable].includes(key) ? 'drawn' : 'told'
}

/** Additions that alter nothing of what is shown: the order of the tabulator key, notes of programs for themselves. */
function mayBecome(comparison: Comparison, key: string, old: PdfDict, now: PdfDict): boolean {
  if (old.entries.has(key) && key !== 'LastModified') return false
  const value = comparison.after.entry(now, key)
  if (key === 'Tabs') return isName(value)
  if (key === 'Type') return isName(value, 'Page')
  if (key === 'PieceInfo') return isDict(value)
  return key === 'LastModified' && typeof value === 'object' && value?.kind === 'string'
}
