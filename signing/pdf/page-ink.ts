/**
 * Where a page has something drawn that is no text: pictures, lines and areas of its content, annotations over it (ISO
 * 32000-2, 8.5, 8.9, 12.5). It answers whether a box is free, so it errs on the side of ink: a clip is not followed, a
 * picture counts as its whole frame. Only what is painted white counts as nothing. Text is read elsewhere.
 */
import { SigningError } from '../errors.ts'
import { type ContentInk, readContentInk } from './content-ink.ts'
import { type Rectangle, rectangleOf } from './form.ts'
import { inheritedEntry } from './inherited-entry.ts'
import { malformed } from './lexer.ts'
import { isDict, isName, type PdfDict, pdfDict } from './objects.ts'
import { joinedContent } from './page-pictures.ts'
import { type FieldPlace, placeOnPage, seenOnPage } from './page-place.ts'
import { readPages } from './pages.ts'
import { type OpenOptions, openPdf } from './pdf-file.ts'
import type { Snapshot } from './snapshot.ts'

export interface PageInk {
  readonly what: ContentInk['what'] | 'annotation'
  /** In points from the lower left corner of the page as it is seen. */
  readonly box: Rectangle
}

/** How far a box may reach into ink, in points: the measures of a PDF are no finer. */
const tolerance = 0.5

/**
 * @param number of the page, 1 for the first
 * @throws SigningError `PDF_PAGE_NOT_FOUND`; `PDF_MALFORMED` also for content that is too long or nested to be followed;
 *   as `openPdf`
 */
export function readPageInk(pdf: Uint8Array, number: number, options: OpenOptions = {}): PageInk[] {
  const snapshot = openPdf(pdf, options).latest
  const pages = readPages(snapshot)
  const page = pages[number - 1]
  if (page === undefined) throw new SigningError('PDF_PAGE_NOT_FOUND', { page: number, pages: pages.length })
  const resources = inheritedEntry(snapshot, page.dict, 'Resources')
  const content = joinedContent(snapshot, page)
  const drawn = [
    ...readContentInk(snapshot, content, isDict(resources) ? resources : pdfDict({})),
    ...annotationsOf(snapshot, page.dict),
  ]
  return drawn.map(({ what, box }) => ({ what, box: seenOnPage(snapshot, page, box) }))
}

/**
 * Refuses a box with something in it that is no text.
 * @param ink of that page, where it was read before
 * @throws SigningError `PDF_BOX_NOT_EMPTY`, `PDF_PLACE_OUTSIDE_PAGE`, and as `readPageInk`
 */
export function assertNoInk(
  pdf: Uint8Array,
  place: FieldPlace,
  field: string,
  ink: readonly PageInk[] = readPageInk(pdf, place.page),
): void {
  placeOnPage(openPdf(pdf).latest, place, field)
  const found = ink.find(({ box }) => isIn(place, box))
  if (found !== undefined)
    throw new SigningError('PDF_BOX_NOT_EMPTY', { page: place.page, ...words[found.what] })
}

/** Whether ink reaches into a box. */
function isIn(place: Rectangle, { left, bottom, width, height }: Rectangle): boolean {
  return (
    left < place.left + place.width - tolerance &&
    left + width > place.left + tolerance &&
    bottom < place.bottom + place.height - tolerance &&
    bottom + height > place.bottom + tolerance
  )
}

const words = {
  picture: { what: 'a picture', whatVi: 'hình ảnh' },
  drawing: { what: 'a line or an area', whatVi: 'nét kẻ hoặc mảng màu' },
  annotation: { what: 'a field, a signature or a note', whatVi: 'trường, chữ ký hoặc ghi chú' },
} as const

const mostAnnotations = 20_000

/** Flags of table 167. Invisible is of no account: it is about kinds of annotations that nobody knows. */
const [hidden, print, noView] = [2, 4, 32]

/** Whether it is seen neither on a screen nor on paper. */
function isUnseen(flags: number): boolean {
  return (flags & hidden) !== 0 || ((flags & noView) !== 0 && (flags & print) === 0)
}

function* annotationsOf(snapshot: Snapshot, page: PdfDict): Generator<PageInk> {
  const items = snapshot.arrayEntry(page, 'Annots')?.items ?? []
  if (items.length > mostAnnotations) throw malformed(0, 'a page has too many annotations to look at')
  for (const item of items) {
    snapshot.file.countVisits(1)
    const dict = snapshot.resolve(item)
    if (!isDict(dict)) continue
    const flags = snapshot.entry(dict, 'F')
    const subtype = snapshot.entry(dict, 'Subtype')
    if (typeof flags === 'number' && isUnseen(flags)) continue
    if (isName(subtype, 'Link') || isName(subtype, 'Popup')) continue
    const box = rectangleOf(snapshot, dict)
    if (box.width > 0 && box.height > 0) yield { what: 'annotation', box }
  }
}
