/** The fields of the incoming register: reading them, and entering them before acceptance (NĐ 30/2020 art 22.3b). */
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction } from '../db.ts'
import { lockReadable, requireReadable } from '../documents/document-access-store.ts'
import { type DocumentRow, touchDocument } from '../documents/document-store.ts'
import { requireNotSealed } from '../documents/recall.ts'
import { findLatestReport } from '../documents/report-store.ts'
import { CongvanError } from '../errors.ts'
import { type Note, readNotes, readOpenParties } from '../handling/handling-store.ts'
import { type Registration, type RegistrationEdit, registrationOf } from './registration.ts'
import { addRegistrationEdit, readRegistrationEdits } from './registration-store.ts'

export interface RegistrationView {
  readonly document: DocumentRow
  readonly fields: Registration
  /** 16 Đơn vị hoặc người nhận. */
  readonly toPlaces: readonly string[]
  /** 17 Ý kiến phân phối, chỉ đạo, trạng thái xử lý: nothing of the element of edXML that has the same name. */
  readonly trace: readonly Note[]
}

/** @throws CongvanError `NOT_FOUND`, also for an outgoing document; `DOCUMENT_RECALLED` */
export async function readRegistration(
  context: NodeContext,
  actor: UserActor,
  id: string,
): Promise<RegistrationView> {
  const { agencyId, userId } = actor
  return context.db.asAgency({ agencyId, userId }, async (trx) => {
    const document = await requireReadable(trx, actor, id)
    requireIncoming(document)
    requireNotSealed(document)
    return {
      document,
      fields: await currentRegistration(trx, document),
      toPlaces: (await readOpenParties(trx, id)).map((one) => one.name),
      trace: await readNotes(trx, id),
    }
  })
}

/** The fields as they stand now. */
export async function currentRegistration(
  trx: AgencyTransaction,
  document: DocumentRow,
): Promise<Registration> {
  const report = await findLatestReport(trx, document.id)
  const edits = await readRegistrationEdits(trx, document.id)
  return registrationOf(document, edits, report?.examination?.pages ?? null)
}

export interface RegistrationChange {
  readonly id: string
  readonly fields: RegistrationEdit
}

/**
 * Enters fields beside what the message says.
 *
 * @param requireCurrent throws when the caller has seen another version of the document
 * @throws CongvanError `NOT_FOUND`, `REGISTRATION_CLOSED` once it is accepted or refused, `SECRET_MARK_HELD`
 */
export async function editRegistration(
  context: NodeContext,
  actor: UserActor,
  { id, fields }: RegistrationChange,
  requireCurrent: (version: number) => void,
): Promise<RegistrationView> {
  const now = context.clock()
  await context.db.asAgency(actor, async (trx) => {
    const document = await lockReadable(trx, actor, id)
    requireIncoming(document)
    requireCurrent(document.version)
    await enterFields(trx, context, actor, document, fields, now)
    // The document's version is that of all that is said of it.
    await touchDocument(trx, id, now)
  })
  return readRegistration(context, actor, id)
}

/** As part of another act, which holds the lock of the document. */
export async function enterFields(
  trx: AgencyTransaction,
  context: NodeContext,
  actor: UserActor,
  document: DocumentRow,
  fields: RegistrationEdit,
  now: Date,
): Promise<void> {
  const mark = document.incoming?.secretMark ?? null
  if (mark !== null) throw new CongvanError('SECRET_MARK_HELD', { mark })
  if (!['arrived', 'verified', 'failed-verification'].includes(document.state)) {
    throw new CongvanError('REGISTRATION_CLOSED')
  }
  const { agencyId, userId } = actor
  await addRegistrationEdit(trx, { agencyId, documentId: document.id, fields, by: userId, at: now })
  await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
    kind: 'document.registration-edited',
    subject: `document:${document.id}`,
    facts: { fields: Object.keys(fields).sort() },
  })
}

function requireIncoming({ id, direction }: DocumentRow): void {
  if (direction === 'outgoing') throw new CongvanError('NOT_FOUND', { what: `incoming document ${id}` })
}
