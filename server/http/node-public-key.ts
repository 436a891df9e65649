/** The public half of a node key, as other nodes are shown it. */
import { X509Certificate } from 'node:crypto'
import { type KeyProvider, nodeKeyFingerprint } from '../../signing/index.ts'

export interface NodePublicKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer
  /** SHA-256 of `spki`, hexadecimal. */
  readonly fingerprint: string
}

/** Parsing a certificate for every request would cost more than signing it. */
const known = new WeakMap<KeyProvider, NodePublicKey>()

export function publicKeyOf(key: KeyProvider): NodePublicKey {
  const found = known.get(key)
  if (found !== undefined) return found
  const { publicKey } = new X509Certificate(key.certificate)
  const value = {
    spki: publicKey.export({ type: 'spki', format: 'der' }),
    fingerprint: nodeKeyFingerprint(publicKey),
  }
  known.set(key, value)
  return value
}
