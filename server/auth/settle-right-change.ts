import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import { lockRightChange, settleRightChange, type UndoRightChange } from '../audit/right-change-store.ts'
import type { NodeContext } from '../context.ts'
import { CongvanError } from '../errors.ts'
import { requireConfirmed } from './confirmed.ts'
import { rolesOf } from './permissions.ts'

/**
 * Takes a change of rights off the alert list: it stands (`confirmed`), or it is undone (`reverted`). Who made the
 * change, or whose right it is, does not settle it: a right would else be confirmed, or taken back, by its own holder.
 *
 * @throws CongvanError `NOT_FOUND`, `RIGHT_CHANGE_SETTLED`, `RIGHT_CHANGE_OWN`, `RIGHT_UNCONFIRMED`, `INPUT_INVALID` for a change that
 *   cannot be undone from here
 */
export async function settleChange(
  context: NodeContext,
  actor: UserActor,
  id: string,
  outcome: 'confirmed' | 'reverted',
  undos: readonly UndoRightChange[],
): Promise<{ id: string; outcome: string }> {
  const now = context.clock()
  const log = { nodeId: context.nodeId, actor, now }
  return context.db.asAgency(actor, async (trx) => {
    const change = await lockRightChange(trx, id)
    if (change === undefined) throw new CongvanError('NOT_FOUND', { what: `change of rights ${id}` })
    if (change.outcome !== null) throw new CongvanError('RIGHT_CHANGE_SETTLED', { outcome: change.outcome })
    if (change.by === actor.userId || change.userId === actor.userId)
      throw new CongvanError('RIGHT_CHANGE_OWN')
    await requireConfirmed(trx, actor, now)
    if (outcome === 'reverted' && !(await undoBy(undos, trx, log, change))) {
      const reason = 'không hoàn nguyên được ở đây / cannot be undone here'
      throw new CongvanError('INPUT_INVALID', { field: 'id', reason })
    }
    await settleRightChange(trx, id, { outcome, by: actor.userId, at: now })
    await appendLogEntry(trx, log, actor.agencyId, {
      kind: `right.${outcome}`,
      subject: change.subject,
      facts: { change: id, kind: change.kind, right: change.right, byRoles: [...rolesOf(actor)] },
    })
    return { id, outcome }
  })
}

/** By the first that knows this kind of change. */
async function undoBy(
  undos: readonly UndoRightChange[],
  ...[trx, log, change]: Parameters<UndoRightChange>
): Promise<boolean> {
  for (const undo of undos) if (await undo(trx, log, change)) return true
  return false
}
