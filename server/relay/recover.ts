import { postponeAnnouncement, unsealedAnnouncements } from './announcement-store.ts'
import { refuseExpiredOffers } from './offer-store.ts'
import { questionUnended } from './open-questions.ts'
import { makeProbesDue } from './peer-health.ts'
import { takeOverdueQuestions } from './question-store.ts'
import type { RelayDeps } from './relay-deps.ts'
import { putAnnouncementJob, putBranchJob, putQuestionJob, putReturnJob } from './relay-jobs.ts'
import { delayMs } from './retry.ts'
import { takeOverdueReturns } from './return-store.ts'
import type { BackOff } from './urgency.ts'
import { takeOverdueBranches } from './waiting-branch-store.ts'

/** A job is lost when what it should do has been due for this long: longer than any try and the queue's own retries. */
const LOST_AFTER_MS = 15 * 60_000

/** Between tries to seal what the queue has given up: it fails for a reason of its own, such as a lost envelope. */
const sealingBackOff: BackOff = { firstDelayMs: LOST_AFTER_MS, longestDelayMs: 24 * 3_600_000 }

/**
 * Puts the jobs again of what is due and has none any more, because the queue gave a job up while this node's own
 * database or disk failed. A job that was not lost after all is stale then, or finds its work done. What was sent from
 * here, whose time is past and of which no end has come back, is asked about. The envelopes of offers whose time is past
 * and that nobody committed are let go. A peer whose probe is overdue gets one.
 */
export async function recoverLostJobs(deps: RelayDeps): Promise<void> {
  const { context } = deps
  await context.db.asNode(async (trx) => {
    const now = context.clock()
    const before = new Date(now.getTime() - LOST_AFTER_MS)
    await refuseExpiredOffers(trx, new Date(now.getTime() - context.limits.clockSkewSeconds * 1000))
    for (const one of await takeOverdueBranches(trx, before, now)) await putBranchJob(trx, context, one)
    for (const one of await takeOverdueReturns(trx, before, now)) await putReturnJob(trx, context, one)
    for (const one of await takeOverdueQuestions(trx, before, now)) await putQuestionJob(trx, context, one)
    for (const { id, failures } of await unsealedAnnouncements(trx, before, now)) {
      const pause = delayMs(failures + 1, deps.random(), sealingBackOff)
      await postponeAnnouncement(trx, id, new Date(now.getTime() + pause))
      await putAnnouncementJob(trx, context, { id, urgency: 0 })
    }
    await makeProbesDue(trx, context, now)
    await questionUnended(trx, context, now)
  })
}
