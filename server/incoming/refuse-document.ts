import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { announceStatus } from '../documents/announce-status.ts'
import { requireTransition } from '../documents/document.ts'
import { lockReadable } from '../documents/document-access-store.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { changeDocument } from '../documents/document-store.ts'
import { CongvanError } from '../errors.ts'
import { requireVersion } from '../http/route.ts'

/** Why a document is returned to its sender (NĐ 30/2020 art 21.2b; QĐ 28/2018 art 9), as the sender reads it. */
export const refusalReasons = {
  'signature-invalid': 'Chữ ký số không hợp lệ',
  'wrong-recipient': 'Gửi sai nơi nhận',
  incomplete: 'Văn bản không đầy đủ',
  unreadable: 'Không mở hoặc không đọc được văn bản',
  duplicate: 'Văn bản đã được nhận trước đó',
  'state-secret': 'Văn bản thuộc danh mục bí mật nhà nước',
  other: 'Lý do khác',
} as const
export type RefusalReason = keyof typeof refusalReasons

export const refusalReasonCodes = Object.keys(refusalReasons) as [RefusalReason, ...RefusalReason[]]

export interface Refusal {
  readonly id: string
  readonly reason: RefusalReason
  /** In the clerk's own words; wanted with `other`. */
  readonly text: string
  /** The version that the clerk has read; left out: whichever is there. */
  readonly ifMatch?: number | undefined
}

/**
 * Returns an incoming document to its sender, who is told 02 with the reason. It gets no incoming number.
 *
 * @throws CongvanError `NOT_FOUND`, `VERSION_STALE`, `DOCUMENT_STATE_WRONG`, `REFUSAL_TEXT_MISSING` when `other` has no text;
 *   `SECRET_MARK_HELD` when another reason is given for what shows a mark of secrecy
 */
export async function refuseDocument(
  context: NodeContext,
  services: Pick<DocumentServices, 'announce'>,
  actor: UserActor,
  { id, reason, text, ifMatch }: Refusal,
): Promise<{ id: string; state: 'refused' }> {
  if (reason === 'other' && text === '') {
    throw new CongvanError('REFUSAL_TEXT_MISSING')
  }
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const document = await lockReadable(trx, actor, id)
    requireVersion(document.version, ifMatch)
    const mark = document.incoming?.secretMark ?? null
    if (mark !== null && reason !== 'state-secret' && document.state !== 'refused') {
      throw new CongvanError('SECRET_MARK_HELD', { mark })
    }
    const transition = requireTransition(document.state, 'refuse')
    await changeDocument(trx, id, transition.to, { refusalReason: reason, refusalText: text }, now)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'document.refused',
      subject: `document:${id}`,
      facts: { reason, indication: document.incoming?.indication ?? null },
    })
    const label = refusalReasons[reason]
    const description = text === '' ? label : reason === 'other' ? text : `${label}: ${text}`
    await announceStatus(trx, services.announce, document, transition, description, now)
    return { id, state: 'refused' }
  })
}
