import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction } from '../db.ts'
import { lockReadable } from '../documents/document-access-store.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { type DocumentRow, readDocument, touchDocument } from '../documents/document-store.ts'
import { type IncomingRequest, type RequestedChange, requestsAbout } from '../documents/request-store.ts'
import { CongvanError } from '../errors.ts'
import { requireVersion } from '../http/route.ts'
import { currentRegistration } from './register-incoming.ts'
import { addRegistrationEdit } from './registration-store.ts'
import { type RequestAnswer, settleRequest } from './settle-request.ts'

export interface UpdateAnswered {
  readonly id: string
  readonly update: 'agreed' | 'declined'
  /** Thời hạn giải quyết as it stands now, `YYYY-MM-DD`. */
  readonly dueDate: string | null
}

/**
 * Answers the updates of a received document that wait for it, oldest first: the sender is told 15 or 16.
 *
 * Agreed, the deadline that the message gave is followed by the new one in the fields of registration, where what stood
 * there before stays to be read, in the history of the edits and beside the update. The message itself, its bytes, and a
 * line of the book that was written already do not change: a correction of the book is an act of its own. How the
 * sender's list of recipients changes is shown, and changes nothing here.
 *
 * @throws CongvanError `NOT_FOUND`, `VERSION_STALE`, `UPDATE_NOT_REQUESTED`, `RECALL_PENDING`, `DOCUMENT_RECALLED`
 */
export async function answerUpdate(
  context: NodeContext,
  services: Pick<DocumentServices, 'announce'>,
  actor: UserActor,
  answer: RequestAnswer,
): Promise<UpdateAnswered> {
  const now = context.clock()
  const { id, agree, text } = answer
  return context.db.asAgency(actor, async (trx) => {
    const document = await lockReadable(trx, actor, id)
    requireVersion(document.version, answer.ifMatch)
    const open = (await requestsAbout(trx, id)).filter((one) => one.type === 2 && one.state === 'open')
    if (open.length === 0) throw new CongvanError('UPDATE_NOT_REQUESTED')
    const done = agree ? 'Đồng ý cập nhật' : 'Từ chối cập nhật'
    for (const request of open) {
      const previous = agree ? await apply(trx, actor, document, request, now) : undefined
      const notice = await readDocument(trx, request.noticeId)
      await settleRequest(trx, services, actor, answer, { request, notice, done, previous }, now)
      await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
        kind: agree ? 'document.update-agreed' : 'document.update-declined',
        subject: `document:${id}`,
        facts: { notice: request.noticeId, fields: Object.keys(request.change ?? {}).sort() },
        ...(text === undefined ? {} : { personal: { text } }),
      })
    }
    await touchDocument(trx, id, now)
    const { dueDate } = await currentRegistration(trx, document)
    return { id, update: agree ? 'agreed' : 'declined', dueDate }
  })
}

/** @returns what stood there before */
async function apply(
  trx: AgencyTransaction,
  actor: UserActor,
  document: DocumentRow,
  { change }: IncomingRequest,
  now: Date,
): Promise<RequestedChange> {
  const dueDate = change?.dueDate
  if (dueDate == null) return {}
  const { dueDate: before } = await currentRegistration(trx, document)
  const fields = { dueDate }
  const { agencyId, userId } = actor
  await addRegistrationEdit(trx, { agencyId, documentId: document.id, fields, by: userId, at: now })
  return { dueDate: before }
}
