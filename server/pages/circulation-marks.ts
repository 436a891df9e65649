/**
 * The instruction `LƯU HÀNH NỘI BỘ` on the first page (NĐ 30/2020 Phụ lục I, Phần I, III.2c, box 11). Pure. A mark is a
 * line of its own, in capitals; a sentence that speaks of one is none.
 */
import type { PageText } from './page-text.ts'

const MARK = /^[^\p{L}\p{N}]*LƯU HÀNH NỘI BỘ[^\p{L}\p{N}]*$/u

export function isForInternalCirculation(page: Pick<PageText, 'lines'>): boolean {
  return page.lines.some((line) => MARK.test(line.text.normalize('NFC').replace(/\s+/gu, ' ').trim()))
}
