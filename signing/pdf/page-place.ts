/** Where a field stands on a page, told as people see the page: upright, the corner of the visible part at 0, 0. */
import { SigningError } from '../errors.ts'
import { type Rectangle, rectangleOf, type Widget } from './form.ts'
import { inheritedEntry } from './inherited-entry.ts'
import { isInteger, isReference, type PdfDict, pdfDict } from './objects.ts'
import { type Page, readPages } from './pages.ts'
import type { Snapshot } from './snapshot.ts'
import { seenSize } from './upright.ts'

/**
 * A box on a page in points (units of default user space), measured on the page as a viewer shows it: after the page's
 * `/Rotate`, from the lower left corner of what is seen.
 */
export interface FieldPlace {
  /** 1 is the first page, -1 the last one. */
  readonly page: number
  readonly left: number
  readonly bottom: number
  readonly width: number
  readonly height: number
}

/** Degrees by which a page is turned clockwise when it is shown (ISO 32000-2, table 31). */
export type Rotation = 0 | 90 | 180 | 270

export interface PlacedBox {
  readonly page: Page
  readonly rotation: Rotation
  /** In default user space, as a widget's `/Rect`. */
  readonly box: Rectangle
}

/**
 * Finds the page and turns the box into default user space.
 * @throws SigningError `PDF_PAGE_NOT_FOUND`, `PDF_PLACE_OUTSIDE_PAGE` (also for a box without a size)
 */
export function placeOnPage(snapshot: Snapshot, place: FieldPlace, field: string): PlacedBox {
  const pages = readPages(snapshot)
  const page =
    isInteger(place.page) && place.page !== 0 ? pages.at(place.page - (place.page > 0 ? 1 : 0)) : undefined
  if (page === undefined) {
    throw new SigningError('PDF_PAGE_NOT_FOUND', { page: place.page, pages: pages.length })
  }
  const rotation = rotationOf(snapshot, page.dict)
  const area = visibleArea(snapshot, page)
  const turned = rotation === 90 || rotation === 270
  const [width, height] = turned ? [area.height, area.width] : [area.width, area.height]
  const right = place.left + place.width
  const top = place.bottom + place.height
  const inside = place.left >= 0 && place.bottom >= 0 && right <= width && top <= height
  if (!inside || !(place.width > 0) || !(place.height > 0)) {
    throw new SigningError('PDF_PLACE_OUTSIDE_PAGE', { field, page: place.page, width, height })
  }
  const [x, y] = toUserSpace(area, rotation, place.left, place.bottom)
  const [x2, y2] = toUserSpace(area, rotation, right, top)
  const box = {
    left: Math.min(x, x2),
    bottom: Math.min(y, y2),
    width: Math.abs(x2 - x),
    height: Math.abs(y2 - y),
  }
  return { page, rotation, box }
}

/** A point of the page as seen, in default user space. */
function toUserSpace(area: Rectangle, rotation: Rotation, u: number, v: number): [x: number, y: number] {
  const { left, bottom, width, height } = area
  switch (rotation) {
    case 0:
      return [left + u, bottom + v]
    case 90:
      return [left + width - v, bottom + u]
    case 180:
      return [left + width - u, bottom + height - v]
    case 270:
      return [left + v, bottom + height - u]
  }
}

/** A box of default user space on a page, as it is seen: the inverse of `placeOnPage`. */
export function seenOnPage(snapshot: Snapshot, page: Page, box: Rectangle): Rectangle {
  const area = visibleArea(snapshot, page)
  const rotation = rotationOf(snapshot, page.dict)
  const [x, y] = fromUserSpace(area, rotation, box.left, box.bottom)
  const [x2, y2] = fromUserSpace(area, rotation, box.left + box.width, box.bottom + box.height)
  return { left: Math.min(x, x2), bottom: Math.min(y, y2), width: Math.abs(x2 - x), height: Math.abs(y2 - y) }
}

/** A point of default user space on the page as seen. */
function fromUserSpace(area: Rectangle, rotation: Rotation, x: number, y: number): [u: number, v: number] {
  const { left, bottom, width, height } = area
  switch (rotation) {
    case 0:
      return [x - left, y - bottom]
    case 90:
      return [y - bottom, left + width - x]
    case 180:
      return [left + width - x, bottom + height - y]
    case 270:
      return [bottom + height - y, x - left]
  }
}

/** Width and height of a page as it is seen. */
export function seenPage(
  snapshot: Snapshot,
  page: Page,
): { readonly width: number; readonly height: number } {
  return seenSize(visibleArea(snapshot, page), rotationOf(snapshot, page.dict))
}

/** The page's `/Rotate`, own or inherited; what is no multiple of 90 does not turn a page. */
export function rotationOf(snapshot: Snapshot, page: PdfDict): Rotation {
  const value = inheritedEntry(snapshot, page, 'Rotate')
  const degrees = typeof value === 'number' ? ((value % 360) + 360) % 360 : 0
  return degrees === 90 || degrees === 180 || degrees === 270 ? degrees : 0
}

/** What is seen of a page: its crop box inside its media box (14.11.2); US Letter where it has neither, as viewers do. */
function visibleArea(snapshot: Snapshot, page: Page): Rectangle {
  const boxOf = (key: string): Rectangle | undefined => {
    const value = inheritedEntry(snapshot, page.dict, key)
    const box = rectangleOf(snapshot, pdfDict({ Rect: value }))
    return box.width > 0 && box.height > 0 ? box : undefined
  }
  const media = boxOf('MediaBox') ?? { left: 0, bottom: 0, width: 612, height: 792 }
  const crop = boxOf('CropBox')
  return (crop === undefined ? undefined : intersection(media, crop)) ?? media
}

function intersection(a: Rectangle, b: Rectangle): Rectangle | undefined {
  const left = Math.max(a.left, b.left)
  const bottom = Math.max(a.bottom, b.bottom)
  const width = Math.min(a.left + a.width, b.left + b.width) - left
  const height = Math.min(a.bottom + a.height, b.bottom + b.height) - bottom
  return width > 0 && height > 0 ? { left, bottom, width, height } : undefined
}

/** How the page is turned on which the widget stands: the page it names, or the one that lists it. */
export function rotationUnder(snapshot: Snapshot, widget: Widget): Rotation {
  const named = snapshot.dictEntry(widget.dict, 'P')
  const dict =
    named ??
    readPages(snapshot).find((page) =>
      snapshot
        .arrayEntry(page.dict, 'Annots')
        ?.items.some((item) => isReference(item) && item.number === widget.reference.number),
    )?.dict
  return dict === undefined ? 0 : rotationOf(snapshot, dict)
}
