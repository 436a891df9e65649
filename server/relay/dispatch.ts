import { randomUUID } from 'node:crypto'
import { nodeKeyFingerprint } from '../../signing/index.ts'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import { type AgencyTransaction, type NodeTransaction, withNodeTables } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { requireOpenAgency } from '../directory/agency-store.ts'
import { requireReadable } from '../documents/document-access-store.ts'
import type { Business, DocumentMessage } from '../edxml/envelope.ts'
import { sealDocument } from '../edxml/seal.ts'
import type { Sealed } from '../edxml/sealed-xml.ts'
import { CongvanError } from '../errors.ts'
import { completeByAnswer } from '../handling/complete-by-answer.ts'
import { type IssuedDocument, markDispatched, readIssuedForDispatch } from '../outgoing/issued-document.ts'
import { statusAnnouncer } from './announce.ts'
import { insertBranch, type NewBranch } from './branch-store.ts'
import { buildMessage } from './build-message.ts'
import { holdFiles } from './consign.ts'
import { type DeliveryState, deliveryState, newDelivery } from './delivery.ts'
import { insertDeliveries, lockDeliveries } from './delivery-store.ts'
import { insertEnvelope } from './envelope-store.ts'
import { makeReceipt } from './make-receipt.ts'
import { addToHistory } from './pass-back.ts'
import { insertReceipt, type SealedReceipt } from './receipt-store.ts'
import {
  byNextHop,
  findRecipients,
  type Recipient,
  requireCodes,
  requireNotAfter,
  requireNotSent,
  wholeSecond,
} from './recipients.ts'
import type { RelayDeps } from './relay-deps.ts'
import { putBranchJob } from './relay-jobs.ts'
import { recordSuperseding, type Superseding, supersedingBusiness } from './supersede.ts'
import { urgencyOf } from './urgency.ts'

export interface DispatchRequest {
  readonly documentId: string
  /** Agency codes; the sender itself may be among them. */
  readonly recipients: readonly string[]
  /** No node consigns after it: at most `limits.deliveryHours` from now, by default as the urgency says (`urgency.ts`). */
  readonly notAfter?: Date
  /** Own documents that this one replaces, or the one that it corrects (NĐ 30/2020 art 18.3). */
  readonly supersedes?: Superseding
}

export interface DispatchResult {
  readonly envelope: string
  readonly notAfter: string
  readonly deliveries: readonly { id: string; recipient: string; state: DeliveryState }[]
}

/** Dispatch opens the first attempt series. */
const SERIES = 1

/**
 * Sends an issued document: one envelope, one delivery for each recipient.
 *
 * The envelope is sealed and the receipts are signed first, outside any transaction. Then one transaction stores
 * envelope, deliveries, branches with their jobs, receipts, the document's state and the log entry. A crash before
 * it commits leaves nothing, and the same request starts anew with another envelope that is the only one; after it,
 * the same request gets the stored answer. Another request for a recipient who has the document already is refused.
 *
 * @throws CongvanError `DISPATCH_INVALID`, `AGENCY_CODE_MALFORMED`, `AGENCY_CODE_UNKNOWN`, `AGENCY_CLOSED`, `NO_ROUTE`,
 *   `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `DOCUMENT_IN_QUARANTINE`, `DOCUMENT_FROZEN`, `INPUT_INVALID`; of what replaces or
 *   corrects another `REPLACEMENT_KIND_DIFFERS`, `CORRECTION_NOT_LETTER`, `LINKED_DOCUMENT_WRONG`
 */
export async function dispatchDocument(
  deps: RelayDeps,
  actor: UserActor,
  request: DispatchRequest,
): Promise<DispatchResult> {
  return sendOut(deps, actor, request, dispatching(deps, actor, request))
}

