/**
 * Brings together what belongs together of one sender: a recall or update with the document that it is about, a
 * replacement or correction with the older document, whichever came first.
 *
 * Called when a message that asks something arrives, and for every document when it is verified. Both are committed
 * before either is verified, so whichever of two is verified last sees the other: nothing has to wait for a lock, and a
 * recall that overtook its document holds it before anybody could open it.
 */
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction } from '../db.ts'
import { changeDocument, type DocumentRow, lockDocument, readDocument } from '../documents/document-store.ts'
import { findByCode } from '../documents/duplicate-store.ts'
import { type DocumentLink, linksFrom, settleLink, waitingLinks } from '../documents/link-store.ts'
import {
  type IncomingRequest,
  openRequest,
  requestOfNotice,
  waitingRequests,
} from '../documents/request-store.ts'
import { isSameSender } from './sender-match.ts'

/**
 * Links an incoming document with what is here already. Only what the issuer itself sent counts: an order of another
 * agency stays what it is, a document that asks in vain (NĐ 30/2020 Phụ lục VI, III.8b).
 *
 * Done again, it changes nothing.
 *
 * @throws CongvanError `NOT_FOUND`
 */
export async function linkArrived(
  trx: AgencyTransaction,
  context: NodeContext,
  documentId: string,
): Promise<void> {
  const now = context.clock()
  const [document, request, links] = await Promise.all([
    readDocument(trx, documentId),
    requestOfNotice(trx, documentId),
    linksFrom(trx, documentId),
  ])
  const { incoming, documentCode } = document
  if (incoming === null) return
  if (request?.state === 'waiting') {
    const target = await findOlder(trx, document, request.targetCode)
    if (target !== undefined) await open(trx, context, request, target.id, now)
  }
  for (const link of links.filter((one) => one.targetId === null)) {
    const target = await findOlder(trx, document, link.targetCode)
    if (target !== undefined) await join(trx, context, link, target.id, now)
  }
  if (documentCode === null || document.businessType === 1 || document.businessType === 2) return
  const [requests, older] = await Promise.all([
    waitingRequests(trx, documentCode),
    waitingLinks(trx, documentCode),
  ])
  for (const waiting of requests) {
    if (waiting.noticeId === documentId) continue
    if (!(await isSameSender(trx, document, await readDocument(trx, waiting.noticeId)))) continue
    await open(trx, context, waiting, documentId, now)
  }
  for (const waiting of older) {
    const newer = await readDocument(trx, waiting.documentId)
    if (newer.id === documentId || !(await isSameSender(trx, document, newer))) continue
    await join(trx, context, waiting, documentId, now)
  }
}

/** The newest document of the same sender that came under this DocumentId. */
async function findOlder(
  trx: AgencyTransaction,
  asking: DocumentRow,
  code: string,
): Promise<DocumentRow | undefined> {
  for (const one of await findByCode(trx, code)) {
    if (one.id !== asking.id && (await isSameSender(trx, asking, one))) return one
  }
  return undefined
}

/** The recall or update reaches its document; of a recall that document is held until the clerk answers. */
async function open(
  trx: AgencyTransaction,
  context: NodeContext,
  request: IncomingRequest,
  targetId: string,
  now: Date,
): Promise<void> {
  const target = await lockDocument(trx, targetId)
  if (!(await openRequest(trx, request.id, targetId))) return
  if (request.type === 1 && target.recall !== 'agreed') {
    await changeDocument(trx, targetId, target.state, { recall: 'requested' }, now)
  }
  const actor = { kind: 'node', nodeId: context.nodeId } as const
  await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, target.agencyId, {
    kind: request.type === 1 ? 'document.recall-requested' : 'document.update-requested',
    subject: `document:${targetId}`,
    facts: { notice: request.noticeId, sender: request.senderCode, documentId: request.targetCode },
  })
}

async function join(
  trx: AgencyTransaction,
  context: NodeContext,
  link: DocumentLink,
  targetId: string,
  now: Date,
): Promise<void> {
  const target = await lockDocument(trx, targetId)
  if (!(await settleLink(trx, link, targetId, now))) return
  if (link.kind === 'replaces') {
    await changeDocument(trx, targetId, target.state, { replacedBy: link.documentId }, now)
  }
  const actor = { kind: 'node', nodeId: context.nodeId } as const
  await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, target.agencyId, {
    kind: 'document.linked',
    subject: `document:${targetId}`,
    facts: { by: link.documentId, as: link.kind },
  })
}
