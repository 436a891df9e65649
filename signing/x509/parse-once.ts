import { hash } from 'node:crypto'
import { BoundedCache } from './bounded-cache.ts'

interface Known<T> {
  /** Our own copy: `value` refers to it, so that nobody who changes his array changes what was parsed. */
  readonly copy: Uint8Array
  readonly value: T
}

/**
 * A reader that does its work once for the same bytes: anchors, intermediates and revocation lists come by again with
 * every signature. Nothing can be told from outside: an array seen before is compared with the copy that was read, any
 * other is looked up by its SHA-256; so an array that was changed in between is read anew.
 *
 * The memory is bounded: at most `maxEntries` values made from `maxBytes` of input. Failures are not kept.
 */
export function parseOnce<T>(
  read: (bytes: Uint8Array, sha256: string) => T,
  limits: { readonly maxEntries: number; readonly maxBytes: number },
): (bytes: Uint8Array) => T {
  // Entries go with the arrays of the callers; the values behind them are the shared ones of `byDigest`.
  const byArray = new WeakMap<Uint8Array, Known<T>>()
  const byDigest = new BoundedCache<string, Known<T>>(limits.maxEntries, limits.maxBytes)
  return (bytes) => {
    const seen = byArray.get(bytes)
    if (seen !== undefined && Buffer.compare(seen.copy, bytes) === 0) return seen.value
    const digest = hash('sha256', bytes, 'hex')
    let known = byDigest.get(digest)
    if (known === undefined) {
      const copy = new Uint8Array(bytes)
      known = { copy, value: read(copy, digest) }
      byDigest.set(digest, known, copy.length)
    }
    byArray.set(bytes, known)
    return known.value
  }
}
