import { randomUUID } from 'node:crypto'
import { afterCommit } from '../after-commit.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import type { SendFailure } from './ask-peer.ts'
import {
  type Branch,
  insertBranch,
  lockBranch,
  moveRecipients,
  postponeBranch,
  settleBranch,
} from './branch-store.ts'
import { lineOf } from './log-line.ts'
import { makeReceipt, type ReceiptFacts } from './make-receipt.ts'
import { passBack } from './pass-back.ts'
import type { SealedReceipt } from './receipt-store.ts'
import type { RelayDeps } from './relay-deps.ts'
import { putBranchJob } from './relay-jobs.ts'
import { delayMs, mayRetry, nextAttempt } from './retry.ts'
import { urgencyClass } from './urgency.ts'

/** What a receipt can carry as its reason. */
const REASON_CODE = /^[A-Z][A-Z0-9_]{0,63}$/

export type Failure = Pick<SendFailure, 'outcome' | 'code' | 'reason'> & {
  /** For the people of the sender; stands in the receipt. */
  readonly text?: string
}

/**
 * Until when a branch is tried. Past `notAfter` no node takes it by its own clock; this node's may be ahead by the
 * allowed difference.
 */
export function deadlineOf(context: NodeContext, branch: Pick<Branch, 'notAfter'>): Date {
  return new Date(branch.notAfter.getTime() + context.limits.clockSkewSeconds * 1000)
}

/**
 * What follows from a failed send: another try, the branch without the recipients that the peer refused, or the end.
 *
 * Once the peer was asked to commit, time alone ends nothing: the peer may have taken the branch. It is asked until
 * it answers; past `notAfter` its answer to the same offer is either its receipts or `RELAY_EXPIRED`. So for this one
 * hop the offer itself is the status query of design 4; what the peer took is asked about by `ask-question.ts`, which
 * also ends at the origin what a peer never answers.
 *
 * @param peerFreeAt for a peer that is left alone now: when the branch may be tried
 */
export async function handleFailure(
  deps: RelayDeps,
  branch: Branch,
  failure: SendFailure,
  committing: boolean,
  peerFreeAt: Date | null = null,
): Promise<void> {
  const { context } = deps
  if (failure.outcome === 'recipients-refused') {
    const [code = ''] = String(failure.problem?.params.reason ?? '').split(',')
    const why = REASON_CODE.test(code) ? { ...failure, code } : failure
    await splitOff(deps, branch, refusedBy(branch, failure), why, committing)
    return
  }
  if (!mayRetry(failure.outcome)) {
    await giveUp(deps, branch, failure, committing)
    return
  }
  const now = context.clock()
  const failures = branch.failures + 1
  const random = deps.random()
  const { backOff } = urgencyClass(branch.urgency)
  const deadline = deadlineOf(context, branch)
  const next = committing
    ? new Date(now.getTime() + delayMs(failures, random, backOff))
    : nextAttempt(failures, now, deadline, random, backOff)
  if (next === null) {
    await giveUp(deps, branch, { outcome: 'expired', code: 'RELAY_EXPIRED', reason: failure.reason }, false)
    return
  }
  const runAfter = peerFreeAt === null ? next : committing || peerFreeAt < deadline ? peerFreeAt : deadline
  context.log.info(
    { ...lineOf(branch), outcome: failure.outcome, reason: failure.reason, runAfter },
    'relay: will try again',
  )
  const lagging = committing ? [] : laggingBy(branch, failure)
  await context.db.asNode(async (trx) => {
    const locked = await lockBranch(trx, branch.id)
    if (!isCurrent(locked, branch, committing)) return
    if (lagging.length > 0) {
      await separate(trx, context, branch, lagging, { ...failure, failures, runAfter }, now)
      return
    }
    const attempt = await postponeBranch(trx, branch.id, { ...failure, runAfter })
    await putBranchJob(trx, context, { ...branch, attempt }, runAfter)
  })
}

/**
 * Whether the branch is still at the run that failed. A run that has not asked for the commit judges nothing once
 * another one has.
 */
export function isCurrent(locked: Branch | undefined, tried: Branch, committing: boolean): locked is Branch {
  return (
    locked !== undefined &&
    locked.attempt === tried.attempt &&
    locked.run === tried.run &&
    (locked.state === 'queued' || (locked.state === 'committing' && committing))
  )
}

/** Some recipients of the branch, when only for them the peer's directory lags; none when it is about the whole. */
function laggingBy(branch: Branch, failure: SendFailure): string[] {
  if (failure.outcome !== 'directory-behind') return []
  const named = new Set(String(failure.problem?.params.codes ?? '').split(','))
  const lagging = branch.recipients.filter((code) => named.has(code))
  return lagging.length < branch.recipients.length ? lagging : []
}

/**
 * Lets recipients that have to wait delay no other: they and the others go on in branches of their own. Both are
 * new, since an offer of the old branch may be known to the peer with all of them.
 */
