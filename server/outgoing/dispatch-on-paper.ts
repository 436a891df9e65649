import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { requireNotClosed } from '../directory/agency-store.ts'
import { requireTransition } from '../documents/document.ts'
import { lockReadable } from '../documents/document-access-store.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { findOutgoing, type Paper, recordPaper } from '../documents/outgoing-store.ts'
import { insertPaperDispatch, readPaperDispatches } from '../documents/paper-dispatch-store.ts'
import { CongvanError } from '../errors.ts'
import { completeByAnswer } from '../handling/complete-by-answer.ts'
import { refuseSecret } from '../pages/secret-marks.ts'
import { recordDispatch } from '../registers/follow-store.ts'

export interface PaperDispatch {
  readonly id: string
  /** Nơi nhận bản giấy; left out: those named in the draft who have none yet. */
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
 * not sent electronically counts as dispatched from then on, and the incoming document that it answers is completed, as
 * when it is sent. It may go out again later: each time stays recorded, and the book shows all recipients and copies.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `DOCUMENT_IN_QUARANTINE`, `PAPER_RECIPIENTS_MISSING`,
 *   `PAPER_COPIES_WRONG`, `INPUT_INVALID`, `SECRET_MARK_FOUND`, `AGENCY_CLOSED`
 */
export async function dispatchOnPaper(
  context: NodeContext,
  services: Pick<DocumentServices, 'announce'>,
  actor: UserActor,
  request: PaperDispatch,
): Promise<PaperDispatched> {
  const { id } = request
  refuseSecret(Object.fromEntries((request.recipients ?? []).map((text, i) => [`recipients[${i}]`, text])))
  refuseSecret({ reason: request.reason ?? null })
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const { agencyId, userId, displayName } = actor
    await requireNotClosed(trx, agencyId, vietnamDay(now))
    const document = await lockReadable(trx, actor, id)
    if (document.state !== 'dispatched') requireTransition(document.state, 'dispatch')
    const known = (await findOutgoing(trx, id))?.paper ?? null
    const earlier = await readPaperDispatches(trx, id)
    const { recipients, copies } = thisTime(request, known, earlier)
    const reason = request.reason ?? known?.reason ?? null
    const by = { userId, name: displayName }
    await insertPaperDispatch(trx, agencyId, id, { recipients, copies, reason, by, at: now })
    const all = [...earlier, { recipients, copies }]
    const total = {
      recipients: [...new Set([...(known?.recipients ?? []), ...all.flatMap((one) => one.recipients)])],
      // More may have been made than went out: those that are kept.
      copies: Math.max(known?.copies ?? 0, sumOf(all)),
      reason: known?.reason ?? reason,
    }
    if (total.copies > MOST_COPIES) {
      const reason = `${total.copies} together, at most ${MOST_COPIES}`
      throw new CongvanError('INPUT_INVALID', { field: 'copies', reason })
    }
    await recordPaper(trx, id, total, now)
    await recordDispatch(trx, { documentId: id, at: now, recipients, copies: total.copies })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'document.dispatched-on-paper',
      subject: `document:${id}`,
      facts: { recipients: recipients.length, copies },
    })
    await completeByAnswer(trx, context, services, actor, id, now)
    return { id, state: 'dispatched', recipients, copies }
  })
}

/** Of one document, all times together. */
const MOST_COPIES = 100_000

/** Who gets paper this time: who is named, or those of the draft who have none yet. */
function thisTime(
  request: PaperDispatch,
  planned: Paper | null,
  earlier: readonly { readonly recipients: readonly string[]; readonly copies: number }[],
): Pick<PaperDispatched, 'recipients' | 'copies'> {
  const served = new Set(earlier.flatMap((one) => one.recipients))
  const left = (planned?.recipients ?? []).filter((one) => !served.has(one))
  const recipients = request.recipients ?? left
  if (recipients.length === 0) throw new CongvanError('PAPER_RECIPIENTS_MISSING')
  const first = Math.max(earlier.length === 0 ? (planned?.copies ?? 0) : 0, recipients.length)
  const copies = request.copies ?? first
  if (copies < recipients.length) {
    throw new CongvanError('PAPER_COPIES_WRONG', { copies, needed: recipients.length })
  }
  return { recipients, copies }
}

function sumOf(dispatches: readonly { readonly copies: number }[]): number {
  return dispatches.reduce((sum, one) => sum + one.copies, 0)
}
