import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { requireTransition } from '../documents/document.ts'
import { lockOwnDraft } from '../documents/document-access-store.ts'
import { changeDocument } from '../documents/document-store.ts'
import { cancelNumber } from '../registers/register-store.ts'
import { closeOpen } from './back-to-draft.ts'

export interface Cancellation {
  readonly id: string
  /** Stands in the register beside a number that is given up. */
  readonly reason: string
}

/**
 * Gives up a document before it is issued. A number that it had stays in the register, cancelled, with the reason.
 *
 * @throws CongvanError `NOT_FOUND`, `DRAFT_NOT_YOURS`, `DOCUMENT_STATE_WRONG`, `DOCUMENT_IN_QUARANTINE`
 */
export async function cancelDocument(
  context: NodeContext,
  actor: UserActor,
  { id, reason }: Cancellation,
): Promise<{ id: string; state: 'cancelled'; numberCancelled: boolean }> {
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const document = await lockOwnDraft(trx, actor, id)
    requireTransition(document.state, 'cancel')
    const numberCancelled = await cancelNumber(trx, id, reason, now)
    await closeOpen(trx, actor, id, { outcome: 'cancelled', remark: reason }, now)
    await changeDocument(trx, id, 'cancelled', {}, now)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'document.cancelled',
      subject: `document:${id}`,
      facts: { reason, numberCancelled },
    })
    return { id, state: 'cancelled', numberCancelled }
  })
}