/** How an own document goes out. */
export function dispatching(
  deps: RelayDeps,
  actor: UserActor,
  request: Pick<DispatchRequest, 'documentId' | 'supersedes'>,
): Sending {
  const { supersedes } = request
  return {
    async read(trx) {
      await requireReadable(trx, actor, request.documentId)
      return readIssuedForDispatch(trx, request.documentId)
    },
    async business(trx) {
      return supersedes && supersedingBusiness(trx, actor, request.documentId, supersedes)
    },
    async record(trx, { document, sealed, message, recipients, now }) {
      const names = recipients.map(({ agency }) => agency.name)
      await markDispatched(trx, document.id, now, names)
      await appendLogEntry(trx, { nodeId: deps.context.nodeId, actor, now }, actor.agencyId, {
        kind: 'document.dispatched',
        subject: `document:${document.id}`,
        facts: sendingFacts({ document, sealed, message }),
      })
      if (supersedes !== undefined) {
        await recordSuperseding(trx, deps.context, actor, document.id, supersedes, now)
      }
      const announce = statusAnnouncer(deps.context)
      await completeByAnswer(trx, deps.context, { announce }, actor, document.id, now)
    },
  }
}

/** What is sent, and how it is noted: the difference between dispatching an own document and passing one on. */
export interface Sending {
  /** The document as it goes out, its row locked. */
  read(trx: AgencyTransaction, now: Date): Promise<IssuedDocument>
  /** What the envelope is for, when it is not a new document: recall, update, replacement (`Bussiness`). */
  business?(trx: AgencyTransaction): Promise<Business | undefined>
  /** Changes state and writes the log, in the transaction that stores the envelope; locks the document's row first. */
  record(trx: AgencyTransaction, sent: Prepared): Promise<void>
}

/** What the log says of an envelope and what is in it. */
export function sendingFacts({
  document,
  sealed,
  message,
}: Pick<Prepared, 'document' | 'sealed' | 'message'>) {
  const separate = document.files.filter((one) => one.kind !== 'main').map((one) => one.sha256)
  return {
    envelope: sealed.sha256,
    file: document.file.sha256,
    ...(separate.length === 0 ? {} : { separate }),
    recipients: message.to.map((one) => one.organId),
    notAfter: message.notAfter.toISOString(),
  }
}

/** One envelope for a document that goes out, stored with all that it needs in one transaction. */
export async function sendOut(
  deps: RelayDeps,
  actor: UserActor,
  request: DispatchRequest,
  sending: Sending,
): Promise<DispatchResult> {
  const { context } = deps
  let prepared: Prepared
  try {
    prepared = await prepareSending(deps, actor, request, sending)
  } catch (error) {
    // What failed now may have succeeded before under the same key: then the stored answer counts.
    return context.db.asAgency(actor, () => Promise.reject(error))
  }
  return context.db.asAgency(actor, (trx) => storeSending(trx, deps, actor, prepared, sending))
}

export interface Prepared {
  readonly document: IssuedDocument
  readonly message: DocumentMessage
  readonly recipients: readonly Recipient[]
  readonly sealed: Sealed
  readonly branches: readonly { readonly branch: NewBranch; readonly receipt: SealedReceipt }[]
  readonly now: Date
}

/** Reads, checks, seals and signs: everything that must not happen inside the transaction that stores it. */
export async function prepareSending(
  deps: RelayDeps,
  actor: UserActor,
  request: DispatchRequest,
  sending: Sending,
): Promise<Prepared> {
  const { context } = deps
  const now = wholeSecond(context.clock())
  requireCodes(context, request.recipients)
  const { agencyId, userId } = actor
  const { document, message, hops, recipients, notAfter } = await context.db.asAgency(
    { agencyId, userId },
    async (trx) => {
      const document = await sending.read(trx, now)
      const notAfter = requireNotAfter(context, request.notAfter, now, document.urgency)
      const sender = await requireOpenAgency(trx, document.senderCode, vietnamDay(now))
      if (sender.id !== agencyId || sender.hostingNode !== context.nodeId) {
        throw new CongvanError('DISPATCH_INVALID', {
          reason: `${document.senderCode} không thuộc nút này / is not of this node`,
        })
      }
      const recipients = await findRecipients(trx, request.recipients, now)
      await requireNotSent(trx, document.id, recipients)
      const hops = await byNextHop(trx, context, request.recipients, now)
      const business = await sending.business?.(trx)
      const message = buildMessage(document, sender, recipients, { now, notAfter }, business)
      return { document, hops, recipients, message, notAfter }
    },
  )
  const sealed = await sealDocument(message, { key: deps.key, sealedAt: now })
  if (sealed.xml.length > context.limits.envelopeBytes) {
    throw new CongvanError('INPUT_TOO_LARGE', { limit: context.limits.envelopeBytes })
  }
  const branches = await Promise.all(
    [...hops].map(([nextHop, codes]) =>
      makeBranch(deps, sealed, { nextHop, codes, notAfter, urgency: document.urgency }, now),
    ),
  )
  return { document, message, recipients, sealed, branches, now }
}

