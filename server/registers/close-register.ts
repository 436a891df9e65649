import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { CongvanError } from '../errors.ts'
import { readExtents } from './book-store.ts'
import { type Closure, insertClosure, lockBook, readAgencyClosure, readClosure } from './closure-store.ts'
import { type Book, bookNames } from './register.ts'
import { yearOf } from './vietnam-date.ts'

/**
 * Closes a book of a year for good (đóng sổ, NĐ 30/2020 arts 16.2b, 22.3b): from then on the database refuses every
 * change of it. A year is closed once it has ended, or when the agency itself is closed.
 *
 * @throws CongvanError `REGISTER_YEAR_RUNNING`, `REGISTER_CLOSED` when it is closed already
 */
export async function closeRegister(
  context: NodeContext,
  actor: UserActor,
  { book, year }: { readonly book: Book; readonly year: number },
): Promise<Closure> {
  const now = context.clock()
  const today = vietnamDay(now)
  return context.db.asAgency(actor, async (trx) => {
    const { agencyId, userId } = actor
    const agencyClosed = await readAgencyClosure(trx, agencyId)
    const ended = year < yearOf(today) || (agencyClosed !== undefined && agencyClosed <= today)
    if (!ended) throw new CongvanError('REGISTER_YEAR_RUNNING', { year })
    await lockBook(trx, agencyId, year, book)
    if ((await readClosure(trx, year, book)) !== undefined) {
      throw new CongvanError('REGISTER_CLOSED', { book: bookNames[book], year })
    }
    const extents = await readExtents(trx, book, year)
    const entries = extents.reduce((sum, one) => sum + one.entries, 0)
    await insertClosure(trx, agencyId, { year, book, closedBy: userId, closedAt: now, entries })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'register.closed',
      subject: `register:${book}/${year}`,
      facts: {
        book,
        year,
        entries,
        series: extents.map((one) => ({ series: one.series, first: one.firstNumber, last: one.lastNumber })),
      },
    })
    return { year, book, closedBy: userId, closedAt: now.toISOString(), entries }
  })
}
