import {
  type DigestAlgorithm,
  digestNamed,
  digest as digestOf,
  type SignatureAlgorithm,
} from '../algorithms.ts'
import { ATTRIBUTE_OID } from './oids.ts'
import { attribute } from './signed-data.ts'
import type { TimestampProvider } from './timestamp-provider.ts'

/** What public time-stamp authorities take as an imprint (ETSI TS 119 312). */
const imprintDigests: readonly DigestAlgorithm['name'][] = ['SHA-256', 'SHA-384', 'SHA-512']

/**
 * A token over any bytes, its imprint under the digest of the signature it belongs to, or under SHA-512 where that is
 * none that time-stamp authorities commonly take.
 *
 * @returns DER of the token: a `ContentInfo` with `SignedData`
 */
export async function timestampOver(
  data: Uint8Array,
  { digest }: SignatureAlgorithm,
  provider: TimestampProvider,
): Promise<Uint8Array> {
  const name = imprintDigests.includes(digest.name) ? digest.name : 'SHA-512'
  const algorithm = digestNamed(name)
  return provider.timestamp({ algorithm, value: digestOf(algorithm, data) })
}

/**
 * The unsigned attribute signature-time-stamp over a signature value (ETSI EN 319 122-1 clause 5.3).
 * @returns DER of the `Attribute`
 */
export async function signatureTimestamp(
  signatureValue: Uint8Array,
  algorithm: SignatureAlgorithm,
  provider: TimestampProvider,
): Promise<Uint8Array> {
  return attribute(ATTRIBUTE_OID.signatureTimestamp, await timestampOver(signatureValue, algorithm, provider))
}
