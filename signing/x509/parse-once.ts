import { hash } from 'node:crypto'

/**
 * A reader that does its work once for the same array of bytes: anchors, intermediates and revocation lists come by
 * again with every signature. Nothing can be told from outside: the bytes are hashed each time, so an array that was
 * changed in between is read anew, and the memory goes when the array goes.
 */
export function parseOnce<T>(read: (bytes: Uint8Array) => T): (bytes: Uint8Array) => T {
  const known = new WeakMap<Uint8Array, { readonly digest: string; readonly value: T }>()
  return (bytes) => {
    const digest = hash('sha256', bytes, 'hex')
    const found = known.get(bytes)
    if (found?.digest === digest) return found.value
    const value = read(bytes)
    known.set(bytes, { digest, value })
    return value
  }
}
