import type { RoleRule } from './x509/subject-roles.ts'

/**
 * What a signature is judged against. Facts about bytes do not depend on it; verdicts do.
 *
 * All certificates, CRLs and OCSP responses are DER. An empty list of anchors is legal: the verdict is then at
 * best `INDETERMINATE`/`NO_CERTIFICATE_CHAIN_FOUND`.
 */
export interface VerificationPolicy {
  readonly trustAnchors: readonly Uint8Array[]
  /** Certificates that may help to build a path, with no trust in themselves. */
  readonly untrusted: readonly Uint8Array[]
  readonly crls: readonly Uint8Array[]
  readonly ocspResponses: readonly Uint8Array[]
  /** The time at which certificates and algorithms are judged. The library has no clock of its own. */
  readonly time: Date
  /**
   * Revocation is wanted when this is true or when `crls`, `ocspResponses` or the file itself carry any data;
   * wanted and not found gives `INDETERMINATE`/`TRY_LATER` (design 7).
   */
  readonly requireRevocation: boolean
  /**
   * A SHA-1 document digest or an RSA key under 2048 bits never passes: `CRYPTO_CONSTRAINTS_FAILURE`. When this is
   * true it is `CRYPTO_CONSTRAINTS_FAILURE_NO_POE`: a proof that the signature is older than the weakness could still
   * help. Both are `INDETERMINATE` (EN 319 102-1 clause 5.2.8); what is weak is named among the warnings.
   */
  readonly legacy: boolean
  /** `issued` asks for an individual and then an agency signature, `scanned-copy` for an agency signature only. */
  readonly profile: 'any' | 'issued' | 'scanned-copy'
  /** How the role of a signer is read from the certificate; `undefined` takes the documented table. */
  readonly roleRules?: readonly RoleRule[]
}
