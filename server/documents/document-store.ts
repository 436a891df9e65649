/** The only SQL of `documents`. Every function works in an agency's transaction and so sees that agency's rows. */
import type { AgencyTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import type { Direction, DocumentState } from './document.ts'
import { codeKey, symbolKey } from './document-keys.ts'
import { isSealed, RECALLED_SUBJECT, type RecallState } from './recall.ts'

export interface Signer {
  readonly name: string
  readonly position: string | null
  /** Quyền hạn: `TM. ỦY BAN NHÂN DÂN`, `KT. CHỦ TỊCH`. */
  readonly competence: string | null
}

/** A document as stored. Dates are `YYYY-MM-DD`, codes and names as the message or the clerk gave them. */
export interface DocumentRow {
  readonly id: string
  readonly agencyId: string
  readonly direction: Direction
  readonly state: DocumentState
  /** Tên loại: `Công văn`, `Quyết định`. */
  readonly kind: string
  readonly subject: string
  /** Số as printed (`05`), null before it is assigned. */
  readonly codeNumber: string | null
  /** Ký hiệu (`UBND-VP`). */
  readonly codeNotation: string
  readonly promulgationDate: string | null
  readonly place: string | null
  readonly urgency: number
  readonly dueDate: string | null
  readonly signer: Signer
  /** Codes of the agencies that an outgoing document is meant for. */
  readonly recipients: readonly string[]
  /** DocumentId of the message; null before it is issued. */
  readonly documentCode: string | null
  readonly createdBy: string | null
  readonly createdAt: Date
  /** One more with every change of the row; the document's ETag. */
  readonly version: number
  /** Seen by named people only; see `document-access-store.ts`. */
  readonly restricted: boolean
  /** BussinessDocType of the message: 0 new, 1 recall, 2 update, 3 replacement. */
  readonly businessType: number
  readonly recall: RecallState | null
  /** The document of this agency that its issuer has put in its place. */
  readonly replacedBy: string | null
  readonly incoming: IncomingPart | null
}

/** What only an incoming document has. */
export interface IncomingPart {
  readonly envelopeSha256: string
  readonly senderCode: string
  readonly senderName: string | null
  readonly recipientCode: string
  readonly indication: string | null
  readonly subIndication: string | null
  /** Whether the agency that signed is the sender; null before verification and where no agency's signature holds. */
  readonly senderMatches: boolean | null
  /** Số đến. */
  readonly number: number | null
  readonly year: number | null
  readonly refusal: { readonly reason: string; readonly text: string } | null
  /** When it got its number, ISO 8601; null before. */
  readonly registeredAt: string | null
  /** Thời hạn giải quyết of who leads, `YYYY-MM-DD`. */
  readonly handlingDue: string | null
  /** The person or unit that leads now. */
  readonly handler: { readonly userId: string | null; readonly name: string } | null
  /** The mark of secrecy that it shows: then it is opened by nobody and can only be returned. */
  readonly secretMark: string | null
}

/** What stands in place of the subject of a document that shows a mark of secrecy. */
export const SECRET_SUBJECT = '(không hiển thị: văn bản có dấu chỉ độ mật)'

export type NewDocument = Omit<
  DocumentRow,
  'incoming' | 'version' | 'restricted' | 'businessType' | 'recall' | 'replacedBy'
> & {
  /** Left out: a new document. */
  readonly businessType?: number
  readonly incoming: Pick<
    IncomingPart,
    'envelopeSha256' | 'senderCode' | 'senderName' | 'recipientCode' | 'secretMark'
  > | null
}

/** @returns false when the agency has received this envelope before; nothing is written then */
export async function insertDocument(trx: AgencyTransaction, document: NewDocument): Promise<boolean> {
  const query = trx('documents').insert({
    agency_id: document.agencyId,
    id: document.id,
    direction: document.direction,
    state: document.state,
    kind: document.kind,
    subject: document.subject,
    code_number: document.codeNumber,
    code_notation: document.codeNotation,
    promulgation_date: document.promulgationDate,
    place: document.place,
    urgency: document.urgency,
    due_date: document.dueDate,
    signer_name: document.signer.name,
    signer_position: document.signer.position,
    signer_competence: document.signer.competence,
    recipients: JSON.stringify(document.recipients),
    document_code: document.documentCode,
    created_by: document.createdBy,
    created_at: document.createdAt,
    updated_at: document.createdAt,
    envelope_sha256: document.incoming?.envelopeSha256 ?? null,
    sender_code: document.incoming?.senderCode ?? null,
    sender_name: document.incoming?.senderName ?? null,
    recipient_code: document.incoming?.recipientCode ?? null,
    secret_mark: document.incoming?.secretMark ?? null,
    business_type: document.businessType ?? 0,
    code_key: document.incoming === null ? null : codeKey(document),
    symbol_key: document.incoming === null ? null : symbolKey(document, document.incoming.senderCode),
  })
  const rows = await query
    .onConflict(trx.raw("(agency_id, envelope_sha256) where direction = 'incoming'"))
    .ignore()
    .returning('id')
  return rows.length > 0
}

/** A row of `documents` as PostgreSQL answers it. */
export interface StoredDocument {
  readonly id: string
  readonly agency_id: string
  readonly direction: Direction
  readonly state: DocumentState
  readonly kind: string
  readonly subject: string
  readonly code_number: string | null
  readonly code_notation: string
  readonly promulgation_date: string | null
  readonly place: string | null
  readonly urgency: number
  readonly due_date: string | null
  readonly signer_name: string
  readonly signer_position: string | null
  readonly signer_competence: string | null
  readonly recipients: string[]
  readonly document_code: string | null
  readonly created_by: string | null
  readonly created_at: Date
  readonly version: number
  readonly restricted: boolean
  readonly envelope_sha256: string | null
  readonly sender_code: string | null
  readonly sender_name: string | null
  readonly recipient_code: string | null
  readonly indication: string | null
  readonly sub_indication: string | null
  readonly sender_matches: boolean | null
  readonly incoming_year: number | null
  readonly incoming_number: number | null
  readonly refusal_reason: string | null
  readonly refusal_text: string | null
  readonly registered_at: Date | null
  readonly handling_due: string | null
  readonly handler_id: string | null
  readonly handler_name: string | null
  readonly secret_mark: string | null
  readonly business_type: number
  readonly recall: RecallState | null
  readonly replaced_by: string | null
}

/** @param row all columns of `documents` */
export function documentFromRow(row: StoredDocument): DocumentRow {
  return {
    id: row.id,
    agencyId: row.agency_id,
    direction: row.direction,
    state: row.state,
    kind: row.kind,
    subject: shownSubject(row),
    codeNumber: row.code_number,
    codeNotation: row.code_notation,
    promulgationDate: row.promulgation_date,
    place: row.place,
    urgency: row.urgency,
    dueDate: row.due_date,
    signer: { name: row.signer_name, position: row.signer_position, competence: row.signer_competence },
    recipients: row.recipients,
    documentCode: row.document_code,
    createdBy: row.created_by,
    createdAt: row.created_at,
    version: row.version,
    restricted: row.restricted,
    businessType: row.business_type,
    recall: row.recall,
    replacedBy: row.replaced_by,
    incoming: incomingPart(row),
  }
}

/** What may be shown of the subject: of what is held for secrecy, or was given up to its issuer, nothing. */
export function shownSubject(row: Pick<StoredDocument, 'subject' | 'secret_mark' | 'recall'>): string {
  if (row.secret_mark !== null) return SECRET_SUBJECT
  return isSealed(row) ? RECALLED_SUBJECT : row.subject
}

function incomingPart(row: StoredDocument): IncomingPart | null {
  if (row.envelope_sha256 === null || row.sender_code === null || row.recipient_code === null) return null
  return {
    envelopeSha256: row.envelope_sha256,
    senderCode: row.sender_code,
    senderName: row.sender_name,
    recipientCode: row.recipient_code,
    indication: row.indication,
    subIndication: row.sub_indication,
    senderMatches: row.sender_matches,
    number: row.incoming_number,
    year: row.incoming_year,
    refusal:
      row.refusal_reason === null ? null : { reason: row.refusal_reason, text: row.refusal_text ?? '' },
    registeredAt: row.registered_at?.toISOString() ?? null,
    handlingDue: row.handling_due,
    handler: row.handler_name === null ? null : { userId: row.handler_id, name: row.handler_name },
    secretMark: row.secret_mark,
  }
}

/** @throws CongvanError `NOT_FOUND`, also for a document of another agency */
export async function readDocument(trx: AgencyTransaction, id: string): Promise<DocumentRow> {
  return found(await trx('documents').where({ id }).first<StoredDocument | undefined>(), id)
}

/**
 * The document, locked until the transaction ends: acts on one document follow one another. Rows that refer to it (an
 * answer, a right, what is filed) are written by others meanwhile: they do not wait, and so make no deadlock.
 *
 * @throws CongvanError `NOT_FOUND`
 */
export async function lockDocument(trx: AgencyTransaction, id: string): Promise<DocumentRow> {
  return found(await trx('documents').where({ id }).forNoKeyUpdate().first<StoredDocument | undefined>(), id)
}

function found(row: StoredDocument | undefined, id: string): DocumentRow {
  if (row === undefined) throw new CongvanError('NOT_FOUND', { what: `document ${id}` })
  return documentFromRow(row)
}

export async function findByEnvelope(
  trx: AgencyTransaction,
  envelopeSha256: string,
): Promise<string | undefined> {
  const row = await trx('documents')
    .where({ direction: 'incoming', envelope_sha256: envelopeSha256 })
    .first<{ id: string } | undefined>('id')
  return row?.id
}

/** What an act may change together with the state. */
export interface DocumentChange {
  readonly codeNumber?: string
  readonly promulgationDate?: string
  readonly documentCode?: string
  readonly indication?: string
  readonly subIndication?: string | null
  readonly senderMatches?: boolean | null
  readonly incomingNumber?: number
  readonly incomingYear?: number
  readonly refusalReason?: string
  readonly refusalText?: string
  readonly registeredAt?: Date
  readonly handlingDue?: string | null
  readonly handlerId?: string | null
  readonly handlerName?: string
  readonly secretMark?: string
  readonly recall?: RecallState
  readonly replacedBy?: string
}

export async function changeDocument(
  trx: AgencyTransaction,
  id: string,
  state: DocumentState,
  change: DocumentChange,
  now: Date,
): Promise<void> {
  const columns = {
    code_number: change.codeNumber,
    promulgation_date: change.promulgationDate,
    document_code: change.documentCode,
    indication: change.indication,
    sub_indication: change.subIndication,
    sender_matches: change.senderMatches,
    incoming_number: change.incomingNumber,
    incoming_year: change.incomingYear,
    refusal_reason: change.refusalReason,
    refusal_text: change.refusalText,
    registered_at: change.registeredAt,
    handling_due: change.handlingDue,
    handler_id: change.handlerId,
    handler_name: change.handlerName,
    secret_mark: change.secretMark,
    recall: change.recall,
    replaced_by: change.replacedBy,
  }
  const given = Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined))
  await trx('documents')
    .where({ id })
    .update({ state, updated_at: now, ...given })
}

/** What is kept beside the document has changed: it gets its next version. */
export async function touchDocument(trx: AgencyTransaction, id: string, now: Date): Promise<void> {
  await trx('documents').where({ id }).update({ updated_at: now })
}

/** Removes a document under quarantine; the database refuses any other. */
export async function deleteDocument(trx: AgencyTransaction, id: string): Promise<void> {
  await trx('documents').where({ id }).delete()
}
