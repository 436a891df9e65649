/** Whether something new lies over an earlier signature. */
import type { Comparison } from './comparison.ts'
import type { DocumentStructure } from './document-structure.ts'
import { type FormField, isSigned, rectangleOf } from './form.ts'
import { isReference } from './objects.ts'
import type { Snapshot } from './snapshot.ts'

/** How much of a signature's box may be covered: boxes of neighbours touch, and people place them by hand. */
const mostCovered = 0.1

/** Whether the widgets of the field cover more than a little of a signature that was there, on the same page. */
export function isCovering(
  { before, after, structure, structureAfter }: Comparison,
  field: FormField,
): boolean {
  const signed = (structure.form?.fields ?? []).filter(isSigned).flatMap(({ widgets }) => widgets)
  if (signed.length === 0) return false
  const pages = pagesOfAnnotations(after, structureAfter)
  return field.widgets.some((widget) => {
    const box = rectangleOf(after, widget.dict)
    const page = pages.get(widget.reference.number)
    return signed.some((other) => {
      const place = rectangleOf(before, other.dict)
      const area = place.width * place.height
      if (area === 0 || page !== pages.get(other.reference.number)) return false
      const width = Math.min(box.left + box.width, place.left + place.width) - Math.max(box.left, place.left)
      const height =
        Math.min(box.bottom + box.height, place.bottom + place.height) - Math.max(box.bottom, place.bottom)
      return width > 0 && height > 0 && (width * height) / area > mostCovered
    })
  })
}

function pagesOfAnnotations(snapshot: Snapshot, structure: DocumentStructure): Map<number, number> {
  const pages = new Map<number, number>()
  for (const { reference, dict, kids } of structure.pages.values()) {
    if (kids !== undefined) continue
    const items = snapshot.arrayEntry(dict, 'Annots')?.items ?? []
    snapshot.file.countVisits(items.length)
    for (const item of items) {
      if (isReference(item)) pages.set(item.number, reference.number)
    }
  }
  return pages
}
