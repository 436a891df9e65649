import { randomUUID } from 'node:crypto'
import { afterCommit } from '../after-commit.ts'
import { CongvanError } from '../errors.ts'
import { type Branch, insertBranch, lockBranch, moveRecipients, settleBranch } from './branch-store.ts'
import { findEnvelope } from './envelope-store.ts'
import { isCurrent } from './give-up.ts'
import { lineOf } from './log-line.ts'
import type { RelayDeps } from './relay-deps.ts'
import { putBranchJob } from './relay-jobs.ts'
import { recipientRouter } from './route-recipient.ts'

/**
 * Sends a waiting branch by its new way when a recipient has moved to another node since. Only one that no peer was
 * asked to commit: of the others only the peer knows.
 *
 * The recipients go on in new branches, those that did not move too, since an offer of the old branch may be known to
 * the peer with all of them. A crash before the one transaction leaves the branch as it was.
 *
 * @returns whether the branch has ended so; false when it is to be sent as it is
 */
export async function rerouteBranch(deps: RelayDeps, branch: Branch): Promise<boolean> {
  const { context } = deps
  const now = context.clock()
  return context.db.asNode(async (trx) => {
    const envelope = await findEnvelope(trx, branch.envelopeSha256)
    if (envelope === undefined) return false
    const routeRecipient = recipientRouter(trx, context.nodeId, branch.recipients, envelope.sealedAt, now)
    const parts = new Map<string | null, string[]>()
    for (const code of branch.recipients) {
      const hop = await routeRecipient(code).catch((error: unknown) => {
        // Without a way the old one stands: the directory may know it again.
        if (error instanceof CongvanError && /^(AGENCY_|NO_ROUTE)/.test(error.code)) return undefined
        throw error
      })
      const wanted = hop === undefined ? branch.nextHop : hop.kind === 'here' ? null : hop.nodeId
      // A node that had the envelope takes it no second time.
      const nextHop = wanted !== null && branch.path.includes(wanted) ? branch.nextHop : wanted
      parts.set(nextHop, [...(parts.get(nextHop) ?? []), code])
    }
    if (parts.size === 1 && parts.has(branch.nextHop)) return false
    const locked = await lockBranch(trx, branch.id)
    if (!isCurrent(locked, branch, false)) return true
    for (const [nextHop, recipients] of parts) {
      const id = randomUUID()
      const failures = nextHop === branch.nextHop ? branch.failures : 0
      await insertBranch(trx, { ...branch, id, nextHop, failures, state: 'queued', recipients: [] }, now)
      await moveRecipients(trx, branch, id, recipients)
      await putBranchJob(trx, context, { ...branch, id, nextHop, attempt: 0 })
    }
    const reason = [...parts.keys()].map((one) => one ?? context.nodeId).join(', ')
    await settleBranch(trx, branch.id, { state: 'failed', outcome: 'rerouted', reason }, now)
    afterCommit(trx, () =>
      context.log.info({ ...lineOf(branch), to: reason }, 'relay: a recipient has moved'),
    )
    return true
  })
}
