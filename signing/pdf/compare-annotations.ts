/** What changed among the annotations of a page (ISO 32000-2, 12.5), widgets of form fields apart. */
import { forbidden, type RevisionChange } from './change.ts'
import type { Comparison, Manner } from './comparison.ts'
import {
  isArray,
  isDict,
  isName,
  isReference,
  isString,
  type PdfDict,
  type PdfValue,
  sameValue,
} from './objects.ts'
import type { PageNode } from './page-tree.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * Annotations that were there keep their order; widgets of new signature fields may come among them. Any other one
 * that is new, gone or different is told as such, for a certification may permit it.
 */
export function* compareAnnotations(
  comparison: Comparison,
  { reference, dict: old }: PageNode,
  { dict: now }: PageNode,
  widgets: ReadonlySet<number>,
): Generator<RevisionChange> {
  const { before, after } = comparison
  const [list, current] = [before.entry(old, 'Annots'), after.entry(now, 'Annots')]
  judgeList(comparison, old.entries.get('Annots'))
  if (
    (current !== null && !isArray(current)) ||
    (current === null && isArray(list) && list.items.length > 0)
  ) {
    yield forbidden('PAGE_CHANGED', `annotations of page object ${reference.number} changed`)
    return
  }
  // Many pages may name one list.
  for (const one of [list, current]) if (isArray(one)) before.file.countVisits(one.items.length)
  const aligned = align(comparison, isArray(list) ? list.items : [], isArray(current) ? current.items : [])
  if (aligned.isMixed) yield { kind: 'rewritten', message: 'annotations were put among others' }
  for (const item of aligned.removed) yield* removed(comparison, reference.number, item)
  for (const item of aligned.added) {
    if (isReference(item) && widgets.has(item.number)) continue
    yield* added(comparison, reference.number, item)
  }
  for (const [item, counterpart] of aligned.kept)
    yield* compareKept(comparison, reference.number, item, counterpart)
}

/** A list that is an object of its own is this page's business alone; whoever else has it compares it as well. */
function judgeList(comparison: Comparison, value: PdfValue | undefined): void {
  if (isReference(value)) comparison.judge(value.number)
}

interface Alignment {
  readonly kept: readonly (readonly [PdfValue, PdfValue])[]
  readonly removed: readonly PdfValue[]
  readonly added: readonly PdfValue[]
  /** Something was added before what was there. */
  readonly isMixed: boolean
}

/** Which items are still there, in the order in which they stood; what was moved is removed and added. */
function align(comparison: Comparison, old: readonly PdfValue[], now: readonly PdfValue[]): Alignment {
  const kept: [PdfValue, PdfValue][] = []
  const removed: PdfValue[] = []
  const added: PdfValue[] = []
  const places = placesOf(now)
  let at = 0
  for (const item of old) {
    const place = isReference(item)
      ? nextFrom(places.get(keyOf(item)) ?? [], at)
      : isSameDirect(comparison, item, now[at])
        ? at
        : undefined
    if (place === undefined) removed.push(item)
    else {
      added.push(...now.slice(at, place))
      kept.push([item, now[place] ?? null])
      at = place + 1
    }
  }
  const isMixed = added.length > 0
  added.push(...now.slice(at))
  return { kept, removed, added, isMixed }
}

/** Where each reference stands, the first place last. */
function placesOf(items: readonly PdfValue[]): ReadonlyMap<string, number[]> {
  const places = new Map<string, number[]>()
  for (let i = items.length - 1; i >= 0; i -= 1) {
    const item = items[i] ?? null
    if (!isReference(item)) continue
    const known = places.get(keyOf(item))
    if (known === undefined) places.set(keyOf(item), [i])
    else known.push(i)
  }
  return places
}

/** The first place that is left from `at` on; those before it are taken off, for nobody will ask for them. */
function nextFrom(places: number[], at: number): number | undefined {
  while ((places.at(-1) ?? at) < at) places.pop()
  return places.at(-1)
}

function isSameDirect(comparison: Comparison, old: PdfValue, now: PdfValue | undefined): boolean {
  return now !== undefined && comparison.same(old, now, 'told')
}

function keyOf(value: PdfValue): string {
  return isReference(value) ? `${value.number} ${value.generation}` : 'direct'
}

function* removed(comparison: Comparison, page: number, item: PdfValue): Generator<RevisionChange> {
  const dict = comparison.before.resolve(item)
  // A reference to nothing shows nothing.
  if (dict === null) return
  const subtype = isDict(dict) ? subtypeOf(comparison.before, dict) : undefined
  if (subtype === undefined || !markup.has(subtype)) yield changedOn(page)
  else yield { kind: 'annotation', action: 'removed', subtype, draws: true }
}

