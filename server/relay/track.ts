import type { UserActor } from '../actor.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { requireReadable } from '../documents/document-access-store.ts'
import type { ReceiptEvent } from '../edxml/receipt.ts'
import { CongvanError } from '../errors.ts'
import { isTerminalEvent } from './delivery.ts'
import {
  type Delivery,
  deliveriesOfDocument,
  eventsOfDeliveries,
  findDelivery,
  type StoredDeliveryEvent,
} from './delivery-store.ts'
import { hopsOf } from './hops.ts'
import { recallsOf, type TrackedRecall } from './recall-answers.ts'
import { findReceipt } from './receipt-store.ts'
import { findStatusMessage } from './status-store.ts'

/** A delivery with its whole history, ready to be shown: times are ISO 8601. */
export interface TrackedDelivery {
  readonly id: string
  readonly documentId: string
  readonly recipient: string
  readonly envelope: string
  readonly series: number
  readonly state: string
  readonly notAfter: string
  readonly createdAt: string
  readonly updatedAt: string
  readonly hops: readonly { from: string | null; to: string; event: string; receipt: string; time: string }[]
  readonly receipts: readonly {
    event: string
    node: string
    reason: string | null
    reasonText: string | null
    receipt: string
    time: string
    receivedAt: string
  }[]
  /** 01 stands here too: it is the recipient's node that gives it, by its receipt of the consignment. */
  readonly statuses: readonly {
    code: string
    node: string
    description: string | null
    message: string
    time: string
    receivedAt: string
  }[]
  readonly terminal: {
    event: string
    node: string
    reason: string | null
    reasonText: string | null
    receipt: string
    time: string
  } | null
  /** Whether it was recalled, and what the recipient has answered. */
  readonly recall: TrackedRecall | null
}

/**
 * The deliveries of a document, by recipient.
 *
 * @throws CongvanError `NOT_FOUND` for a document that the actor may not see
 */
export async function trackDocument(
  context: NodeContext,
  actor: UserActor,
  documentId: string,
): Promise<TrackedDelivery[]> {
  return context.db.asAgency(scopeOf(actor), async (trx) => {
    await requireReadable(trx, actor, documentId)
    return withEvents(trx, await deliveriesOfDocument(trx, documentId))
  })
}

/** @throws CongvanError `NOT_FOUND`, also for a delivery of another agency */
export async function trackDelivery(
  context: NodeContext,
  actor: UserActor,
  id: string,
): Promise<TrackedDelivery> {
  return context.db.asAgency(scopeOf(actor), async (trx) => {
    const delivery = await readDelivery(trx, actor, id)
    const [tracked] = await withEvents(trx, [delivery])
    if (tracked === undefined) throw new CongvanError('NOT_FOUND', { what: `delivery ${id}` })
    return tracked
  })
}

/**
 * The sealed bytes of a receipt or status in the history of one of the agency's deliveries.
 *
 * @throws CongvanError `NOT_FOUND`
 */
export async function readEvidence(
  context: NodeContext,
  actor: UserActor,
  deliveryId: string,
  sha256: string,
): Promise<Uint8Array> {
  return context.db.asAgency(scopeOf(actor), async (trx) => {
    await readDelivery(trx, actor, deliveryId)
    const events = (await eventsOfDeliveries(trx, [deliveryId])).get(deliveryId) ?? []
    const event = events.find((one) => one.messageSha256 === sha256)
    if (event === undefined) throw new CongvanError('NOT_FOUND', { what: `message ${sha256}` })
    const found = await withNodeTables(trx, async (node) =>
      event.kind === 'receipt' ? findReceipt(node, sha256) : findStatusMessage(node, sha256),
    )
    if (found === undefined) throw new CongvanError('NOT_FOUND', { what: `message ${sha256}` })
    return found.xml
  })
}

/** A delivery of a document that the actor may see. @throws CongvanError `NOT_FOUND` */
async function readDelivery(trx: AgencyTransaction, actor: UserActor, id: string): Promise<Delivery> {
  const delivery = await findDelivery(trx, id)
  if (delivery === undefined) throw new CongvanError('NOT_FOUND', { what: `delivery ${id}` })
  try {
    await requireReadable(trx, actor, delivery.documentId)
  } catch (error) {
    // The same words as for a delivery that does not exist.
    if (!(error instanceof CongvanError && error.code === 'NOT_FOUND')) throw error
    throw new CongvanError('NOT_FOUND', { what: `delivery ${id}` })
  }
  return delivery
}

function scopeOf({ agencyId, userId }: UserActor): { agencyId: string; userId: string } {
  return { agencyId, userId }
}

async function withEvents(
  trx: AgencyTransaction,
  deliveries: readonly Delivery[],
): Promise<TrackedDelivery[]> {
  const events = await eventsOfDeliveries(
    trx,
    deliveries.map((one) => one.id),
  )
  const recalls = await recallsOf(trx, deliveries)
  return deliveries.map((one) => tracked(one, events.get(one.id) ?? [], recalls.get(one.id) ?? null))
}

function tracked(
  delivery: Delivery,
  events: readonly StoredDeliveryEvent[],
  recall: TrackedRecall | null,
): TrackedDelivery {
  const receipts = events.filter((one) => one.kind === 'receipt')
  const statuses = events
    .filter((one) => one.kind === 'status' || one.code === 'ContentConsignment')
    .map((one) => ({
      code: one.kind === 'status' ? one.code : '01',
      node: one.node,
      description: one.kind === 'status' ? one.reason : null,
      message: one.messageSha256,
      time: one.occurredAt.toISOString(),
      receivedAt: one.receivedAt.toISOString(),
    }))
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.code < b.code ? -1 : 1))
  const terminal = receipts.find((one) => isTerminalEvent(one.code as ReceiptEvent))
  return {
    id: delivery.id,
    documentId: delivery.documentId,
    recipient: delivery.recipient,
    envelope: delivery.envelopeSha256,
    series: delivery.series,
    state: delivery.state,
    notAfter: delivery.notAfter.toISOString(),
    createdAt: delivery.createdAt.toISOString(),
    updatedAt: delivery.updatedAt.toISOString(),
    hops: hopsOf(receipts).map((hop) => ({ ...hop, time: hop.time.toISOString() })),
    receipts: receipts.map((one) => ({ ...receiptView(one), receivedAt: one.receivedAt.toISOString() })),
    statuses,
    terminal: terminal === undefined ? null : receiptView(terminal),
    recall,
  }
}

function receiptView(one: StoredDeliveryEvent) {
  return {
    event: one.code,
    node: one.node,
    reason: one.reason,
    reasonText: one.reasonText,
    receipt: one.messageSha256,
    time: one.occurredAt.toISOString(),
  }
}
