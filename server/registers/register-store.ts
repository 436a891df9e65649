/** The only SQL of `registers` and `register_numbers`. */
import type { AgencyTransaction } from '../db.ts'
import { sqlState, UNIQUE_VIOLATION } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { CongvanError } from '../errors.ts'
import { nextNumber, printedCode, printedNumber, type Series } from './register.ts'
import { yearOf } from './vietnam-date.ts'

export interface NumberRequest {
  readonly agencyId: string
  readonly series: Series
  /** The document that the number is bound to. */
  readonly documentId: string
  /** Ký hiệu of an outgoing document; empty for the incoming register. */
  readonly symbol: string
  readonly now: Date
}

export interface AssignedNumber {
  readonly series: Series
  readonly year: number
  readonly number: number
  readonly symbol: string
  /** `YYYY-MM-DD` in Việt Nam. */
  readonly date: string
  /** Whether the document had this number already. */
  readonly reused: boolean
}

/**
 * Gives a document the next number of a series, or the one that it has: asked again, the answer is the same.
 *
 * The series' row is locked until the transaction ends, so numbers follow one another; rolled back, the number goes
 * to the next one who asks, and there is no gap.
 *
 * @throws CongvanError `NUMBER_TAKEN` when số and ký hiệu were given in this year by another series
 */
export async function assignNumber(trx: AgencyTransaction, request: NumberRequest): Promise<AssignedNumber> {
  const today = vietnamDay(request.now)
  const year = yearOf(today)
  const key = { agency_id: request.agencyId, year, series: request.series }
  await trx('registers').insert(key).onConflict(['agency_id', 'year', 'series']).ignore()
  const state = await trx('registers')
    .where(key)
    .forUpdate()
    .first<{ last_number: number; last_date: string | null }>('last_number', 'last_date')
  // Under the lock: whoever numbered this document a moment ago has committed by now.
  const known = await findNumber(trx, request.documentId)
  if (known !== undefined) return known
  const next = nextNumber({ lastNumber: state.last_number, lastDate: state.last_date }, today)
  await trx('registers').where(key).update({ last_number: next.number, last_date: next.date })
  try {
    await trx('register_numbers').insert({
      ...key,
      number: next.number,
      symbol: request.symbol,
      date: next.date,
      document_id: request.documentId,
      assigned_at: request.now,
    })
  } catch (error) {
    if (sqlState(error) !== UNIQUE_VIOLATION) throw error
    const number = printedCode(printedNumber(next.number), request.symbol)
    throw new CongvanError('NUMBER_TAKEN', { number, year }, { cause: error })
  }
  return { series: request.series, year, symbol: request.symbol, ...next, reused: false }
}

/** The number that a document has; `undefined` when it has none or it was cancelled. */
export async function findNumber(
  trx: AgencyTransaction,
  documentId: string,
): Promise<AssignedNumber | undefined> {
  const row = await trx('register_numbers')
    .where({ document_id: documentId, status: 'assigned' })
    .first<{ series: Series; year: number; number: number; symbol: string; date: string } | undefined>(
      'series',
      'year',
      'number',
      'symbol',
      'date',
    )
  return row === undefined ? undefined : { ...row, reused: true }
}

/**
 * Gives up the number of a document: its row stays for good, cancelled with the reason, and the number is never
 * given again.
 *
 * @returns whether the document had a number
 */
export async function cancelNumber(
  trx: AgencyTransaction,
  documentId: string,
  reason: string,
  now: Date,
): Promise<boolean> {
  const count = await trx('register_numbers')
    .where({ document_id: documentId, status: 'assigned' })
    .update({ status: 'cancelled', cancelled_at: now, cancel_reason: reason })
  return count > 0
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
