import { randomUUID } from 'node:crypto'
import { afterCommit } from '../after-commit.ts'
import type { NodeTransaction } from '../db.ts'
import { openOwnEnvelope } from '../edxml/open-envelope.ts'
import { CongvanError } from '../errors.ts'
import {
  type Branch,
  insertBranch,
  lockBranch,
  moveRecipients,
  type NewBranch,
  postponeBranch,
  settleBranch,
} from './branch-store.ts'
import {
  ContentOvertaken,
  findAlreadyConsigned,
  layBeforeClerks,
  makeConsignmentReceipts,
  nobodyHasIt,
} from './consign.ts'
import { findEnvelope, readEnvelopeBytes } from './envelope-store.ts'
import { documentOf, type LocalRecipient } from './examine-offer.ts'
import { giveUp } from './give-up.ts'
import { lineOf } from './log-line.ts'
import { passBack } from './pass-back.ts'
import type { RelayDeps } from './relay-deps.ts'
import { putBranchJob } from './relay-jobs.ts'
import { nextAttempt } from './retry.ts'
import { recipientRouter } from './route-recipient.ts'
import { type BranchJob, branchOfJob } from './send.ts'
import { urgencyClass } from './urgency.ts'

/**
 * Brings a document to the recipients hosted on its own node: the receipts, documents and histories of a delivery
 * that travelled, without a hop.
 *
 * A crash before its one transaction leaves the branch queued, and the queue runs the job again; after it, the job
 * finds the branch done.
 *
 * @throws CongvanError of this node's own database or disk, or when another envelope with the same content is quicker;
 *   the queue runs the job again
 */
export async function consignBranch(deps: RelayDeps, job: BranchJob): Promise<void> {
  try {
    await consign(deps, job, false)
  } catch (error) {
    if (!(error instanceof ContentOvertaken)) throw error
    await consign(deps, job, true)
  }
}

async function consign(deps: RelayDeps, job: BranchJob, looksFirst: boolean): Promise<void> {
  const branch = await branchOfJob(deps, job)
  if (branch === undefined || branch.nextHop !== null) return
  const { context } = deps
  const now = context.clock()
  if (now > branch.notAfter) {
    await giveUp(deps, branch, { outcome: 'expired', code: 'RELAY_EXPIRED', reason: 'notAfter' }, false)
    return
  }
  const { message, document, here, moved, lagging, already } = await readBranch(deps, branch, now, looksFirst)
  if (here.length === 0 && moved.size === 0) {
    await waitForWay(deps, branch, now)
    return
  }
  const facts = {
    envelopeSha256: branch.envelopeSha256,
    series: branch.series,
    branchId: branch.id,
    previousReceiptSha256: branch.previousReceipt,
  }
  const receipts = await makeConsignmentReceipts(deps, here, already, facts, now)
  await context.db.asNode(async (trx) => {
    const locked = await lockBranch(trx, branch.id)
    if (locked?.state !== 'queued' || locked.run !== branch.run) return
    await sendAfter(trx, deps, branch, moved, now)
    if (lagging.length > 0) await setAside(trx, deps, branch, lagging, now)
    await layBeforeClerks(trx, deps, branch, { message, document, here }, already)
    const evidence = receipts.map((sealed) => ({ kind: 'receipt' as const, sealed }))
    await passBack(trx, context, evidence, now, [locked])
    await settleBranch(trx, branch.id, { state: 'done', outcome: 'committed' }, now)
    afterCommit(trx, () =>
      context.log.info({ ...lineOf(branch), recipients: here.length }, 'relay: consigned'),
    )
  })
}

/** A recipient whose agency has moved to another node since the dispatch gets a branch that goes there. */
async function sendAfter(
  trx: NodeTransaction,
  deps: RelayDeps,
  branch: Branch,
  moved: ReadonlyMap<string, readonly string[]>,
  now: Date,
): Promise<void> {
  for (const [nextHop, codes] of moved) {
    const id = randomUUID()
    await insertBranch(trx, { ...branch, failures: 0, id, nextHop, state: 'queued', recipients: [] }, now)
    await moveRecipients(trx, branch, id, codes)
    await putBranchJob(trx, deps.context, { ...branch, id, nextHop, attempt: 0 })
  }
}

/** Recipients to whom the directory knows no way for now; they wait in a branch of their own and delay no other. */
async function setAside(
  trx: NodeTransaction,
  deps: RelayDeps,
  branch: Branch,
  codes: readonly string[],
  now: Date,
): Promise<void> {
  const id = randomUUID()
  const runAfter = nextTry(deps, { ...branch, failures: 0 }, now)
  const waiting: NewBranch = { ...branch, failures: 1, id, state: 'queued', recipients: [], runAfter }
  await insertBranch(trx, waiting, now)
  await moveRecipients(trx, branch, id, codes)
  await putBranchJob(trx, deps.context, { ...branch, id, attempt: 0 }, runAfter)
}

/** All recipients wait for the directory: the branch is tried again until `notAfter`, when it is given up. */
async function waitForWay(deps: RelayDeps, branch: Branch, now: Date): Promise<void> {
  const { db } = deps.context
  const runAfter = nextTry(deps, branch, now)
  await db.asNode(async (trx) => {
    const locked = await lockBranch(trx, branch.id)
    if (locked?.state !== 'queued' || locked.run !== branch.run) return
    const failure = { outcome: 'directory-behind', reason: 'no way to any recipient', runAfter }
    const attempt = await postponeBranch(trx, branch.id, failure)
    await putBranchJob(trx, deps.context, { ...branch, attempt }, runAfter)
  })
}

/** The next try; the last one comes just after `notAfter` and ends the branch. */
function nextTry(deps: RelayDeps, { failures, notAfter, urgency }: Branch, now: Date): Date {
  const next = nextAttempt(failures + 1, now, notAfter, deps.random(), urgencyClass(urgency).backOff)
  return next !== null && next < notAfter ? next : new Date(notAfter.getTime() + 1000)
}

async function readBranch(deps: RelayDeps, branch: Branch, now: Date, looksFirst: boolean) {
  const { context } = deps
  return context.db.asNode(async (trx) => {
    const [envelope, bytes] = await Promise.all([
      findEnvelope(trx, branch.envelopeSha256),
      readEnvelopeBytes(trx, branch.envelopeSha256),
    ])
    if (envelope === undefined || bytes === undefined) {
      throw new Error(`branch ${branch.id} has lost its envelope`)
    }
    const { message } = openOwnEnvelope(bytes, envelope.sealKey)
    const document = documentOf(message)
    if (document === undefined) throw new Error(`envelope ${envelope.sha256} brings no PDF`)
    const here: LocalRecipient[] = []
    const moved = new Map<string, string[]>()
    const lagging: string[] = []
    const routeRecipient = recipientRouter(trx, context.nodeId, branch.recipients, envelope.sealedAt, now)
    for (const code of branch.recipients) {
      const route = await routeRecipient(code).catch((error: unknown) => {
        if (error instanceof CongvanError && /^(AGENCY_|NO_ROUTE)/.test(error.code)) return undefined
        throw error
      })
      if (route === undefined) lagging.push(code)
      else if (route.kind === 'here') here.push(route)
      else moved.set(route.nodeId, [...(moved.get(route.nodeId) ?? []), code])
    }
    const already =
      looksFirst || branch.series > 1
        ? await findAlreadyConsigned(trx, branch.envelopeSha256, { message, document, here })
        : nobodyHasIt
    return { message, document, here, moved, lagging, already }
  })
}
