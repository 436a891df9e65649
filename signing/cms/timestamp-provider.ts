import type { DigestAlgorithm } from '../algorithms.ts'

/**
 * Whoever answers a time-stamp token of RFC 3161 for a digest: a client of one or more authorities over a transport
 * that the caller brings, or an authority in the same process (tests, the demo).
 */
export interface TimestampProvider {
  /**
   * @param digest of what is to be stamped: the signature value (EN 319 122-1 clause 5.3), or a document's bytes
   * @returns the token: DER of a `ContentInfo` with `SignedData` over `TSTInfo`, already checked against the request
   */
  timestamp(digest: { readonly algorithm: DigestAlgorithm; readonly value: Uint8Array }): Promise<Uint8Array>
}
