/** Keys held in memory: from PKCS#8 bytes or a `node:crypto` key object, with certificate and chain. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import {
  type DigestAlgorithm,
  keyStrength,
  type SignatureAlgorithm,
  signatureAlgorithm,
  signData,
} from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import { type Certificate, parseCertificate, tryParseCertificate } from '../x509/certificate.ts'
import type { KeyProvider } from './key-provider.ts'

export interface KeyOptions {
  /** RSA only. Default `pss`; `pkcs1` for receivers and tools that know no PSS. */
  readonly rsaPadding?: 'pss' | 'pkcs1'
  /** Default SHA-256; for P-384 SHA-384, for P-521 SHA-512. EdDSA has no choice (RFC 8419 section 3.1). */
  readonly digest?: Extract<DigestAlgorithm['name'], `SHA${'-' | '3-'}${256 | 384 | 512}`>
}

/** A key with its certificates, all DER; `chain` in any order. */
export interface HeldKey {
  readonly certificate: Uint8Array
  readonly chain: readonly Uint8Array[]
  readonly privateKeyPkcs8: Uint8Array
}

/**
 * A provider for a PKCS#8 key.
 * @throws SigningError `KEY_FILE_MALFORMED`, `KEY_UNSUPPORTED`, `KEY_CERTIFICATE_MISMATCH`, `CERTIFICATE_MALFORMED`
 */
export function asKeyProvider(held: HeldKey, options: KeyOptions = {}): KeyProvider {
  return keyObjectProvider(importPkcs8(held.privateKeyPkcs8), held.certificate, held.chain, options)
}

/** @throws SigningError `KEY_FILE_MALFORMED` when OpenSSL takes no such key */
export function importPkcs8(pkcs8: Uint8Array): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
  } catch (cause) {
    throw new SigningError('KEY_FILE_MALFORMED', { reason: 'PKCS#8' }, { cause })
  }
}

/** As `asKeyProvider`, for a key object. */
export function keyObjectProvider(
  privateKey: KeyObject,
  certificate: Uint8Array,
  chain: readonly Uint8Array[],
  options: KeyOptions = {},
): KeyProvider {
  const algorithm = algorithmFor(privateKey, options)
  const own = parseCertificate(certificate)
  if (!belongsTo(privateKey, own)) throw new SigningError('KEY_CERTIFICATE_MISMATCH')
  return {
    certificate,
    chain: orderChain(own, chain),
    algorithm,
    sign: async (data) => signData(algorithm, privateKey, data),
  }
}

/** Whether the certificate certifies this key. */
export function belongsTo(privateKey: KeyObject, certificate: Certificate): boolean {
  return certificate.publicKey()?.equals(createPublicKey(privateKey)) ?? false
}

function algorithmFor(key: KeyObject, options: KeyOptions): SignatureAlgorithm {
  const strength = keyStrength(key)
  if (!strength.acceptable) throw new SigningError('KEY_UNSUPPORTED', { reason: strength.name })
  if (strength.kind === 'rsa') {
    const scheme = options.rsaPadding === 'pkcs1' ? 'RSASSA-PKCS1-v1_5' : 'RSASSA-PSS'
    return signatureAlgorithm(scheme, options.digest ?? 'SHA-256')
  }
  if (strength.kind === 'ed25519') return signatureAlgorithm('EdDSA', 'SHA-512')
  if (strength.kind === 'ed448') return signatureAlgorithm('EdDSA', 'SHAKE256')
  if (strength.kind !== 'ec') throw new SigningError('KEY_UNSUPPORTED', { reason: strength.name })
  const natural = strength.bits > 500 ? 'SHA-512' : strength.bits > 256 ? 'SHA-384' : 'SHA-256'
  return signatureAlgorithm('ECDSA', options.digest ?? natural)
}

/**
 * Issuers first to last from the signer upward; what does not link up is left out, so that nothing foreign is
 * embedded in a signature.
 */
function orderChain(own: Certificate, chain: readonly Uint8Array[]): readonly Uint8Array[] {
  const left = chain.flatMap((der) => tryParseCertificate(der) ?? [])
  const ordered: Certificate[] = []
  for (let current = own; current.issuerKey !== current.subjectKey; ) {
    const index = left.findIndex(
      (candidate) =>
        candidate.subjectKey === current.issuerKey && candidate.fingerprint !== current.fingerprint,
    )
    const [next] = index < 0 ? [] : left.splice(index, 1)
    if (next === undefined) break
    ordered.push(next)
    current = next
  }
  return ordered.map(({ der }) => der)
}
