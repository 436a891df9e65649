import { afterCommit } from '../after-commit.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, type NodeTransaction, withAgencyTables } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { together } from '../together.ts'
import { type Branch, branchOfDelivery } from './branch-store.ts'
import { applyEvent, type DeliveryEvent, type DeliveryProgress, isTerminalEvent } from './delivery.ts'
import {
  type Delivery,
  insertDeliveryEvents,
  lockDeliveries,
  type StoredDeliveryEvent,
  updateProgress,
} from './delivery-store.ts'
import { findEnvelope } from './envelope-store.ts'
import { insertReceipt, type SealedReceipt } from './receipt-store.ts'
import { putReturnJob } from './relay-jobs.ts'
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
 * history. All in the caller's transaction with the jobs that carry it on, so that what is stored here also
 * travels; evidence that is there already changes nothing.
 *
 * @param known branches that the caller has read already
 * @throws CongvanError `RELAY_RECEIPT_CONTRADICTS`; the caller's transaction must not commit then
 */
export async function passBack(
  trx: NodeTransaction,
  context: NodeContext,
  evidence: readonly Evidence[],
  now: Date,
  known: readonly Branch[] = [],
): Promise<void> {
  const branches = [...known]
  const home: Homecoming[] = []
  const isNew = await together(
    evidence.map((one) =>
      one.kind === 'receipt'
        ? insertReceipt(trx, one.sealed, now)
        : insertStatusMessage(trx, one.sealed, now),
    ),
  )
  // Begun only when nothing can be thrown any more before all of them are waited for.
  const onward: (() => Promise<void>)[] = []
  for (const one of evidence.filter((_, index) => isNew[index] === true)) {
    for (const [peer, recipients] of await previousHops(trx, deliveriesOf(one), branches)) {
      if (peer === null) home.push({ evidence: one, recipients })
      else onward.push(() => ontoTheWay(trx, context, one, { peer, urgency: urgencyOf(one, branches) }, now))
    }
  }
  await together(onward.map((send) => send()))
  await intoHistory(trx, context, home, now)
}

/** Evidence that has come back to where its deliveries began. */
interface Homecoming {
  readonly evidence: Evidence
  readonly recipients: readonly string[]
}

interface Deliveries {
  readonly envelopeSha256: string
  readonly series: number
  readonly recipients: readonly string[]
}

function deliveriesOf(evidence: Evidence): Deliveries {
  if (evidence.kind === 'receipt') return evidence.sealed.receipt
  const { envelopeSha256, series, recipient } = evidence.sealed
  return { envelopeSha256, series, recipients: [recipient] }
}

/**
 * The recipients by the peer that their delivery came from; null: they were sent from here.
 *
 * @param branches those read so far; what is read now is added
 */
async function previousHops(
  trx: NodeTransaction,
  { envelopeSha256, series, recipients }: Deliveries,
  branches: Branch[],
): Promise<Map<string | null, string[]>> {
  const hops = new Map<string | null, string[]>()
  for (const recipient of recipients) {
    const isOf = (one: Branch) =>
      one.envelopeSha256 === envelopeSha256 && one.series === series && one.recipients.includes(recipient)
    const known = branches.find(isOf)
    const branch = known ?? (await branchOfDelivery(trx, { envelopeSha256, series, recipient }))
    if (branch === undefined) {
      throw new CongvanError('RELAY_MESSAGE_REJECTED', { reason: `no delivery to ${recipient} passed here` })
    }
    if (known === undefined) branches.push(branch)
    const peer = branch.previous?.peer ?? null
    hops.set(peer, [...(hops.get(peer) ?? []), recipient])
  }
  return hops
}

/** Evidence is as urgent as the document that it is about. */
function urgencyOf(evidence: Evidence, branches: readonly Branch[]): number {
  const { envelopeSha256 } = deliveriesOf(evidence)
  return branches.find((one) => one.envelopeSha256 === envelopeSha256)?.urgency ?? 0
}

/**
 * How long evidence is offered to a hop that does not take it, after the longest `notAfter`: the delivery has
 * happened, and a node that was away or whose directory lags must still learn of it.
 */
const RETURN_MS = 30 * 86_400_000

