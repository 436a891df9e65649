/** Reading the books: by pages, by words, and from the first entry to the last. The only SQL that lists entries. */
import type { AgencyTransaction } from '../db.ts'
import { parseSearch } from '../search/search-query.ts'
import type { Entry } from './book.ts'
import { type Book, printedNumber, type Series } from './register.ts'

export interface EntryPosition {
  readonly date: string
  readonly series: Series
  readonly number: number
}

export interface BookQuery {
  readonly book: Book
  readonly year: number
  readonly series?: Series
  readonly kind?: string
  readonly unit?: string
  /** `YYYY-MM-DD`, inclusive. */
  readonly from?: string
  readonly to?: string
  readonly text?: string
  /** Entries before this one. */
  readonly before?: EntryPosition
  readonly limit: number
}

interface Row {
  readonly series: Series
  readonly year: number
  readonly number: number
  readonly digits: number
  readonly symbol: string
  readonly date: string
  readonly document_id: string
  readonly status: 'assigned' | 'cancelled'
  readonly cancel_reason: string | null
  readonly kind: string | null
  readonly subject: string | null
  readonly signer: string | null
  readonly author: string | null
  readonly document_number: string | null
  readonly document_symbol: string | null
  readonly document_date: string | null
  readonly recipients: string | null
  readonly kept_by: string | null
  readonly copies: number | null
  readonly handed_over_on: string | null
  readonly receipt: string | null
  readonly note: string | null
  readonly unit: string | null
  readonly deadline: string | null
  readonly progress: string | null
  readonly answer: string | null
}

const COLUMNS = `n.series, n.year, n.number, n.digits, n.symbol, n.date, n.document_id, n.status, n.cancel_reason,
  n.kind, n.subject, n.signer, n.author, n.document_number, n.document_symbol, n.document_date, n.recipients,
  n.kept_by, n.copies, cast(n.handed_over_at at time zone 'Asia/Ho_Chi_Minh' as date) as handed_over_on, n.receipt,
  n.note, n.unit, n.deadline, n.progress, n.answer`

function fromRow(row: Row): Entry {
  return {
    series: row.series,
    year: row.year,
    number: row.number,
    printed: printedNumber(row.number, row.digits),
    symbol: row.symbol,
    date: row.date,
    documentId: row.document_id,
    status: row.status,
    cancelReason: row.cancel_reason,
    kind: row.kind,
    subject: row.subject,
    signer: row.signer,
    author: row.author,
    documentNumber: row.document_number,
    documentSymbol: row.document_symbol,
    documentDate: row.document_date,
    recipients: row.recipients,
    keptBy: row.kept_by,
    copies: row.copies,
    handedOverOn: row.handed_over_on,
    receipt: row.receipt,
    note: row.note,
    unit: row.unit,
    deadline: row.deadline,
    progress: row.progress,
    answer: row.answer,
    masked: false,
  }
}

/** The book in which the entries of a book stand: handling is another view of the incoming one. */
function storedBook(book: Book): 'outgoing' | 'incoming' | 'copies' {
  return book === 'handling' ? 'incoming' : book
}

/**
 * One page of a book, the newest entries first.
 *
 * @throws CongvanError `SEARCH_EMPTY` when the text has no word
 */
export async function listEntries(trx: AgencyTransaction, query: BookQuery): Promise<Entry[]> {
  return query.text === undefined ? browse(trx, query) : search(trx, query, query.text)
}

async function browse(trx: AgencyTransaction, query: BookQuery): Promise<Entry[]> {
  const select = trx('register_numbers as n')
    .where({ 'n.book': storedBook(query.book), 'n.year': query.year })
    .orderBy([
      { column: 'n.date', order: 'desc' },
      { column: 'n.series', order: 'desc' },
      { column: 'n.number', order: 'desc' },
    ])
    .limit(query.limit)
  if (query.series !== undefined) select.where('n.series', query.series)
  if (query.kind !== undefined) select.where('n.kind', query.kind)
  if (query.unit !== undefined) select.where('n.unit', query.unit)
  if (query.from !== undefined) select.where('n.date', '>=', query.from)
  if (query.to !== undefined) select.where('n.date', '<=', query.to)
  if (query.before !== undefined) {
    const { date, series, number } = query.before
    select.whereRaw('(n.date, n.series, n.number) < (?, ?, ?)', [date, series, number])
  }
  const rows: Row[] = await select.select(trx.raw(COLUMNS))
  return rows.map(fromRow)
}

