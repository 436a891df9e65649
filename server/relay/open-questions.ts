import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import type { Branch } from './branch-store.ts'
import { deadlineOf } from './give-up.ts'
import { hastenQuestion, insertQuestion, markReviewed, reviewBranches } from './question-store.ts'
import { putQuestionJob } from './relay-jobs.ts'
import { hoursToAsk } from './urgency.ts'

/** How many branches one search reviews; the next one goes on. */
const AT_A_TIME = 1_000

/**
 * Puts a question to the peer that was given a branch, in the caller's transaction with its job. One that is there
 * already stays as it is.
 *
 * The time for answers counts from now and not from `notAfter`: a node that was away itself asks as long as any other.
 */
export async function openQuestion(
  trx: NodeTransaction,
  context: NodeContext,
  branch: { readonly id: string; readonly peer: string; readonly urgency: number },
  now: Date,
): Promise<boolean> {
  const { id: branchId, peer, urgency } = branch
  const hours = hoursToAsk(urgency, context.limits.statusQueryHours)
  const giveUpAt = new Date(now.getTime() + hours * 3_600_000)
  const isNew = await insertQuestion(trx, { branchId, peer, giveUpAt, urgency }, now)
  if (isNew) await putQuestionJob(trx, context, { branchId, attempt: 0, urgency })
  return isNew
}

/**
 * Puts the questions of branches sent from here whose time is past and some of whose deliveries have not ended. Each
 * branch is looked at once; after that its question has a life of its own.
 */
export async function questionUnended(trx: NodeTransaction, context: NodeContext, now: Date): Promise<void> {
  const before = new Date(now.getTime() - context.limits.clockSkewSeconds * 1000)
  for (const branch of await reviewBranches(trx, before, now, AT_A_TIME)) {
    await openQuestion(trx, context, branch, now)
  }
}

/**
 * A node further on says that it could not pass on what was sent from here: once the time is past, the next hop is
 * asked at once whether that is so. Before, the failure is only kept; a later try of the same node may yet succeed.
 */
export async function questionFailed(
  trx: NodeTransaction,
  context: NodeContext,
  branch: Branch,
  now: Date,
): Promise<void> {
  if (branch.previous !== null || branch.nextHop === null || now <= deadlineOf(context, branch)) return
  await markReviewed(trx, branch.id, now)
  if (await openQuestion(trx, context, { ...branch, peer: branch.nextHop }, now)) return
  const waiting = await hastenQuestion(trx, branch.id, now)
  if (waiting !== undefined) await putQuestionJob(trx, context, waiting)
}
