import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { CongvanError } from '../errors.ts'
import { assignNumber } from '../registers/register-store.ts'
import { announceStatus } from './announce-status.ts'
import { requireTransition } from './document.ts'
import type { DocumentServices } from './document-services.ts'
import { changeDocument, type DocumentRow, lockDocument } from './document-store.ts'

export interface Acceptance {
  readonly id: string
  /** The clerk has read the report and accepts although the verdict is not certain, or another agency signed. */
  readonly acceptIndeterminate: boolean
}

export interface Accepted {
  readonly id: string
  readonly state: 'accepted'
  /** Số đến. */
  readonly incomingNumber: number
  readonly year: number
  /** Ngày đến, `YYYY-MM-DD`. */
  readonly date: string
}

/**
 * Accepts an incoming document: it gets the next incoming number of the year (NĐ 30/2020 art 22.2) and its sender is
 * told 03.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`; `VERIFICATION_FAILED` for one that failed verification;
 *   `VERIFICATION_INDETERMINATE` where more than revocation data is lacking, `SENDER_NOT_SIGNER` where the agency that
 *   signed is not the one that sent it, and the clerk has not said so
 */
export async function acceptDocument(
  context: NodeContext,
  services: Pick<DocumentServices, 'announce'>,
  actor: UserActor,
  { id, acceptIndeterminate }: Acceptance,
): Promise<Accepted> {
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const document = await lockDocument(trx, id)
    requireAuthentic(document, acceptIndeterminate)
    const transition = requireTransition(document.state, 'accept')
    const { agencyId } = actor
    const entry = { agencyId, series: 'incoming', documentId: id, symbol: '', now } as const
    const { number, year, date } = await assignNumber(trx, entry)
    await changeDocument(trx, id, transition.to, { incomingNumber: number, incomingYear: year }, now)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'document.accepted',
      subject: `document:${id}`,
      facts: {
        incomingNumber: number,
        year,
        date,
        indication: document.incoming?.indication ?? null,
        subIndication: document.incoming?.subIndication ?? null,
        senderMatches: document.incoming?.senderMatches ?? null,
      },
    })
    const description = `Đã tiếp nhận, số đến ${number} năm ${year}`
    await announceStatus(trx, services.announce, document, transition, description, now)
    return { id, state: 'accepted', incomingNumber: number, year, date }
  })
}

function requireAuthentic({ state, incoming }: DocumentRow, acceptIndeterminate: boolean): void {
  if (incoming === null) return
  const { indication, subIndication } = incoming
  const params = { indication: indication ?? '-', subIndication: subIndication ?? '-' }
  if (state === 'failed-verification') throw new CongvanError('VERIFICATION_FAILED', params)
  const certain = indication !== 'INDETERMINATE' || subIndication === 'TRY_LATER'
  if (state === 'verified' && !certain && !acceptIndeterminate) {
    throw new CongvanError('VERIFICATION_INDETERMINATE', params)
  }
  if (state === 'verified' && incoming.senderMatches === false && !acceptIndeterminate) {
    throw new CongvanError('SENDER_NOT_SIGNER', { sender: incoming.senderCode })
  }
}
