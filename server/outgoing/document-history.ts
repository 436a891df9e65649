import type { UserActor } from '../actor.ts'
import { readSubjectEntries, type SubjectEntry } from '../audit/subject-entries.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction } from '../db.ts'
import { type Check, type Comment, readChecks, readComments } from '../documents/check-store.ts'
import { requireReadable } from '../documents/document-access-store.ts'
import { namesOfUsers } from '../documents/people-store.ts'
import { type Presentation, readPresentations } from '../documents/presentation-store.ts'

export interface HistoryStep {
  /** Position in the log: where the next page begins. */
  readonly position: string
  readonly at: Date
  readonly kind: string
  /** Who did it; null: the node itself. */
  readonly by: { readonly userId: string; readonly name: string } | null
  readonly facts: SubjectEntry['facts']
}

export interface History {
  readonly steps: readonly HistoryStep[]
  readonly next: string | null
  /** To whom versions were presented, with the remarks they were returned with. */
  readonly presentations: readonly Presentation[]
  readonly checks: readonly Check[]
  readonly comments: readonly Comment[]
}

/**
 * Everything that was done with a document, who did it and when, as the log has it; and what was said of its versions
 * (NĐ 30/2020 art 4.2d; Phụ lục VI, III.5a).
 *
 * @param after position of the last step seen
 * @throws CongvanError `NOT_FOUND`
 */
export async function readHistory(
  context: NodeContext,
  actor: UserActor,
  id: string,
  page: { readonly after: string; readonly limit: number },
): Promise<History> {
  const { agencyId, userId } = actor
  return context.db.asAgency({ agencyId, userId }, async (trx) => {
    const { state } = await requireReadable(trx, actor, id)
    const found = await readSubjectEntries(trx, agencyId, `document:${id}`, {
      ...page,
      limit: page.limit + 1,
    })
    const shown = found.slice(0, page.limit)
    const last = shown.at(-1)
    const quarantined = state === 'quarantined'
    return {
      steps: await named(trx, shown),
      next: found.length > page.limit && last !== undefined ? last.position : null,
      presentations: quarantined ? [] : await readPresentations(trx, id),
      checks: quarantined ? [] : await readChecks(trx, id),
      comments: quarantined ? [] : await readComments(trx, id),
    }
  })
}

async function named(trx: AgencyTransaction, entries: readonly SubjectEntry[]): Promise<HistoryStep[]> {
  const ids = entries.flatMap((one) => one.userId ?? [])
  const names = await namesOfUsers(trx, ids)
  return entries.map(({ position, at, kind, userId, facts }) => ({
    position,
    at,
    kind,
    by: userId === null ? null : { userId, name: names.get(userId) ?? userId },
    facts,
  }))
}