async function separate(
  trx: NodeTransaction,
  context: NodeContext,
  branch: Branch,
  waiting: readonly string[],
  why: Failure & { readonly failures: number; readonly runAfter: Date },
  now: Date,
): Promise<void> {
  const others = branch.recipients.filter((code) => !waiting.includes(code))
  const { failures, runAfter, outcome, reason } = why
  const parts = [
    { recipients: others, failures: 0, runAfter: now, startAfter: undefined },
    { recipients: waiting, failures, runAfter, startAfter: runAfter },
  ]
  for (const { recipients, startAfter, ...due } of parts) {
    const id = randomUUID()
    await insertBranch(trx, { ...branch, ...due, id, state: 'queued', recipients: [] }, now)
    await moveRecipients(trx, branch, id, recipients)
    await putBranchJob(trx, context, { ...branch, id, attempt: 0 }, startAfter)
  }
  await settleBranch(trx, branch.id, { state: 'failed', outcome, reason }, now)
}

/**
 * Ends a branch for good, with a receipt of this node for each recipient: RelayRejection, or when its time has run
 * out Expiry at the origin and RelayFailure elsewhere, since only the origin declares expiry (design 4).
 *
 * @param also what else belongs to it, in the same transaction
 * @returns false when another run has it now, or it has ended: nothing was done
 */
export async function giveUp(
  deps: RelayDeps,
  branch: Branch,
  failure: Failure,
  committing: boolean,
  also: (trx: NodeTransaction, now: Date) => Promise<void> = async () => {},
): Promise<boolean> {
  const { context } = deps
  const now = context.clock()
  const receipts = await receiptsOfFailure(deps, branch, branch.recipients, failure, now)
  return context.db.asNode(async (trx) => {
    const locked = await lockBranch(trx, branch.id)
    if (!isCurrent(locked, branch, committing)) return false
    await storeFailure(trx, context, branch, receipts, failure, now)
    await also(trx, now)
    return true
  })
}

function refusedBy(branch: Branch, failure: SendFailure): string[] {
  const named = String(failure.problem?.params.codes ?? '').split(',')
  const refused = branch.recipients.filter((code) => named.includes(code))
  // A refusal that names nobody of this branch is about the whole of it.
  return refused.length > 0 ? refused : [...branch.recipients]
}

/** Ends the branch for the refused recipients; the others go on in a branch of their own. */
async function splitOff(
  deps: RelayDeps,
  branch: Branch,
  refused: readonly string[],
  failure: Failure,
  committing: boolean,
): Promise<void> {
  const { context } = deps
  const now = context.clock()
  const receipts = await receiptsOfFailure(deps, branch, refused, failure, now)
  const remaining = branch.recipients.filter((code) => !refused.includes(code))
  await context.db.asNode(async (trx) => {
    const locked = await lockBranch(trx, branch.id)
    if (!isCurrent(locked, branch, committing)) return
    if (remaining.length > 0) {
      const id = randomUUID()
      await insertBranch(trx, { ...branch, failures: 0, id, state: 'queued', recipients: [] }, now)
      await moveRecipients(trx, branch, id, remaining)
      await putBranchJob(trx, context, { ...branch, id, attempt: 0 })
    }
    await storeFailure(trx, context, branch, receipts, failure, now)
  })
}

async function receiptsOfFailure(
  deps: RelayDeps,
  branch: Branch,
  recipients: readonly string[],
  failure: Failure,
  now: Date,
): Promise<SealedReceipt[]> {
  const facts: Omit<ReceiptFacts, 'event' | 'recipients'> = {
    reasonCode: REASON_CODE.test(failure.code) ? failure.code : 'RELAY_REFUSED',
    ...(failure.text === undefined ? {} : { reasonText: failure.text }),
    envelopeSha256: branch.envelopeSha256,
    series: branch.series,
    branchId: branch.id,
    previousReceiptSha256: branch.previousReceipt,
  }
  if (failure.outcome === 'expired' && branch.previous !== null) {
    return [await makeReceipt(deps, { ...facts, event: 'RelayFailure', recipients: [...recipients] }, now)]
  }
  const event = failure.outcome === 'expired' ? 'Expiry' : 'RelayRejection'
  return Promise.all(
    recipients.map((code) => makeReceipt(deps, { ...facts, event, recipients: [code] }, now)),
  )
}

async function storeFailure(
  trx: NodeTransaction,
  context: NodeContext,
  branch: Branch,
  receipts: readonly SealedReceipt[],
  failure: Failure,
  now: Date,
): Promise<void> {
  const evidence = receipts.map((sealed) => ({ kind: 'receipt' as const, sealed }))
  await passBack(trx, context, evidence, now, [branch])
  const { outcome, reason } = failure
  await settleBranch(trx, branch.id, { state: 'failed', outcome, reason }, now)
  afterCommit(trx, () => {
    const line = { ...lineOf(branch), outcome, reason }
    // What somebody here wanted is nothing to warn of.
    if (outcome === 'cancelled') context.log.info(line, 'relay: cancelled')
    else context.log.warn(line, 'relay: given up')
  })
  const actor = { kind: 'node', nodeId: context.nodeId } as const
  await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, null, {
    kind: 'relay.rejected',
    subject: `envelope:${branch.envelopeSha256}`,
    facts: {
      branch: branch.id,
      peer: branch.nextHop,
      outcome: failure.outcome,
      code: failure.code,
      receipts: receipts.map((one) => one.sha256),
    },
  })
}
