/**
 * A signature between its two steps. It may wait for days: stored as JSON it holds everything but the document itself,
 * to which it is bound by a digest.
 */
import {
  type DigestAlgorithm,
  digestAlgorithms,
  digest as digestOf,
  type SignatureScheme,
  signatureAlgorithms,
} from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import type { ByteRange } from './byte-range.ts'

/**
 * A document waiting for a signature value. Plain data: it may be stored and completed later or elsewhere
 * (`storePreparedSignature`). The key signs `signedAttributes`.
 */
export interface PreparedSignature {
  readonly field: string
  /** The whole file, `/Contents` still zero. */
  readonly bytes: Uint8Array
  readonly byteRange: ByteRange
  /** Digest of the bytes in the byte range. */
  readonly digest: Uint8Array
  readonly digestAlgorithm: DigestAlgorithm['name']
  readonly signatureScheme: SignatureScheme
  /** DER `SET OF Attribute` (RFC 5652 section 5.4). */
  readonly signedAttributes: Uint8Array
  readonly certificate: Uint8Array
  readonly chain: readonly Uint8Array[]
  /** How many of the bytes were there before: `bytes` begins with the document, the rest is the new revision. */
  readonly originalLength: number
  /** Digest of the document as it was, under the same algorithm. */
  readonly originalDigest: Uint8Array
}

/** Names the form and its version; another version is refused, never guessed at. */
const storedFormat = 'congvan.prepared-signature/1'

/**
 * The preparation as JSON text, without the document, which has to be kept beside it. The text holds nothing secret.
 */
export function storePreparedSignature(prepared: PreparedSignature): string {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
  return JSON.stringify({
    format: storedFormat,
    field: prepared.field,
    originalLength: prepared.originalLength,
    originalDigest: base64(prepared.originalDigest),
    revision: base64(prepared.bytes.subarray(prepared.originalLength)),
    byteRange: prepared.byteRange,
    digest: base64(prepared.digest),
    digestAlgorithm: prepared.digestAlgorithm,
    signatureScheme: prepared.signatureScheme,
    signedAttributes: base64(prepared.signedAttributes),
    certificate: base64(prepared.certificate),
    chain: prepared.chain.map(base64),
  })
}

/**
 * Reads a stored preparation back and puts it together with its document.
 *
 * @param stored what `storePreparedSignature` answered
 * @param pdf the document as it was when the signature was prepared
 * @throws SigningError `PREPARED_SIGNATURE_MALFORMED` when the text is none of these or of another version;
 *   `PREPARED_SIGNATURE_MISMATCH` when the document is another one
 */
export function loadPreparedSignature(stored: string, pdf: Uint8Array): PreparedSignature {
  const record = readRecord(stored)
  const text = (key: string): string => {
    const value = record[key]
    return typeof value === 'string' ? value : broken(key)
  }
  const bytes = (key: string): Uint8Array => decodeBase64(text(key)) ?? broken(key)
  const digest =
    digestAlgorithms.find(({ name }) => name === text('digestAlgorithm')) ?? broken('digestAlgorithm')
  const algorithm =
    signatureAlgorithms.find(
      (one) => one.scheme === text('signatureScheme') && one.digest.name === digest.name,
    ) ?? broken('signatureScheme')
  const originalDigest = bytes('originalDigest')
  const actual = digestOf(digest, pdf)
  if (record.originalLength !== pdf.length || Buffer.compare(actual, originalDigest) !== 0) {
    throw new SigningError('PREPARED_SIGNATURE_MISMATCH', {
      reason: 'the document is not the one that was prepared',
    })
  }
  const whole = Buffer.concat([pdf, bytes('revision')])
  const chain: readonly unknown[] = Array.isArray(record.chain) ? record.chain : broken('chain')
  return {
    field: text('field'),
    bytes: whole,
    byteRange: readByteRange(record.byteRange, pdf.length, whole.length) ?? broken('byteRange'),
    digest: bytes('digest'),
    digestAlgorithm: digest.name,
    signatureScheme: algorithm.scheme,
    signedAttributes: bytes('signedAttributes'),
    certificate: bytes('certificate'),
    chain: chain.map(
      (item) => (typeof item === 'string' ? decodeBase64(item) : undefined) ?? broken('chain'),
    ),
    originalLength: pdf.length,
    originalDigest,
  }
}

function broken(key: string): never {
  throw new SigningError('PREPARED_SIGNATURE_MALFORMED', { reason: `"${key}" is missing or wrong` })
}

function readRecord(stored: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(stored)
  } catch (cause) {
    throw new SigningError('PREPARED_SIGNATURE_MALFORMED', { reason: 'it is no JSON' }, { cause })
  }
  const record: Readonly<Record<string, unknown>> =
    typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
  return record.format === storedFormat ? record : broken('format')
}

/** Undefined for anything but base64 as it is written here. */
function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

function readByteRange(value: unknown, originalLength: number, length: number): ByteRange | undefined {
  if (!Array.isArray(value) || value.length !== 4) return undefined
  const [start, before, after, rest]: unknown[] = value
  if (typeof before !== 'number' || typeof after !== 'number' || typeof rest !== 'number') return undefined
  const range: ByteRange = [0, before, after, rest]
  return start === 0 && isGap(range, originalLength, length) ? range : undefined
}

/** Whether the byte range leaves out one gap inside the new revision and nothing else. */
export function isGap(
  [start, before, after, rest]: ByteRange,
  originalLength: number,
  length: number,
): boolean {
  const whole = [before, after, rest].every(Number.isSafeInteger)
  return whole && start === 0 && before >= originalLength && before + 2 <= after && after + rest === length
}
