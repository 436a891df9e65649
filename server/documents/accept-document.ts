import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { CongvanError } from '../errors.ts'
import type { BookEntry } from '../registers/entry.ts'
import { assignNumber, chooseIncomingSeries } from '../registers/register-store.ts'
import { yearOf } from '../registers/vietnam-date.ts'
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
 *   `DOCUMENT_INCOMPLETE` where annexes are missing or unsigned, `VERIFICATION_INDETERMINATE` where more than revocation data is lacking, `SENDER_NOT_SIGNER` where the agency that
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
    await requireComplete(trx, document, acceptIndeterminate)
    const transition = requireTransition(document.state, 'accept')
    const { agencyId } = actor
    const series = await chooseIncomingSeries(trx, yearOf(vietnamDay(now)), document.kind)
    const entry = incomingEntry(document, actor.userId)
    const { number, year, date } = await assignNumber(trx, {
      agencyId,
      series,
      documentId: id,
      symbol: '',
      entry,
      now,
    })
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

/** What the message names and does not bring, and separate files that are not as they should be. */
async function requireComplete(
  trx: AgencyTransaction,
  { id, state }: DocumentRow,
  acceptIndeterminate: boolean,
): Promise<void> {
  if (state !== 'verified' || acceptIndeterminate) return
  const missing = (await findProvenance(trx, id))?.missing ?? []
  const unsigned = (await listSeparateFiles(trx, id)).filter((one) => one.findings.includes('FILE_UNSIGNED'))
  const annexes = unsigned.filter((one) => one.kind === 'annex').map((one) => one.name)
  const named = [...missing, ...annexes]
  if (named.length > 0) throw new CongvanError('DOCUMENT_INCOMPLETE', { missing: named.join('; ') })
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

/** What the incoming book shows of a document (NĐ 30/2020 Phụ lục IV, VI). */
function incomingEntry(document: DocumentRow, enteredBy: string): BookEntry {
  return {
    kind: document.kind,
    subject: document.subject,
    signer: document.signer.name,
    author: document.incoming?.senderName ?? document.incoming?.senderCode ?? null,
    documentNumber: document.codeNumber,
    documentSymbol: document.codeNotation,
    documentDate: document.promulgationDate,
    deadline: document.dueDate,
    enteredBy,
  }
}