export function returnsUntil({ limits }: NodeContext, now: Date): Date {
  return new Date(now.getTime() + limits.deliveryHours * 3_600_000 + RETURN_MS)
}

async function ontoTheWay(
  trx: NodeTransaction,
  context: NodeContext,
  evidence: Evidence,
  { peer, urgency }: { readonly peer: string; readonly urgency: number },
  now: Date,
): Promise<void> {
  const giveUpAt = returnsUntil(context, now)
  const message = { peer, kind: evidence.kind, messageSha256: evidence.sealed.sha256, giveUpAt, urgency }
  const id = await insertReturn(trx, message, now)
  if (id !== undefined) await putReturnJob(trx, context, { id, attempt: 0, urgency })
  const actor = { kind: 'node', nodeId: context.nodeId } as const
  await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, null, {
    kind: evidence.kind === 'receipt' ? 'relay.receipt' : 'relay.status',
    subject: `envelope:${deliveriesOf(evidence).envelopeSha256}`,
    facts: { ...factsOf(evidence), to: peer },
  })
}

/** Adds evidence to the histories of the agencies that sent the envelopes. */
async function intoHistory(
  trx: NodeTransaction,
  context: NodeContext,
  home: readonly Homecoming[],
  now: Date,
): Promise<void> {
  const actor = { kind: 'node', nodeId: context.nodeId } as const
  for (const sha256 of new Set(home.map((one) => deliveriesOf(one.evidence).envelopeSha256))) {
    const envelope = await findEnvelope(trx, sha256)
    const agencyId = envelope?.sender?.agencyId
    if (envelope === undefined || agencyId === undefined)
      throw new Error(`envelope ${sha256} was not made here`)
    const mine = home.filter((one) => deliveriesOf(one.evidence).envelopeSha256 === sha256)
    countEnds(trx, context, mine, envelope.sealedAt, now)
    await withAgencyTables(trx, agencyId, async (agency) => {
      const add = async ({ evidence, recipients }: Homecoming) => {
        const { series } = deliveriesOf(evidence)
        const deliveries = await lockDeliveries(agency, agencyId, sha256, series, recipients)
        await addToHistory(agency, agencyId, deliveries, evidence, now)
        await appendLogEntry(agency, { nodeId: context.nodeId, actor, now }, agencyId, {
          kind: evidence.kind === 'receipt' ? 'delivery.receipt' : 'delivery.status',
          subject: `envelope:${sha256}`,
          facts: factsOf(evidence),
        })
      }
      for (const wave of waves(mine)) await together(wave.map(add))
    })
  }
}

/** Evidence in groups, in its order: within a group all is about different deliveries. */
function waves(home: readonly Homecoming[]): Homecoming[][] {
  const groups: Homecoming[][] = []
  const next = new Map<string, number>()
  for (const one of home) {
    const { series } = deliveriesOf(one.evidence)
    const keys = one.recipients.map((recipient) => `${series} ${recipient}`)
    const at = Math.max(0, ...keys.map((key) => next.get(key) ?? 0))
    for (const key of keys) next.set(key, at + 1)
    const group = groups[at] ?? []
    group.push(one)
    groups[at] = group
  }
  return groups
}

/** How long deliveries took from their dispatch, for those that end now. */
function countEnds(
  trx: NodeTransaction,
  { meter }: NodeContext,
  home: readonly Homecoming[],
  dispatchedAt: Date,
  now: Date,
): void {
  if (meter === undefined) return
  const seconds = (now.getTime() - dispatchedAt.getTime()) / 1000
  for (const { evidence, recipients } of home) {
    if (evidence.kind !== 'receipt' || !isTerminalEvent(evidence.sealed.receipt.event)) continue
    const { event } = evidence.sealed.receipt
    afterCommit(trx, () => {
      for (const _recipient of recipients) meter.delivered(event, seconds)
    })
  }
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
  await together([
    insertDeliveryEvents(agency, agencyId, ids, stored),
    ...[...moved.values()].map((one) => updateProgress(agency, agencyId, one.ids, one.progress, now)),
  ])
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
        reasonText: receipt.reasonText ?? null,
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
      reasonText: null,
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
