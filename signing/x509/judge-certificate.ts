import type { VerificationPolicy } from '../policy.ts'
import type { SignatureRole } from '../report.ts'
import type { Purpose } from './certificate-use.ts'
import { type PathJudgement, validateCertificatePath } from './path.ts'
import { roleOf } from './subject-roles.ts'
import type { WorkBudget } from './work-budget.ts'

/** The judgement of the path with its facts, and the holder's role. */
export interface CertificateJudgement extends PathJudgement {
  readonly role: SignatureRole
}

/**
 * Judges a signer's certificate under a policy: path, time, use, revocation, and the holder's role.
 *
 * @param certificate DER
 * @param embedded certificates that came with the signature, DER; they help to build a path and are not trusted
 * @param fileBudget shared by all validations for one file
 * @throws SigningError `CERTIFICATE_MALFORMED`
 */
export function judgeCertificate(
  certificate: Uint8Array,
  embedded: readonly Uint8Array[],
  policy: VerificationPolicy,
  purpose: Purpose = 'document-signing',
  fileBudget?: WorkBudget,
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
    fileBudget,
  })
  return { ...judgement, role: roleOf(certificate, policy.roleRules) }
}