function* added(comparison: Comparison, page: number, item: PdfValue): Generator<RevisionChange> {
  const { after, parts } = comparison
  const dict = after.resolve(item)
  const isOld = isReference(item) && (parts.has(item.number) || !comparison.added.has(item.number))
  const subtype = isDict(dict) ? subtypeOf(after, dict) : undefined
  if (isOld || !isDict(dict) || subtype === undefined || !isPassive(after, dict, subtype))
    yield changedOn(page)
  else yield { kind: 'annotation', action: 'added', subtype, draws: !isDiscreet(after, dict, subtype) }
}

function* compareKept(
  comparison: Comparison,
  page: number,
  old: PdfValue,
  now: PdfValue,
): Generator<RevisionChange> {
  if (!isReference(old) || !comparison.isTouched(old.number)) return
  const { before, after } = comparison
  const [dict, current] = [before.resolve(old), after.resolve(now)]
  // Widgets are compared with the fields that they belong to; one that belongs to none is an annotation like others.
  if (isDict(dict) && comparison.widgets.has(old.number)) return
  if (sameDicts(comparison, dict, current)) {
    comparison.judge(old.number)
    return
  }
  const subtype = isDict(current) ? subtypeOf(after, current) : undefined
  const isMarkup =
    isDict(dict) && subtype !== undefined && subtype === subtypeOf(before, dict) && markup.has(subtype)
  if (!isMarkup || !isDict(current) || !isPassive(after, current, subtype)) {
    yield changedOn(page)
    return
  }
  comparison.judge(old.number)
  comparison.judgeAll(dict.entries.get('AP'))
  yield { kind: 'annotation', action: 'changed', subtype, draws: true }
}

function sameDicts(comparison: Comparison, old: PdfValue, now: PdfValue): boolean {
  if (!isDict(old) || !isDict(now)) return sameValue(old, now)
  const manner = (key: string): Manner => (key === 'AP' ? 'drawn' : 'told')
  return now.duplicates === undefined && comparison.differences(old, now, manner).length === 0
}

function changedOn(page: number): RevisionChange {
  return forbidden('PAGE_CHANGED', `annotations of page object ${page} changed`)
}

function subtypeOf(snapshot: Snapshot, dict: PdfDict): string | undefined {
  const subtype = snapshot.entry(dict, 'Subtype')
  return isName(subtype) ? subtype.name : undefined
}

/** Shown as an icon of the viewer's own, a frame, or nothing at all. */
const discreet: ReadonlySet<string> = new Set(['Text', 'Popup', 'Link'])

/** What people write, draw and stamp on a page (12.5.6.2), and what belongs to it. */
const markup: ReadonlySet<string> = new Set([
  ...[
    'Text',
    'Popup',
    'FreeText',
    'Line',
    'Square',
    'Circle',
    'Polygon',
    'PolyLine',
    'Highlight',
    'Underline',
  ],
  ...['Squiggly', 'StrikeOut', 'Stamp', 'Caret', 'Ink', 'Link'],
])

/** Whether an annotation is of a kind that does nothing but be read or followed. */
function isPassive(snapshot: Snapshot, dict: PdfDict, subtype: string): boolean {
  if (!markup.has(subtype) || dict.duplicates !== undefined) return false
  if (['AA', 'PA', 'AF', 'OC', 'FS', 'FT', 'Kids'].some((key) => dict.entries.has(key))) return false
  const action = snapshot.entry(dict, 'A')
  if (action === null) return true
  if (!isDict(action) || action.duplicates !== undefined || action.entries.has('Next')) return false
  const kind = snapshot.entry(action, 'S')
  const address = snapshot.entry(action, 'URI')
  return isName(kind, 'GoTo') || (isName(kind, 'URI') && isString(address))
}

/**
 * Whether a viewer shows nothing but an icon of its own, or nothing at all. An appearance could show anything, even one
 * of the size of an icon a digit; and so could the frames of links, which may be as thick as people like.
 */
function isDiscreet(snapshot: Snapshot, dict: PdfDict, subtype: string): boolean {
  if (!discreet.has(subtype) || snapshot.entry(dict, 'AP') !== null) return false
  return subtype !== 'Link' || frameWidth(snapshot, dict) === 0
}

/** The width of the frame (12.5.4), 1 where nothing is said; undefined where it is no number. */
function frameWidth(snapshot: Snapshot, dict: PdfDict): number | undefined {
  const style = snapshot.entry(dict, 'BS')
  const border = snapshot.entry(dict, 'Border')
  const widths = [
    ...(isDict(style) ? [snapshot.entry(style, 'W') ?? 1] : []),
    ...(isArray(border) ? [snapshot.resolve(border.items[2])] : []),
  ]
  if ((style !== null && !isDict(style)) || (border !== null && !isArray(border))) return undefined
  // Viewers differ in which of the two they look at.
  if (widths.length === 0) return 1
  return widths.every((width) => typeof width === 'number' && width >= 0)
    ? Math.max(...widths.map(Number))
    : undefined
}
