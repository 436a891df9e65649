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
}

/** @returns the new row's id; `undefined` when this message is on its way to that peer already */
export async function insertReturn(
  trx: NodeTransaction,
  message: Pick<Return, 'peer' | 'kind' | 'messageSha256' | 'giveUpAt'>,
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

/** As `takeOverdueBranches`, for the way back. */
export async function takeOverdueReturns(
  trx: NodeTransaction,
  before: Date,
  now: Date,
): Promise<{ id: string; attempt: number }[]> {
  return trx('returns')
    .where({ state: 'queued' })
    .where('run_after', '<', before)
    .update({ attempt: trx.raw('attempt + 1'), run_after: now })
    .returning<{ id: string; attempt: number }[]>(['id', 'attempt'])
}
