/**
 * What a `SignedData` must and must not enclose, and over what its message-digest goes: nothing and the file itself
 * for detached signatures, a `TSTInfo` for time-stamps (ETSI EN 319 142-1 clause 5.4.3), a SHA-1 digest for the old
 * `adbe.pkcs7.sha1` (ISO 32000-1 section 12.8.3.3).
 */
import {
  type DigestAlgorithm,
  digestAlgorithms,
  digest as digestOf,
  sha1OnAuthoritiesUntil,
} from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import type { Finding } from '../report.ts'
import { failed, type Objection, undecided } from './objection.ts'
import { CONTENT_TYPE } from './oids.ts'
import type { ParsedSignedData } from './parse-signed-data.ts'
import { readTimestampInfo, type TimestampInfo } from './timestamp-info.ts'

/** ISO 32000-2 table 260; `adbe.x509.rsa_sha1` is no CMS. */
const subFilters: ReadonlySet<string> = new Set([
  'ETSI.CAdES.detached',
  'ETSI.RFC3161',
  'adbe.pkcs7.detached',
  'adbe.pkcs7.sha1',
])

type ContentDigest = (digest: DigestAlgorithm) => Uint8Array

export interface EnclosedContent {
  /** For the message-digest attribute; null when the content is not at hand. */
  readonly contentDigest: ContentDigest | null
  /** False when the enclosed value is not that of the file. */
  readonly intact: boolean
  readonly timestamp: TimestampInfo | undefined
  readonly objections: readonly Objection[]
  readonly warnings: readonly Finding[]
}

export function judgeEnclosed(input: {
  data: ParsedSignedData
  contentDigest: ContentDigest | null
  context: 'pdf' | 'cms'
  subFilter?: string
  time: Date
}): EnclosedContent {
  const { data, contentDigest, context, subFilter } = input
  const objections: Objection[] = []
  const answer = { contentDigest, intact: true, timestamp: undefined, objections, warnings: [] }
  const isTimestamp = data.contentType === CONTENT_TYPE.timestampInfo
  if (context === 'pdf' && !subFilters.has(subFilter ?? '')) {
    return wrong(answer, 'SUBFILTER_UNKNOWN', `SubFilter ${subFilter ?? 'is missing'}`)
  }
  if (isTimestamp !== (subFilter === 'ETSI.RFC3161') && context === 'pdf') {
    return wrong(
      answer,
      'CONTENT_TYPE_MISMATCH',
      `content type ${data.contentType} under ${subFilter ?? 'no SubFilter'}`,
    )
  }
  if (isTimestamp) return judgeTimestamp(input)
  if (context === 'pdf' && data.contentType !== CONTENT_TYPE.data) {
    return wrong(answer, 'CONTENT_TYPE_MISMATCH', `content type ${data.contentType}`)
  }
  if (data.content === undefined) return answer
  const { content } = data
  const overEnclosed: ContentDigest = (digest) => digestOf(digest, content)
  if (subFilter === 'adbe.pkcs7.sha1') {
    const [sha1] = digestAlgorithms.filter(({ name }) => name === 'SHA-1')
    const same = sha1 !== undefined && contentDigest !== null && isEqual(contentDigest(sha1), content)
    return same ? { ...answer, contentDigest: overEnclosed } : hashFailure(answer, overEnclosed)
  }
  if (context === 'pdf')
    return wrong(answer, 'CONTENT_ENCLOSED', 'a detached signature must not enclose content')
  if (contentDigest === null) return { ...answer, contentDigest: overEnclosed }
  const differs = digestAlgorithms.some((one) => !one.weak && !isEqual(contentDigest(one), overEnclosed(one)))
  return differs ? hashFailure(answer, overEnclosed) : answer
}

function judgeTimestamp(input: {
  data: ParsedSignedData
  contentDigest: ContentDigest | null
  time: Date
}): EnclosedContent {
  const { data, contentDigest, time } = input
  const { content } = data
  const answer = { contentDigest, intact: true, timestamp: undefined, objections: [], warnings: [] }
  if (content === undefined) return wrong(answer, 'CONTENT_MISSING', 'the time-stamp encloses no TSTInfo')
  const overEnclosed: ContentDigest = (digest) => digestOf(digest, content)
  let timestamp: TimestampInfo
  try {
    timestamp = readTimestampInfo(content)
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    return wrong(answer, 'TIMESTAMP_MALFORMED', error.message)
  }
  const { digestAlgorithm, imprint } = timestamp
  const stamped = { ...answer, contentDigest: overEnclosed, timestamp }
  if ('unknown' in digestAlgorithm) {
    const message = `imprint algorithm ${digestAlgorithm.unknown}`
    return {
      ...stamped,
      objections: [undecided('CRYPTO_CONSTRAINTS_FAILURE', 'ALGORITHM_UNSUPPORTED', message)],
    }
  }
  if (contentDigest === null) {
    const message = 'what was time-stamped is not at hand'
    return { ...stamped, objections: [undecided('SIGNED_DATA_NOT_FOUND', 'SIGNED_DATA_NOT_FOUND', message)] }
  }
  if (!isEqual(contentDigest(digestAlgorithm), imprint)) return hashFailure(stamped, overEnclosed)
  if (!digestAlgorithm.weak) return stamped
  // Today's government time-stamps carry SHA-1 imprints; they are let pass as long as the CAs' SHA-1 signatures are.
  const message = 'the time-stamp is over a SHA-1 digest'
  return time < sha1OnAuthoritiesUntil
    ? { ...stamped, warnings: [{ code: 'WEAK_TIMESTAMP_IMPRINT', message }] }
    : { ...stamped, objections: [undecided('CRYPTO_CONSTRAINTS_FAILURE_NO_POE', 'WEAK_DIGEST', message)] }
}

function wrong(answer: EnclosedContent, code: string, message: string): EnclosedContent {
  return { ...answer, intact: false, objections: [failed('FORMAT_FAILURE', code, message)] }
}

function hashFailure(answer: EnclosedContent, contentDigest: ContentDigest): EnclosedContent {
  const objection = failed('HASH_FAILURE', 'HASH_FAILURE', 'the enclosed value is not that of the content')
  return { ...answer, contentDigest, intact: false, objections: [objection] }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
