import { datePartFields, letterFields, listFields } from '../../signing/index.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { CongvanError } from '../errors.ts'
import { readPrintedDate } from '../pages/number-places.ts'
import { readPageText } from '../pages/page-text.ts'
import { dateLine } from '../registers/vietnam-date.ts'

const { day, month, year, shortYear } = datePartFields

/**
 * Refuses a date that differs from what the page has printed of it: a draft may leave open the day alone. Where the
 * document has fields for all of the date there is nothing to compare.
 *
 * @param date `YYYY-MM-DD`
 * @throws CongvanError `DATE_PRINTED_DIFFERS`, `PAGE_TEXT_UNREADABLE`
 */
export async function requirePrintedDate(
  { pageText }: Pick<DocumentServices, 'pageText'>,
  bytes: Uint8Array,
  date: string,
): Promise<void> {
  const { names } = listFields(bytes)
  const has = (name: string): boolean => names.includes(name)
  if (has(letterFields.date) || (has(day) && has(month) && (has(year) || has(shortYear)))) return
  const [page] = await readPageText(bytes, { reader: pageText, pages: 1 })
  const printed = page === undefined ? {} : readPrintedDate(page)
  const wanted = {
    year: Number(date.slice(0, 4)),
    month: Number(date.slice(5, 7)),
    day: Number(date.slice(8)),
  }
  const differs = (['day', 'month', 'year'] as const).some(
    (part) => printed[part] !== undefined && printed[part] !== wanted[part],
  )
  if (!differs) return
  const shown = [printed.day ?? '…', printed.month ?? '…', printed.year ?? '…'].join('/')
  throw new CongvanError('DATE_PRINTED_DIFFERS', { printed: shown, date: dateLine(date) })
}
