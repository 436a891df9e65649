/**
 * An offer and its small files in one request: `POST /relay/v1/offers/with-files`. Pure.
 *
 * The body is the length of the JSON in four bytes, big-endian; the JSON of the offer with `files`, the hash and length
 * of each; then the files' bytes one after the other, and nothing else. It saves two requests for each file; what
 * follows is the same as after an offer whose files were sent by themselves.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { integer, sha256 } from '../edxml/values.ts'
import { CongvanError } from '../errors.ts'
import type { ManifestFile } from './offer-store.ts'
import { type OfferRequest, offerRequest } from './protocol.ts'

/** What is sent beside an offer at most, bytes: larger files go in pieces that can be resumed. */
export const INLINE_BYTES = 1024 * 1024

const LENGTH_BYTES = 4

const form = offerRequest.extend({
  files: z
    .array(z.strictObject({ sha256, length: integer(0, INLINE_BYTES) }))
    .min(1)
    .max(100),
})

export interface InlineFile extends ManifestFile {
  readonly bytes: Uint8Array
}

export interface OfferWithFiles {
  readonly offer: OfferRequest
  readonly files: readonly InlineFile[]
}

export function encodeOfferWithFiles({ offer, files }: OfferWithFiles): Uint8Array {
  const listed = files.map((file) => ({ sha256: file.sha256, length: file.length }))
  const json = Buffer.from(JSON.stringify({ ...offer, files: listed }))
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(json.length)
  return Buffer.concat([length, json, ...files.map((file) => file.bytes)])
}

/**
 * Reads the body. Each file has the hash and length that the JSON says; whether the offer's envelope names them is
 * still to be asked.
 *
 * @throws CongvanError `INPUT_INVALID` naming the field, `RELAY_FILE_MISMATCH`
 */
export function decodeOfferWithFiles(body: Uint8Array): OfferWithFiles {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  const jsonLength = bytes.length < LENGTH_BYTES ? -1 : bytes.readUInt32BE()
  if (jsonLength < 0 || jsonLength > bytes.length - LENGTH_BYTES) {
    throw invalid('body', `a JSON of ${jsonLength} bytes in ${bytes.length}`)
  }
  const { files: listed, ...offer } = readJson(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + jsonLength))
  const whole = listed.reduce((sum, one) => sum + one.length, 0)
  const rest = bytes.subarray(LENGTH_BYTES + jsonLength)
  if (whole !== rest.length) throw invalid('files', `${whole} bytes are listed, ${rest.length} follow`)
  let at = 0
  const files = listed.map((one) => {
    const content = rest.subarray(at, at + one.length)
    at += one.length
    if (createHash('sha256').update(content).digest('hex') !== one.sha256) {
      throw new CongvanError('RELAY_FILE_MISMATCH', { sha256: one.sha256 })
    }
    return { ...one, bytes: content }
  })
  return { offer, files }
}

function readJson(bytes: Uint8Array): z.output<typeof form> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw invalid('body', 'no JSON in UTF-8')
  }
  const parsed = form.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw invalid(['body', ...(issue?.path ?? []).map(String)].join('.'), issue?.message ?? '')
}

function invalid(field: string, reason: string): CongvanError {
  return new CongvanError('INPUT_INVALID', { field, reason })
}
