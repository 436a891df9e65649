/** The signature on a certificate, CRL or OCSP response: whether it holds, and whether its algorithm is good enough. */
import type { KeyObject } from 'node:crypto'
import { keyStrength, verifyData } from '../algorithms.ts'
import type { SignatureParameters, UnknownAlgorithm } from './algorithm-identifier.ts'

export interface SignedBytes {
  readonly toBeSigned: Uint8Array
  readonly signatureAlgorithm: SignatureParameters | UnknownAlgorithm
  readonly signature: Uint8Array
}

/**
 * - `weak`: it holds, but the digest is broken
 * - `weak-key`: it holds, but the key is too short or of a kind not in the table
 * - `unsupported`: the algorithm or key is none of ours, nothing can be said
 */
export type SignatureCheck = 'holds' | 'weak' | 'weak-key' | 'broken' | 'unsupported'

export function checkSignature(signed: SignedBytes, key: KeyObject | undefined): SignatureCheck {
  const { signatureAlgorithm, toBeSigned, signature } = signed
  if (key === undefined || 'unknown' in signatureAlgorithm) return 'unsupported'
  const { algorithm, saltLength } = signatureAlgorithm
  const options = saltLength === undefined ? {} : { saltLength }
  if (!verifyData(algorithm, key, toBeSigned, signature, options)) return 'broken'
  if (!keyStrength(key).acceptable) return 'weak-key'
  return algorithm.digest.weak ? 'weak' : 'holds'
}
