import type { AgencyTransaction } from '../db.ts'
import { type DeliveryProgress, type DeliveryState, deliveryState } from './delivery.ts'
import type { StuckRow, StuckSpan } from './stuck-store.ts'

/** A delivery as its sender sees it. */
export interface Delivery {
  readonly id: string
  readonly documentId: string
  readonly envelopeSha256: string
  readonly series: number
  /** Agency code, as it was dispatched. */
  readonly recipient: string
  /** The agency that bore the code then: it gets a document once, by whichever of its codes. */
  readonly recipientAgencyId: string
  readonly progress: DeliveryProgress
  readonly state: DeliveryState
  readonly notAfter: Date
  readonly createdAt: Date
  readonly updatedAt: Date
}

export interface StoredDeliveryEvent {
  readonly kind: 'receipt' | 'status'
  /** Event name of a receipt, two digits of a status. */
  readonly code: string
  /** The node that sealed it. */
  readonly node: string
  readonly reason: string | null
  /** What a receipt says in words beside its reason code. */
  readonly reasonText: string | null
  readonly previousReceipt: string | null
  readonly messageSha256: string
  readonly occurredAt: Date
  readonly receivedAt: Date
}

interface DeliveryRow {
  readonly id: string
  readonly document_id: string
  readonly envelope_sha256: string
  readonly series: number
  readonly recipient: string
  readonly recipient_agency_id: string
  readonly transport: DeliveryProgress['transport']
  readonly handling: DeliveryProgress['handling']
  readonly state: DeliveryState
  readonly not_after: Date
  readonly created_at: Date
  readonly updated_at: Date
}

