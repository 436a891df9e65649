import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, type NodeTransaction, withAgencyTables } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { type Branch, branchOfDelivery } from './branch-store.ts'
import { applyEvent, type DeliveryEvent, type DeliveryProgress } from './delivery.ts'
import {
  type Delivery,
  insertDeliveryEvents,
  lockDeliveries,
  type StoredDeliveryEvent,
  updateProgress,
} from './delivery-store.ts'
import { findEnvelope } from './envelope-store.ts'
import { insertReceipt, type SealedReceipt } from './receipt-store.ts'
import { insertReturn } from './return-store.ts'
import { insertStatusMessage, type SealedStatus } from './status-store.ts'

/** A receipt or status whose seal and right to speak were checked, or that was made here. */
export type Evidence =
  | { readonly kind: 'receipt'; readonly sealed: SealedReceipt }
  | {
      readonly kind: 'status'
      readonly sealed: SealedStatus
      /** The node that sealed it. */
      readonly node: string
    }

/**
 * Stores evidence and sends it on: to the hop that a delivery came from, or at the origin into the sender's own
 * history. All in the caller's transaction with the job that carries it on, so that what is stored here also
 * travels; evidence that is there already changes nothing.
 *
 * @throws CongvanError `RELAY_RECEIPT_CONTRADICTS`; the caller's transaction must not commit then
 */
export async function passBack(
  trx: NodeTransaction,
  context: NodeContext,
  evidence: Evidence,
  now: Date,
): Promise<void> {
  const isNew =
    evidence.kind === 'receipt'
      ? await insertReceipt(trx, evidence.sealed, now)
      : await insertStatusMessage(trx, evidence.sealed, now)
  if (!isNew) return
  const { envelopeSha256, series, recipients } = deliveriesOf(evidence)
  for (const [peer, codes] of await previousHops(trx, envelopeSha256, series, recipients)) {
    if (peer === null) await intoHistory(trx, context, evidence, codes, now)
    else await ontoTheWay(trx, context, evidence, peer, now)
  }
}

function deliveriesOf(evidence: Evidence): {
  envelopeSha256: string
  series: number
  recipients: readonly string[]
} {
  if (evidence.kind === 'receipt') return evidence.sealed.receipt
  const { envelopeSha256, series, recipient } = evidence.sealed
  return { envelopeSha256, series, recipients: [recipient] }
}

/** The recipients by the peer that their delivery came from; null: they were sent from here. */
async function previousHops(
  trx: NodeTransaction,
  envelopeSha256: string,
  series: number,
  recipients: readonly string[],
): Promise<Map<string | null, string[]>> {
  const hops = new Map<string | null, string[]>()
  const branches: Branch[] = []
  for (const recipient of recipients) {
    const branch =
      branches.find((one) => one.recipients.includes(recipient)) ??
      (await branchOfDelivery(trx, { envelopeSha256, series, recipient }))
    if (branch === undefined) {
      throw new CongvanError('RELAY_MESSAGE_REJECTED', { reason: `no delivery to ${recipient} passed here` })
    }
    branches.push(branch)
    const peer = branch.previous?.peer ?? null
    hops.set(peer, [...(hops.get(peer) ?? []), recipient])
  }
  return hops
}

async function ontoTheWay(
  trx: NodeTransaction,
  context: NodeContext,
  evidence: Evidence,
  peer: string,
  now: Date,
): Promise<void> {
  const giveUpAt = new Date(now.getTime() + context.limits.deliveryHours * 3_600_000)
  const message = { peer, kind: evidence.kind, messageSha256: evidence.sealed.sha256, giveUpAt }
  const id = await insertReturn(trx, message, now)
  if (id !== undefined) await context.queue.put(trx, 'relay-return', { return: id, attempt: 0 })
  const actor = { kind: 'node', nodeId: context.nodeId } as const
  await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, null, {
    kind: evidence.kind === 'receipt' ? 'relay.receipt' : 'relay.status',
    subject: `envelope:${deliveriesOf(evidence).envelopeSha256}`,
    facts: { ...factsOf(evidence), to: peer },
  })
}

async function intoHistory(
  trx: NodeTransaction,
  context: NodeContext,
  evidence: Evidence,
  recipients: readonly string[],
  now: Date,
): Promise<void> {
  const { envelopeSha256, series } = deliveriesOf(evidence)
  const envelope = await findEnvelope(trx, envelopeSha256)
  const agencyId = envelope?.sender?.agencyId
  if (agencyId === undefined) throw new Error(`envelope ${envelopeSha256} was not made here`)
  await withAgencyTables(trx, agencyId, async (agency) => {
    const deliveries = await lockDeliveries(agency, agencyId, envelopeSha256, series, recipients)
    await addToHistory(agency, agencyId, deliveries, evidence, now)
    const actor = { kind: 'node', nodeId: context.nodeId } as const
    await appendLogEntry(agency, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: evidence.kind === 'receipt' ? 'delivery.receipt' : 'delivery.status',
      subject: `envelope:${envelopeSha256}`,
      facts: factsOf(evidence),
    })
  })
}

/** Adds an event to the histories of deliveries of one agency and moves them on, in that agency's transaction. */
export async function addToHistory(
  agency: AgencyTransaction,
  agencyId: string,
  deliveries: readonly Delivery[],
  evidence: Evidence,
  now: Date,
): Promise<void> {
  const { event, stored } = describe(evidence, now)
  const moved = new Map<string, { progress: DeliveryProgress; ids: string[] }>()
  for (const delivery of deliveries) {
    const progress = applyEvent(delivery.progress, event)
    if (progress === 'contradiction') {
      const params = { event: event.code, recipient: delivery.recipient }
      throw new CongvanError('RELAY_RECEIPT_CONTRADICTS', params)
    }
    const key = `${progress.transport}/${progress.handling}`
    moved.set(key, { progress, ids: [...(moved.get(key)?.ids ?? []), delivery.id] })
  }
  const ids = deliveries.map((one) => one.id)
  await insertDeliveryEvents(agency, agencyId, ids, stored)
  for (const { progress, ids: group } of moved.values()) {
    await updateProgress(agency, agencyId, group, progress, now)
  }
}

function describe(evidence: Evidence, now: Date): { event: DeliveryEvent; stored: StoredDeliveryEvent } {
  if (evidence.kind === 'receipt') {
    const { receipt, sha256 } = evidence.sealed
    return {
      event: { kind: 'receipt', code: receipt.event },
      stored: {
        kind: 'receipt',
        code: receipt.event,
        node: receipt.issuingNode,
        reason: receipt.reasonCode ?? null,
        previousReceipt: receipt.previousReceiptSha256,
        messageSha256: sha256,
        occurredAt: receipt.time,
        receivedAt: now,
      },
    }
  }
  const { code, sha256, occurredAt, description } = evidence.sealed
  return {
    event: { kind: 'status', code },
    stored: {
      kind: 'status',
      code,
      node: evidence.node,
      reason: description,
      previousReceipt: null,
      messageSha256: sha256,
      occurredAt,
      receivedAt: now,
    },
  }
}

function factsOf(evidence: Evidence): Record<string, string | number | readonly string[] | null> {
  if (evidence.kind === 'status') {
    const { sha256, series, recipient, code } = evidence.sealed
    return { message: sha256, series, recipients: [recipient], code, node: evidence.node }
  }
  const { receipt, sha256 } = evidence.sealed
  return {
    message: sha256,
    series: receipt.series,
    recipients: receipt.recipients,
    event: receipt.event,
    reason: receipt.reasonCode ?? null,
    node: receipt.issuingNode,
  }
}