async function search(trx: AgencyTransaction, query: BookQuery, text: string): Promise<Entry[]> {
  const { tsquery } = parseSearch(text)
  const { rows } = await trx.raw<{ rows: Row[] }>(
    `select ${COLUMNS}
     from congvan_search_register(cast(:tsquery as tsquery), :book, :year, :series, :kind, :unit, :from, :to,
       :date, :beforeSeries, :number, :limit) found
     join register_numbers n on n.agency_id = congvan_agency() and n.year = :year
       and n.series = found.series and n.number = found.number
     order by n.date desc, n.series desc, n.number desc`,
    {
      tsquery,
      book: storedBook(query.book),
      year: query.year,
      series: query.series ?? null,
      kind: query.kind ?? null,
      unit: query.unit ?? null,
      from: query.from ?? null,
      to: query.to ?? null,
      date: query.before?.date ?? null,
      beforeSeries: query.before?.series ?? null,
      number: query.before?.number ?? null,
      limit: query.limit,
    },
  )
  return rows.map(fromRow)
}

/** The entries of one series behind a number, in order: one piece of a book that is read to its end. */
export async function readPiece(
  trx: AgencyTransaction,
  { year, series, after, limit }: { year: number; series: Series; after: number; limit: number },
): Promise<Entry[]> {
  const rows: Row[] = await trx('register_numbers as n')
    .where({ 'n.year': year, 'n.series': series })
    .where('n.number', '>', after)
    .orderBy('n.number')
    .limit(limit)
    .select(trx.raw(COLUMNS))
  return rows.map(fromRow)
}

/** The document of an entry. */
export async function readDocumentOf(
  trx: AgencyTransaction,
  key: { readonly year: number; readonly series: Series; readonly number: number },
): Promise<string | undefined> {
  const row = await trx('register_numbers')
    .where({ year: key.year, series: key.series, number: key.number })
    .first<{ document_id: string } | undefined>('document_id')
  return row?.document_id
}

/** Whether one of these documents stands in a book of a year. */
export async function holdsAny(
  trx: AgencyTransaction,
  { book, year, series }: Pick<BookQuery, 'book' | 'year' | 'series'>,
  documentIds: readonly string[],
): Promise<boolean> {
  if (documentIds.length === 0) return false
  const query = trx('register_numbers')
    .where({ book: storedBook(book), year })
    .whereRaw('document_id = any(cast(? as uuid[]))', [[...documentIds]])
  if (series !== undefined) query.where({ series })
  return (await query.first<{ number: number } | undefined>('number')) !== undefined
}

export interface Extent {
  readonly series: Series
  readonly entries: number
  readonly firstNumber: number
  readonly lastNumber: number
  readonly firstDate: string
  readonly lastDate: string
}

/** Which series a book has in a year, and from where to where each goes. */
export async function readExtents(
  trx: AgencyTransaction,
  book: Book,
  year: number,
  series?: Series,
): Promise<Extent[]> {
  const query = trx('register_numbers')
    .where({ book: storedBook(book), year })
    .groupBy('series')
    .orderBy('series')
  if (series !== undefined) query.where({ series })
  const rows: {
    series: Series
    entries: number
    first_number: number
    last_number: number
    first_date: string
    last_date: string
  }[] = await query.select(
    'series',
    trx.raw(`cast(count(*) as integer) as entries, min(number) as first_number, max(number) as last_number,
      min(date) as first_date, max(date) as last_date`),
  )
  return rows.map((row) => ({
    series: row.series,
    entries: row.entries,
    firstNumber: row.first_number,
    lastNumber: row.last_number,
    firstDate: row.first_date,
    lastDate: row.last_date,
  }))
}

/** The series of a book in a year and how far each has come. */
export async function readSeriesOf(
  trx: AgencyTransaction,
  book: Book,
  year: number,
): Promise<{ series: Series; lastNumber: number; lastDate: string | null }[]> {
  const rows: { series: Series; last_number: number; last_date: string | null }[] = await trx('registers')
    .where({ year })
    .whereRaw("split_part(series, ':', 1) = ?", [storedBook(book)])
    .orderBy('series')
    .select('series', 'last_number', 'last_date')
  return rows.map((row) => ({ series: row.series, lastNumber: row.last_number, lastDate: row.last_date }))
}