function toDelivery(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    documentId: row.document_id,
    envelopeSha256: row.envelope_sha256,
    series: row.series,
    recipient: row.recipient,
    recipientAgencyId: row.recipient_agency_id,
    progress: { transport: row.transport, handling: row.handling },
    state: row.state,
    notAfter: row.not_after,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

export async function insertDeliveries(
  trx: AgencyTransaction,
  agencyId: string,
  deliveries: readonly Omit<Delivery, 'state' | 'updatedAt'>[],
): Promise<void> {
  await trx('deliveries').insert(
    deliveries.map((one) => ({
      agency_id: agencyId,
      id: one.id,
      document_id: one.documentId,
      envelope_sha256: one.envelopeSha256,
      series: one.series,
      recipient: one.recipient,
      recipient_agency_id: one.recipientAgencyId,
      transport: one.progress.transport,
      handling: one.progress.handling,
      state: deliveryState(one.progress),
      not_after: one.notAfter,
      created_at: one.createdAt,
      updated_at: one.createdAt,
    })),
  )
}

/** Deliveries of an envelope to some recipients, locked in the order of their recipients until the transaction ends. */
export async function lockDeliveries(
  trx: AgencyTransaction,
  agencyId: string,
  envelopeSha256: string,
  series: number,
  recipients: readonly string[],
): Promise<Delivery[]> {
  const rows: DeliveryRow[] = await trx('deliveries')
    .where({ agency_id: agencyId, envelope_sha256: envelopeSha256, series })
    .whereIn('recipient', [...recipients])
    .orderBy('recipient')
    .forUpdate()
  return rows.map(toDelivery)
}

/** Adds events to histories; an event that stands there already is left alone. */
export async function insertDeliveryEvents(
  trx: AgencyTransaction,
  agencyId: string,
  deliveryIds: readonly string[],
  event: StoredDeliveryEvent,
): Promise<void> {
  if (deliveryIds.length === 0) return
  await trx('delivery_events')
    .insert(
      deliveryIds.map((deliveryId) => ({
        agency_id: agencyId,
        delivery_id: deliveryId,
        message_sha256: event.messageSha256,
        kind: event.kind,
        code: event.code,
        node: event.node,
        reason: event.reason,
        reason_text: event.reasonText,
        previous_receipt: event.previousReceipt,
        occurred_at: event.occurredAt,
        received_at: event.receivedAt,
      })),
    )
    .onConflict(['agency_id', 'delivery_id', 'message_sha256'])
    .ignore()
}

export async function updateProgress(
  trx: AgencyTransaction,
  agencyId: string,
  deliveryIds: readonly string[],
  progress: DeliveryProgress,
  now: Date,
): Promise<void> {
  await trx('deliveries')
    .where({ agency_id: agencyId })
    .whereIn('id', [...deliveryIds])
    .update({
      transport: progress.transport,
      handling: progress.handling,
      state: deliveryState(progress),
      updated_at: now,
    })
}

/** All deliveries of a document, by recipient. */
export async function deliveriesOfDocument(trx: AgencyTransaction, documentId: string): Promise<Delivery[]> {
  const rows: DeliveryRow[] = await trx('deliveries')
    .where({ document_id: documentId })
    .orderBy(['series', 'recipient'])
  return rows.map(toDelivery)
}

export async function findDelivery(trx: AgencyTransaction, id: string): Promise<Delivery | undefined> {
  const row = await trx('deliveries').where({ id }).first<DeliveryRow | undefined>('*')
  return row === undefined ? undefined : toDelivery(row)
}

/** Histories by delivery id, each in the order in which its events came in. */
export async function eventsOfDeliveries(
  trx: AgencyTransaction,
  deliveryIds: readonly string[],
): Promise<Map<string, StoredDeliveryEvent[]>> {
  interface EventRow {
    readonly delivery_id: string
    readonly message_sha256: string
    readonly kind: 'receipt' | 'status'
    readonly code: string
    readonly node: string
    readonly reason: string | null
    readonly reason_text: string | null
    readonly previous_receipt: string | null
    readonly occurred_at: Date
    readonly received_at: Date
  }
  const rows: EventRow[] = await trx('delivery_events')
    .whereIn('delivery_id', [...deliveryIds])
    .orderBy('position')
  const events = new Map<string, StoredDeliveryEvent[]>(deliveryIds.map((id) => [id, []]))
  for (const row of rows) {
    events.get(row.delivery_id)?.push({
      kind: row.kind,
      code: row.code,
      node: row.node,
      reason: row.reason,
      reasonText: row.reason_text,
      previousReceipt: row.previous_receipt,
      messageSha256: row.message_sha256,
      occurredAt: row.occurred_at,
      receivedAt: row.received_at,
    })
  }
  return events
}

/** How many deliveries of an agency have not ended: their terminal receipt is still to come. */
export async function countOpenDeliveries(trx: AgencyTransaction, agencyId: string): Promise<number> {
  const row = await trx('deliveries')
    .where('agency_id', agencyId)
    .whereIn('transport', ['queued', 'relayed'])
    .count('* as count')
    .first<{ count: string } | undefined>()
  return Number(row?.count ?? 0)
}

/**
 * Deliveries of an agency that ended without reaching their recipient since a moment, and were not tried again. What
 * somebody here cancelled has ended as it was meant to.
 */
export async function endedDeliveries(trx: AgencyTransaction, span: StuckSpan): Promise<StuckRow[]> {
  const { rows } = await trx.raw<{ rows: StuckRow[] }>(
    `select d.id, 'delivery' as kind, null as peer, 'failed' as state, coalesce(x.urgency, 0) as urgency,
       d.envelope_sha256 as envelope, d.series, array[d.recipient] as recipients, d.updated_at as since, 0 as tries,
       null as "nextTry", case d.transport when 'expired' then 'expired' else coalesce(e.reason, 'undeliverable') end as outcome,
       e.reason_text as reason
     from deliveries d
     join documents x on x.agency_id = d.agency_id and x.id = d.document_id
     left join lateral (
       select reason, reason_text from delivery_events v
       where v.agency_id = d.agency_id and v.delivery_id = d.id and v.kind = 'receipt'
         and v.code in ('RelayRejection', 'ContentConsignmentFailure', 'Expiry')
       order by position desc limit 1) e on true
     where d.transport in ('undeliverable', 'expired') and d.updated_at >= :since
       and coalesce(e.reason, '') not in ('SENDER_CANCELLED', 'OPERATOR_CANCELLED')
       and not exists (select 1 from deliveries n where n.agency_id = d.agency_id and n.document_id = d.document_id
         and n.recipient_agency_id = d.recipient_agency_id and n.series > d.series)
     order by 5 desc, d.updated_at limit :most`,
    { ...span },
  )
  return rows
}
