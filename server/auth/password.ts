/**
 * Passwords: scrypt (RFC 7914) with parameters kept beside each hash, so that they can be raised later.
 * Form: `$scrypt$ln=15,r=8,p=1$<salt>$<hash>`, both base64url.
 */
import { randomBytes, randomInt, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { CongvanError } from '../errors.ts'

const BLOCK = 8
const PARALLEL = 1
const MIN_LENGTH = 10
const MAX_LENGTH = 200

/**
 * @param logCost the binary logarithm of scrypt's N
 * @throws CongvanError `INPUT_INVALID` when the password is too short or too long; `TOO_MANY_SIGN_INS`
 */
export async function hashPassword(password: string, logCost: number): Promise<string> {
  const length = [...password].length
  if (length < MIN_LENGTH || length > MAX_LENGTH) {
    throw new CongvanError('INPUT_INVALID', {
      field: 'password',
      reason: `cần ${MIN_LENGTH}-${MAX_LENGTH} ký tự / ${MIN_LENGTH}-${MAX_LENGTH} characters are wanted`,
    })
  }
  const salt = randomBytes(16)
  const hash = await derive(password, salt, { N: 2 ** logCost, r: BLOCK, p: PARALLEL })
  return `$scrypt$ln=${logCost},r=${BLOCK},p=${PARALLEL}$${salt.toString('base64url')}$${hash.toString('base64url')}`
}

/** Digits and small letters without those that are misread: a password is read out, or copied from paper. */
const PLAIN = '23456789abcdefghjkmnpqrstvwxyz'

/** A password of about 78 random bits for an account whose owner has to choose another one. */
export function newOneTimePassword(): string {
  const letters = Array.from({ length: 16 }, () => PLAIN[randomInt(PLAIN.length)])
  return (letters.join('').match(/.{4}/g) ?? []).join('-')
}

const FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d)\$([\w-]+)\$([\w-]+)$/

/**
 * Costs the same for a wrong password as for a right one; `null` (no such user) costs as much and is false.
 *
 * @param logCost of passwords that are set now: what is taken where there is none
 */
export async function checkPassword(
  password: string,
  stored: string | null,
  logCost: number,
): Promise<boolean> {
  const [, cost = String(logCost), r = String(BLOCK), p = String(PARALLEL), salt = '', hash = ''] =
    FORM.exec(stored ?? '') ?? []
  const expected = Buffer.from(hash, 'base64url')
  const found = await derive(password, Buffer.from(salt, 'base64url'), {
    N: 2 ** Number(cost),
    r: Number(r),
    p: Number(p),
  })
  return expected.length === found.length && timingSafeEqual(expected, found)
}

/**
 * How many hashes are made at a time, and how many may wait. Each takes a thread of the pool that file work shares:
 * anonymous callers must not be able to occupy them all (RFC 7914 section 2: the cost is meant to be felt).
 */
const AT_A_TIME = 1
const WAITING = 50
let running = 0
const waiting: (() => void)[] = []

/** @throws CongvanError `TOO_MANY_SIGN_INS` when too many wait already */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_A_TIME) {
    if (waiting.length >= WAITING) throw new CongvanError('TOO_MANY_SIGN_INS')
    await new Promise<void>((accept) => waiting.push(accept))
  } else {
    running += 1
  }
  try {
    return await work()
  } finally {
    // The place is handed to the next in line, if there is one.
    const next = waiting.shift()
    if (next === undefined) running -= 1
    else next()
  }
}

function derive(password: string, salt: Uint8Array, options: ScryptOptions): Promise<Buffer> {
  return inTurn(() => scryptKey(password, salt, options))
}

function scryptKey(password: string, salt: Uint8Array, options: ScryptOptions): Promise<Buffer> {
  return new Promise((accept, reject) => {
    scrypt(password.normalize('NFKC'), salt, 32, { ...options, maxmem: 256 * 1024 * 1024 }, (error, key) =>
      error ? reject(error) : accept(key),
    )
  })
}
