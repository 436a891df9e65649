/** When a node's key has ended, and what may be said of its end. Pure. */
import { CongvanError } from '../errors.ts'

interface KeyEntry {
  readonly fingerprint: string
  /** ISO 8601; null while no end is set. */
  readonly validTo: string | null
}

/**
 * A key that has ended never counts again: it may have been ended because somebody else has it, and whoever holds it
 * could sign an announcement that names it.
 *
 * @throws CongvanError `NODE_KEY_ENDED`
 */
export function requireNotEnded(node: string, key: KeyEntry, now: Date): void {
  if (key.validTo === null || new Date(key.validTo) > now) return
  throw keyEnded(node, key.fingerprint, key.validTo)
}

/**
 * An announcement takes no end away that an operator has set, not even one that is still to come.
 *
 * @throws CongvanError `NODE_KEY_ENDED`
 */
export function requireNoEnd(node: string, key: KeyEntry): void {
  if (key.validTo !== null) throw keyEnded(node, key.fingerprint, key.validTo)
}

function keyEnded(node: string, fingerprint: string, at: string): CongvanError {
  return new CongvanError('NODE_KEY_ENDED', { node, fingerprint, at: new Date(at).toISOString() })
}
