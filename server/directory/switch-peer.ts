import type { OperatorActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { CongvanError } from '../errors.ts'
import { operatorClaim } from './claim.ts'
import { listParts, lockDirectory } from './part-store.ts'
import { switchPeer } from './peer-store.ts'
import { putPushesTo } from './push-parts.ts'

/**
 * Switches a neighbour off, with the reason, or on again. While it is off nothing is sent to it and nothing taken from
 * it; what waits for it waits on, until its time is over. Switched on, it is sent the parts of the directory that it
 * may have missed.
 *
 * @throws CongvanError `NOT_FOUND`; `INPUT_INVALID` without a reason for switching it off
 */
export async function setPeerEnabled(
  context: NodeContext,
  actor: OperatorActor,
  nodeId: string,
  change: { readonly enabled: boolean; readonly reason: string },
): Promise<void> {
  const reason = change.reason.trim()
  if (!change.enabled && (reason === '' || reason.length > 500)) {
    throw new CongvanError('INPUT_INVALID', { field: 'reason', reason: '1-500 ký tự / characters' })
  }
  const now = context.clock()
  await context.db.asNode(async (trx) => {
    await lockDirectory(trx)
    const found = await switchPeer(trx, nodeId, change.enabled ? undefined : { reason, at: now })
    if (!found) throw new CongvanError('NOT_FOUND', { what: `peer ${nodeId}` })
    if (change.enabled) await putPushesTo(context, trx, await listParts(trx), nodeId)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, null, {
      kind: change.enabled ? 'peer.enabled' : 'peer.disabled',
      subject: `node:${nodeId}`,
      ...(reason === '' ? {} : { personal: { reason } }),
    })
  }, operatorClaim(actor))
}
