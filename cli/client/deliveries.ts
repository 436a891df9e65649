import { z } from 'zod'
import { type ApiClient, derivedKey } from './api-client.ts'

const time = z.string()
const nodeName = z.string().nullable()

const deliveryForm = z.object({
  id: z.uuid(),
  documentId: z.uuid(),
  recipient: z.string(),
  envelope: z.string(),
  series: z.int().default(1),
  state: z.string(),
  hops: z.array(z.object({ from: nodeName, to: z.string(), event: z.string(), receipt: z.string(), time })),
  receipts: z.array(
    z.object({
      event: z.string(),
      node: z.string(),
      reason: z.string().nullable(),
      receipt: z.string(),
      time,
    }),
  ),
  statuses: z.array(
    z.object({ code: z.string(), node: z.string(), description: z.string().nullable(), time }),
  ),
  terminal: z
    .object({
      event: z.string(),
      node: z.string(),
      reason: z.string().nullable(),
      // Older nodes do not say it.
      reasonText: z.string().nullish(),
      time,
    })
    .nullable(),
  // Older nodes know no recall.
  recall: z.object({ way: z.string(), answer: z.object({ code: z.string() }).nullable() }).nullish(),
})
export type Delivery = z.output<typeof deliveryForm>

const dispatchedForm = z.object({
  envelope: z.string(),
  deliveries: z.array(z.object({ id: z.uuid(), recipient: z.string(), state: z.string() })),
})
export type Dispatched = z.output<typeof dispatchedForm>

/** What a document does to others of its own agency; at most one of them. */
export interface Superseding {
  readonly replaces?: readonly string[]
  readonly corrects?: string
  readonly updates?: {
    readonly document: string
    readonly reason: string
    readonly added: readonly string[]
    readonly removed: readonly string[]
  }
}

/** Hands an issued document to the relay, once for these recipients however often it is asked. */
export function dispatchDocument(
  client: ApiClient,
  id: string,
  recipients: readonly string[],
  superseding: Superseding = {},
): Promise<Dispatched> {
  // The order in which recipients are named means nothing; the request must be the same whenever the key is.
  const sorted = [...recipients].sort()
  const more = Object.keys(superseding).length === 0 ? [] : [JSON.stringify(superseding)]
  const idempotencyKey = derivedKey('dispatch', id, sorted.join(' '), ...more)
  return client.post(`/documents/${encodeURIComponent(id)}/dispatch`, dispatchedForm, {
    json: { recipients: sorted, ...superseding },
    idempotencyKey,
  })
}

/** Passes a received document on as it came, once for these recipients however often it is asked. */
export function forwardDocument(
  client: ApiClient,
  id: string,
  recipients: readonly string[],
  overrideReason?: string,
): Promise<Dispatched> {
  const sorted = [...recipients].sort()
  const json = { recipients: sorted, ...(overrideReason === undefined ? {} : { overrideReason }) }
  const idempotencyKey = derivedKey('forward', id, JSON.stringify(json))
  return client.post(`/documents/${encodeURIComponent(id)}/forward`, dispatchedForm, { json, idempotencyKey })
}

const redispatchedForm = z.object({
  delivery: z.uuid(),
  recipient: z.string(),
  envelope: z.string(),
  series: z.int(),
})
export type Redispatched = z.output<typeof redispatchedForm>

/** Tries a delivery anew that ended undeliverable or expired, once however often it is asked. */
export function redispatchDelivery(client: ApiClient, delivery: string): Promise<Redispatched> {
  const idempotencyKey = derivedKey('redispatch', delivery, '')
  return client.post(`/deliveries/${encodeURIComponent(delivery)}/redispatch`, redispatchedForm, {
    json: {},
    idempotencyKey,
  })
}

/** What became of each delivery of a document. */
export async function trackDocument(client: ApiClient, id: string): Promise<Delivery[]> {
  const { deliveries } = await client.get(
    `/documents/${encodeURIComponent(id)}/deliveries`,
    z.object({ deliveries: z.array(deliveryForm) }),
  )
  return deliveries
}

/** The bundle of evidence of a sent document, as the node gives it out. */
export function downloadEvidence(client: ApiClient, id: string): Promise<Uint8Array> {
  return client.getBytes(`/documents/${encodeURIComponent(id)}/evidence`)
}
