/** Sending a document that replaces, corrects or updates another one of the same agency (NĐ 30/2020 art 18.3). */
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction } from '../db.ts'
import { stateNames } from '../documents/document.ts'
import { lockReadableAnyway, requireReadable } from '../documents/document-access-store.ts'
import { sameKind } from '../documents/document-relations.ts'
import { changeDocument, type DocumentRow } from '../documents/document-store.ts'
import { insertLink, type LinkKind } from '../documents/link-store.ts'
import type { Business } from '../edxml/envelope.ts'
import { CongvanError } from '../errors.ts'
import { correctionOf, replacementOf, updateOf } from './message-business.ts'

/** By the ids of the agency's own documents. */
export type Superseding =
  | { readonly replaces: readonly string[]; readonly reason?: string }
  | { readonly corrects: string }
  | {
      readonly updates: string
      readonly reason: string
      /** Codes of recipients that the updated document has from now on, or has no more. */
      readonly added?: readonly string[]
      readonly removed?: readonly string[]
    }

/** The kind by which a correction is made. */
const LETTER = 'Công văn'

/**
 * What the message says of it. An error of content is mended by a document of equal form, one of form by a công văn.
 *
 * An update changes no text: what it says beside it is the deadline, which the document that brings the update bears as
 * its own, and the list of recipients.
 *
 * @throws CongvanError `NOT_FOUND`, `LINKED_DOCUMENT_WRONG`, `REPLACEMENT_KIND_DIFFERS`, `CORRECTION_NOT_LETTER`,
 *   `UPDATE_EMPTY`
 */
export async function supersedingBusiness(
  trx: AgencyTransaction,
  actor: UserActor,
  documentId: string,
  superseding: Superseding,
): Promise<Business> {
  const document = await requireReadable(trx, actor, documentId)
  if ('corrects' in superseding) {
    if (!sameKind(document.kind, LETTER)) {
      throw new CongvanError('CORRECTION_NOT_LETTER', { kind: document.kind })
    }
    return correctionOf(await codeOfOlder(trx, actor, document, superseding.corrects))
  }
  if ('updates' in superseding) {
    const { updates, reason, added = [], removed = [] } = superseding
    const hasHeader = document.dueDate !== null
    if (!hasHeader && added.length + removed.length === 0) throw new CongvanError('UPDATE_EMPTY')
    return updateOf(await codeOfOlder(trx, actor, document, updates), { reason, hasHeader, added, removed })
  }
  const codes: string[] = []
  for (const id of new Set(superseding.replaces)) {
    const older = await requireReadable(trx, actor, id)
    if (!sameKind(older.kind, document.kind)) {
      throw new CongvanError('REPLACEMENT_KIND_DIFFERS', { old: older.kind, new: document.kind })
    }
    codes.push(await codeOfOlder(trx, actor, document, id))
  }
  return replacementOf(codes, superseding.reason)
}

async function codeOfOlder(
  trx: AgencyTransaction,
  actor: UserActor,
  newer: DocumentRow,
  id: string,
): Promise<string> {
  const { direction, state, documentCode } = await requireReadable(trx, actor, id)
  if (id === newer.id) throw wrong(id, 'it is this document itself', 'chính là văn bản này')
  if (direction === 'incoming') {
    throw wrong(id, 'another agency has issued it', 'văn bản do cơ quan khác ban hành')
  }
  if (documentCode === null || (state !== 'issued' && state !== 'dispatched')) {
    throw wrong(
      id,
      `it is "${state}", not issued`,
      `đang ở trạng thái "${stateNames[state]}", chưa phát hành`,
    )
  }
  return documentCode
}

/** Links both documents, in the transaction that sends the newer one. The older one may be recalled besides, or not. */
export async function recordSuperseding(
  trx: AgencyTransaction,
  context: NodeContext,
  actor: UserActor,
  documentId: string,
  superseding: Superseding,
  now: Date,
): Promise<void> {
  const { kind, targets } = linksOf(superseding)
  for (const targetId of [...new Set(targets)].toSorted()) {
    const older = await lockReadableAnyway(trx, actor, targetId)
    if (older.documentCode === null) continue
    const link = { documentId, kind, targetCode: older.documentCode, targetId } as const
    await insertLink(trx, actor.agencyId, link, now)
    if (kind === 'replaces') await changeDocument(trx, targetId, older.state, { replacedBy: documentId }, now)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'document.linked',
      subject: `document:${targetId}`,
      facts: { by: documentId, as: kind },
    })
  }
}

function linksOf(superseding: Superseding): { kind: LinkKind; targets: readonly string[] } {
  if ('corrects' in superseding) return { kind: 'corrects', targets: [superseding.corrects] }
  if ('updates' in superseding) return { kind: 'updates', targets: [superseding.updates] }
  return { kind: 'replaces', targets: superseding.replaces }
}

function wrong(id: string, reason: string, reasonVi: string): CongvanError {
  return new CongvanError('LINKED_DOCUMENT_WRONG', { id, reason, reasonVi })
}
