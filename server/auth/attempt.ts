/**
 * One attempt at a password or a code: whether it is looked at, and what its outcome does to the counts.
 *
 * Failures of a login lock it, wherever they come from, so that many addresses guess no more often than one. Its owner
 * is not kept out by that: from a place (`place.ts`) that the login was signed in from before, an attempt is looked at
 * all the same, up to that place's own limit, so that a stolen machine cannot guess for ever either. No one can tell
 * by it which logins there are, or from where they are used: while a login is locked, a failure is answered with the
 * lock whether it was looked at or not, and counts towards the lock in neither case; and from an address that anybody
 * was signed in from, it takes as long.
 */
import type { AccountSettings } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import type { AccountServices } from './account-services.ts'
import {
  addressKey,
  type Counted,
  countAttempt,
  type FailureRow,
  forgetPlace,
  holdCount,
  type LockPolicy,
  letGo,
  lockAfterFailure,
  lockCount,
  loginKey,
  placeKey,
  takeBackCounted,
} from './failure-store.ts'
import { placeOf } from './place.ts'
import { isFamiliarAddress, isKnownPlace, type PlaceHashes, rememberPlace } from './sign-in-place-store.ts'

export interface Guess {
  readonly login: string
  /** Where the request comes from. */
  readonly address: string
  /** Whether somebody who is signed in already guesses: no stranger of the address, whose failures are not its. */
  readonly signedIn?: true
}

export interface Attempt {
  readonly address: Counted | undefined
  /** Not counted while the login is locked. */
  readonly login: Counted | undefined
  readonly place: Counted
  /** Until when the login is locked for places that are not known. */
  readonly lockedUntil: Date | undefined
}

/** Why an attempt is not looked at. */
export interface Refusal {
  readonly code: 'ACCOUNT_LOCKED' | 'ADDRESS_LOCKED'
  readonly until: Date
  /** Whether attempts from this address may be looked at while a login is locked: a refusal is to take as long. */
  readonly slowly: boolean
}

/** The hashes of a login's place; `undefined` where the address is none. */
export function hashesOf({ key }: AccountServices, { login, address }: Guess): PlaceHashes | undefined {
  const place = placeOf(address)
  if (place === undefined) return undefined
  return {
    place: key.hash('sign-in place', `${login.toLowerCase()}\n${place}`),
    address: key.hash('sign-in address', place),
  }
}

/** Counts an attempt as failed, ahead of knowing, or refuses to look at it. */
export async function beginAttempt(
  trx: NodeTransaction,
  accounts: AccountServices,
  guess: Guess,
  now: Date,
): Promise<Attempt | Refusal> {
  const { settings } = accounts
  const keys = keysOf(accounts, guess)
  let address: Counted | undefined
  if (guess.signedIn !== true) {
    const row = await lockCount(trx, keys.address, now)
    const until = blocked(row, now)
    if (until !== undefined) return { code: 'ADDRESS_LOCKED', until, slowly: false }
    address = await countAttempt(trx, keys.address, row, addressPolicy(settings), now, { holds: true })
  }
  const loginRow = await lockCount(trx, keys.login, now)
  const lockedUntil = blocked(loginRow, now)
  if (lockedUntil === undefined) {
    const login = await countAttempt(trx, keys.login, loginRow, settings, now, { holds: true })
    const row = await lockCount(trx, keys.place, now)
    const place = await countAttempt(trx, keys.place, row, settings, now, { within: login, holds: false })
    return { address, login, place, lockedUntil }
  }
  const { hashes } = keys
  if (hashes !== undefined && (await isKnownPlace(trx, hashes.place, now))) {
    const row = await lockCount(trx, keys.place, now)
    if (blocked(row, now) === undefined) {
      const place = await countAttempt(trx, keys.place, row, settings, now, { holds: true })
      return { address, login: undefined, place, lockedUntil }
    }
  }
  if (address !== undefined) await lockAfterFailure(trx, address, addressPolicy(settings), now)
  const slowly = hashes !== undefined && (await isFamiliarAddress(trx, hashes.address, now))
  return { code: 'ACCOUNT_LOCKED', until: lockedUntil, slowly }
}

/** The attempt failed. @returns for how many seconds that locks the login, or else its place; 0 for not yet */
export async function failAttempt(
  trx: NodeTransaction,
  { settings }: AccountServices,
  { address, login, place }: Attempt,
  now: Date,
): Promise<{ readonly seconds: number; readonly of: 'login' | 'place' }> {
  if (address !== undefined) await lockAfterFailure(trx, address, addressPolicy(settings), now)
  const ofLogin = login === undefined ? 0 : await lockAfterFailure(trx, login, settings, now)
  const ofPlace = await lockAfterFailure(trx, place, settings, now)
  return login === undefined ? { seconds: ofPlace, of: 'place' } : { seconds: ofLogin, of: 'login' }
}

/** The attempt was none, or shows only a part of what the owner has: what it counted is taken back, and that alone. */
export async function takeBackAttempt(
  trx: NodeTransaction,
  { address, login, place }: Attempt,
): Promise<void> {
  if (address !== undefined) await takeBackCounted(trx, address)
  // The login is locked before the place, as ever.
  if (login !== undefined) await holdCount(trx, login.key)
  const stood = await takeBackCounted(trx, place, login)
  if (login === undefined) return
  // The owner signed in there meanwhile: all that the place had put into the count of the login is gone already.
  if (stood) await takeBackCounted(trx, login)
  else await letGo(trx, login)
}

/**
 * The owner signed in in whole: the place is known from now on and begins at nothing again. Failures from elsewhere
 * stay, and so does a lock.
 */
export async function succeedAttempt(
  trx: NodeTransaction,
  accounts: AccountServices,
  attempt: Attempt,
  { userId, now, ...guess }: Guess & { readonly userId: string; readonly now: Date },
): Promise<void> {
  const { hashes, ...keys } = keysOf(accounts, guess)
  if (attempt.address !== undefined) await takeBackCounted(trx, attempt.address)
  await forgetPlace(trx, keys, attempt.login)
  if (hashes !== undefined) await rememberPlace(trx, userId, hashes, now)
}

export function lockedError({ code, until }: Pick<Refusal, 'code' | 'until'>, now: Date): CongvanError {
  return new CongvanError(code, { seconds: Math.ceil((until.getTime() - now.getTime()) / 1000) })
}

function keysOf(accounts: AccountServices, guess: Guess) {
  const hashes = hashesOf(accounts, guess)
  const { login, address } = guess
  return {
    hashes,
    address: addressKey(placeOf(address) ?? address),
    login: loginKey(login),
    place: placeKey(login, hashes?.place ?? accounts.key.hash('sign-in place', `${login}\n${address}`)),
  }
}

function addressPolicy(settings: AccountSettings): LockPolicy {
  return { ...settings, attempts: settings.addressAttempts }
}

function blocked({ blocked_until }: FailureRow, now: Date): Date | undefined {
  return blocked_until !== null && blocked_until > now ? blocked_until : undefined
}
