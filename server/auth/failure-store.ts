/**
 * Failed sign-ins, counted for what was typed as login (whether there is such an account or not), for login and place
 * together, and for where it came from. What the counts mean for an attempt is said in `attempt.ts`.
 *
 * An attempt is counted before the password is looked at and taken back when it was right: a crowd of guesses at the
 * same time is counted one by one, and whoever is killed in between has failed. What is taken back is exactly what
 * that attempt counted: never the failure of another one, and never a lock.
 */
import { createHash, randomUUID } from 'node:crypto'
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
  return `login:${sha256(login.toLowerCase())}`
}

/** @param place keyed hash of login and place together, so that no table of hashes tells the address */
export function placeKey(login: string, place: string): string {
  return `${placesOf(login)}${place.slice(0, 32)}`
}

function placesOf(login: string): string {
  return `place:${sha256(login.toLowerCase()).slice(0, 32)}:`
}

export function addressKey(place: string): string {
  return `address:${place.slice(0, 80)}`
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** While an attempt beyond the limit is being looked at, no other one of its kind is. */
const IN_HAND_MS = 5_000

/** What one attempt counted under one key. */
export interface Counted {
  readonly key: string
  readonly id: string
  /** The count that it stands in: one that was forgotten since is not touched any more. */
  readonly series: string
  readonly at: Date
  /** When the last failure before it was. */
  readonly before: Date
}

export interface FailureRow {
  readonly failures: number
  readonly last_at: Date
  readonly blocked_until: Date | null
  readonly series: string
  readonly in_hand: string | null
  readonly together: number
  readonly together_series: string | null
}

/** The count of a key, made where there is none, which nobody else changes until the transaction ends. */
export async function lockCount(trx: NodeTransaction, key: string, now: Date): Promise<FailureRow> {
  const [row] = await trx('sign_in_failures')
    .insert({ key, failures: 0, last_at: now })
    .onConflict('key')
    .merge({ failures: trx.raw('sign_in_failures.failures') })
    .returning<FailureRow[]>('*')
  if (row === undefined) throw new Error('an upsert returns its row')
  return row
}

/**
 * Counts an attempt as failed, ahead of knowing.
 *
 * @param row the count, from `lockCount` in this transaction
 * @param options.within the count of the login that the same attempt stands in; `options.holds` whether an attempt
 *   beyond the limit keeps others of its kind waiting
 */
export async function countAttempt(
  trx: NodeTransaction,
  key: string,
  row: FailureRow,
  policy: LockPolicy,
  now: Date,
  options: { readonly within?: Counted | undefined; readonly holds: boolean },
): Promise<Counted> {
  const id = randomUUID()
  const stale = now.getTime() - row.last_at.getTime() > FORGOTTEN_MS
  const series = stale ? randomUUID() : row.series
  const failures = (stale ? 0 : row.failures) + 1
  const { within, holds } = options
  const together = !stale && row.together_series === within?.series ? row.together : 0
  const full = failures >= policy.attempts
  await trx('sign_in_failures')
    .where({ key })
    .update({
      failures,
      last_at: now,
      series,
      ...(within === undefined ? {} : { together: together + 1, together_series: within.series }),
      ...(holds
        ? {
            blocked_until: full ? new Date(now.getTime() + IN_HAND_MS) : null,
            in_hand: full ? id : null,
          }
        : {}),
    })
  return { key, id, series, at: now, before: row.last_at }
}

/** The attempt that was counted did fail. @returns for how many seconds that locks; 0 for not yet */
export async function lockAfterFailure(
  trx: NodeTransaction,
  counted: Counted,
  policy: LockPolicy,
  now: Date,
): Promise<number> {
  const { key, series } = counted
  const row = await trx('sign_in_failures').where({ key, series }).forUpdate().first<FailureRow | undefined>()
  const seconds = lockSeconds(row?.failures ?? 0, policy)
  if (row === undefined || seconds === 0) return 0
  const until = new Date(now.getTime() + seconds * 1000)
  // Of two that failed at the same time the longer lock holds; from here on it is nobody's to take back.
  const lock = row.in_hand === null && row.blocked_until !== null ? row.blocked_until : until
  await trx('sign_in_failures')
    .where({ key })
    .update({ blocked_until: lock > until ? lock : until, in_hand: null })
  return seconds
}

/** How long so many failures lock: nothing at first, then doubling up to the longest. */
export function lockSeconds(failures: number, policy: LockPolicy): number {
  if (failures < policy.attempts) return 0
  const doubled = policy.lockSeconds * 2 ** Math.min(30, failures - policy.attempts)
  return Math.min(policy.longestLockSeconds, doubled)
}

/**
 * The attempt was none: it neither failed nor shows that the person is the owner.
 *
 * @returns whether it stood in the count still
 */
export async function takeBackCounted(
  trx: NodeTransaction,
  { key, id, series, at, before }: Counted,
  within?: Counted | undefined,
): Promise<boolean> {
  const changed = await trx('sign_in_failures')
    .where({ key, series })
    .update({
      failures: trx.raw('greatest(failures - 1, 0)'),
      last_at: trx.raw('case when last_at = ? then ?::timestamptz else last_at end', [at, before]),
      together: trx.raw(
        'case when together_series = ?::uuid then greatest(together - 1, 0) else together end',
        [within?.series ?? null],
      ),
      blocked_until: trx.raw('case when in_hand = ?::uuid then null else blocked_until end', [id]),
      in_hand: trx.raw('nullif(in_hand, ?::uuid)', [id]),
    })
  return changed > 0
}

/** Nobody else changes a count, where there is one, until the transaction ends. */
export async function holdCount(trx: NodeTransaction, key: string): Promise<void> {
  await trx('sign_in_failures').where({ key }).forUpdate().select('key')
}

/** Lets go of a count that the attempt holds, without taking anything back from it. */
export async function letGo(trx: NodeTransaction, { key, id }: Counted): Promise<void> {
  await trx('sign_in_failures').where({ key, in_hand: id }).update({ blocked_until: null, in_hand: null })
}

/**
 * Who signed in whole begins at nothing again at that place; of the count of the login goes what this place put there,
 * and nothing of other places.
 *
 * @param login the count of the login, locked or made in this transaction
 */
export async function forgetPlace(
  trx: NodeTransaction,
  keys: { readonly login: string; readonly place: string },
  counted: Counted | undefined,
): Promise<void> {
  const login = await trx('sign_in_failures')
    .where({ key: keys.login })
    .forUpdate()
    .first<FailureRow | undefined>()
  const [place] = await trx('sign_in_failures')
    .where({ key: keys.place })
    .delete()
    .returning<FailureRow[]>(['together', 'together_series'])
  if (login === undefined) return
  const own = place?.together_series === login.series ? place.together : 0
  const held = counted !== undefined && login.in_hand === counted.id
  await trx('sign_in_failures')
    .where({ key: keys.login })
    .update({
      failures: Math.max(0, login.failures - own),
      ...(held ? { blocked_until: null, in_hand: null } : {}),
      ...(counted !== undefined && login.last_at.getTime() === counted.at.getTime()
        ? { last_at: counted.before }
        : {}),
    })
}

/** Who was let in by an administrator begins at nothing again, wherever it is. */
export async function forgetFailures(trx: NodeTransaction, login: string): Promise<boolean> {
  // In the order of an attempt, the login before its places: the two would else wait for each other.
  const ofLogin = await trx('sign_in_failures')
    .where({ key: loginKey(login) })
    .delete()
  const ofPlaces = await trx('sign_in_failures')
    .whereLike('key', `${placesOf(login)}%`)
    .delete()
  return ofLogin + ofPlaces > 0
}

/** Until when a login is locked for places that it was not signed in from. */
export async function lockedUntil(trx: NodeTransaction, login: string, now: Date): Promise<Date | undefined> {
  const row = await trx('sign_in_failures')
    .where({ key: loginKey(login) })
    .where('blocked_until', '>', now)
    .first<{ blocked_until: Date } | undefined>('blocked_until')
  return row?.blocked_until
}

/** Takes away what is forgotten anyway, but for what an attempt has in hand: neither waits for the other. */
export async function sweepFailures(trx: NodeTransaction, now: Date): Promise<number> {
  const forgotten = trx('sign_in_failures')
    .where('last_at', '<', new Date(now.getTime() - FORGOTTEN_MS))
    .forUpdate()
    .skipLocked()
    .select('key')
  return trx('sign_in_failures').whereIn('key', forgotten).delete()
}
