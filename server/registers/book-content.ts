/** What is written of a book, whatever the form: who keeps it, its columns, and its entries series by series. */
import type { NodeContext } from '../context.ts'
import type { AgencyScope, AgencyTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { findAgencyById } from '../directory/agency-store.ts'
import { bookColumns, type Column, type Entry, type SeriesExtent } from './book.ts'
import { readExtents, readPiece } from './book-store.ts'
import { readClosure } from './closure-store.ts'
import type { Book, Series } from './register.ts'
import type { SeriesRules } from './series.ts'
import { readSeriesRules } from './series-store.ts'

/** Entries read in one transaction: an export of any length holds no more than these in memory. */
const PIECE = 500

export interface Section extends SeriesExtent {
  /** The entries in order, piece by piece. */
  readonly pieces: () => AsyncIterable<readonly Entry[]>
}

export interface BookContent {
  readonly book: Book
  readonly year: number
  readonly agencyName: string
  /** Cơ quan, tổ chức chủ quản; null for an agency without one. */
  readonly parentName: string | null
  /** The day on which the book was closed, `YYYY-MM-DD`; null while it is open. */
  readonly closedOn: string | null
  readonly columns: readonly Column[]
  readonly sections: readonly Section[]
}

/** What the reader sees of some entries. */
type Show = (trx: AgencyTransaction, entries: readonly Entry[]) => Promise<readonly Entry[]>

/** Looks up all of a book but its entries; those are read while they are written out. */
export async function openBook(
  context: Pick<NodeContext, 'db' | 'clock'>,
  scope: AgencyScope,
  { book, year, series }: { readonly book: Book; readonly year: number; readonly series?: Series },
  show: Show = async (_trx, entries) => entries,
): Promise<BookContent> {
  const now = context.clock()
  const { agencyId } = scope
  const reader: AgencyScope = { agencyId }
  return context.db.asAgency(reader, async (trx) => {
    const today = vietnamDay(now)
    const lastDay = `${year}-12-31`
    const date = lastDay < today ? lastDay : today
    // The name that it had in the year of the book; an agency founded since has only today's.
    const agency = (await findAgencyById(trx, agencyId, date)) ?? (await findAgencyById(trx, agencyId, today))
    const parent =
      agency?.parentId === null || agency === undefined
        ? undefined
        : await findAgencyById(trx, agency.parentId, date)
    const { rules } = await readSeriesRules(trx, year)
    const extents = await readExtents(trx, book, year, series)
    const closure = await readClosure(trx, year, book)
    return {
      book,
      year,
      agencyName: agency?.name ?? '',
      parentName: parent?.name ?? null,
      closedOn: closure === undefined ? null : vietnamDay(new Date(closure.closedAt)),
      columns: bookColumns[book],
      sections: extents.map((extent) => ({
        ...extent,
        title: seriesTitle(rules, extent.series),
        pieces: () => pieces(context, reader, show, { year, series: extent.series }),
      })),
    }
  })
}

async function* pieces(
  context: Pick<NodeContext, 'db'>,
  reader: AgencyScope,
  show: Show,
  { year, series }: { readonly year: number; readonly series: Series },
): AsyncGenerator<readonly Entry[]> {
  let after = 0
  while (true) {
    const piece = await context.db.asAgency(reader, async (trx) =>
      show(trx, await readPiece(trx, { year, series, after, limit: PIECE })),
    )
    const last = piece.at(-1)
    if (last === undefined) return
    yield piece
    if (piece.length < PIECE) return
    after = last.number
  }
}

/** What a series is called; the general ones need no name beside that of the book. */
function seriesTitle(rules: SeriesRules, series: Series): string {
  const [, name] = series.split(':')
  if (name === undefined || name === 'general') return ''
  const named =
    rules.groups.find((one) => one.series === name)?.title ??
    rules.separate.find((one) => one.series === name)?.title ??
    rules.councils.find((one) => one.series === name)?.name ??
    rules.specialised.find((one) => one.series === name)?.kind
  return named ?? name
}
