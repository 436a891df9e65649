import { randomUUID } from 'node:crypto'
import { nodeKeyFingerprint } from '../../signing/index.ts'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, type NodeTransaction, withNodeTables } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { type Agency, requireOpenAgency } from '../directory/agency-store.ts'
import { requireReadable } from '../documents/document-access-store.ts'
import type { DocumentMessage } from '../edxml/envelope.ts'
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
import { deliveriesOfDocument, insertDeliveries, lockDeliveries } from './delivery-store.ts'
import { insertEnvelope } from './envelope-store.ts'
import { makeReceipt } from './make-receipt.ts'
import { addToHistory } from './pass-back.ts'
import { insertReceipt, type SealedReceipt } from './receipt-store.ts'
import type { RelayDeps } from './relay-deps.ts'
import { recipientRouter } from './route-recipient.ts'

export interface DispatchRequest {
  readonly documentId: string
  /** Agency codes; the sender itself may be among them. */
  readonly recipients: readonly string[]
  /** No node consigns after it; by default `limits.deliveryHours` from now, which is also the latest. */
  readonly notAfter?: Date
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
 *   `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `DOCUMENT_IN_QUARANTINE`, `INPUT_INVALID`
 */
export async function dispatchDocument(
  deps: RelayDeps,
  actor: UserActor,
  request: DispatchRequest,
): Promise<DispatchResult> {
  return sendOut(deps, actor, request, {
    async read(trx) {
      await requireReadable(trx, actor, request.documentId)
      return readIssuedForDispatch(trx, request.documentId)
    },
    async record(trx, { document, sealed, message, recipients, now }) {
      const names = recipients.map(({ agency }) => agency.name)
      await markDispatched(trx, document.id, now, names)
      await appendLogEntry(trx, { nodeId: deps.context.nodeId, actor, now }, actor.agencyId, {
        kind: 'document.dispatched',
        subject: `document:${document.id}`,
        facts: sendingFacts({ document, sealed, message }),
      })
      const announce = statusAnnouncer(deps.context)
      await completeByAnswer(trx, deps.context, { announce }, actor, document.id, now)
    },
  })
}

/** What is sent, and how it is noted: the difference between dispatching an own document and passing one on. */
export interface Sending {
  /** The document as it goes out, its row locked. */
  read(trx: AgencyTransaction, now: Date): Promise<IssuedDocument>
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
    prepared = await prepare(deps, actor, request, sending)
  } catch (error) {
    // What failed now may have succeeded before under the same key: then the stored answer counts.
    return context.db.asAgency(actor, () => Promise.reject(error))
  }
  return context.db.asAgency(actor, (trx) => store(trx, deps, actor, prepared, sending))
}

interface Recipient {
  /** The code by which it is addressed. */
  readonly code: string
  readonly agency: Agency
}

export interface Prepared {
  readonly document: IssuedDocument
  readonly message: DocumentMessage
  readonly recipients: readonly Recipient[]
  readonly sealed: Sealed
  readonly branches: readonly { readonly branch: NewBranch; readonly receipt: SealedReceipt }[]
  readonly now: Date
}

async function prepare(
  deps: RelayDeps,
  actor: UserActor,
  request: DispatchRequest,
  sending: Sending,
): Promise<Prepared> {
  const { context } = deps
  const now = wholeSecond(context.clock())
  const notAfter = requireNotAfter(context, request.notAfter, now)
  requireCodes(context, request.recipients)
  const { agencyId, userId } = actor
  const { document, message, hops, recipients } = await context.db.asAgency(
    { agencyId, userId },
    async (trx) => {
      const document = await sending.read(trx, now)
      const sender = await requireOpenAgency(trx, document.senderCode, vietnamDay(now))
      if (sender.id !== agencyId || sender.hostingNode !== context.nodeId) {
        throw new CongvanError('DISPATCH_INVALID', {
          reason: `${document.senderCode} không thuộc nút này / is not of this node`,
        })
      }
      const recipients = await findRecipients(trx, request.recipients, now)
      await requireNotSent(trx, document.id, recipients)
      const hops = await byNextHop(trx, context, request.recipients, now)
      const message = buildMessage(document, sender, recipients, { now, notAfter })
      return { document, hops, recipients, message }
    },
  )
  const sealed = await sealDocument(message, { key: deps.key, sealedAt: now })
  if (sealed.xml.length > context.limits.envelopeBytes) {
    throw new CongvanError('INPUT_TOO_LARGE', { limit: context.limits.envelopeBytes })
  }
  const branches = await Promise.all(
    [...hops].map(([nextHop, codes]) => makeBranch(deps, sealed, nextHop, codes, notAfter, now)),
  )
  return { document, message, recipients, sealed, branches, now }
}

/** The seal states whole seconds; a receipt of the same moment should not precede it. */
function wholeSecond(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000)
}

function requireNotAfter(context: NodeContext, wanted: Date | undefined, now: Date): Date {
  const latest = new Date(now.getTime() + context.limits.deliveryHours * 3_600_000)
  const notAfter = wholeSecond(wanted ?? latest)
  if (notAfter > now && notAfter <= latest) return notAfter
  const reason = `notAfter phải sau bây giờ và không quá ${latest.toISOString()} / must be later than now and not after it`
  throw new CongvanError('DISPATCH_INVALID', { reason })
}

function requireCodes(context: NodeContext, recipients: readonly string[]): void {
  const { recipients: most } = context.limits
  if (recipients.length === 0 || recipients.length > most) {
    const reason = `${recipients.length} nơi nhận, cho phép 1 đến ${most} / recipients, 1 to ${most} are allowed`
    throw new CongvanError('DISPATCH_INVALID', { reason })
  }
}

async function findRecipients(
  trx: AgencyTransaction,
  codes: readonly string[],
  now: Date,
): Promise<Recipient[]> {
  const found = new Map<string, Recipient>()
  for (const code of codes) {
    const agency = await requireOpenAgency(trx, code, vietnamDay(now))
    const twin = found.get(agency.id)
    if (twin !== undefined) {
      const reason = `${twin.code} và ${code} là cùng một cơ quan / are the same agency`
      throw new CongvanError('DISPATCH_INVALID', { reason })
    }
    found.set(agency.id, { code, agency })
  }
  return [...found.values()]
}

/** An agency gets a document once, by whichever of its codes. */
async function requireNotSent(
  trx: AgencyTransaction,
  documentId: string,
  recipients: readonly Recipient[],
): Promise<void> {
  const sent = new Set((await deliveriesOfDocument(trx, documentId)).map((one) => one.recipientAgencyId))
  const again = recipients.filter(({ agency }) => sent.has(agency.id)).map((one) => one.code)
  if (again.length === 0) return
  const named = again.length > 20 ? `${again.slice(0, 20).join(', ')}, … (${again.length})` : again.join(', ')
  const reason = `văn bản đã gửi tới ${named} / the document was sent there already`
  throw new CongvanError('DISPATCH_INVALID', { reason })
}

/** Recipients by next hop; null: hosted here. */
async function byNextHop(
  trx: AgencyTransaction,
  context: NodeContext,
  recipients: readonly string[],
  now: Date,
): Promise<Map<string | null, string[]>> {
  const hops = new Map<string | null, string[]>()
  const routeRecipient = recipientRouter(trx, context.nodeId, now, now)
  for (const code of recipients) {
    const route = await routeRecipient(code)
    const hop = route.kind === 'here' ? null : route.nodeId
    hops.set(hop, [...(hops.get(hop) ?? []), code])
  }
  return hops
}

/** A branch with the receipt that begins its chain: the sender's node has the document (SubmissionAcceptance). */
async function makeBranch(
  deps: RelayDeps,
  sealed: Sealed,
  nextHop: string | null,
  recipients: string[],
  notAfter: Date,
  now: Date,
): Promise<Prepared['branches'][number]> {
  const id = randomUUID()
  const facts = {
    event: 'SubmissionAcceptance' as const,
    envelopeSha256: sealed.sha256,
    series: SERIES,
    branchId: id,
    recipients,
    previousReceiptSha256: null,
  }
  const receipt = await makeReceipt(deps, facts, now)
  const branch: NewBranch = {
    id,
    envelopeSha256: sealed.sha256,
    series: SERIES,
    nextHop,
    previous: null,
    path: [deps.context.nodeId],
    previousReceipt: receipt.sha256,
    notAfter,
    state: 'queued',
    recipients,
  }
  return { branch, receipt }
}

async function store(
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
    const queue = branch.nextHop === null ? 'document-consign' : 'relay-send'
    await context.queue.put(node, queue, { branch: branch.id, attempt: 0 })
  }
}
