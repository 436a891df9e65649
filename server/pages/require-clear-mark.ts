/**
 * The agency's mark on a separate file or an electronic copy stands on the first page (NĐ 30/2020 Phụ lục I, Phần I,
 * II.8b; Phần II, I.3), and never over its text.
 */
import { fieldPlaces } from '../../signing/index.ts'
import { CongvanError } from '../errors.ts'
import { textUnder } from './check-places.ts'
import { type PageText, type PageTextReader, readPageText } from './page-text.ts'
import type { TextBox } from './text-lines.ts'

const mm = 72 / 25.4
/** How far down a free place is sought, and in which steps. */
const [deepest, step] = [100 * mm, mm]

/**
 * @param previous the file before it was signed
 * @param next the file as it was signed
 * @param field the signature field; one that no page shows covers nothing
 * @throws CongvanError `MARK_NOT_ON_FIRST_PAGE`; `MARK_COVERS_TEXT`, with how many millimetres further down it would
 *   be free (`-` where nowhere); `PAGE_TEXT_UNREADABLE`
 */
export async function requireClearMark(
  previous: Uint8Array,
  next: Uint8Array,
  field: string,
  reader: PageTextReader,
): Promise<void> {
  const place = fieldPlaces(next).find((one) => one.name === field)?.place
  if (place === undefined) return
  if (place.page !== 1) throw new CongvanError('MARK_NOT_ON_FIRST_PAGE', { page: place.page })
  const [first] = await readPageText(previous, { reader, pages: 1 })
  const covered = first === undefined ? undefined : textUnder(first, place)
  if (first === undefined || covered === undefined) return
  const text = covered.length > 60 ? `${covered.slice(0, 60)}…` : covered
  throw new CongvanError('MARK_COVERS_TEXT', { text, down: freeBelow(first, place) ?? '-' })
}

/** Millimetres by which the box has to go down until no text lies under it. */
function freeBelow(page: PageText, box: TextBox): number | undefined {
  for (let down = step; down <= deepest && box.bottom - down >= 0; down += step) {
    if (textUnder(page, { ...box, bottom: box.bottom - down }) === undefined) return Math.round(down / mm)
  }
  return undefined
}
