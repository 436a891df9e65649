/**
 * Where number and date are written on a page that leaves them open: after "Số:" and before the symbol, and in the line
 * of place and date (NĐ 30/2020 Phụ lục I, Phần I, II.3 and II.4). Pure.
 */
import { datePartFields, letterFields } from '../../signing/index.ts'
import { CongvanError } from '../errors.ts'
import { type PlacedCharacter, type PrintedRow, rowsOf } from './page-characters.ts'
import type { PageText } from './page-text.ts'
import type { TextBox } from './text-lines.ts'

/** A place on the page for one field, in points as `TextBox`. */
export interface FoundPlace {
  readonly field: string
  readonly page: number
  readonly box: TextBox
  /** Of a text: its largest size in points, and where in the box it stands. */
  readonly text?: { readonly size: number; readonly align: 'left' | 'centre' }
}

/** What is left open: blanks, dots and other leaders. */
const open = '[\\s\\u00a0.…_·]'
const numberLine = new RegExp(`(?:^|\\s)(Số\\s*:)(${open}*)(?=/\\S)`, 'u')
const numberPrinted = /(?:^|\s)Số\s*:\s*[0-9]+[\p{L}0-9.]*\s*\//u
const numberAlone = new RegExp(`(?:^|\\s)Số\\s*:${open}*$`, 'u')
const dateWords = new RegExp(
  `(ngày)(${open}*)(\\d{0,2})(${open}*)(tháng)(${open}*)(\\d{0,2})(${open}*)(năm)(\\s*)(\\d*)(${open}*)$`,
  'iu',
)
const placeOnly = /^\s*\p{Lu}[\p{L}\p{M}\s.'’-]*,\s*$/u

/** Height of the page, from below, above which the head of a document stands; and where its right column begins. */
const head = { from: 0.55, to: 1 } as const
const rightColumn = 0.33
/** Width of a digit as a share of the font size, and what a field keeps free at its edges, in points. */
const digit = 0.5
const edge = 2
/** The widest number and the smallest size in which it is still set, in points. */
const mostDigits = 4
const smallest = 9

/**
 * The place of the number.
 * @throws CongvanError `PLACE_NOT_FOUND`, `PLACE_AMBIGUOUS`
 */
export function findNumberPlace(page: PageText): FoundPlace {
  const field = letterFields.number
  const rows = rowsOf(page, { ...head, right: 0.5 })
  const found = rows.flatMap((row) => {
    const match = numberLine.exec(row.text)
    return match === null ? [] : [{ row, match }]
  })
  const [one, another] = found
  if (one === undefined) {
    if (rows.some(({ text }) => numberPrinted.test(text)))
      throw notFound(field, 'số đã in sẵn', 'a number is printed already')
    if (rows.some(({ text }) => numberAlone.test(text)))
      throw notFound(field, 'sau "Số:" không có "/ký hiệu"', 'no "/symbol" follows "Số:"')
    throw notFound(field, 'trang 1 không có dòng "Số:   /ký hiệu"', 'page 1 has no line "Số:   /symbol"')
  }
  if (another !== undefined) throw ambiguous(field, found.length)
  const { row, match } = one
  const start = match.index + match[0].length - (match[2]?.length ?? 0)
  const [left, right] = gap(row, start, match[2]?.length ?? 0)
  const size = Math.min(row.size, (right - left - edge) / (mostDigits * digit))
  if (size < smallest)
    throw notFound(field, 'khoảng trống sau "Số:" quá hẹp', 'the gap after "Số:" is too narrow')
  return {
    field: letterFields.number,
    page: page.page,
    box: lineBox(row, left, right),
    text: { size, align: 'centre' },
  }
}

/**
 * Refuses a page that has a number printed on it, where it gets another.
 * @throws CongvanError `PLACE_NOT_FOUND`
 */
export function requireNoPrintedNumber(page: PageText): void {
  if (rowsOf(page, { ...head, right: 0.5 }).some(({ text }) => numberPrinted.test(text)))
    throw notFound(letterFields.number, 'số đã in sẵn', 'a number is printed already')
}

/** What of the date is printed on the page already; undefined parts are left open. */
export interface PrintedDateParts {
  readonly day?: number
  readonly month?: number
  readonly year?: number
}

/**
 * The places of the date, or of the parts of it that the page leaves open; none where all of it is printed.
 * @throws CongvanError `PLACE_NOT_FOUND`, `PLACE_AMBIGUOUS`
 */
export function findDatePlaces(page: PageText): FoundPlace[] {
  const line = dateLineOf(page)
  if (line === undefined) return [findWholeDate(page)]
  const { row, match } = line
  const [, , beforeDay = '', day = '', afterDay = '', , beforeMonth = '', month = '', afterMonth = ''] = match
  const [blank = '', year = ''] = match.slice(10)
  const places: FoundPlace[] = []
  const dayAt = match.index + 'ngày'.length
  const monthAt = dayAt + beforeDay.length + day.length + afterDay.length + 'tháng'.length
  const yearAt = monthAt + beforeMonth.length + month.length + afterMonth.length + 'năm'.length
  if (day === '') places.push(part(page, row, datePartFields.day, dayAt, beforeDay.length + afterDay.length))
  if (month === '')
    places.push(part(page, row, datePartFields.month, monthAt, beforeMonth.length + afterMonth.length))
  if (year.length === 4) return places
  if (year === '') return [...places, yearPlace(page, row, datePartFields.year, 4, yearAt)]
  if (year === '20')
    return [...places, yearPlace(page, row, datePartFields.shortYear, 2, yearAt + blank.length + 2)]
  throw notFound('date', `năm in sẵn là "${year}"`, `the printed year is "${year}"`)
}

/** What the line of place and date says already. @throws CongvanError `PLACE_AMBIGUOUS` */
export function readPrintedDate(page: PageText): PrintedDateParts {
  const match = dateLineOf(page)?.match
  const [day, month, year] = [match?.[3], match?.[7], match?.[11]]
  return {
    ...(day ? { day: Number(day) } : {}),
    ...(month ? { month: Number(month) } : {}),
    ...(year?.length === 4 ? { year: Number(year) } : {}),
  }
}

function dateLineOf(page: PageText): { row: PrintedRow; match: RegExpExecArray } | undefined {
  const found = rowsOf(page, { ...head, left: rightColumn }).flatMap((row) => {
    const match = dateWords.exec(row.text)
    // A sentence that names a date has it at its end by accident: the line of place and date is short.
    const isLine = match !== null && /^[^,]{0,60},\s*$|^\s*$/u.test(row.text.slice(0, match.index))
    return isLine && match !== null ? [{ row, match }] : []
  })
  if (found.length > 1) throw ambiguous('date', found.length)
  return found[0]
}

/** After a place with a comma and nothing more there is room for the whole line. */
function findWholeDate(page: PageText): FoundPlace {
  const rows = rowsOf(page, { ...head, left: rightColumn }).filter(({ text }) => placeOnly.test(text))
  const [row, another] = rows
  if (row === undefined) {
    const reason = 'trang 1 không có dòng địa danh, "ngày    tháng    năm"'
    throw notFound('date', reason, 'page 1 has no line of place and date')
  }
  if (another !== undefined) throw ambiguous('date', rows.length)
  const left = (row.characters.findLast(({ character }) => character === ',')?.right ?? 0) + row.size * 0.1
  // `ngày 30 tháng 12 năm 2026` in italics of that size.
  const width = row.size * 11.6 + 2 * edge
  if (left + width > page.width)
    throw notFound('date', 'sau địa danh không đủ chỗ', 'no room follows the place')
  return {
    field: letterFields.date,
    page: page.page,
    box: lineBox(row, left, left + width),
    text: { size: row.size, align: 'left' },
  }
}

function part(page: PageText, row: PrintedRow, field: string, start: number, length: number): FoundPlace {
  const [left, right] = gap(row, start, length)
  const size = Math.min(row.size, (right - left - edge) / (2 * digit))
  if (size < smallest) {
    const name = field === datePartFields.day ? 'ngày' : 'tháng'
    throw notFound('date', `khoảng trống sau "${name}" quá hẹp`, `the gap after "${name}" is too narrow`)
  }
  return { field, page: page.page, box: lineBox(row, left, right), text: { size, align: 'centre' } }
}

/** The year ends the line: there is room behind it. */
function yearPlace(
  page: PageText,
  row: PrintedRow,
  field: string,
  digits: number,
  start: number,
): FoundPlace {
  const left = (row.characters[start - 1]?.right ?? 0) + (digits === 4 ? row.size * 0.1 : -edge)
  const right = left + digits * digit * row.size + 2 * edge
  return { field, page: page.page, box: lineBox(row, left, right), text: { size: row.size, align: 'left' } }
}

/** From the end of the character before a stretch to the beginning of the one after it. */
function gap(row: PrintedRow, start: number, length: number): [left: number, right: number] {
  const before: PlacedCharacter | undefined = row.characters[start - 1]
  const after = row.characters[start + length]
  const left = before?.right ?? 0
  return [left, after?.left ?? left]
}

/** A box just high enough for a line, on which the filled text shares the baseline of the printed one. */
function lineBox(row: PrintedRow, left: number, right: number): TextBox {
  return { left, bottom: row.baseline - row.size * 0.216, width: right - left, height: row.size * 1.2 }
}

function notFound(field: string, reasonVi: string, reason: string): CongvanError {
  const isNumber = field === letterFields.number
  return new CongvanError('PLACE_NOT_FOUND', {
    field: isNumber ? 'number' : 'date',
    fieldVi: isNumber ? 'số văn bản' : 'ngày, tháng, năm',
    reason,
    reasonVi,
  })
}

function ambiguous(field: string, count: number): CongvanError {
  const isNumber = field === letterFields.number
  return new CongvanError('PLACE_AMBIGUOUS', {
    field: isNumber ? 'number' : 'date',
    fieldVi: isNumber ? 'số văn bản' : 'ngày, tháng, năm',
    count,
  })
}
