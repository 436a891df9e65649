/**
 * The certificate of a signer judged in time (ETSI EN 319 102-1 clauses 5.2.6, 5.3.4 and 5.5.4): first now; where
 * that leaves open what an earlier time could settle, at the time at which the signature is proven to have existed.
 */
import type { VerificationPolicy } from '../policy.ts'
import type { Finding, SignatureRole, SubIndication } from '../report.ts'
import { parseCertificate } from '../x509/certificate.ts'
import type { Purpose } from '../x509/certificate-use.ts'
import { type CertificateJudgement, judgeCertificate } from '../x509/judge-certificate.ts'
import type { WorkBudget } from '../x509/work-budget.ts'
import { failed, type Objection, verdictOf } from './objection.ts'
import { type Weakness, weighWeaknesses } from './weakness.ts'

export interface SigningCertificateInput {
  /** DER. */
  readonly certificate: Uint8Array
  /** Certificates that came with the signature, DER; they help to build a path and are not trusted. */
  readonly carriedCertificates: readonly Uint8Array[]
  /** With the CRLs and OCSP responses of the file merged in. */
  readonly policy: VerificationPolicy
  readonly purpose: Purpose
  /** The earliest time at which the signature is proven to have existed; undefined without any proof. */
  readonly provenTime?: Date | undefined
  /** A time before which the signature is proven not to have existed: a content time-stamp, which it covers. */
  readonly provenAfter?: Date | undefined
  /** What is weak in the signature itself: digests and keys. */
  readonly weaknesses?: readonly Weakness[]
  /** Shared by all validations for one file. */
  readonly fileBudget?: WorkBudget | undefined
}

export interface SigningCertificateJudgement {
  readonly indication: 'TOTAL_PASSED' | 'INDETERMINATE' | 'TOTAL_FAILED'
  readonly subIndication: SubIndication | null
  readonly role: SignatureRole
  /** What speaks against the signature, gravest first; empty when it passes. */
  readonly objections: readonly Objection[]
  /** Everything found besides. */
  readonly warnings: readonly Finding[]
  /** From the certificate to the anchor, DER; empty when no path was found. */
  readonly path: readonly Uint8Array[]
  /** The moment at which path and algorithms were judged: the time of validation or the proven one. */
  readonly judgedAt: Date
}

/** What may be settled by a proof that the signature is older (clause 5.5.4, steps 2 and 4). */
const settledByProof: ReadonlySet<SubIndication | null> = new Set<SubIndication>([
  'REVOKED_NO_POE',
  'REVOKED_CA_NO_POE',
  'OUT_OF_BOUNDS_NO_POE',
  'OUT_OF_BOUNDS_NOT_REVOKED',
  'CRYPTO_CONSTRAINTS_FAILURE_NO_POE',
  'TRY_LATER',
])

/**
 * Judges a signer's certificate and the strength of the signature's algorithms under a policy.
 *
 * A proof earlier than the time of validation lets the certificate count as it was at that time: what expired or was
 * revoked later does not matter. A signature proven to be older than its certificate, or proven to have been made
 * after the certificate expired or was revoked, is `TOTAL_FAILED`.
 *
 * @throws SigningError `CERTIFICATE_MALFORMED`
 */
export function judgeSigningCertificate(input: SigningCertificateInput): SigningCertificateJudgement {
  const { policy, provenTime, weaknesses = [] } = input
  // A proof from after the time of validation proves nothing about an earlier time.
  const proof = provenTime !== undefined && provenTime < policy.time ? provenTime : undefined
  const weighed = weighWeaknesses(weaknesses, { time: proof ?? policy.time, legacy: policy.legacy })
  const now = judgeAt(input, policy.time)
  const isOpen = now.indication === 'INDETERMINATE' && settledByProof.has(now.subIndication)
  const then = isOpen && proof !== undefined ? judgeAt(input, proof) : undefined
  const judged = then ?? now
  const objections = [...proofObjections(input, proof, judged), ...weighed.objections]
  const warnings = [...judged.warnings, ...weighed.warnings]
  if (then?.indication === 'TOTAL_PASSED' && proof !== undefined) {
    const message = `now it would be ${now.subIndication}; at ${proof.toISOString()} it was good`
    warnings.push({ code: 'JUDGED_AT_PROVEN_TIME', message })
  }
  const { role, path } = judged
  return {
    ...plainVerdict(objections),
    role,
    objections,
    warnings,
    path,
    judgedAt: then === undefined || proof === undefined ? policy.time : proof,
  }
}

function plainVerdict(objections: readonly Objection[]) {
  const { indication, subIndication } = verdictOf(objections)
  return { indication, subIndication }
}

function judgeAt(input: SigningCertificateInput, time: Date): CertificateJudgement {
  const { certificate, carriedCertificates, policy, purpose, fileBudget } = input
  return judgeCertificate(certificate, carriedCertificates, { ...policy, time }, purpose, fileBudget)
}

/** The verdict of the path, sharpened by what is proven about the time of the signature. */
function* proofObjections(
  input: SigningCertificateInput,
  proof: Date | undefined,
  judged: CertificateJudgement,
): Generator<Objection> {
  const { certificate, provenAfter } = input
  const { notBefore, notAfter } = parseCertificate(certificate)
  if (proof !== undefined && proof < notBefore) {
    const message = `the signature existed at ${proof.toISOString()}, before the certificate did`
    yield failed('NOT_YET_VALID', 'SIGNED_BEFORE_CERTIFICATE', message)
  }
  const { indication, subIndication } = judged
  if (indication === 'TOTAL_PASSED' || subIndication === null) return
  if (provenAfter !== undefined) {
    const since = `the signature was made after ${provenAfter.toISOString()}`
    if (subIndication === 'REVOKED_NO_POE' && judgeAt(input, provenAfter).subIndication === subIndication) {
      yield failed('REVOKED', 'SIGNED_AFTER_REVOCATION', `${since}, when the certificate was revoked already`)
    }
    if (subIndication === 'OUT_OF_BOUNDS_NO_POE' && provenAfter > notAfter) {
      yield failed('EXPIRED', 'SIGNED_AFTER_EXPIRY', `${since}, when the certificate had expired already`)
    }
  }
  yield { indication, subIndication, code: subIndication, message: '' }
}

/** Objections that explain themselves; the path's own are told by the path's warnings. */
export function explained(objections: readonly Objection[]): readonly Finding[] {
  return objections.flatMap(({ code, message }) => (message === '' ? [] : [{ code, message }]))
}
