import type { UserActor } from '../actor.ts'
import type { AgencyTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { type DocumentState, stateNames } from '../documents/document.ts'
import { lockReadable } from '../documents/document-access-store.ts'
import { listFiles } from '../documents/document-files-store.ts'
import type { DocumentRow } from '../documents/document-store.ts'
import { readOwnAgency } from '../documents/own-agency.ts'
import { findProvenance } from '../documents/provenance-store.ts'
import { CongvanError } from '../errors.ts'
import { findSecretField } from '../pages/secret-marks.ts'
import { normativeKind } from '../registers/series.ts'
import { asSent, type IssuedDocument } from './issued-document.ts'

/** From acceptance on: what was refused, failed verification or waits is not the agency's to pass on. */
const states: ReadonlySet<DocumentState> = new Set(['accepted', 'assigned', 'processing', 'completed'])

/** Who had a document before, at most: the message has room for 16, and this agency is one of them. */
const MOST_EARLIER = 15

/**
 * A received document as it is passed on: the bytes as they came, under its own number and identifier, with everybody
 * who had it before. It is signed by nobody again (there is no electronic copy of an electronic document, NĐ 30/2020
 * art 25). Its row is locked until the transaction ends.
 *
 * @throws CongvanError `NOT_FOUND`, `FORWARD_NOT_ALLOWED`, `SECRET_MARK_FOUND`, `AGENCY_CLOSED`
 */
export async function readForwardable(
  trx: AgencyTransaction,
  actor: UserActor,
  documentId: string,
  now: Date,
): Promise<IssuedDocument> {
  const document = await lockReadable(trx, actor, documentId)
  const { incoming, state } = document
  if (incoming === null) {
    throw notAllowed('it is an outgoing document: dispatch it', 'là văn bản đi: dùng chức năng gửi')
  }
  if (!states.has(state)) {
    throw notAllowed(
      `it is "${state}", not accepted`,
      `đang ở trạng thái "${stateNames[state]}", chưa tiếp nhận`,
    )
  }
  requireNoSecret(document)
  const provenance = await findProvenance(trx, documentId)
  if (provenance !== undefined && provenance.missing.length > 0) {
    throw notAllowed('it came without all its files', 'văn bản đến thiếu tệp')
  }
  const earlier = provenance?.trace ?? [
    { organId: incoming.senderCode, timestamp: document.createdAt.toISOString() },
  ]
  if (earlier.length > MOST_EARLIER) {
    throw notAllowed('it was passed on too often', 'văn bản đã được chuyển tiếp quá nhiều lần')
  }
  const { code } = await readOwnAgency(trx, actor.agencyId, vietnamDay(now))
  const copyForm = provenance?.copyForm ?? null
  return asSent(document, await listFiles(trx, documentId), {
    senderCode: code,
    earlier,
    // Of kinds that can be both, the name alone does not tell.
    normative: normativeKind(document.kind) !== undefined,
    copy:
      copyForm === null
        ? null
        : {
            form: copyForm,
            part: provenance?.copyPart ?? null,
            source: provenance?.sourceDocumentCode ?? null,
          },
  })
}

function requireNoSecret(document: DocumentRow): void {
  const secret = findSecretField({
    kind: document.kind,
    subject: document.subject,
    symbol: document.codeNotation,
  })
  if (secret !== undefined) throw new CongvanError('SECRET_MARK_FOUND', secret)
}

function notAllowed(reason: string, reasonVi: string): CongvanError {
  return new CongvanError('FORWARD_NOT_ALLOWED', { reason, reasonVi })
}
