/** The only SQL of `register_closures`. */
import type { AgencyTransaction } from '../db.ts'
import type { Book } from './register.ts'

export interface Closure {
  readonly year: number
  readonly book: Book
  readonly closedBy: string
  /** ISO 8601. */
  readonly closedAt: string
  /** How many entries the book has. */
  readonly entries: number
}

/** Waits for whoever is entering something in the book, and lets nobody begin until the transaction ends. */
export async function lockBook(
  trx: AgencyTransaction,
  agencyId: string,
  year: number,
  book: Book,
): Promise<void> {
  const key = { agencyId, year, book }
  await trx.raw('select pg_advisory_xact_lock(congvan_book_lock(:agencyId, :year, :book))', key)
}

export async function readClosure(
  trx: AgencyTransaction,
  year: number,
  book: Book,
): Promise<Closure | undefined> {
  const row = await trx('register_closures')
    .where({ year, book })
    .first<{ closed_by: string; closed_at: Date; entries: number } | undefined>()
  if (row === undefined) return undefined
  return { year, book, closedBy: row.closed_by, closedAt: row.closed_at.toISOString(), entries: row.entries }
}

export async function insertClosure(
  trx: AgencyTransaction,
  agencyId: string,
  closure: Omit<Closure, 'closedAt'> & { readonly closedAt: Date },
): Promise<void> {
  await trx('register_closures').insert({
    agency_id: agencyId,
    year: closure.year,
    book: closure.book,
    closed_by: closure.closedBy,
    closed_at: closure.closedAt,
    entries: closure.entries,
  })
}

/** The day on which the agency was closed, `YYYY-MM-DD`; `undefined` while it is not. */
export async function readAgencyClosure(
  trx: AgencyTransaction,
  agencyId: string,
): Promise<string | undefined> {
  const row = await trx('agency_closures')
    .where({ agency_id: agencyId })
    .first<{ closed_on: string } | undefined>('closed_on')
  return row?.closed_on
}
