/**
 * The rules of numbering (NĐ 30/2020/NĐ-CP arts 15, 22 and Phụ lục I, Phần I, II.3). Pure.
 *
 * Every agency keeps, for each year, a book of incoming documents and one or more series of outgoing ones. A series
 * begins at 01 on 1 January; its numbers have no gap, follow the order of time, and none is given twice.
 */
import { CongvanError } from '../errors.ts'
import { type DocumentKind, documentKinds } from './document-kinds.ts'
import { yearOf } from './vietnam-date.ts'

/** The book, and after the colon the name of a series in it. Incoming documents and copies on paper have one each. */
export type Series = 'incoming' | 'copies' | `incoming:${string}` | `outgoing:${string}`

/** The books that the system keeps; handling is another view of what stands in the incoming one. */
export const books = ['outgoing', 'incoming', 'handling', 'copies'] as const
export type Book = (typeof books)[number]

export const bookNames: Readonly<Record<Book, string>> = {
  outgoing: 'văn bản đi',
  incoming: 'văn bản đến',
  handling: 'theo dõi giải quyết văn bản đến',
  copies: 'bản sao',
}

/** The book that a series is entered in. */
export function bookOf(series: Series): 'outgoing' | 'incoming' | 'copies' {
  const [book] = series.split(':')
  return book === 'outgoing' || book === 'copies' ? book : 'incoming'
}

/**
 * The series of an agency that has decided nothing else: one for all administrative documents. How series are cut
 * is for the head of the agency to decide (art 15.1c).
 */
export const GENERAL_SERIES: Series = 'outgoing:general'

/** How far a series has come. */
export interface SeriesState {
  readonly lastNumber: number
  /** Date of the last number, `YYYY-MM-DD`; null before the first. */
  readonly lastDate: string | null
}

export interface NextNumber {
  readonly number: number
  /** `YYYY-MM-DD`. */
  readonly date: string
}

/**
 * The next number and its date. Numbers follow the order of time (art 15.1), whatever a clock says.
 *
 * @param date the date that the number is to bear; today, or the day that stands on a paper document
 * @param today the date in Việt Nam; its year is the year of the series
 * @throws CongvanError `DATE_IN_FUTURE`, `DATE_IN_OTHER_YEAR`, `DATE_BEFORE_LAST`
 */
export function nextNumber(state: SeriesState, date: string, today: string): NextNumber {
  requireDate(date, today)
  if (state.lastDate !== null && state.lastDate > date) {
    throw new CongvanError('DATE_BEFORE_LAST', { date, last: state.lastDate })
  }
  return { number: state.lastNumber + 1, date }
}

/** @throws CongvanError `DATE_IN_FUTURE`, `DATE_IN_OTHER_YEAR` */
export function requireDate(date: string, today: string): void {
  if (date > today) throw new CongvanError('DATE_IN_FUTURE', { date, today })
  if (yearOf(date) !== yearOf(today))
    throw new CongvanError('DATE_IN_OTHER_YEAR', { date, year: yearOf(today) })
}

/**
 * The number as printed: below 10 with a leading zero (Phụ lục I, Phần I, II.3b).
 *
 * @param digits what a sector prescribes for a specialised kind
 */
export function printedNumber(number: number, digits = 2): string {
  return String(number).padStart(digits, '0')
}

/** Số and ký hiệu with the slash between them: `05/UBND-VP`. */
export function printedCode(number: string, symbol: string): string {
  return `${number}/${symbol}`
}

const SYMBOL = /^[\p{L}\p{N}&.]+(-[\p{L}\p{N}&.]+)*$/u
const MAX_SYMBOL_LENGTH = 30

const abbreviations = new Set(documentKinds.map((kind) => kind.abbreviation))

/**
 * Whether a symbol (ký hiệu) fits the kind: groups joined by `-` without spaces, at most 30 characters. A kind with
 * an abbreviation begins with it (`QĐ-UBND`); công văn and thư công begin with the agency (`UBND-VP`), so never
 * with the abbreviation of a kind.
 */
export function symbolFits(symbol: string, kind: DocumentKind): boolean {
  if (!isSymbol(symbol)) return false
  const [first = '', ...rest] = symbol.normalize('NFC').split('-')
  if (rest.length === 0) return false
  return kind.abbreviation === null ? !abbreviations.has(first) : first === kind.abbreviation
}

/** Whether it has the form of a symbol: groups joined by `-` without spaces, at most 30 characters. */
export function isSymbol(symbol: string): boolean {
  const text = symbol.normalize('NFC')
  return text.length <= MAX_SYMBOL_LENGTH && SYMBOL.test(text)
}

/** A symbol that fits, for the message to a clerk whose symbol does not. */
export function exampleSymbol(kind: DocumentKind): string {
  return kind.abbreviation === null ? 'UBND-VP' : `${kind.abbreviation}-UBND`
}