/** A branch with the receipt that begins its chain: the sender's node has the document (SubmissionAcceptance). */
async function makeBranch(
  deps: RelayDeps,
  sealed: Sealed,
  way: {
    readonly nextHop: string | null
    readonly codes: readonly string[]
    readonly notAfter: Date
    readonly urgency: number
  },
  now: Date,
): Promise<Prepared['branches'][number]> {
  const id = randomUUID()
  const facts = {
    event: 'SubmissionAcceptance' as const,
    envelopeSha256: sealed.sha256,
    series: SERIES,
    branchId: id,
    recipients: [...way.codes],
    previousReceiptSha256: null,
  }
  const receipt = await makeReceipt(deps, facts, now)
  const branch: NewBranch = {
    id,
    envelopeSha256: sealed.sha256,
    series: SERIES,
    nextHop: way.nextHop,
    previous: null,
    path: [deps.context.nodeId],
    previousReceipt: receipt.sha256,
    notAfter: way.notAfter,
    urgency: urgencyOf(way.urgency),
    state: 'queued',
    recipients: way.codes,
  }
  return { branch, receipt }
}

/** Stores a prepared envelope with all that it needs, in the caller's transaction. */
export async function storeSending(
  trx: AgencyTransaction,
  deps: RelayDeps,
  actor: UserActor,
  prepared: Prepared,
  sending: Sending,
): Promise<DispatchResult> {
  const { document, message, recipients, sealed, branches, now } = prepared
  const { agencyId } = actor
  const codes = message.to.map((one) => one.organId)
  // The document's row is locked from here on: of two dispatches at the same time the second sees the first's deliveries.
  await sending.record(trx, prepared)
  await requireNotSent(trx, document.id, recipients)
  await insertDeliveries(
    trx,
    agencyId,
    recipients.map(({ code, agency }) => ({
      id: randomUUID(),
      documentId: document.id,
      envelopeSha256: sealed.sha256,
      series: SERIES,
      recipient: code,
      recipientAgencyId: agency.id,
      progress: newDelivery,
      notAfter: message.notAfter,
      createdAt: now,
    })),
  )
  await withNodeTables(trx, (node) => storeForTheNode(node, deps, actor, prepared))
  for (const { receipt } of branches) {
    const mine = await lockDeliveries(trx, agencyId, sealed.sha256, SERIES, receipt.receipt.recipients)
    await addToHistory(trx, agencyId, mine, { kind: 'receipt', sealed: receipt }, now)
  }
  const deliveries = await lockDeliveries(trx, agencyId, sealed.sha256, SERIES, codes)
  return {
    envelope: sealed.sha256,
    notAfter: message.notAfter.toISOString(),
    deliveries: deliveries.map((one) => ({
      id: one.id,
      recipient: one.recipient,
      state: deliveryState(one.progress),
    })),
  }
}

async function storeForTheNode(
  node: NodeTransaction,
  deps: RelayDeps,
  actor: UserActor,
  { document, message, sealed, branches, now }: Prepared,
): Promise<void> {
  const { context } = deps
  const envelope = {
    sha256: sealed.sha256,
    originNode: context.nodeId,
    fromCode: message.from.organId,
    documentId: message.documentId,
    sealedAt: now,
    sealKey: nodeKeyFingerprint(deps.key.certificate),
    notAfter: message.notAfter,
    sender: { agencyId: actor.agencyId, documentId: document.id },
  }
  await insertEnvelope(node, envelope, sealed.xml, now)
  await holdFiles(node, deps, sealed.sha256, message, now)
  for (const { branch, receipt } of branches) {
    await insertBranch(node, branch, now)
    await insertReceipt(node, receipt, now)
    await putBranchJob(node, context, { ...branch, attempt: 0 })
  }
}
