/** What the relay sends: an issued document with the bytes that were frozen, and the mark that it has gone out. */
import type { AgencyTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { requireTransition } from './document.ts'
import { changeDocument, lockDocument, type Signer } from './document-store.ts'
import { readLatestRevision } from './revision-store.ts'

export interface IssuedDocument {
  readonly id: string
  readonly agencyId: string
  /** DocumentId of the message: `OrganId,YYYY/MM/DD,Số/KýHiệu`. */
  readonly documentCode: string
  /** The agency's code at the time of issue: From.OrganId. */
  readonly senderCode: string
  /** Số as printed, `05`. */
  readonly codeNumber: string
  /** Ký hiệu, `UBND-VP`. */
  readonly codeNotation: string
  /** `YYYY-MM-DD`. */
  readonly promulgationDate: string
  readonly place: string | null
  /** Tên loại. */
  readonly kind: string
  readonly subject: string
  readonly signer: Signer
  /** 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc. */
  readonly urgency: number
  /** `YYYY-MM-DD`. */
  readonly dueDate: string | null
  /** Agency codes that the clerk named when drafting; may be empty. */
  readonly recipients: readonly string[]
  readonly file: {
    readonly sha256: string
    /** Bytes. */
    readonly length: number
    readonly name: string
    readonly contentType: 'application/pdf'
  }
}

/**
 * An issued document as the relay sends it, locked until the transaction ends. One that was dispatched before can be
 * read again: further recipients are a further dispatch.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `DOCUMENT_IN_QUARANTINE`
 */
export async function readIssuedForDispatch(
  trx: AgencyTransaction,
  documentId: string,
): Promise<IssuedDocument> {
  const document = await lockDocument(trx, documentId)
  if (document.state !== 'dispatched') requireTransition(document.state, 'dispatch')
  const { documentCode, codeNumber, promulgationDate } = document
  const revision = await readLatestRevision(trx, documentId)
  if (
    documentCode === null ||
    codeNumber === null ||
    promulgationDate === null ||
    revision.kind !== 'issued'
  ) {
    throw new CongvanError('STORAGE_FAILED', { reason: `document ${documentId} lacks its issue` })
  }
  return {
    id: document.id,
    agencyId: document.agencyId,
    documentCode,
    senderCode: documentCode.slice(0, documentCode.indexOf(',')),
    codeNumber,
    codeNotation: document.codeNotation,
    promulgationDate,
    place: document.place,
    kind: document.kind,
    subject: document.subject,
    signer: document.signer,
    urgency: document.urgency,
    dueDate: document.dueDate,
    recipients: document.recipients,
    file: {
      sha256: revision.sha256,
      length: revision.length,
      name: revision.name,
      contentType: 'application/pdf',
    },
  }
}

/**
 * Marks an issued document as sent; for one that was sent before nothing changes. The log entry
 * `document.dispatched` belongs to the caller, who knows envelope and recipients.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `DOCUMENT_IN_QUARANTINE`
 */
export async function markDispatched(trx: AgencyTransaction, documentId: string, at: Date): Promise<void> {
  const { state } = await lockDocument(trx, documentId)
  if (state === 'dispatched') return
  await changeDocument(trx, documentId, requireTransition(state, 'dispatch').to, {}, at)
}
