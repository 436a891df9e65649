import { createHash, createPublicKey, KeyObject } from 'node:crypto'
import { SigningError } from '../errors.ts'
import { parseCertificate } from './certificate.ts'

/**
 * The name by which the directory knows a node key: SHA-256 of its SubjectPublicKeyInfo (DER), 64 lower-case
 * hexadecimal digits. It names the key, not a certificate: a renewed certificate for the same key keeps it.
 *
 * @param certificateOrKey a certificate (DER), or a public or private key
 * @throws SigningError `CERTIFICATE_MALFORMED`
 */
export function nodeKeyFingerprint(certificateOrKey: Uint8Array | KeyObject): string {
  return createHash('sha256').update(publicKeyInfo(certificateOrKey)).digest('hex')
}

function publicKeyInfo(certificateOrKey: Uint8Array | KeyObject): Uint8Array {
  if (!(certificateOrKey instanceof KeyObject)) return parseCertificate(certificateOrKey).publicKeyInfo
  const key = certificateOrKey.type === 'private' ? createPublicKey(certificateOrKey) : certificateOrKey
  return key.export({ type: 'spki', format: 'der' })
}

/**
 * The public key of a certificate.
 *
 * @throws SigningError `CERTIFICATE_MALFORMED`; `ALGORITHM_UNSUPPORTED` for a kind of key that is not known here
 */
export function certificateKey(certificate: Uint8Array): KeyObject {
  const key = parseCertificate(certificate).publicKey()
  if (key === undefined) throw new SigningError('ALGORITHM_UNSUPPORTED', { algorithm: 'public key' })
  return key
}
