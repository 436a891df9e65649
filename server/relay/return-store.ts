import { randomUUID } from 'node:crypto'
import type { NodeTransaction } from '../db.ts'

/** A receipt or status to be handed to the hop before this one. */
export interface Return {
  readonly id: string
  readonly peer: string
  readonly kind: 'receipt' | 'status'
  readonly messageSha256: string
  readonly state: 'queued' | 'done' | 'failed'
  /** Counts what was put in the queue; a job of another number is stale. */
  readonly attempt: number
  readonly failures: number
  readonly giveUpAt: Date
  /** Priority of the document that it is about, 0 to 4. */
  readonly urgency: number
}

interface ReturnRow {
  readonly id: string
  readonly peer: string
  readonly kind: 'receipt' | 'status'
  readonly message_sha256: string
  readonly state: 'queued' | 'done' | 'failed'
  readonly attempt: number
  readonly failures: number
  readonly give_up_at: Date
  readonly urgency: number
}

/** @returns the new row's id; `undefined` when this message is on its way to that peer already */
export async function insertReturn(
  trx: NodeTransaction,
  message: Pick<Return, 'peer' | 'kind' | 'messageSha256' | 'giveUpAt' | 'urgency'>,
  now: Date,
): Promise<string | undefined> {
  const id = randomUUID()
  const inserted = await trx('returns')
    .insert({
      id,
      peer: message.peer,
      kind: message.kind,
      message_sha256: message.messageSha256,
      state: 'queued',
      run_after: now,
      give_up_at: message.giveUpAt,
      urgency: message.urgency,
      created_at: now,
    })
    .onConflict(['peer', 'message_sha256'])
    .ignore()
    .returning('id')
  return inserted.length > 0 ? id : undefined
}

export async function findReturn(trx: NodeTransaction, id: string): Promise<Return | undefined> {
  const row = await trx('returns').where({ id }).first<ReturnRow | undefined>('*')
  return row === undefined ? undefined : toReturn(row)
}

export async function lockReturn(trx: NodeTransaction, id: string): Promise<Return | undefined> {
  const row = await trx('returns').where({ id }).forUpdate().first<ReturnRow | undefined>('*')
  return row === undefined ? undefined : toReturn(row)
}

function toReturn(row: ReturnRow): Return {
  return {
    id: row.id,
    peer: row.peer,
    kind: row.kind,
    messageSha256: row.message_sha256,
    state: row.state,
    attempt: row.attempt,
    failures: row.failures,
    giveUpAt: row.give_up_at,
    urgency: row.urgency,
  }
}

export async function settleReturn(
  trx: NodeTransaction,
  id: string,
  end: { readonly state: 'done' | 'failed'; readonly outcome: string; readonly reason?: string },
  now: Date,
): Promise<void> {
  await trx('returns')
    .where({ id })
    .update({ state: end.state, outcome: end.outcome, reason: end.reason ?? null, settled_at: now })
}

/** Notes a failed try and when the next is due. @returns the number that the next job must carry */
export async function postponeReturn(
  trx: NodeTransaction,
  id: string,
  failure: { readonly outcome: string; readonly reason: string; readonly runAfter: Date },
): Promise<number> {
  const rows = await trx('returns')
    .where({ id })
    .update({
      attempt: trx.raw('attempt + 1'),
      failures: trx.raw('failures + 1'),
      outcome: failure.outcome,
      reason: failure.reason,
      run_after: failure.runAfter,
    })
    .returning<{ attempt: number }[]>('attempt')
  return rows[0]?.attempt ?? 0
}

/** As `parkBranch`, for the way back. */
export async function parkReturn(
  trx: NodeTransaction,
  id: string,
  wait: { readonly outcome: string; readonly reason: string; readonly runAfter: Date },
): Promise<number> {
  const rows = await trx('returns')
    .where({ id })
    .update({
      attempt: trx.raw('attempt + 1'),
      outcome: trx.raw('coalesce(outcome, ?)', [wait.outcome]),
      reason: trx.raw('coalesce(reason, ?)', [wait.reason]),
      run_after: wait.runAfter,
    })
    .returning<{ attempt: number }[]>('attempt')
  return rows[0]?.attempt ?? 0
}

/** Makes a message due that waits or was given up. @returns the number that the next job must carry */
export async function redriveReturn(
  trx: NodeTransaction,
  id: string,
  due: { readonly runAfter: Date; readonly giveUpAt: Date },
): Promise<number> {
  const rows = await trx('returns')
    .where({ id })
    .update({
      attempt: trx.raw('attempt + 1'),
      state: 'queued',
      settled_at: null,
      run_after: due.runAfter,
      give_up_at: due.giveUpAt,
    })
    .returning<{ attempt: number }[]>('attempt')
  return rows[0]?.attempt ?? 0
}

/** As `takeWaitingBranches`, for the way back. */
export async function takeWaitingReturns(
  trx: NodeTransaction,
  wait: { readonly peer: string; readonly laterThan: Date; readonly most: number; readonly runAfter: Date },
): Promise<{ id: string; attempt: number; urgency: number }[]> {
  const { rows } = await trx.raw<{ rows: { id: string; attempt: number; urgency: number }[] }>(
    `update returns set attempt = attempt + 1, run_after = :runAfter
     where id in (
       select id from returns where peer = :peer and state = 'queued' and run_after > :laterThan
       order by urgency desc, failures, run_after limit :most for update skip locked)
     returning id, attempt, urgency`,
    { ...wait },
  )
  return rows
}

/** As `takeOverdueBranches`, for the way back. */
export async function takeOverdueReturns(
  trx: NodeTransaction,
  before: Date,
  now: Date,
): Promise<{ id: string; attempt: number; urgency: number }[]> {
  return trx('returns')
    .where({ state: 'queued' })
    .where('run_after', '<', before)
    .update({ attempt: trx.raw('attempt + 1'), run_after: now })
    .returning<{ id: string; attempt: number; urgency: number }[]>(['id', 'attempt', 'urgency'])
}
