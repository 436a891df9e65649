/** Entries of the log about one thing: the history that a person is shown. Reads `log_entries` only. */
import { z } from 'zod'
import type { AgencyTransaction } from '../db.ts'

/** What stands in the canonical bytes of an entry, as far as it is shown. */
const entryForm = z.object({
  at: z.string(),
  actor: z.string(),
  facts: z.record(z.string(), z.json()),
})

export interface SubjectEntry {
  readonly position: string
  readonly kind: string
  readonly at: Date
  /** null: the node itself, or the console. */
  readonly userId: string | null
  readonly facts: Readonly<Record<string, z.core.util.JSONType>>
}

/**
 * The agency's own entries about a subject, in the order in which they were written.
 *
 * @param subject e.g. `document:<uuid>`
 * @param page `after`: position of the last one seen, `0` for the first page
 */
export async function readSubjectEntries(
  trx: AgencyTransaction,
  agencyId: string,
  subject: string,
  page: { readonly after: string; readonly limit: number },
): Promise<SubjectEntry[]> {
  const rows: { position: string; kind: string; entry: Buffer }[] = await trx('log_entries')
    .where({ agency_id: agencyId, subject })
    .where('position', '>', page.after)
    .orderBy('position')
    .limit(page.limit)
    .select('position', 'kind', 'entry')
  return rows.map((row) => {
    const { at, actor, facts } = entryForm.parse(JSON.parse(row.entry.toString('utf8')))
    return {
      position: row.position,
      kind: row.kind,
      at: new Date(at),
      userId: actor.startsWith('user:') ? actor.slice('user:'.length) : null,
      facts,
    }
  })
}
