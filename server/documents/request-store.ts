/**
 * The only SQL of `incoming_requests`: what the sender of a document asks of it afterwards, each in the message (the
 * notice) that brought it.
 */
import type { AgencyTransaction } from '../db.ts'
import { codeKey } from './document-keys.ts'

/** BussinessDocType 1: to give the document up; 2: to change what was said of it. */
export type RequestType = 1 | 2

/** What an update changes; what is left out stays. Dates are `YYYY-MM-DD`, null takes the value away. */
export interface RequestedChange {
  readonly dueDate?: string | null
  /** How the list of recipients changes, for information: code, and whether it was added. */
  readonly receivers?: readonly { readonly code: string; readonly added: boolean }[]
}

/** `waiting`: no document of this sender with that DocumentId is here yet. */
export type RequestState = 'waiting' | 'open' | 'agreed' | 'declined'

export interface IncomingRequest {
  readonly id: string
  /** The incoming document that brought it. */
  readonly noticeId: string
  readonly type: RequestType
  readonly senderCode: string
  /** DocumentId of what it is about. */
  readonly targetCode: string
  readonly targetId: string | null
  readonly reason: string | null
  readonly change: RequestedChange | null
  /** A recall that speaks of paper copies, which are sent back. */
  readonly asksPaper: boolean
  /** Of an agreed update: what stood there before. */
  readonly previous: RequestedChange | null
  readonly state: RequestState
  readonly requestedAt: Date
  readonly decided: {
    readonly by: { readonly userId: string; readonly name: string }
    readonly at: Date
    readonly text: string | null
  } | null
}

interface Row {
  readonly id: string
  readonly notice_id: string
  readonly business_type: RequestType
  readonly sender_code: string
  readonly target_code: string
  readonly target_id: string | null
  readonly reason: string | null
  readonly change: RequestedChange | null
  readonly asks_paper: boolean
  readonly previous: RequestedChange | null
  readonly state: RequestState
  readonly requested_at: Date
  readonly decided_by: string | null
  readonly decided_by_name: string | null
  readonly decided_at: Date | null
  readonly decision: string | null
}

function fromRow(row: Row): IncomingRequest {
  const { decided_by: by, decided_at: at } = row
  return {
    id: row.id,
    noticeId: row.notice_id,
    type: row.business_type,
    senderCode: row.sender_code,
    targetCode: row.target_code,
    targetId: row.target_id,
    reason: row.reason,
    change: row.change,
    asksPaper: row.asks_paper,
    previous: row.previous,
    state: row.state,
    requestedAt: row.requested_at,
    decided:
      by === null || at === null
        ? null
        : { by: { userId: by, name: row.decided_by_name ?? '' }, at, text: row.decision },
  }
}

export type NewRequest = Pick<
  IncomingRequest,
  'id' | 'noticeId' | 'type' | 'senderCode' | 'targetCode' | 'reason' | 'change' | 'asksPaper' | 'requestedAt'
>

/** Notes what a message asks, before it is known whether the document that it is about is here. */
export async function insertRequest(
  trx: AgencyTransaction,
  agencyId: string,
  request: NewRequest,
): Promise<void> {
  await trx('incoming_requests').insert({
    agency_id: agencyId,
    id: request.id,
    notice_id: request.noticeId,
    business_type: request.type,
    sender_code: request.senderCode,
    target_code: request.targetCode,
    target_key: codeKey({ documentCode: request.targetCode }),
    reason: request.reason,
    change: request.change === null ? null : JSON.stringify(request.change),
    asks_paper: request.asksPaper,
    state: 'waiting',
    requested_at: request.requestedAt,
  })
}

/** What waits for a document with this DocumentId, oldest first; of whichever sender. */
export async function waitingRequests(
  trx: AgencyTransaction,
  documentCode: string,
): Promise<IncomingRequest[]> {
  const rows: Row[] = await trx('incoming_requests')
    .where({ target_key: codeKey({ documentCode }), state: 'waiting' })
    .orderBy(['requested_at', 'id'])
    .select('*')
  return rows.map(fromRow)
}

/** What was asked of a document, oldest first. */
export async function requestsAbout(trx: AgencyTransaction, documentId: string): Promise<IncomingRequest[]> {
  const rows: Row[] = await trx('incoming_requests')
    .where({ target_id: documentId })
    .orderBy(['requested_at', 'id'])
    .select('*')
  return rows.map(fromRow)
}

/** What a message asks. */
export async function requestOfNotice(
  trx: AgencyTransaction,
  noticeId: string,
): Promise<IncomingRequest | undefined> {
  const row = await trx('incoming_requests').where({ notice_id: noticeId }).first<Row | undefined>('*')
  return row === undefined ? undefined : fromRow(row)
}

/** The document that it is about is here. @returns whether it was waiting */
export async function openRequest(trx: AgencyTransaction, id: string, targetId: string): Promise<boolean> {
  const changed = await trx('incoming_requests')
    .where({ id, state: 'waiting' })
    .update({ target_id: targetId, state: 'open' })
  return changed > 0
}

export async function decideRequest(
  trx: AgencyTransaction,
  id: string,
  decision: {
    readonly state: 'agreed' | 'declined'
    readonly by: { readonly userId: string; readonly name: string }
    readonly at: Date
    readonly text: string | null
    readonly previous?: RequestedChange
  },
): Promise<void> {
  await trx('incoming_requests')
    .where({ id })
    .update({
      state: decision.state,
      decided_by: decision.by.userId,
      decided_by_name: decision.by.name,
      decided_at: decision.at,
      decision: decision.text,
      ...(decision.previous === undefined ? {} : { previous: JSON.stringify(decision.previous) }),
    })
}
