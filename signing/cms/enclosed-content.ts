/**
 * What the `SignedData` of a signature must and must not enclose, and over what its message-digest goes: nothing and
 * the file itself for detached signatures, a SHA-1 digest for the old `adbe.pkcs7.sha1` (ISO 32000-1 section
 * 12.8.3.3). Time-stamps are judged by `judge-timestamp.ts`.
 */
import { type DigestAlgorithm, digestNamed, digest as digestOf } from '../algorithms.ts'
import { failed, type Objection } from '../validation/objection.ts'
import type { Weakness } from '../validation/weakness.ts'
import { CONTENT_TYPE } from './oids.ts'
import type { ParsedSignedData } from './parse-signed-data.ts'

/** ISO 32000-2 table 260. */
const subFilters: ReadonlySet<string> = new Set([
  'ETSI.CAdES.detached',
  'adbe.pkcs7.detached',
  'adbe.pkcs7.sha1',
])

const sha1 = digestNamed('SHA-1')
const sha512 = digestNamed('SHA-512')

type ContentDigest = (digest: DigestAlgorithm) => Uint8Array

export interface EnclosedContent {
  /** For the message-digest attribute; null when the content is not at hand. */
  readonly contentDigest: ContentDigest | null
  /** False when the enclosed value is not that of the file. */
  readonly intact: boolean
  readonly objections: readonly Objection[]
  readonly weaknesses: readonly Weakness[]
}

export function judgeEnclosed(input: {
  data: ParsedSignedData
  contentDigest: ContentDigest | null
  context: 'pdf' | 'cms'
  subFilter?: string
}): EnclosedContent {
  const { data, contentDigest, context, subFilter } = input
  const objections: Objection[] = []
  const answer = { contentDigest, intact: true, objections, weaknesses: [] }
  if (context === 'pdf' && !subFilters.has(subFilter ?? '')) {
    return wrong(answer, 'SUBFILTER_UNKNOWN', `SubFilter ${subFilter ?? 'is missing'}`)
  }
  if (context === 'pdf' && data.contentType !== CONTENT_TYPE.data) {
    return wrong(answer, 'CONTENT_TYPE_MISMATCH', `content type ${data.contentType} under ${subFilter}`)
  }
  if (data.content === undefined) return answer
  const { content } = data
  const overEnclosed: ContentDigest = (digest) => digestOnce(data, digest, content)
  if (subFilter === 'adbe.pkcs7.sha1') {
    const same = contentDigest !== null && isEqual(contentDigest(sha1), content)
    const judged = same ? { ...answer, contentDigest: overEnclosed } : hashFailure(answer, overEnclosed)
    // Whatever digest the signature has over that: the document is bound by SHA-1.
    const message = 'SHA-1 is broken, and binds the document'
    return { ...judged, weaknesses: [{ code: 'WEAK_DIGEST', message, acceptableUntil: null }] }
  }
  if (context === 'pdf')
    return wrong(answer, 'CONTENT_ENCLOSED', 'a detached signature must not enclose content')
  if (contentDigest === null) return { ...answer, contentDigest: overEnclosed }
  return isEqual(contentDigest(sha512), overEnclosed(sha512)) ? answer : hashFailure(answer, overEnclosed)
}

/** Digests of the enclosed content: all signers of one message ask for them. */
const digests = new WeakMap<ParsedSignedData, Map<DigestAlgorithm, Uint8Array>>()

function digestOnce(data: ParsedSignedData, digest: DigestAlgorithm, content: Uint8Array): Uint8Array {
  const known = digests.get(data) ?? new Map<DigestAlgorithm, Uint8Array>()
  digests.set(data, known)
  const found = known.get(digest) ?? digestOf(digest, content)
  known.set(digest, found)
  return found
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
