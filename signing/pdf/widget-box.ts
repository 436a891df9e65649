/** How much of a page a widget may take. A box prepared over the whole page could be filled with another page. */
import { rectangleOf, type Widget } from './form.ts'
import { inheritedEntry } from './inherited-entry.ts'
import { isArray, isReference, type PdfDict, type PdfValue, pdfDict } from './objects.ts'
import { type Rotation, rotationOf } from './page-place.ts'
import { readPages } from './pages.ts'
import type { Snapshot } from './snapshot.ts'
import { seenSize } from './upright.ts'

/** Highest box for a line of text, in points. */
const fillHeight = 40

/** Whether the widget stands on one page, as high as a line and at most half as wide as the page. */
export function isFillBox(snapshot: Snapshot, widget: Widget): boolean {
  const [page, another] = pagesOf(snapshot, widget)
  if (page === undefined || another !== undefined) return false
  const { width, height } = seenSize(rectangleOf(snapshot, widget.dict), page.rotation)
  return height <= fillHeight && width <= seenSize(page, page.rotation).width / 2
}

/** Whether the widget takes at most so much of every page that it stands on, half of it by default. */
export function isSignatureBox(snapshot: Snapshot, widget: Widget, share = 1 / 2): boolean {
  const { width, height } = rectangleOf(snapshot, widget.dict)
  if (width === 0 || height === 0) return true
  return pagesOf(snapshot, widget).every((page) => width * height <= page.width * page.height * share)
}

interface Size {
  readonly width: number
  readonly height: number
  readonly rotation: Rotation
}

function pagesOf(snapshot: Snapshot, { reference }: Widget): readonly Size[] {
  const known = places.get(snapshot) ?? placesOf(snapshot)
  places.set(snapshot, known)
  return known.get(reference.number) ?? []
}

/** The sizes of the pages on which annotations stand, by object number; read once, for forms have many fields. */
const places = new WeakMap<Snapshot, ReadonlyMap<number, readonly Size[]>>()

function placesOf(snapshot: Snapshot): ReadonlyMap<number, readonly Size[]> {
  const found = new Map<number, Size[]>()
  for (const { dict } of readPages(snapshot)) {
    const numbers = new Set<number>()
    const items = snapshot.arrayEntry(dict, 'Annots')?.items ?? []
    snapshot.file.countVisits(items.length)
    for (const item of items) if (isReference(item)) numbers.add(item.number)
    if (numbers.size === 0) continue
    const size = sizeOf(snapshot, dict)
    for (const number of numbers) {
      const known = found.get(number)
      if (known === undefined) found.set(number, [size])
      else known.push(size)
    }
  }
  return found
}

/** Size of what is seen of a page: the smaller of its two boxes (14.11.2), each of them own or inherited. */
function sizeOf(snapshot: Snapshot, page: PdfDict): Size {
  const boxes = ['MediaBox', 'CropBox'].flatMap((key) => {
    const value = inheritedEntry(snapshot, page, key)
    return value === null ? [] : [rectangleOf(snapshot, pdfDict({ Rect: value }))]
  })
  return {
    width: boxes.length === 0 ? 0 : Math.min(...boxes.map((box) => box.width)),
    height: boxes.length === 0 ? 0 : Math.min(...boxes.map((box) => box.height)),
    rotation: rotationOf(snapshot, page),
  }
}

/** No matrix, or one that turns by a multiple of 90 degrees, as programs turn text in fields of a turned page. */
function isTurn(matrix: PdfValue): boolean {
  if (matrix === null) return true
  if (!isArray(matrix) || matrix.items.length !== 6 || !matrix.items.every(Number.isFinite)) return false
  const [a, b, c, d] = matrix.items.map(Number)
  return (
    (b === 0 && c === 0 && a === d && (a === 1 || a === -1)) ||
    (a === 0 && d === 0 && b === -(c ?? 0) && (b === 1 || b === -1))
  )
}

/**
 * Whether a form XObject is mapped onto the widget by its box (12.5.5): a box of some size, and no matrix but a turn,
 * which the mapping takes into account.
 */
export function fitsItsBox(snapshot: Snapshot, form: PdfDict, widget: PdfDict): boolean {
  if (!isTurn(form.entries.get('Matrix') ?? null)) return false
  const box = form.entries.get('BBox') ?? null
  if (!isArray(box) || box.items.length !== 4 || !box.items.every(Number.isFinite)) return false
  const { width, height } = rectangleOf(snapshot, { kind: 'dict', entries: new Map([['Rect', box]]) })
  const place = rectangleOf(snapshot, widget)
  // A widget of no size shows nothing, and programs give it an appearance of no size.
  return place.width === 0 || place.height === 0 || (width > 0 && height > 0)
}
