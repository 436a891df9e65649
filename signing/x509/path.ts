/**
 * From a certificate up to a trust anchor: paths are searched (`path-search.ts`), each is judged by RFC 5280
 * section 6.1 (`path-rules.ts`) until one passes, and otherwise the best verdict counts (ETSI EN 319 102-1
 * clause 5.2.6). One budget bounds all of it.
 */
import type { Finding, SubIndication } from '../report.ts'
import { parseCertificate } from './certificate.ts'
import type { Purpose } from './certificate-use.ts'
import { revocationContext } from './path-revocation.ts'
import { judgePath, type PathVerdict } from './path-rules.ts'
import { CertificatePool, findPaths } from './path-search.ts'
import { readRevocationData } from './revocation.ts'
import type { RevocationStatus } from './revocation-evidence.ts'
import { WorkBudget } from './work-budget.ts'

export interface PathInput {
  /** The certificate in question, DER. */
  readonly certificate: Uint8Array
  /** Certificates that may stand between, DER, in any order, with no trust in themselves. */
  readonly intermediates: readonly Uint8Array[]
  readonly trustAnchors: readonly Uint8Array[]
  readonly crls: readonly Uint8Array[]
  readonly ocspResponses: readonly Uint8Array[]
  /** The moment at which the path is judged. */
  readonly time: Date
  /** Revocation is wanted when this is true or any CRL or OCSP response is given. */
  readonly requireRevocation: boolean
  readonly purpose: Purpose
  /** Policies that the caller accepts, dotted decimal (RFC 5280 section 6.1.1 c); absent for any. */
  readonly initialPolicySet?: readonly string[]
  /** The path must be valid under one of the accepted policies (section 6.1.1 f). */
  readonly requireExplicitPolicy?: boolean
  /** Policies may not be mapped to others (section 6.1.1 e). */
  readonly inhibitPolicyMapping?: boolean
  /** "Any policy" in a certificate counts for nothing (section 6.1.1 g). */
  readonly inhibitAnyPolicy?: boolean
  /** Only OCSP responses with this nonce count (RFC 9654): for answers to one's own request. */
  readonly ocspNonce?: Uint8Array
  /** Shared by all validations for one file; absent for one validation alone. */
  readonly fileBudget?: WorkBudget | undefined
}

/** What revocation data say of one certificate of the path; dates are those of the list or response. */
export interface RevocationFact {
  readonly status: 'good' | 'revoked' | 'unknown'
  readonly source?: 'crl' | 'ocsp'
  readonly thisUpdate?: Date
  readonly nextUpdate?: Date
  readonly revokedAt?: Date
  /** CRLReason (RFC 5280 section 5.3.1). */
  readonly reason?: number
}

export interface PathJudgement {
  readonly indication: 'TOTAL_PASSED' | 'INDETERMINATE' | 'TOTAL_FAILED'
  readonly subIndication: SubIndication | null
  /** The path judged, DER, from the certificate to the anchor; empty when none was found. */
  readonly path: readonly Uint8Array[]
  readonly warnings: readonly Finding[]
  /** In the order of `path`, without the anchor; absent when revocation was not checked. */
  readonly revocation?: readonly RevocationFact[]
  /** Policies under which the path is valid; `2.5.29.32.0` stands for any. Absent when no path was found. */
  readonly policies?: readonly string[]
}

/**
 * Judges a certificate for a purpose at a time. What cannot be decided is `INDETERMINATE`; `TOTAL_FAILED` never occurs
 * here, since a path alone proves no signature wrong.
 * @throws SigningError `CERTIFICATE_MALFORMED` for the certificate in question; broken others are left out
 */
export function validateCertificatePath(input: PathInput): PathJudgement {
  const certificate = parseCertificate(input.certificate)
  const budget = new WorkBudget(input.fileBudget)
  const rules = {
    // Validity is given in whole seconds and includes the last one (RFC 5280 section 4.1.2.5).
    time: new Date(Math.floor(input.time.getTime() / 1000) * 1000),
    budget,
    policies: {
      initialPolicySet: input.initialPolicySet,
      requireExplicitPolicy: input.requireExplicitPolicy ?? false,
      inhibitPolicyMapping: input.inhibitPolicyMapping ?? false,
      inhibitAnyPolicy: input.inhibitAnyPolicy ?? false,
    },
  }
  const data = readRevocationData(input.crls, input.ocspResponses)
  const revocationWanted = input.requireRevocation || input.crls.length > 0 || input.ocspResponses.length > 0
  const pool = new CertificatePool(input.trustAnchors, input.intermediates)
  const settings = { pool, data, ocspNonce: input.ocspNonce, rules }
  const outcome = { unsupported: false }
  let best: PathVerdict | undefined
  for (const path of findPaths(certificate, pool, budget, outcome)) {
    const revocation = revocationWanted ? revocationContext(settings, path) : undefined
    const verdict = judgePath(path, { ...rules, purpose: input.purpose, revocation })
    if (best === undefined || verdict.rank < best.rank) best = verdict
    if (verdict.indication === 'TOTAL_PASSED') break
  }
  const warnings: Finding[] = [...(best?.warnings ?? []), ...budget.findings()]
  if (data.unreadable > 0) {
    const message = `${data.unreadable} CRL or OCSP response could not be read`
    warnings.push({ code: 'REVOCATION_DATA_UNREADABLE', message })
  }
  if (best === undefined) {
    const message = outcome.unsupported
      ? 'a signature on the way to an anchor uses an algorithm that is not supported'
      : 'no path to a trust anchor'
    warnings.push({ code: 'NO_CERTIFICATE_CHAIN_FOUND', message })
    return { indication: 'INDETERMINATE', subIndication: 'NO_CERTIFICATE_CHAIN_FOUND', path: [], warnings }
  }
  return {
    indication: best.indication,
    subIndication: best.subIndication,
    // Copies: what is handed out may be changed by whoever gets it, what was parsed is shared.
    path: best.path.map((step) => new Uint8Array(step.certificate.der)),
    warnings,
    ...(revocationWanted && { revocation: best.revocation.map(asFact) }),
    policies: best.policies,
  }
}

/** With dates of its own: those of the lists and responses are shared, and a `Date` can be changed. */
function asFact(status: RevocationStatus): RevocationFact {
  if (status.status === 'unknown') return { status: 'unknown' }
  const { source, issuedAt, nextUpdate } = status
  return {
    status: status.status,
    source,
    thisUpdate: new Date(issuedAt),
    ...(nextUpdate !== undefined && { nextUpdate: new Date(nextUpdate) }),
    ...(status.status === 'revoked' && { revokedAt: new Date(status.revokedAt), reason: status.reason }),
  }
}
