/** Whether the fields of a letter have the places on its pages that a letter's fields have. */
import { SigningError } from '../errors.ts'
import { type FormField, findField, type Rectangle, readForm, rectangleOf } from './form.ts'
import { fillFields } from './letter-fields.ts'
import { pdfLimits } from './limits.ts'
import { isDict, isReference, type PdfDict } from './objects.ts'
import { rotationOf } from './page-place.ts'
import { readPages } from './pages.ts'
import { openPdf } from './pdf-file.ts'
import type { Snapshot } from './snapshot.ts'
import { seenSize } from './upright.ts'

/** The largest boxes, in points: a line of text, and the place for a signature with its picture. */
const largest = { fillHeight: 40, signatureWidth: 300, signatureHeight: 200 } as const

/**
 * Checks that number, date and every signature field have one widget each, on one page that exists, and in a box
 * that leaves the rest of the page alone: what is filled in or signed after the first signature is drawn inside it.
 * A fill is at most 40 points high and half as wide as its page, a signature at most 300 by 200 points.
 *
 * Fields that the document lacks are no fault here.
 *
 * @throws SigningError `PDF_FIELD_BOX_WRONG`, and as `openPdf`
 */
export function assertLetterBoxes(pdf: Uint8Array): void {
  const snapshot = openPdf(pdf).latest
  const form = readForm(snapshot)
  const fills = fillFields.flatMap((name) => findField(form, name) ?? [])
  const signatures = form?.fields.filter((field) => field.type === 'Sig') ?? []
  const pages = pagesByWidget(snapshot)
  for (const field of [...fills, ...signatures]) {
    const [widget, ...others] = field.widgets
    if (widget === undefined || others.length > 0) throw wrong(field, 'it is not shown in exactly one place')
    const [page, ...further] = pages.get(widget.reference.number) ?? []
    const own = widget.dict.entries.get('P') ?? null
    const elsewhere = own !== null && (!isReference(own) || own.number !== page?.reference.number)
    if (page === undefined || further.length > 0 || elsewhere) throw wrong(field, 'it is not on one page')
    const rotation = rotationOf(snapshot, page.dict)
    const { width, height } = seenSize(rectangleOf(snapshot, widget.dict), rotation)
    const isSignature = field.type === 'Sig'
    const widest = isSignature
      ? largest.signatureWidth
      : seenSize(mediaBox(snapshot, page.dict), rotation).width / 2
    const highest = isSignature ? largest.signatureHeight : largest.fillHeight
    if (width > widest || height > highest) throw wrong(field, 'its box is too large')
  }
}

interface PlacedPage {
  readonly reference: { readonly number: number }
  readonly dict: PdfDict
}

/** The pages that show each annotation, by its object number. */
function pagesByWidget(snapshot: Snapshot): Map<number, PlacedPage[]> {
  const pages = new Map<number, PlacedPage[]>()
  for (const page of readPages(snapshot)) {
    for (const item of snapshot.arrayEntry(page.dict, 'Annots')?.items ?? []) {
      if (isReference(item)) pages.set(item.number, [...(pages.get(item.number) ?? []), page])
    }
  }
  return pages
}

/** The media box of a page, its own or inherited (ISO 32000-2, 7.7.3.4); of no size where there is none. */
function mediaBox(snapshot: Snapshot, page: PdfDict): Rectangle {
  let node: PdfDict | undefined = page
  for (let step = 0; node !== undefined && step < pdfLimits.nesting; step += 1) {
    if (node.entries.has('MediaBox')) return rectangleOf(snapshot, node, 'MediaBox')
    const parent = snapshot.entry(node, 'Parent')
    node = isDict(parent) ? parent : undefined
  }
  return { left: 0, bottom: 0, width: 0, height: 0 }
}

function wrong(field: FormField, reason: string): SigningError {
  return new SigningError('PDF_FIELD_BOX_WRONG', { field: field.name, reason })
}
