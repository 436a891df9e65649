import { hash } from 'node:crypto'
import { SigningError } from '../errors.ts'
import { BoundedCache } from './bounded-cache.ts'

interface Known<T> {
  /** Our own copy: `value` refers to it, so that nobody who changes his array changes what was parsed. */
  readonly copy: Uint8Array
  readonly value: T
}

/** What could not be read, and why: junk in the thousands is refused with each signature of a file. */
interface Refused {
  readonly copy: Uint8Array
  readonly error: SigningError
}

/**
 * A reader that does its work once for the same bytes: anchors, intermediates and revocation lists come by again with
 * every signature. Nothing can be told from outside: an array seen before is compared with the copy that was read, any
 * other is looked up by its SHA-256; so an array that was changed in between is read anew.
 *
 * The memory is bounded: at most `maxEntries` values made from `maxBytes` of input. A failure is kept for its array only,
 * so that junk pushes out nothing that others use.
 */
export function parseOnce<T>(
  read: (bytes: Uint8Array, sha256: string) => T,
  limits: { readonly maxEntries: number; readonly maxBytes: number },
): (bytes: Uint8Array) => T {
  // Entries go with the arrays of the callers; the values behind them are the shared ones of `byDigest`.
  const byArray = new WeakMap<Uint8Array, Known<T> | Refused>()
  const byDigest = new BoundedCache<string, Known<T>>(limits.maxEntries, limits.maxBytes)
  return (bytes) => {
    const seen = byArray.get(bytes)
    if (seen !== undefined && Buffer.compare(seen.copy, bytes) === 0) {
      if ('error' in seen) throw seen.error
      return seen.value
    }
    const digest = hash('sha256', bytes, 'hex')
    let known = byDigest.get(digest)
    if (known === undefined) {
      const copy = new Uint8Array(bytes)
      known = { copy, value: readOrRemember(copy, digest, bytes) }
      byDigest.set(digest, known, copy.length)
    }
    byArray.set(bytes, known)
    return known.value
  }

  function readOrRemember(copy: Uint8Array, digest: string, bytes: Uint8Array): T {
    try {
      return read(copy, digest)
    } catch (error) {
      if (error instanceof SigningError) byArray.set(bytes, { copy, error })
      throw error
    }
  }
}
