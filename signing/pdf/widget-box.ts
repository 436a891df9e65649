/** How much of a page a widget may take. A box prepared over the whole page could be filled with another page. */
import { rectangleOf, type Widget } from './form.ts'
import { isArray, isReference, type PdfDict, type PdfValue } from './objects.ts'
import { readPages } from './pages.ts'
import type { Snapshot } from './snapshot.ts'

/** Highest box for a line of text, in points. */
const fillHeight = 40

/** Whether the widget stands on one page, as high as a line and at most half as wide as the page. */
export function isFillBox(snapshot: Snapshot, widget: Widget): boolean {
  const [page, another] = pagesOf(snapshot, widget)
  if (page === undefined || another !== undefined) return false
  const { width, height } = rectangleOf(snapshot, widget.dict)
  return height <= fillHeight && width <= page.width / 2
}

/** Whether the widget takes at most a third of every page that it stands on. */
export function isSignatureBox(snapshot: Snapshot, widget: Widget): boolean {
  const { width, height } = rectangleOf(snapshot, widget.dict)
  if (width === 0 || height === 0) return true
  return pagesOf(snapshot, widget).every((page) => width * height <= (page.width * page.height) / 3)
}

interface Size {
  readonly width: number
  readonly height: number
}

function pagesOf(snapshot: Snapshot, { reference }: Widget): Size[] {
  return readPages(snapshot)
    .filter(({ dict }) =>
      (snapshot.arrayEntry(dict, 'Annots')?.items ?? []).some(
        (item) => isReference(item) && item.number === reference.number,
      ),
    )
    .map(({ dict }) => sizeOf(snapshot, dict))
}

/** Size of what is seen of a page: the smaller of its two boxes (14.11.2), each of them own or inherited. */
function sizeOf(snapshot: Snapshot, page: PdfDict): Size {
  const boxes = ['MediaBox', 'CropBox'].flatMap((key) => {
    const holder = inheriting(snapshot, page, key)
    return holder === undefined
      ? []
      : [rectangleOf(snapshot, { kind: 'dict', entries: new Map([['Rect', holder]]) })]
  })
  return {
    width: boxes.length === 0 ? 0 : Math.min(...boxes.map((box) => box.width)),
    height: boxes.length === 0 ? 0 : Math.min(...boxes.map((box) => box.height)),
  }
}

function inheriting(snapshot: Snapshot, page: PdfDict, key: string): PdfValue | undefined {
  const seen = new Set<PdfDict>()
  for (let node: PdfDict | undefined = page; node !== undefined && !seen.has(node); ) {
    seen.add(node)
    const value = snapshot.entry(node, key)
    if (value !== null) return value
    node = snapshot.dictEntry(node, 'Parent')
  }
  return undefined
}

/** Whether a form XObject is mapped onto the widget by its box alone (12.5.5): no matrix, and a box of some size. */
export function fitsItsBox(snapshot: Snapshot, form: PdfDict, widget: PdfDict): boolean {
  const matrix = form.entries.get('Matrix') ?? null
  const identity = [1, 0, 0, 1, 0, 0]
  const isIdentity =
    isArray(matrix) && matrix.items.length === 6 && matrix.items.every((item, i) => item === identity[i])
  if (matrix !== null && !isIdentity) return false
  const box = form.entries.get('BBox') ?? null
  if (!isArray(box) || box.items.length !== 4 || !box.items.every(Number.isFinite)) return false
  const { width, height } = rectangleOf(snapshot, { kind: 'dict', entries: new Map([['Rect', box]]) })
  const place = rectangleOf(snapshot, widget)
  // A widget of no size shows nothing, and programs give it an appearance of no size.
  return place.width === 0 || place.height === 0 || (width > 0 && height > 0)
}
