/** The only SQL that gives, finds and cancels numbers: `registers` and the entries in `register_numbers`. */
import type { AgencyTransaction } from '../db.ts'
import { sqlState } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { CongvanError } from '../errors.ts'
import { searchVector } from '../search/search-query.ts'
import { type BookEntry, requireFields } from './entry.ts'
import { bookNames, bookOf, printedCode, printedNumber, requireDate, type Series } from './register.ts'
import { incomingSeriesOf, specialisedKind } from './series.ts'
import { readSeriesRules } from './series-store.ts'
import { yearOf } from './vietnam-date.ts'

export interface NumberRequest {
  readonly agencyId: string
  readonly series: Series
  /** The document that the number is bound to. */
  readonly documentId: string
  /** Ký hiệu of an outgoing document; empty for the incoming register. */
  readonly symbol: string
  readonly entry: BookEntry
  readonly now: Date
  /** The date on a paper document, `YYYY-MM-DD`; today where nothing is said. */
  readonly date?: string
}

export interface AssignedNumber {
  readonly series: Series
  readonly year: number
  readonly number: number
  /** The number as it is printed in its series: `05`. */
  readonly printed: string
  readonly symbol: string
  /** `YYYY-MM-DD` in Việt Nam. */
  readonly date: string
  /** Whether the document had this number already. */
  readonly reused: boolean
}

/** A closed book, as the guard of the table tells of it. */
const BOOK_CLOSED = 'CV001'

/** The series of an incoming document: one a year, but for kinds that law has registered separately (art 4.2b). */
export async function chooseIncomingSeries(
  trx: AgencyTransaction,
  year: number,
  kind: string,
): Promise<Series> {
  return incomingSeriesOf((await readSeriesRules(trx, year)).rules, kind)
}

/**
 * Gives a document the next number of a series and enters it in the book, or answers the one that it has.
 *
 * The series' row is locked until the transaction ends, so numbers follow one another; rolled back, the number goes
 * to the next one who asks, and there is no gap. What can be looked up before is; what runs under the lock is one call
 * of a function whose statements are planned already.
 *
 * @throws CongvanError `NUMBER_TAKEN` when số and ký hiệu were given in this year by another series;
 *   `REGISTER_CLOSED`, `REGISTER_FIELD_MISSING`, `DATE_IN_FUTURE`, `DATE_IN_OTHER_YEAR`, `DATE_BEFORE_LAST`
 */
export async function assignNumber(trx: AgencyTransaction, request: NumberRequest): Promise<AssignedNumber> {
  const today = vietnamDay(request.now)
  const date = request.date ?? today
  requireDate(date, today)
  requireFields(request.series, request.entry)
  const year = yearOf(today)
  const digits = await digitsOf(trx, request, year)
  const key = { agency_id: request.agencyId, year, series: request.series }
  const row = await enterNumber(trx, { ...key, date, digits, ...columnsOf(request) }, findableText(request))
  if (row === undefined) {
    const last = await trx('registers').where(key).first<{ last_date: string } | undefined>('last_date')
    throw new CongvanError('DATE_BEFORE_LAST', { date, last: last?.last_date ?? '-' })
  }
  if (!row.entered) {
    // Somebody numbered this document between the look and the lock: the number just taken is nobody's yet.
    await trx('registers').where(key).decrement('last_number', 1)
    const known = await findNumber(trx, request.documentId)
    if (known !== undefined) return known
    const code = printedCode(printedNumber(row.number, digits), request.symbol)
    throw new CongvanError('NUMBER_TAKEN', { number: code, year })
  }
  return assignedOf(row, row.reused)
}

/** What a sector prescribes for its kind; read only where the series is not one of the usual ones. */
async function digitsOf(
  trx: AgencyTransaction,
  { series, entry }: NumberRequest,
  year: number,
): Promise<number> {
  if (!series.startsWith('outgoing:') || series === 'outgoing:general') return 2
  const { rules } = await readSeriesRules(trx, year)
  const specialised = specialisedKind(rules, entry.kind)
  // A council that issues such a kind numbers in its own series, by the general rule.
  return specialised !== undefined && series === `outgoing:${specialised.series}` ? specialised.digits : 2
}

/** What the entry is found by; the number is put before it when it is known. */
function findableText({ symbol, entry }: NumberRequest): string {
  const code = `${entry.documentNumber ?? ''}/${entry.documentSymbol ?? ''}`
  const parts = [symbol, entry.kind, entry.subject, entry.signer, entry.author, code]
  const more = [entry.recipients?.join('; '), entry.keptBy, entry.unit, entry.note]
  return [...parts, ...more].filter((part) => part !== undefined && part !== null).join(' | ')
}

