/** `TimeStampReq` of RFC 3161 section 2.4.1. */
import type { DigestAlgorithm } from '../algorithms.ts'
import {
  boolean,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  unsignedInteger,
} from '../x509/der-write.ts'

export interface TimestampRequest {
  readonly algorithm: DigestAlgorithm
  /** Digest of what is to be stamped. */
  readonly digest: Uint8Array
  /** Policy under which the token is to be made, dotted decimal; the authority's own by default. */
  readonly policy?: string
  /** Big-endian bytes of a positive number; the token must repeat it. */
  readonly nonce?: Uint8Array
  /** Whether the token is to carry the certificate of the authority. */
  readonly certificates: boolean
}

/**
 * Writes the request as DER. The digest's parameters are NULL: RFC 3161 tokens of common authorities repeat them,
 * and some of these refuse absent ones.
 */
export function writeTimestampRequest(request: TimestampRequest): Uint8Array {
  const { algorithm, digest, policy, nonce, certificates } = request
  if (digest.length !== algorithm.size) {
    throw new RangeError(`a ${algorithm.name} digest has ${algorithm.size} bytes`)
  }
  return sequence(
    integer(1),
    sequence(sequence(oid(algorithm.oid), nullValue()), octetString(digest)),
    ...(policy === undefined ? [] : [oid(policy)]),
    ...(nonce === undefined ? [] : [unsignedInteger(nonce)]),
    // DEFAULT FALSE is not written in DER.
    ...(certificates ? [boolean(true)] : []),
  )
}
