/** Branches that wait: when they are due, and what makes them due earlier. */
import type { NodeTransaction } from '../db.ts'

/**
 * Lets a branch wait that was not tried, because its peer is left alone or has enough in hand: that is no failure of
 * the branch. What its last try came to stays noted.
 *
 * @returns the number that the next job must carry
 */
export async function parkBranch(
  trx: NodeTransaction,
  id: string,
  wait: { readonly outcome: string; readonly reason: string; readonly runAfter: Date },
): Promise<number> {
  const rows = await trx('branches')
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

/** Makes a branch due. @returns the number that the next job must carry */
export async function redriveBranch(trx: NodeTransaction, id: string, now: Date): Promise<number> {
  const rows = await trx('branches')
    .where({ id })
    .update({ attempt: trx.raw('attempt + 1'), run_after: now })
    .returning<{ attempt: number }[]>('attempt')
  return rows[0]?.attempt ?? 0
}

/** What the last try of a branch came to, or its end. */
export async function outcomeOfBranch(trx: NodeTransaction, id: string): Promise<string | null> {
  const row = await trx('branches').where({ id }).first<{ outcome: string | null } | undefined>('outcome')
  return row?.outcome ?? null
}

/**
 * Takes branches that wait for a peer until later than a moment, the most urgent first, those that failed least before
 * the others. Their number moves on; the caller puts the jobs.
 *
 * @param runAfter when they are due from now on
 */
export async function takeWaitingBranches(
  trx: NodeTransaction,
  wait: { readonly peer: string; readonly laterThan: Date; readonly most: number; readonly runAfter: Date },
): Promise<{ id: string; attempt: number; nextHop: string; urgency: number }[]> {
  const { rows } = await trx.raw<{ rows: { id: string; attempt: number; urgency: number }[] }>(
    `update branches set attempt = attempt + 1, run_after = :runAfter
     where id in (
       select id from branches
       where next_hop = :peer and state in ('queued', 'committing') and run_after > :laterThan
       order by urgency desc, failures, run_after limit :most for update skip locked)
     returning id, attempt, urgency`,
    { ...wait },
  )
  return rows.map((row) => ({ ...row, nextHop: wait.peer }))
}

/**
 * Branches whose job must have been lost: due for longer than `before`. Their number moves on, so that a job which
 * was not lost after all is stale.
 */
export async function takeOverdueBranches(
  trx: NodeTransaction,
  before: Date,
  now: Date,
): Promise<{ id: string; attempt: number; nextHop: string | null; urgency: number }[]> {
  const rows = await trx('branches')
    .whereIn('state', ['queued', 'committing'])
    .where('run_after', '<', before)
    .update({ attempt: trx.raw('attempt + 1'), run_after: now })
    .returning<{ id: string; attempt: number; next_hop: string | null; urgency: number }[]>([
      'id',
      'attempt',
      'next_hop',
      'urgency',
    ])
  return rows.map(({ next_hop: nextHop, ...row }) => ({ ...row, nextHop }))
}
