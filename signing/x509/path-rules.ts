/**
 * RFC 5280 section 6.1 for one path, from the anchor down, with the verdicts of ETSI EN 319 102-1 clause 5.2.6.
 * Nothing here says that a certificate is invalid: what the path does not prove stays undecided.
 */
import { digestAcceptableUntil, type KeyStrength, keyStrength } from '../algorithms.ts'
import type { Finding, SubIndication } from '../report.ts'
import type { Certificate } from './certificate.ts'
import { EXTENSION } from './certificate-extensions.ts'
import { objectionToPathUse, type Purpose } from './certificate-use.ts'
import { shortName } from './name.ts'
import { constraintObjections } from './path-constraints.ts'
import { judgePolicies, type PolicyInputs } from './path-policies.ts'
import { type CertificatePath, hintMismatch } from './path-search.ts'
import { revocationStatus } from './revocation.ts'
import type { RevocationContext } from './revocation-context.ts'
import { CERTIFICATE_HOLD, type RevocationStatus } from './revocation-evidence.ts'
import type { WorkBudget } from './work-budget.ts'

export interface PathRules {
  readonly time: Date
  readonly purpose: Purpose
  readonly policies: PolicyInputs
  readonly budget: WorkBudget
  /** Undefined when revocation is not wanted. */
  readonly revocation: RevocationContext | undefined
}

export interface PathVerdict {
  readonly indication: 'TOTAL_PASSED' | 'INDETERMINATE'
  readonly subIndication: SubIndication | null
  readonly path: CertificatePath
  readonly warnings: readonly Finding[]
  /** For each certificate but the anchor; empty when revocation was not wanted. */
  readonly revocation: readonly RevocationStatus[]
  readonly policies: readonly string[]
  /** Lower is better: which of several paths to report. */
  readonly rank: number
}

export interface Objection {
  readonly subIndication: SubIndication
  readonly message: string
}

/**
 * The gravest objection decides: first what makes the path no path for this purpose, then revocation, then weak
 * algorithms, then time, then missing data.
 */
const gravity: readonly SubIndication[] = [
  'CERTIFICATE_CHAIN_GENERAL_FAILURE',
  'CHAIN_CONSTRAINTS_FAILURE',
  'REVOKED_NO_POE',
  'REVOKED_CA_NO_POE',
  'CRYPTO_CONSTRAINTS_FAILURE_NO_POE',
  'OUT_OF_BOUNDS_NO_POE',
  'OUT_OF_BOUNDS_NOT_REVOKED',
  'TRY_LATER',
]

/** @param path from the certificate in question to the anchor; signatures between them hold */
export function judgePath(path: CertificatePath, rules: PathRules): PathVerdict {
  const warnings: Finding[] = []
  const certificates = path.map(({ certificate }) => certificate)
  const policies = judgePolicies(certificates, rules.policies)
  const objections: Objection[] = [
    ...constraintObjections(certificates, rules.budget),
    ...timeObjections(certificates, rules),
    ...algorithmObjections(path, rules, warnings),
  ]
  if (policies.objection !== null) {
    objections.push({ subIndication: 'CERTIFICATE_CHAIN_GENERAL_FAILURE', message: policies.objection })
  }
  const objectionToPurpose = objectionToPathUse(certificates, rules.purpose)
  if (objectionToPurpose !== null) {
    objections.push({ subIndication: 'CHAIN_CONSTRAINTS_FAILURE', message: objectionToPurpose })
  }
  const revocation: RevocationStatus[] = []
  objections.push(...revocationObjections(certificates, rules, revocation, warnings))
  warnings.push(...hintWarnings(certificates))
  const worst = gravity.find((one) => objections.some(({ subIndication }) => subIndication === one))
  const explained = objections.map(({ subIndication, message }) => ({ code: subIndication, message }))
  return {
    indication: worst === undefined ? 'TOTAL_PASSED' : 'INDETERMINATE',
    subIndication: worst ?? null,
    path,
    warnings: [...explained, ...warnings],
    revocation,
    policies: policies.policies,
    rank: worst === undefined ? 0 : rankOf(worst),
  }
}

/** A revocation is a fact about the certificate and must not hide behind another path that is merely undecided. */
function rankOf(worst: SubIndication): number {
  if (worst === 'REVOKED_NO_POE') return 1
  return 2 + gravity.length - gravity.indexOf(worst)
}

