import { unsealedAnnouncements } from './announcement-store.ts'
import { takeOverdueBranches } from './branch-store.ts'
import { declareExpiries } from './expire.ts'
import { refuseExpiredOffers } from './offer-store.ts'
import type { RelayDeps } from './relay-deps.ts'
import { takeOverdueReturns } from './return-store.ts'

/** A job is lost when what it should do has been due for this long: longer than any try and the queue's own retries. */
const LOST_AFTER_MS = 15 * 60_000

/**
 * Puts the jobs again of what is due and has none any more, because the queue gave a job up while this node's own
 * database or disk failed. A job that was not lost after all is stale then, or finds its work done. Then declares
 * expired what has come back as failed before its time was past. The envelopes of offers whose time is past and that
 * nobody committed are let go.
 */
export async function recoverLostJobs(deps: RelayDeps): Promise<void> {
  const { context } = deps
  await context.db.asNode(async (trx) => {
    const now = context.clock()
    const before = new Date(now.getTime() - LOST_AFTER_MS)
    await refuseExpiredOffers(trx, new Date(now.getTime() - context.limits.clockSkewSeconds * 1000))
    for (const branch of await takeOverdueBranches(trx, before, now)) {
      const queue = branch.nextHop === null ? 'document-consign' : 'relay-send'
      await context.queue.put(trx, queue, { branch: branch.id, attempt: branch.attempt })
    }
    for (const one of await takeOverdueReturns(trx, before, now)) {
      await context.queue.put(trx, 'relay-return', { return: one.id, attempt: one.attempt })
    }
    for (const id of await unsealedAnnouncements(trx, before)) {
      await context.queue.put(trx, 'relay-return', { announcement: id })
    }
  })
  await declareExpiries(deps)
}
