/** What the server checks of a signature that a person adds after others have signed in another program. */
import { type AddedSignature, assertExtendsBySignature, unexpected } from './assert-revisions.ts'
import { findField, readForm, rectangleOf, type Widget } from './form.ts'
import { isReference } from './objects.ts'
import { type FieldPlace, placeOnPage } from './page-place.ts'
import { readPages } from './pages.ts'
import { openPdf } from './pdf-file.ts'
import type { Snapshot } from './snapshot.ts'

/** How far a box may be from where it is to be, in points: places are written to a thousandth. */
const tolerance = 0.01

/**
 * Checks that `next` is `previous` and one revision with exactly one signature, in a new field of that name that is seen
 * in that place and nowhere else.
 *
 * @param place null for a signature that is not seen
 * @throws SigningError `PDF_UNEXPECTED_CHANGES`, and as `openPdf`
 */
export function assertLaterSignature(
  previous: Uint8Array,
  next: Uint8Array,
  field: string,
  place: FieldPlace | null,
): AddedSignature {
  const added = assertExtendsBySignature(previous, next, { field, created: true })
  const snapshot = openPdf(next).latest
  const seen = (findField(readForm(snapshot), field)?.widgets ?? []).filter(({ dict }) => {
    const { width, height } = rectangleOf(snapshot, dict)
    return width > 0 && height > 0
  })
  const [widget, another] = seen
  const stands =
    place === null
      ? widget === undefined
      : widget !== undefined && another === undefined && isAt(snapshot, widget, place, field)
  if (!stands) throw unexpected(`field "${field}" is not where it is to be`)
  return added
}

function isAt(snapshot: Snapshot, widget: Widget, place: FieldPlace, field: string): boolean {
  const wanted = placeOnPage(snapshot, place, field)
  const found = rectangleOf(snapshot, widget.dict)
  const keys = ['left', 'bottom', 'width', 'height'] as const
  const pages = readPages(snapshot).filter((page) =>
    snapshot
      .arrayEntry(page.dict, 'Annots')
      ?.items.some((item) => isReference(item) && item.number === widget.reference.number),
  )
  const [page, further] = pages
  return (
    further === undefined &&
    page?.reference.number === wanted.page.reference.number &&
    keys.every((key) => Math.abs(found[key] - wanted.box[key]) < tolerance)
  )
}