function* timeObjections(
  path: readonly Certificate[],
  { time, revocation }: PathRules,
): Generator<Objection> {
  for (const [index, certificate] of path.entries()) {
    const { subject, notBefore, notAfter } = certificate
    if (time >= notBefore && time <= notAfter) continue
    const message = `${shortName(subject)}: valid from ${notBefore.toISOString()} to ${notAfter.toISOString()}`
    const issuer = path[index + 1]
    // EN 319 102-1 clause 5.2.6.4: the holder's certificate ended, and is known not to have been revoked until then.
    const isKnownGood =
      index === 0 &&
      time > notAfter &&
      issuer !== undefined &&
      revocation !== undefined &&
      revocationStatus({ certificate, issuer, time: notAfter }, revocation).status === 'good'
    yield { subIndication: isKnownGood ? 'OUT_OF_BOUNDS_NOT_REVOKED' : 'OUT_OF_BOUNDS_NO_POE', message }
  }
}

function* algorithmObjections(
  path: CertificatePath,
  { time }: PathRules,
  warnings: Finding[],
): Generator<Objection> {
  for (const [index, { certificate, issuerSignature }] of path.entries()) {
    const strength = strengthOf(certificate)
    if (!strength?.acceptable) {
      const message = `${shortName(certificate.subject)}: key ${strength?.name ?? 'of an unsupported kind'}`
      yield { subIndication: 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE', message }
    }
    const { signatureAlgorithm } = certificate
    if (issuerSignature === 'weak' && 'algorithm' in signatureAlgorithm) {
      const { digest } = signatureAlgorithm.algorithm
      const until = digestAcceptableUntil(digest, index > 0 ? 'ca-certificate' : 'signer-certificate')
      const message = `${shortName(certificate.subject)}: certificate signed with ${digest.name}`
      const tolerated = until === undefined || (until !== null && time < until)
      if (tolerated) warnings.push({ code: 'WEAK_CA_SIGNATURE', message })
      else yield { subIndication: 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE', message }
    }
  }
}

const knownStrengths = new WeakMap<Certificate, KeyStrength>()

/** `keyStrength`, asked once for each certificate; undefined where its key is of an unsupported kind. */
function strengthOf(certificate: Certificate): KeyStrength | undefined {
  const key = certificate.publicKey()
  if (key === undefined) return undefined
  const strength = knownStrengths.get(certificate) ?? keyStrength(key)
  knownStrengths.set(certificate, strength)
  return strength
}

function* revocationObjections(
  path: readonly Certificate[],
  { revocation, time }: PathRules,
  statuses: RevocationStatus[],
  warnings: Finding[],
): Generator<Objection> {
  if (revocation === undefined) {
    warnings.push({ code: 'REVOCATION_NOT_CHECKED', message: 'revocation was not checked' })
    return
  }
  for (const [index, certificate] of path.entries()) {
    const issuer = path[index + 1]
    if (issuer === undefined) return
    const status = revocationStatus({ certificate, issuer, time }, revocation)
    statuses.push(status)
    if (status.status === 'good') continue
    const who = shortName(certificate.subject)
    if (status.status === 'revoked' && status.reason !== CERTIFICATE_HOLD) {
      const subIndication = index === 0 ? 'REVOKED_NO_POE' : 'REVOKED_CA_NO_POE'
      yield { subIndication, message: `${who}: revoked at ${status.revokedAt.toISOString()}` }
    } else if (status.status === 'revoked') {
      // EN 319 102-1 clause 5.2.6.4: a hold may end, and a later list will tell.
      yield { subIndication: 'TRY_LATER', message: `${who}: on hold since ${status.revokedAt.toISOString()}` }
    } else if (isNeverRevoked(certificate)) {
      const message = `${who}: its issuer publishes no revocation for it, as the certificate says`
      warnings.push({ code: 'REVOCATION_NOT_AVAILABLE', message })
    } else {
      yield { subIndication: 'TRY_LATER', message: `${who}: no usable revocation data` }
    }
  }
}

/** RFC 9608 (`noRevAvail`) and ETSI EN 319 412-1 clause 5.2.2 (short-lived certificates); not for CAs. */
function isNeverRevoked({ extensions }: Certificate): boolean {
  if (extensions.basicConstraints?.ca === true) return false
  return (
    extensions.all.has(EXTENSION.noRevocationAvailable) ||
    extensions.all.has(EXTENSION.validityAssuredShortTerm)
  )
}

/** Identifiers that contradict each other show a mixed-up chain; they decide nothing. */
function* hintWarnings(path: readonly Certificate[]): Generator<Finding> {
  for (const [index, certificate] of path.entries()) {
    const issuer = path[index + 1]
    if (issuer === undefined || hintMismatch(certificate, issuer) < 2) continue
    const message = `${shortName(certificate.subject)}: its authority key identifier is not that of the issuer`
    yield { code: 'AUTHORITY_KEY_IDENTIFIER_MISMATCH', message }
  }
}
