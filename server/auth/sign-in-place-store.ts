/**
 * Where accounts have been signed in from in whole, by keyed hashes alone. A place is known for ninety days after the
 * last sign-in from there, and an account has twenty at most: the oldest goes.
 */
import type { NodeTransaction } from '../db.ts'

const KNOWN_MS = 90 * 86_400_000
const MOST_PLACES = 20

export interface PlaceHashes {
  /** Of login and place together. */
  readonly place: string
  /** Of the place alone. */
  readonly address: string
}

/** Whether the login was signed in from this place. */
export async function isKnownPlace(trx: NodeTransaction, place: string, now: Date): Promise<boolean> {
  return (await find(trx, { place }, now)) !== undefined
}

/** Whether any login was signed in from there. */
export async function isFamiliarAddress(trx: NodeTransaction, address: string, now: Date): Promise<boolean> {
  return (await find(trx, { address }, now)) !== undefined
}

function find(
  trx: NodeTransaction,
  which: Partial<PlaceHashes>,
  now: Date,
): Promise<{ place: string } | undefined> {
  return trx('sign_in_places')
    .where(which)
    .where('last_at', '>', new Date(now.getTime() - KNOWN_MS))
    .first<{ place: string } | undefined>('place')
}

/** Notes a sign-in in whole; the caller has changed the account's row, so that two of them come one after the other. */
export async function rememberPlace(
  trx: NodeTransaction,
  userId: string,
  hashes: PlaceHashes,
  now: Date,
): Promise<void> {
  await trx('sign_in_places')
    .insert({ ...hashes, user_id: userId, first_at: now, last_at: now })
    .onConflict('place')
    .merge({ last_at: now })
  const kept = trx('sign_in_places')
    .where({ user_id: userId })
    .orderBy([{ column: 'last_at', order: 'desc' }, { column: 'place' }])
    .limit(MOST_PLACES)
    .select('place')
  await trx('sign_in_places').where({ user_id: userId }).whereNotIn('place', kept).delete()
}

/**
 * Forgets where an account was signed in from: whoever knew the old password may have been there.
 *
 * @param keep the place where the owner is now
 */
export async function forgetPlaces(trx: NodeTransaction, userId: string, keep?: string): Promise<void> {
  const query = trx('sign_in_places').where({ user_id: userId })
  if (keep !== undefined) query.whereNot({ place: keep })
  await query.delete()
}

/** Takes away what is known no more, but for what a sign-in has in hand. */
export async function sweepPlaces(trx: NodeTransaction, now: Date): Promise<number> {
  const over = trx('sign_in_places')
    .where('last_at', '<', new Date(now.getTime() - KNOWN_MS))
    .forUpdate()
    .skipLocked()
    .select('place')
  return trx('sign_in_places').whereIn('place', over).delete()
}
