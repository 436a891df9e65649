/**
 * Failed sign-ins, counted for what was typed as login (whether there is such an account or not) and for where it
 * came from.
 *
 * An attempt is counted before the password is looked at and taken back when it was right: a crowd of guesses at the
 * same time is counted one by one, and whoever is killed in between has failed.
 */
import { createHash } from 'node:crypto'
import type { NodeTransaction } from '../db.ts'

export interface LockPolicy {
  /** From so many failures on, each locks. */
  readonly attempts: number
  readonly lockSeconds: number
  readonly longestLockSeconds: number
}

/** Failures are forgotten after a day without one. */
const FORGOTTEN_MS = 24 * 3_600_000

/** What was typed may be anything, a password in the wrong field too: only its hash is kept. */
export function loginKey(login: string): string {
  return `login:${createHash('sha256').update(login.toLowerCase()).digest('hex')}`
}

export function addressKey(address: string): string {
  return `address:${address.slice(0, 80)}`
}

/** While an attempt beyond the limit is being looked at, no other one of its kind is. */
const IN_HAND_MS = 5_000

/**
 * Counts an attempt as failed, ahead of knowing.
 *
 * @returns until when no attempt is looked at; `undefined` when this one may be
 */
export async function countAttempt(
  trx: NodeTransaction,
  key: string,
  policy: LockPolicy,
  now: Date,
): Promise<Date | undefined> {
  const forgotten = new Date(now.getTime() - FORGOTTEN_MS)
  await trx('sign_in_failures').insert({ key, failures: 0, last_at: now }).onConflict('key').ignore()
  const row = await trx('sign_in_failures')
    .where({ key })
    .forUpdate()
    .first<FailureRow | undefined>('failures', 'last_at', 'blocked_until')
  if (row?.blocked_until && row.blocked_until > now) return row.blocked_until
  const failures = row === undefined || row.last_at < forgotten ? 1 : row.failures + 1
  const blocked_until = failures < policy.attempts ? null : new Date(now.getTime() + IN_HAND_MS)
  await trx('sign_in_failures').where({ key }).update({ failures, last_at: now, blocked_until })
  return undefined
}

interface FailureRow {
  failures: number
  last_at: Date
  blocked_until: Date | null
}

/** The attempt that was counted did fail. @returns for how many seconds that locks; 0 for not yet */
export async function lockAfterFailure(
  trx: NodeTransaction,
  key: string,
  policy: LockPolicy,
  now: Date,
): Promise<number> {
  const row = await trx('sign_in_failures')
    .where({ key })
    .forUpdate()
    .first<Pick<FailureRow, 'failures'> | undefined>('failures')
  const seconds = lockSeconds(row?.failures ?? 0, policy)
  if (seconds > 0) {
    await trx('sign_in_failures')
      .where({ key })
      .update({ blocked_until: new Date(now.getTime() + seconds * 1000) })
  }
  return seconds
}

/** How long so many failures lock: nothing at first, then doubling up to the longest. */
export function lockSeconds(failures: number, policy: LockPolicy): number {
  if (failures < policy.attempts) return 0
  const doubled = policy.lockSeconds * 2 ** Math.min(30, failures - policy.attempts)
  return Math.min(policy.longestLockSeconds, doubled)
}

/** The attempt was none: it neither failed nor shows that the person is the owner. */
export async function takeBackAttempt(trx: NodeTransaction, key: string): Promise<void> {
  await trx('sign_in_failures')
    .where({ key })
    .update({ failures: trx.raw('greatest(failures - 1, 0)'), blocked_until: null })
}

/** Who signed in whole, or was let in by an administrator, begins at nothing again. */
export async function forgetFailures(trx: NodeTransaction, key: string): Promise<boolean> {
  return (await trx('sign_in_failures').where({ key }).delete()) > 0
}

/** Until when a login is locked. */
export async function lockedUntil(trx: NodeTransaction, key: string, now: Date): Promise<Date | undefined> {
  const row = await trx('sign_in_failures')
    .where({ key })
    .where('blocked_until', '>', now)
    .first<{ blocked_until: Date } | undefined>('blocked_until')
  return row?.blocked_until
}

/** Takes away what is forgotten anyway. */
export async function sweepFailures(trx: NodeTransaction, now: Date): Promise<number> {
  return trx('sign_in_failures')
    .where('last_at', '<', new Date(now.getTime() - FORGOTTEN_MS))
    .delete()
}