interface NumberRow {
  readonly series: Series
  readonly year: number
  readonly number: number
  readonly digits: number
  readonly symbol: string
  readonly date: string
}

interface SeriesKey {
  readonly agency_id: string
  readonly year: number
  readonly series: Series
}

/**
 * Locks the series, moves it on by one and enters the number in the book (migration 0025).
 *
 * @returns the number that the document had (`reused`), or the one taken, and whether it was entered: not where the
 *   number with this symbol is taken, or the document has one; `undefined` when the date lies before the last one's
 */
async function enterNumber(
  trx: AgencyTransaction,
  entry: SeriesKey & ReturnType<typeof columnsOf> & { readonly date: string; readonly digits: number },
  findable: string,
): Promise<(NumberRow & { readonly reused: boolean; readonly entered: boolean }) | undefined> {
  const given = { ...entry, words: searchVector(findable) }
  const names = Object.keys(given)
  const call = trx.raw<{ rows: (NumberRow & { reused: boolean; entered: boolean })[] }>(
    `select * from congvan_enter_number(${names.map((name) => `new_${name} => :${name}`).join(', ')})`,
    given,
  )
  return (await whileOpen(call, entry)).rows[0]
}

function assignedOf({ digits, ...row }: NumberRow, reused: boolean): AssignedNumber {
  const { series, year, number, symbol, date } = row
  return { series, year, number, printed: printedNumber(number, digits), symbol, date, reused }
}

/** The entry's own columns; those of the number itself come from the series. */
function columnsOf({ symbol, documentId, entry, now }: NumberRequest) {
  return {
    symbol,
    document_id: documentId,
    assigned_at: now,
    kind: entry.kind,
    subject: entry.subject,
    signer: entry.signer ?? null,
    author: entry.author ?? null,
    document_number: entry.documentNumber ?? null,
    document_symbol: entry.documentSymbol ?? null,
    document_date: entry.documentDate ?? null,
    recipients: entry.recipients?.join('; ') || null,
    kept_by: entry.keptBy ?? null,
    copies: entry.copies ?? null,
    unit: entry.unit ?? null,
    deadline: entry.deadline ?? null,
    note: entry.note ?? null,
    entered_by: entry.enteredBy ?? null,
  }
}

/**
 * Says in the product's words that the guard found the book closed.
 *
 * @throws CongvanError `REGISTER_CLOSED`
 */
export async function whileOpen<T>(
  act: PromiseLike<T>,
  { year, series }: { readonly year: number; readonly series: Series },
): Promise<T> {
  try {
    return await act
  } catch (error) {
    if (sqlState(error) !== BOOK_CLOSED) throw error
    throw new CongvanError('REGISTER_CLOSED', { book: bookNames[bookOf(series)], year }, { cause: error })
  }
}

/** The number that a document has; `undefined` when it has none or it was cancelled. */
export async function findNumber(
  trx: AgencyTransaction,
  documentId: string,
): Promise<AssignedNumber | undefined> {
  const row = await trx('register_numbers')
    .where({ document_id: documentId, status: 'assigned' })
    .first<NumberRow | undefined>('series', 'year', 'number', 'digits', 'symbol', 'date')
  return row && assignedOf(row, true)
}

/**
 * Gives up the number of a document: its row stays for good, cancelled with the reason, and the number is never
 * given again.
 *
 * @returns whether the document had a number
 * @throws CongvanError `REGISTER_CLOSED`
 */
export async function cancelNumber(
  trx: AgencyTransaction,
  documentId: string,
  reason: string,
  now: Date,
): Promise<boolean> {
  const known = await findNumber(trx, documentId)
  if (known === undefined) return false
  const update = trx('register_numbers')
    .where({ document_id: documentId, status: 'assigned' })
    .update({ status: 'cancelled', cancelled_at: now, cancel_reason: reason })
  return (await whileOpen(update, known)) > 0
}

export interface RegisterLine {
  readonly number: number
  readonly symbol: string
  readonly date: string
  readonly documentId: string
  readonly status: 'assigned' | 'cancelled'
  readonly cancelReason: string | null
}

/** The numbers of one series in one year, in order, the cancelled ones with their reasons. */
export async function readRegister(
  trx: AgencyTransaction,
  series: Series,
  year: number,
): Promise<RegisterLine[]> {
  const rows: {
    number: number
    symbol: string
    date: string
    document_id: string
    status: 'assigned' | 'cancelled'
    cancel_reason: string | null
  }[] = await trx('register_numbers').where({ series, year }).orderBy('number').select('*')
  return rows.map((row) => ({
    number: row.number,
    symbol: row.symbol,
    date: row.date,
    documentId: row.document_id,
    status: row.status,
    cancelReason: row.cancel_reason,
  }))
}
