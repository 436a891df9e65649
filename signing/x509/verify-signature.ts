/** The signature on a certificate, CRL or OCSP response: whether it holds, and whether its algorithm is good enough. */
import type { KeyObject } from 'node:crypto'
import { type DigestPurpose, digestAcceptableUntil, keyStrength, verifyData } from '../algorithms.ts'
import type { SignatureParameters, UnknownAlgorithm } from './algorithm-identifier.ts'
import { BoundedCache } from './bounded-cache.ts'
import type { WorkBudget } from './work-budget.ts'

export interface SignedObject {
  /** SHA-256 of the whole object as received: it fixes the three members below. */
  readonly fingerprint: string
  readonly toBeSigned: Uint8Array
  readonly signatureAlgorithm: SignatureParameters | UnknownAlgorithm
  readonly signature: Uint8Array
}

/** The holder of a public key, most often a certificate. */
export interface KeyHolder {
  /** SHA-256 of the `SubjectPublicKeyInfo` as received: it fixes the key with its parameters. */
  readonly keyFingerprint: string
  publicKey(): KeyObject | undefined
}

/**
 * - `weak`: it holds, but the digest is broken
 * - `weak-key`: it holds, but the key is too short or of a kind not in the table
 * - `unsupported`: the algorithm or key is none of ours, nothing can be said
 * - `unchecked`: the budget was spent
 */
export type SignatureCheck = 'holds' | 'weak' | 'weak-key' | 'broken' | 'unsupported' | 'unchecked'

/**
 * Answers that were computed. The key names the signed object and the public key, each by the SHA-256 of all its
 * bytes, and the answer depends on nothing else; so nobody can put in an answer for another pair.
 */
const answers = new BoundedCache<string, SignatureCheck>(8192)

/** Whether the signature on `signed` was made by the key of `issuer`. */
export function checkSignature(signed: SignedObject, issuer: KeyHolder, budget: WorkBudget): SignatureCheck {
  const pair = `${signed.fingerprint}${issuer.keyFingerprint}`
  const known = answers.get(pair)
  if (known !== undefined) return known
  const key = issuer.publicKey()
  if (!budget.spend('signatures', key === undefined ? 1 : checkCost(key))) return 'unchecked'
  const answer = compute(signed, key)
  answers.set(pair, answer)
  return answer
}

function compute(signed: SignedObject, key: KeyObject | undefined): SignatureCheck {
  const { signatureAlgorithm, toBeSigned, signature } = signed
  if (key === undefined || 'unknown' in signatureAlgorithm || isCostly(key)) return 'unsupported'
  const { algorithm, ...options } = signatureAlgorithm
  try {
    if (!verifyData(algorithm, key, toBeSigned, signature, options)) return 'broken'
  } catch {
    // OpenSSL refuses some keys only when they are used.
    return 'unsupported'
  }
  if (!keyStrength(key).acceptable) return 'weak-key'
  return algorithm.digest.weak ? 'weak' : 'holds'
}

/**
 * Keys made to cost time: OpenSSL takes RSA exponents as long as the modulus up to 3072 bits, and very large moduli.
 * Exponents in use are at most 65537.
 */
export function isCostly(key: KeyObject): boolean {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  const most = key.asymmetricKeyType === 'dsa' ? MOST_DSA_BITS : MOST_RSA_BITS
  return publicExponent > 0xffff_ffffn || modulusLength > most
}

/**
 * What a check costs, in those of the common keys: curves other than P-256 and very long keys take some times as long,
 * which in the hundreds is what a hostile file is made of.
 */
export function checkCost(key: KeyObject): number {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {}
  switch (key.asymmetricKeyType) {
    case 'ec':
      return namedCurve === 'prime256v1' ? 1 : namedCurve === 'secp384r1' ? 2 : 4
    case 'dsa':
      return 4
    default:
      return modulusLength > 4096 ? 2 : 1
  }
}

const MOST_RSA_BITS = 8192
/** FIPS 186-4 section 4.2. */
const MOST_DSA_BITS = 3072

/** Whether a signature that was checked counts at a time: a broken digest does for some purposes up to a date. */
export function isSound(
  check: SignatureCheck,
  { signatureAlgorithm }: SignedObject,
  purpose: DigestPurpose,
  time: Date,
): boolean {
  if (check !== 'weak' || 'unknown' in signatureAlgorithm) return check === 'holds'
  const until = digestAcceptableUntil(signatureAlgorithm.algorithm.digest, purpose)
  return until === undefined || (until !== null && time < until)
}
