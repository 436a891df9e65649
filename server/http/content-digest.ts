/** Content-Digest (RFC 9530 section 2) in the one form that nodes use: SHA-256 alone. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { Transform, type TransformCallback } from 'node:stream'
import { CongvanError } from '../errors.ts'

export function sha256(body: Uint8Array): Uint8Array {
  return createHash('sha256').update(body).digest()
}

export function formatContentDigest(digest: Uint8Array): string {
  return `sha-256=:${Buffer.from(digest).toString('base64')}:`
}

/** The 32 bytes of a header value; `undefined` for any other form or another algorithm. */
export function parseContentDigest(value: string): Uint8Array | undefined {
  const found = /^sha-256=:([A-Za-z0-9+/]{43}=):$/.exec(value)?.[1]
  if (found === undefined) return undefined
  const digest = Buffer.from(found, 'base64')
  return digest.length === 32 && digest.toString('base64') === found ? digest : undefined
}

export function sameDigest(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}

/**
 * Passes a body through and judges it at its last byte: the stream ends only if length and digest are right, and
 * otherwise fails with `INPUT_TOO_LARGE` as soon as the limit is passed or `PEER_NOT_AUTHENTICATED` at the end.
 * What was read before is unproven; a reader keeps it apart until the stream has ended.
 */
export function proveBody(expected: Uint8Array, maxBytes: number): Transform {
  const hash = createHash('sha256')
  let length = 0
  return new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
      length += chunk.length
      if (length > maxBytes) {
        done(new CongvanError('INPUT_TOO_LARGE', { limit: maxBytes }))
        return
      }
      hash.update(chunk)
      done(null, chunk)
    },
    flush(done: TransformCallback) {
      const proven = sameDigest(hash.digest(), expected)
      done(proven ? null : new CongvanError('PEER_NOT_AUTHENTICATED', { reason: 'content-digest mismatch' }))
    },
  })
}
