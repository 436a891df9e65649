import { randomUUID } from 'node:crypto'
import { nodeKeyFingerprint } from '../../signing/index.ts'
import type { OperatorActor, UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import { type AgencyScope, type AgencyTransaction, withNodeTables } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { type Agency, findAgencyById, requireOpenAgency } from '../directory/agency-store.ts'
import { requireReadable } from '../documents/document-access-store.ts'
import { lockDocument } from '../documents/document-store.ts'
import { requireNotRecalled } from '../documents/recall.ts'
import type { DocumentMessage } from '../edxml/envelope.ts'
import { openOwnEnvelope } from '../edxml/open-envelope.ts'
import { sealDocument } from '../edxml/seal.ts'
import type { Sealed } from '../edxml/sealed-xml.ts'
import { CongvanError } from '../errors.ts'
import { insertBranch, type NewBranch } from './branch-store.ts'
import { holdFiles } from './consign.ts'
import { newDelivery } from './delivery.ts'
import {
  type Delivery,
  deliveriesOfDocument,
  findDelivery,
  insertDeliveries,
  lockDeliveries,
} from './delivery-store.ts'
import { findEnvelope, insertEnvelope, readEnvelopeBytes } from './envelope-store.ts'
import { makeReceipt } from './make-receipt.ts'
import { addToHistory } from './pass-back.ts'
import { insertReceipt, type SealedReceipt, terminalReceipts } from './receipt-store.ts'
import { byNextHop, requireNotAfter, wholeSecond } from './recipients.ts'
import type { RelayDeps } from './relay-deps.ts'
import { putBranchJob } from './relay-jobs.ts'
import { urgencyOf } from './urgency.ts'

export interface RedispatchRequest {
  readonly deliveryId: string
  /** As in a dispatch. */
  readonly notAfter?: Date
}

export interface Redispatched {
  readonly delivery: string
  readonly documentId: string
  readonly recipient: string
  readonly envelope: string
  /** Of the attempts to bring this document to this recipient; the one that failed has the number before. */
  readonly series: number
  readonly notAfter: string
}

/** Who sends again: the agency's clerk, or the operator of the node, who sees nothing of the document. */
export type Resender =
  | { readonly actor: UserActor; readonly agencyId?: undefined }
  | { readonly actor: OperatorActor; readonly agencyId: string }

/**
 * Tries a delivery anew that ended undeliverable or expired: a new attempt series (design 4), with an envelope of its
 * own that says what the old one said, to this recipient and until a new time. Its SubmissionAcceptance names the
 * terminal receipt of the old series, so that the evidence of both is one chain.
 *
 * Should the old series have come to the recipient after all, the content is not laid before its clerks a second time
 * (`consigned-content-store.ts`).
 *
 * Sealed and signed outside of any transaction, stored in one: a crash before it leaves nothing. Of two at the same
 * time the second finds that the series it saw is not the newest any more.
 *
 * @throws CongvanError `NOT_FOUND`, `DELIVERY_NOT_ENDED`, `DELIVERY_TRIED_AGAIN`, `ENVELOPE_GONE`, `AGENCY_CLOSED`,
 *   `NO_ROUTE`, `DISPATCH_INVALID`, `DOCUMENT_FROZEN`
 */
export async function redispatch(
  deps: RelayDeps,
  by: Resender,
  request: RedispatchRequest,
): Promise<Redispatched> {
  const { context } = deps
  const agencyId = by.agencyId ?? by.actor.agencyId
  const scope: AgencyScope = by.actor.kind === 'user' ? by.actor : { agencyId }
  let attempt: Attempt
  try {
    attempt = await prepare(deps, by, agencyId, request)
  } catch (error) {
    // What failed now may have succeeded before under the same key: then the stored answer counts.
    return context.db.asAgency(scope, () => Promise.reject(error))
  }
  return context.db.asAgency(scope, (trx) => store(trx, deps, by, agencyId, attempt))
}

interface Attempt {
  readonly old: Delivery
  /** SHA-256 of the receipt that ended the old series. */
  readonly ended: string
  readonly recipient: Agency
  readonly message: DocumentMessage
  readonly sealed: Sealed
  readonly branch: NewBranch
  readonly receipt: SealedReceipt
  readonly now: Date
}

async function prepare(
  deps: RelayDeps,
  by: Resender,
  agencyId: string,
  request: RedispatchRequest,
): Promise<Attempt> {
  const { context } = deps
  const now = wholeSecond(context.clock())
  const reader = by.actor.kind === 'user' ? { agencyId, userId: by.actor.userId } : { agencyId }
  const read = await context.db.asAgency(reader, async (trx) => {
    const old = await findDelivery(trx, request.deliveryId)
    if (old === undefined) throw unknown(request.deliveryId)
    if (by.actor.kind === 'user') await requireReadable(trx, by.actor, old.documentId)
    await requireEnded(trx, old)
    const before = await readOldMessage(trx, old)
    const recipient = await recipientToday(trx, old, now)
    const sender = await requireOpenAgency(trx, before.message.from.organId, vietnamDay(now))
    if (sender.id !== agencyId || sender.hostingNode !== context.nodeId) {
      const reason = `${before.message.from.organId} không thuộc nút này / is not of this node`
      throw new CongvanError('DISPATCH_INVALID', { reason })
    }
    const [nextHop = null] = (await byNextHop(trx, context, [recipient.code], now)).keys()
    return { ...before, old, recipient, nextHop }
  })
  const { old, recipient, nextHop, ended } = read
  const urgency = urgencyOf(read.message.otherInfo?.priority)
  const notAfter = requireNotAfter(context, request.notAfter, now, urgency)
  const message: DocumentMessage = {
    ...read.message,
    to: [{ organId: recipient.code, organName: recipient.name }],
    traceHeaders: sentAgain(read.message, now),
    notAfter,
  }
  const sealed = await sealDocument(message, { key: deps.key, sealedAt: now })
  const id = randomUUID()
  const series = old.series + 1
  const facts = {
    event: 'SubmissionAcceptance' as const,
    envelopeSha256: sealed.sha256,
    series,
    branchId: id,
    recipients: [recipient.code],
    previousReceiptSha256: ended,
  }
  const receipt = await makeReceipt(deps, facts, now)
  const branch: NewBranch = {
    id,
    envelopeSha256: sealed.sha256,
    series,
    nextHop,
    previous: null,
    path: [context.nodeId],
    previousReceipt: receipt.sha256,
    notAfter,
    urgency,
    state: 'queued',
    recipients: [recipient.code],
  }
  return { old, ended, recipient, message, sealed, branch, receipt, now }
}

/** The last step is the sender's own: it sends now. */
function sentAgain({ traceHeaders, from }: DocumentMessage, now: Date): DocumentMessage['traceHeaders'] {
  return [...traceHeaders.slice(0, -1), { organId: from.organId, timestamp: now }]
}

/** @throws CongvanError `DELIVERY_NOT_ENDED`, `DELIVERY_TRIED_AGAIN`, `DOCUMENT_FROZEN` */
async function requireEnded(trx: AgencyTransaction, old: Delivery): Promise<void> {
  requireNotRecalled(await lockDocument(trx, old.documentId))
  const { recipient, state } = old
  if (old.progress.transport !== 'undeliverable' && old.progress.transport !== 'expired') {
    throw new CongvanError('DELIVERY_NOT_ENDED', { recipient, state })
  }
  const newer = (await deliveriesOfDocument(trx, old.documentId)).find(
    (one) => one.recipientAgencyId === old.recipientAgencyId && one.series > old.series,
  )
  if (newer !== undefined) {
    throw new CongvanError('DELIVERY_TRIED_AGAIN', { recipient, series: newer.series, delivery: newer.id })
  }
}

async function readOldMessage(
  trx: AgencyTransaction,
  { envelopeSha256, series, recipient }: Delivery,
): Promise<{ message: DocumentMessage; ended: string }> {
  return withNodeTables(trx, async (node) => {
    const envelope = await findEnvelope(node, envelopeSha256)
    const bytes = await readEnvelopeBytes(node, envelopeSha256)
    const terminal = (await terminalReceipts(node, { envelopeSha256, series }, [recipient])).get(recipient)
    if (envelope === undefined || terminal === undefined) {
      throw new Error(`delivery to ${recipient} has lost its envelope ${envelopeSha256} or its end`)
    }
    if (bytes === undefined) throw new CongvanError('ENVELOPE_GONE', { envelope: envelopeSha256 })
    const { message } = openOwnEnvelope(bytes, envelope.sealKey)
    return { message, ended: terminal.sha256 }
  })
}

/** The agency that the delivery was for, by the code that it bears today. */
async function recipientToday(trx: AgencyTransaction, old: Delivery, now: Date): Promise<Agency> {
  const today = vietnamDay(now)
  const known = await findAgencyById(trx, old.recipientAgencyId, today)
  return requireOpenAgency(trx, known?.code ?? old.recipient, today)
}

async function store(
  trx: AgencyTransaction,
  deps: RelayDeps,
  { actor }: Resender,
  agencyId: string,
  { old, ended, recipient, message, sealed, branch, receipt, now }: Attempt,
): Promise<Redispatched> {
  const { context } = deps
  // The document's row is locked from here on: of two at the same time the second finds the first's series.
  await requireEnded(trx, old)
  const id = randomUUID()
  const { series, notAfter } = branch
  const { documentId } = old
  const made = { id, documentId, envelopeSha256: sealed.sha256, series, recipient: recipient.code }
  const times = { notAfter, createdAt: now }
  await insertDeliveries(trx, agencyId, [
    { ...made, ...times, recipientAgencyId: old.recipientAgencyId, progress: newDelivery },
  ])
  await withNodeTables(trx, async (node) => {
    const envelope = {
      sha256: sealed.sha256,
      originNode: context.nodeId,
      fromCode: message.from.organId,
      documentId: message.documentId,
      sealedAt: now,
      sealKey: nodeKeyFingerprint(deps.key.certificate),
      notAfter,
      sender: { agencyId, documentId },
    }
    await insertEnvelope(node, envelope, sealed.xml, now)
    await holdFiles(node, deps, sealed.sha256, message, now)
    await insertBranch(node, branch, now)
    await insertReceipt(node, receipt, now)
    await putBranchJob(node, context, { ...branch, attempt: 0 })
  })
  const mine = await lockDeliveries(trx, agencyId, sealed.sha256, series, [recipient.code])
  await addToHistory(trx, agencyId, mine, { kind: 'receipt', sealed: receipt }, now)
  await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
    kind: 'document.redispatched',
    subject: `document:${documentId}`,
    facts: {
      recipient: recipient.code,
      series,
      envelope: sealed.sha256,
      before: old.envelopeSha256,
      ended,
      notAfter: notAfter.toISOString(),
    },
  })
  return {
    delivery: id,
    documentId,
    recipient: recipient.code,
    envelope: sealed.sha256,
    series,
    notAfter: notAfter.toISOString(),
  }
}

function unknown(id: string): CongvanError {
  return new CongvanError('NOT_FOUND', { what: `delivery ${id}` })
}
