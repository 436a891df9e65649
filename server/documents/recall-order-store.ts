/** The only SQL of `recall_orders`: what an agency has recalled of its own, each order a row of its own. */
import type { AgencyTransaction } from '../db.ts'

/** `cancelled`: it never left this node. `notice`: the recipient was asked by the envelope of the order. */
export type RecallWay = 'cancelled' | 'notice'

export interface RecallOrder {
  readonly id: string
  readonly documentId: string
  /** The notice of recall (văn bản thông báo thu hồi); null where nobody had to be asked. */
  readonly noticeId: string | null
  /** The envelope that brought the notice and the recall to those who were asked. */
  readonly envelopeSha256: string | null
  readonly reason: string
  readonly recipients: readonly { readonly code: string; readonly way: RecallWay }[]
  readonly by: { readonly userId: string; readonly name: string }
  readonly at: Date
}

export async function insertRecallOrder(
  trx: AgencyTransaction,
  agencyId: string,
  order: RecallOrder,
): Promise<void> {
  await trx('recall_orders').insert({
    agency_id: agencyId,
    id: order.id,
    document_id: order.documentId,
    notice_id: order.noticeId,
    envelope_sha256: order.envelopeSha256,
    reason: order.reason,
    recipients: JSON.stringify(order.recipients),
    ordered_by: order.by.userId,
    ordered_by_name: order.by.name,
    ordered_at: order.at,
  })
}

interface Row {
  readonly id: string
  readonly document_id: string
  readonly notice_id: string | null
  readonly envelope_sha256: string | null
  readonly reason: string
  readonly recipients: RecallOrder['recipients']
  readonly ordered_by: string
  readonly ordered_by_name: string
  readonly ordered_at: Date
}

function fromRow(row: Row): RecallOrder {
  return {
    id: row.id,
    documentId: row.document_id,
    noticeId: row.notice_id,
    envelopeSha256: row.envelope_sha256,
    reason: row.reason,
    recipients: row.recipients,
    by: { userId: row.ordered_by, name: row.ordered_by_name },
    at: row.ordered_at,
  }
}

/** The recalls of a document, oldest first. */
export async function readRecallOrders(trx: AgencyTransaction, documentId: string): Promise<RecallOrder[]> {
  const rows: Row[] = await trx('recall_orders')
    .where({ document_id: documentId })
    .orderBy(['ordered_at', 'id'])
    .select('*')
  return rows.map(fromRow)
}

/** The recalls for which a document is the notice, oldest first. */
export async function readOrdersByNotice(trx: AgencyTransaction, noticeId: string): Promise<RecallOrder[]> {
  const rows: Row[] = await trx('recall_orders')
    .where({ notice_id: noticeId })
    .orderBy(['ordered_at', 'id'])
    .select('*')
  return rows.map(fromRow)
}
