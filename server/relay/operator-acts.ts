import type { OperatorActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import { type NodeTransaction, withAgencyTables } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { findAnnouncement, redriveAnnouncement } from './announcement-store.ts'
import { findBranch, isOpen, lockBranch } from './branch-store.ts'
import { findDelivery } from './delivery-store.ts'
import { sendingAgencies } from './envelope-store.ts'
import { giveUp } from './give-up.ts'
import { returnsUntil } from './pass-back.ts'
import { probeNow } from './peer-health.ts'
import { redispatch } from './redispatch.ts'
import type { RelayDeps } from './relay-deps.ts'
import { putAnnouncementJob, putBranchJob, putReturnJob } from './relay-jobs.ts'
import { findReturn, lockReturn, redriveReturn } from './return-store.ts'
import { outcomeOfBranch, redriveBranch } from './waiting-branch-store.ts'

export const OPERATOR_CANCELLED = 'OPERATOR_CANCELLED'

/** What became of an operator's act. */
export interface Redriven {
  readonly id: string
  readonly kind: 'branch' | 'return' | 'announcement' | 'delivery'
  /** Of a delivery: the new attempt series and its delivery. */
  readonly series?: number
  readonly delivery?: string
}

/**
 * Tries again at once what waits or has failed: a branch that waits, a receipt or status (for another month, where it
 * had been given up), what a clerk did and could not be sealed, or a delivery that ended undeliverable or expired, in a
 * new attempt series. A peer that is left alone is probed.
 *
 * @param id as `congvan relay stuck` shows it
 * @throws CongvanError `NOT_FOUND`, `BRANCH_ENDED`; for a delivery those of `redispatch`
 */
export async function redrive(deps: RelayDeps, actor: OperatorActor, id: string): Promise<Redriven> {
  const { context } = deps
  const now = context.clock()
  const kind = await context.db.asNode(async (trx) => {
    const done = await redriveInNode(trx, deps, id, now)
    if (done === undefined) return undefined
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, null, {
      kind: 'relay.redriven',
      subject: `${done.kind}:${id}`,
      facts: { peer: done.peer },
    })
    return done.kind
  })
  if (kind !== undefined) return { id, kind }
  const agencyId = await agencyOfDelivery(deps, id)
  if (agencyId === undefined) throw new CongvanError('NOT_FOUND', { what: `relay item ${id}` })
  const { series, delivery } = await redispatch(deps, { actor, agencyId }, { deliveryId: id })
  return { id, kind: 'delivery', series, delivery }
}

async function redriveInNode(
  trx: NodeTransaction,
  { context }: RelayDeps,
  id: string,
  now: Date,
): Promise<{ kind: Exclude<Redriven['kind'], 'delivery'>; peer: string | null } | undefined> {
  const branch = await lockBranch(trx, id)
  if (branch !== undefined) {
    if (!isOpen(branch.state)) throw await branchEnded(trx, id)
    const attempt = await redriveBranch(trx, id, now)
    await putBranchJob(trx, context, { ...branch, attempt })
    if (branch.nextHop !== null) await probeNow(trx, branch.nextHop, now)
    return { kind: 'branch', peer: branch.nextHop }
  }
  const message = await lockReturn(trx, id)
  if (message !== undefined) {
    if (message.state === 'done') throw new CongvanError('BRANCH_ENDED', { id, outcome: 'taken' })
    const attempt = await redriveReturn(trx, id, { runAfter: now, giveUpAt: returnsUntil(context, now) })
    await putReturnJob(trx, context, { ...message, attempt })
    await probeNow(trx, message.peer, now)
    return { kind: 'return', peer: message.peer }
  }
  const announcement = await findAnnouncement(trx, id)
  if (announcement === undefined) return undefined
  if (announcement.messageSha256 !== null) throw new CongvanError('BRANCH_ENDED', { id, outcome: 'sealed' })
  await redriveAnnouncement(trx, id)
  await putAnnouncementJob(trx, context, { id, urgency: 0 })
  return { kind: 'announcement', peer: null }
}

/** Whose delivery it is, of the agencies that have sent something from here. */
async function agencyOfDelivery({ context }: RelayDeps, id: string): Promise<string | undefined> {
  return context.db.asNode(async (trx) => {
    for (const agencyId of await sendingAgencies(trx)) {
      const found = await withAgencyTables(trx, agencyId, (agency) => findDelivery(agency, id))
      if (found !== undefined) return agencyId
    }
    return undefined
  })
}

/**
 * Ends a branch that no peer was asked to commit: RelayRejection with the reason `OPERATOR_CANCELLED` for each of its
 * recipients, and the operator's words for the sender's people.
 *
 * @throws CongvanError `NOT_FOUND`, `BRANCH_COMMITTING` once only the peer knows, `BRANCH_ENDED`,
 *   `EVIDENCE_NOT_CANCELLED` for a receipt or status
 */
export async function cancel(
  deps: RelayDeps,
  actor: OperatorActor,
  { id, reason }: { readonly id: string; readonly reason: string },
): Promise<{ id: string; recipients: readonly string[] }> {
  const { context } = deps
  const branch = await context.db.asNode((trx) => findBranch(trx, id))
  if (branch === undefined) {
    const isEvidence = await context.db.asNode(
      async (trx) =>
        (await findReturn(trx, id)) !== undefined || (await findAnnouncement(trx, id)) !== undefined,
    )
    if (isEvidence) throw new CongvanError('EVIDENCE_NOT_CANCELLED', { id })
    throw new CongvanError('NOT_FOUND', { what: `branch ${id}` })
  }
  const failure = { outcome: 'cancelled', code: OPERATOR_CANCELLED, reason, text: reason } as const
  const ended = await giveUp(deps, branch, failure, false, async (trx, now) => {
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, null, {
      kind: 'relay.cancelled',
      subject: `branch:${id}`,
      facts: {
        peer: branch.nextHop,
        envelope: branch.envelopeSha256,
        series: branch.series,
        recipients: branch.recipients,
      },
      personal: { reason },
    })
  })
  if (ended) return { id, recipients: branch.recipients }
  // A run has begun or ended since it was read: what stands now says which.
  const now = await context.db.asNode((trx) => findBranch(trx, id))
  if (now?.state === 'queued') return cancel(deps, actor, { id, reason })
  if (now?.state !== 'committing') throw await context.db.asNode((trx) => branchEnded(trx, id))
  throw new CongvanError('BRANCH_COMMITTING', { peer: now.nextHop ?? context.nodeId })
}

async function branchEnded(trx: NodeTransaction, id: string): Promise<CongvanError> {
  return new CongvanError('BRANCH_ENDED', { id, outcome: (await outcomeOfBranch(trx, id)) ?? '–' })
}
