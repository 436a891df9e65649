import type { SignatureAlgorithm } from '../algorithms.ts'

/**
 * Someone or something that holds a private key: a PKCS#12 file, a token, a remote service.
 *
 * The key itself is never handed out. `sign` receives the bytes to be signed (not their digest) and answers
 * the raw signature value: for ECDSA the DER `ECDSA-Sig-Value` of RFC 3279, for RSA the octet string.
 * A provider throws `SigningError` when the key refuses; any other error is a defect of the provider.
 */
export interface KeyProvider {
  /** The signer's certificate, DER. */
  readonly certificate: Uint8Array
  /** Certificates that link it to an anchor, DER, nearest first; may be empty. The anchor itself may be left out. */
  readonly chain: readonly Uint8Array[]
  /** The algorithm this key signs with. */
  readonly algorithm: SignatureAlgorithm
  sign(data: Uint8Array): Promise<Uint8Array>
}
