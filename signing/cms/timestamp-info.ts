/** The content of a time-stamp token: `TSTInfo` of RFC 3161 section 2.4.2. */

import type { DigestAlgorithm } from '../algorithms.ts'
import { readDigestAlgorithm, type UnknownAlgorithm } from '../x509/algorithm-identifier.ts'
import { contextTag, parseDer, TAG } from '../x509/der.ts'
import { DerFields, readOctetString, readSmallInteger, readTime } from '../x509/der-values.ts'

export interface TimestampInfo {
  readonly digestAlgorithm: DigestAlgorithm | UnknownAlgorithm
  /** Digest of what was stamped. */
  readonly imprint: Uint8Array
  readonly time: Date
}

/** @throws SigningError `DER_MALFORMED` */
export function readTimestampInfo(content: Uint8Array): TimestampInfo {
  const fields = new DerFields(parseDer(content, { maxBytes: 64 * 1024, maxDepth: 20 }))
  readSmallInteger(fields.take(TAG.INTEGER, 'version'))
  fields.take(TAG.OID, 'policy')
  const imprint = new DerFields(fields.take(TAG.SEQUENCE, 'messageImprint'))
  const digestAlgorithm = readDigestAlgorithm(imprint.take(TAG.SEQUENCE, 'hashAlgorithm'))
  const hashed = readOctetString(imprint.take(TAG.OCTET_STRING, 'hashedMessage'))
  imprint.finish('MessageImprint')
  fields.take(TAG.INTEGER, 'serialNumber')
  const time = readTime(fields.take(TAG.GENERALIZED_TIME, 'genTime'), { fraction: true })
  fields.optional(TAG.SEQUENCE)
  fields.optional(TAG.BOOLEAN)
  fields.optional(TAG.INTEGER)
  fields.optional(contextTag(0, true))
  fields.optional(contextTag(1, true))
  fields.finish('TSTInfo')
  return { digestAlgorithm, imprint: hashed, time }
}
