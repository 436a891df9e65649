import type { VerificationPolicy } from '../policy.ts'
import type { Finding, SignatureRole, SubIndication } from '../report.ts'
import type { Purpose } from './certificate-use.ts'
import { validateCertificatePath } from './path.ts'
import { roleOf } from './subject-roles.ts'

export interface CertificateJudgement {
  readonly indication: 'TOTAL_PASSED' | 'INDETERMINATE' | 'TOTAL_FAILED'
  readonly subIndication: SubIndication | null
  readonly warnings: readonly Finding[]
  readonly role: SignatureRole
  /** From the certificate to the anchor, DER; empty when no path was found. */
  readonly path: readonly Uint8Array[]
}

/**
 * Judges a signer's certificate under a policy: path, time, use, revocation, and the holder's role.
 *
 * @param certificate DER
 * @param embedded certificates that came with the signature, DER; they help to build a path and are not trusted
 * @throws SigningError `CERTIFICATE_MALFORMED`
 */
export function judgeCertificate(
  certificate: Uint8Array,
  embedded: readonly Uint8Array[],
  policy: VerificationPolicy,
  purpose: Purpose = 'document-signing',
): CertificateJudgement {
  const judgement = validateCertificatePath({
    certificate,
    intermediates: [...embedded, ...policy.untrusted],
    trustAnchors: policy.trustAnchors,
    crls: policy.crls,
    ocspResponses: policy.ocspResponses,
    time: policy.time,
    requireRevocation: policy.requireRevocation,
    purpose,
  })
  return { ...judgement, role: roleOf(certificate, policy.roleRules) }
}
