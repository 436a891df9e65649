import type { NodeContext } from '../context.ts'
import { lockOverdue, type PendingVerification, postpone } from './pending-verification-store.ts'

/** A job counts as lost when the document has waited longer than all retries of the queue take. */
export const LOST_AFTER_MS = 60_000
const LONGEST_WAIT_MS = 60 * 60_000
/** Jobs put again in one round: many documents that wait do not flood the queue at once. */
const PER_ROUND = 100

/**
 * Puts the verification again of documents that arrived more than a minute ago and are not verified yet: the queue
 * gives a job up after a few tries, and without a verdict a document can neither be accepted nor refused. Each
 * document waits twice as long from round to round, at most an hour. A job that was not lost finds its work done.
 *
 * Jobs and the next time of each are one transaction: killed before it commits, the next round does the same.
 *
 * @returns how many jobs were put
 */
export async function recoverLostVerifications(context: NodeContext): Promise<number> {
  const now = context.clock()
  const overdue = await context.db.asNode(async (trx) => {
    const found = await lockOverdue(trx, now, PER_ROUND)
    for (const one of found) {
      await postpone(trx, one, new Date(now.getTime() + waitAfter(one)))
      const { agencyId, documentId } = one
      await context.queue.put(trx, 'document-verify', { agencyId, documentId })
    }
    return found
  })
  for (const { agencyId, documentId, since, rounds } of overdue) {
    const facts = { agency: agencyId, document: documentId, since: since.toISOString(), rounds }
    context.log.warn(facts, 'an incoming document is not verified yet and is verified again')
  }
  return overdue.length
}

/** Milliseconds from one round to the next: 2, 4, 8 minutes and so on, at most an hour. */
function waitAfter({ rounds }: PendingVerification): number {
  return Math.min(LOST_AFTER_MS * 2 ** Math.min(rounds, 10), LONGEST_WAIT_MS)
}
