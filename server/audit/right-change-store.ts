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

/**
 * Whose role, or whose account, was changed by somebody of the node's people and waits for confirmation. A role that
 * was held before the first change that waits, and would be held now, waits for nothing: by giving it anew nobody
 * makes it doubtful.
 */
export async function usersInWaiting(
  trx: AgencyTransaction,
  what: { readonly grantOf: string; readonly now: Date } | { readonly accounts: true },
): Promise<Set<string>> {
  const open = trx('right_changes').whereNull('outcome').whereNotNull('changed_by').whereNotNull('user_id')
  if ('accounts' in what) {
    return new Set(await open.whereLike('kind', 'account-%').distinct().pluck<string[]>('user_id'))
  }
  const first = open
    .where({ right_name: what.grantOf })
    .whereIn('kind', ['role-granted', 'role-revoked'])
    .orderByRaw('user_id, changed_at, before is not null, id')
    .select(trx.raw('distinct on (user_id) user_id, before'))
  const waiting = trx.from(first.as('first')).whereRaw(
    `before is null or cast(before->>'validTo' as timestamptz) <= ?
        or cast(before->>'validFrom' as timestamptz) > ?`,
    [what.now, what.now],
  )
  return new Set(await waiting.pluck<string[]>('user_id'))
}

/** Changes of the same right of the same person, or of everybody. */
function changesOfRight(
  trx: AgencyTransaction,
  { subject, right, userId }: RightChange,
  kinds: readonly string[],
) {
  return trx('right_changes')
    .where({ subject, right_name: right })
    .whereIn('kind', [...kinds])
    .whereRaw('user_id is not distinct from cast(? as uuid)', [userId])
}

/** What was changed once more since, and stands: undoing the older change does not touch it. */
export async function standingSince(
  trx: AgencyTransaction,
  change: RightChange,
  kinds: readonly string[],
): Promise<RightChange[]> {
  const rows = await changesOfRight(trx, change, kinds)
    .where('changed_at', '>', change.at)
    .whereRaw("outcome is distinct from 'reverted'")
    .select<Row[]>()
  return rows.map(fromRow)
}

/**
 * The change just before, if it was undone when this one had been made already: what this one knows as the right
 * before it is undone as well, and does not come back with it.
 */
export async function undoneBeneath(
  trx: AgencyTransaction,
  change: RightChange,
  kinds: readonly string[],
): Promise<RightChange | undefined> {
  const row = await changesOfRight(trx, change, kinds)
    .where('changed_at', '<', change.at)
    .orderBy([
      { column: 'changed_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .first<Row | undefined>()
  const since = row?.outcome === 'reverted' && row.settled_at !== null && row.settled_at > change.at
  return since ? fromRow(row) : undefined
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
