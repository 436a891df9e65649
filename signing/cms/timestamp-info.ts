/** The content of a time-stamp token: `TSTInfo` of RFC 3161 section 2.4.2. */

import type { DigestAlgorithm } from '../algorithms.ts'
import { readDigestAlgorithm, type UnknownAlgorithm } from '../x509/algorithm-identifier.ts'
import { contextTag, type DerNode, malformed, parseDer, TAG } from '../x509/der.ts'
import {
  DerFields,
  decodeSmallInteger,
  readBoolean,
  readOctetString,
  readOid,
  readSmallInteger,
  readTime,
} from '../x509/der-values.ts'

export interface TimestampInfo {
  readonly digestAlgorithm: DigestAlgorithm | UnknownAlgorithm
  /** Digest of what was stamped. */
  readonly imprint: Uint8Array
  readonly time: Date
  /** Under which the authority issued it; dotted decimal. */
  readonly policy: string
  /** Content octets of the serial number. */
  readonly serial: Uint8Array
  /** How far the time may be off, in milliseconds, rounded up; null when not told. */
  readonly accuracy: number | null
  /** Whether tokens of this authority may be ordered by their times whatever the accuracy. */
  readonly ordering: boolean
  /** Content octets of the nonce of the request. */
  readonly nonce: Uint8Array | undefined
}

/** @throws SigningError `DER_MALFORMED` */
export function readTimestampInfo(content: Uint8Array): TimestampInfo {
  const root = parseDer(content, { maxBytes: 64 * 1024, maxDepth: 20 })
  const fields = new DerFields(root)
  const version = readSmallInteger(fields.take(TAG.INTEGER, 'version'))
  if (version !== 1) throw malformed(root.start, `version ${version} of TSTInfo`)
  const policy = readOid(fields.take(TAG.OID, 'policy'))
  const imprint = new DerFields(fields.take(TAG.SEQUENCE, 'messageImprint'))
  const digestAlgorithm = readDigestAlgorithm(imprint.take(TAG.SEQUENCE, 'hashAlgorithm'))
  const hashed = readOctetString(imprint.take(TAG.OCTET_STRING, 'hashedMessage'))
  imprint.finish('MessageImprint')
  const serial = fields.take(TAG.INTEGER, 'serialNumber').content
  const time = readTime(fields.take(TAG.GENERALIZED_TIME, 'genTime'), { fraction: true })
  const accuracy = fields.optional(TAG.SEQUENCE)
  const ordering = fields.optional(TAG.BOOLEAN)
  const nonce = fields.optional(TAG.INTEGER)
  fields.optional(contextTag(0, true))
  fields.optional(contextTag(1, true))
  fields.finish('TSTInfo')
  return {
    digestAlgorithm,
    imprint: hashed,
    time,
    policy,
    serial,
    accuracy: accuracy === undefined ? null : readAccuracy(accuracy),
    ordering: ordering !== undefined && readBoolean(ordering),
    nonce: nonce?.content,
  }
}

/** Seconds, milliseconds and microseconds, each of them optional; milliseconds rounded up. */
function readAccuracy(node: DerNode): number {
  const fields = new DerFields(node)
  const seconds = fields.optional(TAG.INTEGER)
  const millis = fields.optional(contextTag(0, false))
  const micros = fields.optional(contextTag(1, false))
  fields.finish('Accuracy')
  const value = (one: DerNode | undefined) => (one === undefined ? 0 : decodeSmallInteger(one))
  return value(seconds) * 1000 + value(millis) + Math.ceil(value(micros) / 1000)
}
