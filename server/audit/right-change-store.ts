/**
 * Changes of rights that nobody with authority has looked at yet (NĐ 30/2020, Phụ lục VI, III.3c): each stays on the
 * agency's alert list until it is confirmed or reverted. Written in the transaction that changes the right.
 */
import { randomUUID } from 'node:crypto'
import type { UserActor } from '../actor.ts'
import type { AgencyTransaction } from '../db.ts'
import type { LogContext } from './audit-store.ts'

export interface NewRightChange {
  readonly agencyId: string
  /** E.g. `role-granted`, `role-revoked`, `account-password-reset`, `document-permitted`, `dossier-withdrawn`. */
  readonly kind: string
  /** What the right is to: `user:<id>` for a role, `document:<id>`, `dossier:<id>`. */
  readonly subject: string
  /** Whose right it is; null when it is everybody's. */
  readonly userId: string | null
  /** The role, or the kind of access. */
  readonly right: string
  readonly reason: string
  /** The account that changed it; null: at the node's own console. */
  readonly by: string | null
  readonly at: Date
  /** The right as it was, in the form of whoever undoes the change; left out where there was none. */
  readonly before?: object | undefined
}

export interface RightChange extends Omit<NewRightChange, 'agencyId' | 'before'> {
  readonly id: string
  /** `null` also for a change that was made before this was kept. */
  readonly before: unknown
  readonly outcome: 'confirmed' | 'reverted' | null
  readonly settledBy: string | null
  readonly settledAt: Date | null
}

/**
 * Undoes what a change did, in the same transaction.
 *
 * @returns false for a kind of change that it does not know, or one that says too little to be undone
 */
export type UndoRightChange = (
  trx: AgencyTransaction,
  log: LogContext & { readonly actor: UserActor },
  change: RightChange,
) => Promise<boolean>

/** @returns the id of the change on the alert list */
export async function recordRightChange(trx: AgencyTransaction, change: NewRightChange): Promise<string> {
  const id = randomUUID()
  await trx('right_changes').insert({
    agency_id: change.agencyId,
    id,
    kind: change.kind,
    subject: change.subject,
    user_id: change.userId,
    right_name: change.right,
    reason: change.reason,
    changed_by: change.by,
    changed_at: change.at,
    before: change.before === undefined ? null : JSON.stringify(change.before),
  })
  return id
}

interface Row {
  id: string
  kind: string
  subject: string
  user_id: string | null
  right_name: string
  reason: string
  changed_by: string | null
  changed_at: Date
  before: unknown
  outcome: 'confirmed' | 'reverted' | null
  settled_by: string | null
  settled_at: Date | null
}

function fromRow(row: Row): RightChange {
  return {
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    userId: row.user_id,
    right: row.right_name,
    reason: row.reason,
    by: row.changed_by,
    at: row.changed_at,
    before: row.before,
    outcome: row.outcome,
    settledBy: row.settled_by,
    settledAt: row.settled_at,
  }
}

/** The open changes of the transaction's agency, oldest first, after a position of this list. */
export async function listOpenRightChanges(
  trx: AgencyTransaction,
  page: { readonly after?: { readonly at: Date; readonly id: string } | undefined; readonly limit: number },
): Promise<RightChange[]> {
  const query = trx('right_changes').whereNull('outcome').orderBy(['changed_at', 'id']).limit(page.limit)
  if (page.after !== undefined) {
    query.whereRaw('(changed_at, id) > (?::timestamptz, ?::uuid)', [page.after.at, page.after.id])
  }
  return (await query.select<Row[]>()).map(fromRow)
}

/** Whose role, or whose account, was changed by somebody of the node's people and waits for confirmation. */
export async function usersInWaiting(
  trx: AgencyTransaction,
  what: { readonly grantOf: string } | { readonly accounts: true },
): Promise<Set<string>> {
  const query = trx('right_changes').whereNull('outcome').whereNotNull('changed_by').whereNotNull('user_id')
  if ('grantOf' in what) query.where({ kind: 'role-granted', right_name: what.grantOf })
  else query.whereLike('kind', 'account-%')
  return new Set(await query.distinct().pluck<string[]>('user_id'))
}

/** The change, which nobody else settles until the transaction ends. */
export async function lockRightChange(trx: AgencyTransaction, id: string): Promise<RightChange | undefined> {
  const row = await trx('right_changes').where({ id }).forUpdate().first<Row | undefined>()
  return row === undefined ? undefined : fromRow(row)
}

export async function settleRightChange(
  trx: AgencyTransaction,
  id: string,
  settled: { readonly outcome: 'confirmed' | 'reverted'; readonly by: string; readonly at: Date },
): Promise<void> {
  await trx('right_changes')
    .where({ id })
    .update({ outcome: settled.outcome, settled_by: settled.by, settled_at: settled.at })
}
