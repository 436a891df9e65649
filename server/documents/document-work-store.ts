import type { AgencyTransaction } from '../db.ts'

/** States in which nothing is left to do with a document. */
const finished = ['quarantined', 'dispatched', 'cancelled', 'refused', 'completed']

/** How many documents of an agency are still in work. Reads all of its documents: for an operator's rare acts. */
export async function countOpenDocuments(
  trx: AgencyTransaction,
  agencyId: string,
): Promise<{ readonly outgoing: number; readonly incoming: number }> {
  const rows: { direction: string; count: string }[] = await trx('documents')
    .where('agency_id', agencyId)
    .whereNotIn('state', finished)
    .groupBy('direction')
    .select('direction')
    .count('* as count')
  const count = (direction: string) => Number(rows.find((row) => row.direction === direction)?.count ?? 0)
  return { outgoing: count('outgoing'), incoming: count('incoming') }
}
