import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { requireNotClosed } from '../directory/agency-store.ts'
import { requireTransition } from '../documents/document.ts'
import { lockReadable } from '../documents/document-access-store.ts'
import { findOutgoing, recordPaper } from '../documents/outgoing-store.ts'
import { CongvanError } from '../errors.ts'
import { refuseSecret } from '../pages/secret-marks.ts'
import { recordDispatch } from '../registers/register-store.ts'

export interface PaperDispatch {
  readonly id: string
  /** Nơi nhận bản giấy; left out: those named in the draft. */
  readonly recipients?: readonly string[]
  /** Số lượng bản; left out: those named in the draft, or one for each recipient. */
  readonly copies?: number
  /** Why paper goes out beside the electronic document, where the draft did not say. */
  readonly reason?: string
}

export interface PaperDispatched {
  readonly id: string
  readonly state: 'issued' | 'dispatched'
  readonly recipients: readonly string[]
  readonly copies: number
}

/**
 * Records that an issued document went out on paper, under the same number and date (NĐ 30/2020 art 18.5). One that was
 * not sent electronically counts as dispatched from then on.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `DOCUMENT_IN_QUARANTINE`, `PAPER_RECIPIENTS_MISSING`,
 *   `PAPER_COPIES_WRONG`, `SECRET_MARK_FOUND`, `AGENCY_CLOSED`
 */
export async function dispatchOnPaper(
  context: NodeContext,
  actor: UserActor,
  request: PaperDispatch,
): Promise<PaperDispatched> {
  const { id } = request
  refuseSecret(Object.fromEntries((request.recipients ?? []).map((text, i) => [`recipients[${i}]`, text])))
  refuseSecret({ reason: request.reason ?? null })
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    await requireNotClosed(trx, actor.agencyId, vietnamDay(now))
    const document = await lockReadable(trx, actor, id)
    if (document.state !== 'dispatched') requireTransition(document.state, 'dispatch')
    const planned = (await findOutgoing(trx, id))?.paper
    const recipients = request.recipients ?? planned?.recipients ?? []
    if (recipients.length === 0) throw new CongvanError('PAPER_RECIPIENTS_MISSING')
    const copies = request.copies ?? Math.max(planned?.copies ?? 0, recipients.length)
    if (copies < recipients.length) {
      throw new CongvanError('PAPER_COPIES_WRONG', { copies, needed: recipients.length })
    }
    const paper = { recipients, copies, reason: request.reason ?? planned?.reason ?? null }
    await recordPaper(trx, id, paper, now)
    await recordDispatch(trx, { documentId: id, at: now, recipients, copies })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'document.dispatched-on-paper',
      subject: `document:${id}`,
      facts: { recipients: recipients.length, copies },
    })
    return { id, state: 'dispatched', recipients, copies }
  })
}
