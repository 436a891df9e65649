import type { AgencyTransaction } from '../db.ts'
import { type RecallOrder, type RecallWay, readRecallOrders } from '../documents/recall-order-store.ts'
import {
  type Delivery,
  deliveriesOfDocument,
  eventsOfDeliveries,
  type StoredDeliveryEvent,
} from './delivery-store.ts'

/** What a recall asked of the recipient of a delivery and what came back. Times are ISO 8601. */
export interface TrackedRecall {
  readonly way: RecallWay
  readonly reason: string
  /** The notice of recall; null where the delivery was cancelled before it left. */
  readonly notice: string | null
  readonly envelope: string | null
  readonly orderedAt: string
  /** 15 agreed, 16 declined: the newest, since who declined may still agree. Null: not answered yet. */
  readonly answer: {
    readonly code: '15' | '16'
    readonly text: string | null
    readonly time: string
    /** The sealed status, which stands in the history of the notice's delivery. */
    readonly message: string
  } | null
}

/** The recalls of deliveries, by delivery id. The answers are statuses of the envelope that brought the notice. */
export async function recallsOf(
  trx: AgencyTransaction,
  deliveries: readonly Delivery[],
): Promise<Map<string, TrackedRecall>> {
  const found = new Map<string, TrackedRecall>()
  for (const documentId of new Set(deliveries.map((one) => one.documentId))) {
    const mine = deliveries.filter((one) => one.documentId === documentId)
    for (const order of await readRecallOrders(trx, documentId)) {
      const answers = await answersTo(trx, order)
      for (const { code, way } of order.recipients) {
        for (const delivery of mine.filter((one) => one.recipient === code)) {
          found.set(delivery.id, trackedRecall(order, way, answers.get(delivery.recipientAgencyId)))
        }
      }
    }
  }
  return found
}

/** The newest answer of each recipient, by its agency; the notice may have gone out again in another envelope. */
async function answersTo(
  trx: AgencyTransaction,
  { noticeId }: RecallOrder,
): Promise<Map<string, StoredDeliveryEvent>> {
  if (noticeId === null) return new Map()
  const asked = await deliveriesOfDocument(trx, noticeId)
  const events = await eventsOfDeliveries(
    trx,
    asked.map((one) => one.id),
  )
  const answers = new Map<string, StoredDeliveryEvent>()
  for (const { id, recipientAgencyId } of asked) {
    for (const one of events.get(id) ?? []) {
      const known = answers.get(recipientAgencyId)
      const isNewer = known === undefined || one.occurredAt >= known.occurredAt
      if (one.kind === 'status' && isAnswer(one.code) && isNewer) answers.set(recipientAgencyId, one)
    }
  }
  return answers
}

function isAnswer(code: string): code is '15' | '16' {
  return code === '15' || code === '16'
}

function trackedRecall(
  order: RecallOrder,
  way: RecallWay,
  answer: StoredDeliveryEvent | undefined,
): TrackedRecall {
  return {
    way,
    reason: order.reason,
    notice: way === 'notice' ? order.noticeId : null,
    envelope: way === 'notice' ? order.envelopeSha256 : null,
    orderedAt: order.at.toISOString(),
    answer:
      answer === undefined || !isAnswer(answer.code)
        ? null
        : {
            code: answer.code,
            text: answer.reason,
            time: answer.occurredAt.toISOString(),
            message: answer.messageSha256,
          },
  }
}
