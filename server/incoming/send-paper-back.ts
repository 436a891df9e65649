import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { lockReadableAnyway } from '../documents/document-access-store.ts'
import { insertPaperReturn, readPaperReturns } from '../documents/paper-return-store.ts'
import { CongvanError } from '../errors.ts'

export interface PaperSentBack {
  /** The received document that is recalled, not the notice. */
  readonly id: string
  /** 0: none was received on paper. */
  readonly copies: number
  /** `YYYY-MM-DD`, the day on which it was sent back; left out: today. */
  readonly on?: string | undefined
}

/**
 * Records that the paper of a recalled document was sent back to its issuer (NĐ 30/2020 art 18.4a), or that none was
 * received: the task is done. Whether the recall of the electronic document was agreed to is another matter.
 *
 * @throws CongvanError `NOT_FOUND`, `RECALL_NOT_REQUESTED`, `PAPER_RETURN_DAY_WRONG`, `PAPER_RETURN_RECORDED` when it is
 *   to have been none after some were sent back
 */
export async function sendPaperBack(
  context: NodeContext,
  actor: UserActor,
  { id, copies, on }: PaperSentBack,
): Promise<{ id: string; copies: number; on: string | null }> {
  const now = context.clock()
  const today = vietnamDay(now)
  return context.db.asAgency(actor, async (trx) => {
    const { recall, incoming, agencyId, promulgationDate } = await lockReadableAnyway(trx, actor, id)
    if (recall === null || incoming === null) throw new CongvanError('RECALL_NOT_REQUESTED')
    const day = copies === 0 ? null : (on ?? today)
    const earliest = promulgationDate ?? today
    if (day !== null && (day < earliest || day > today)) {
      throw new CongvanError('PAPER_RETURN_DAY_WRONG', { day, from: earliest, to: today })
    }
    const earlier = await readPaperReturns(trx, id)
    if (copies === 0 && earlier.length > 0) throw new CongvanError('PAPER_RETURN_RECORDED')
    const by = { userId: actor.userId, name: actor.displayName }
    const party = incoming.senderCode
    await insertPaperReturn(trx, agencyId, id, { party, copies, on: day, by, at: now })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'document.paper-sent-back',
      subject: `document:${id}`,
      facts: { to: party, copies, on: day },
    })
    return { id, copies, on: day }
  })
}
