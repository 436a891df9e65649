import { z } from 'zod'
import { type ApiClient, derivedKey } from './api-client.ts'

const time = z.string()
const nodeName = z.string().nullable()

const deliveryForm = z.object({
  id: z.uuid(),
  documentId: z.uuid(),
  recipient: z.string(),
  envelope: z.string(),
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
})
export type Delivery = z.output<typeof deliveryForm>

const dispatchedForm = z.object({
  envelope: z.string(),
  deliveries: z.array(z.object({ id: z.uuid(), recipient: z.string(), state: z.string() })),
})
export type Dispatched = z.output<typeof dispatchedForm>

/** Hands an issued document to the relay, once for these recipients however often it is asked. */
export function dispatchDocument(
  client: ApiClient,
  id: string,
  recipients: readonly string[],
): Promise<Dispatched> {
  // The order in which recipients are named means nothing; the request must be the same whenever the key is.
  const sorted = [...recipients].sort()
  const idempotencyKey = derivedKey('dispatch', id, sorted.join(' '))
  return client.post(`/documents/${encodeURIComponent(id)}/dispatch`, dispatchedForm, {
    json: { recipients: sorted },
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

/** What became of each delivery of a document. */
export async function trackDocument(client: ApiClient, id: string): Promise<Delivery[]> {
  const { deliveries } = await client.get(
    `/documents/${encodeURIComponent(id)}/deliveries`,
    z.object({ deliveries: z.array(deliveryForm) }),
  )
  return deliveries
}
