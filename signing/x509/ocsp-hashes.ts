import { createHash } from 'node:crypto'
import type { Certificate } from './certificate.ts'
import { malformed, parseDer } from './der.ts'
import { readBitStringBytes } from './der-values.ts'
import type { CertIdHash } from './ocsp.ts'

interface Hashes {
  readonly key: Uint8Array
  readonly issuerName: Uint8Array
}

const known = new WeakMap<Certificate, Map<CertIdHash, Hashes>>()

/**
 * The digest of a certificate's key, that is of the content of its BIT STRING, and of its issuer's name as it stands
 * there: what `CertID` and `ResponderID` are made of (RFC 6960 sections 4.1.1 and 4.2.1).
 */
export function ocspHashes(algorithm: CertIdHash, certificate: Certificate): Hashes {
  const hashes = known.get(certificate) ?? new Map<CertIdHash, Hashes>()
  known.set(certificate, hashes)
  let found = hashes.get(algorithm)
  if (found === undefined) {
    const [, bits] = parseDer(certificate.publicKeyInfo).children
    if (bits === undefined) throw malformed(0, 'SubjectPublicKeyInfo')
    const digest = (bytes: Uint8Array) => createHash(algorithm).update(bytes).digest()
    found = { key: digest(readBitStringBytes(bits)), issuerName: digest(certificate.issuer.raw) }
    hashes.set(algorithm, found)
  }
  return found
}
