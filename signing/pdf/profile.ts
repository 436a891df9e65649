/** The verdict on a file out of those on its signatures, and what a profile asks for besides (reference 3.2, 4.3). */
import type { VerificationPolicy } from '../policy.ts'
import { type Finding, type SignatureReport, type VerificationReport, worstIndication } from '../report.ts'

type Profile = VerificationPolicy['profile']

/** The worst of the signatures' verdicts; one that passes does not where the profile is not met. */
export function applyProfile(signatures: readonly SignatureReport[], profile: Profile): VerificationReport {
  const worst = worstIndication(signatures)
  const unmet = unmetProfile(signatures, profile)
  if (unmet !== undefined) {
    const verdict =
      worst.indication === 'TOTAL_PASSED'
        ? ({ indication: 'INDETERMINATE', subIndication: 'SIG_CONSTRAINTS_FAILURE' } as const)
        : worst
    return { format: 'pdf', ...verdict, signatures, errors: [unmet] }
  }
  const doubt = profile === 'issued' ? differingAgencies(signatures) : undefined
  const report: VerificationReport = { format: 'pdf', ...worst, signatures, errors: [] }
  return doubt === undefined ? report : { ...report, warnings: [doubt] }
}

function unmetProfile(signatures: readonly SignatureReport[], profile: Profile): Finding | undefined {
  if (profile === 'any') return undefined
  const roles = signatures.map((signature) => signature.role)
  const individual = roles.indexOf('individual')
  const agency = roles.lastIndexOf('agency')
  if (profile === 'scanned-copy') {
    return agency >= 0 ? undefined : { code: 'PROFILE_NOT_MET', message: 'no signature of an agency' }
  }
  return individual >= 0 && agency > individual
    ? undefined
    : { code: 'PROFILE_NOT_MET', message: 'no signature of a person followed by one of an agency' }
}

/**
 * A document is issued by a person and his agency. That the certificates name two different ones is no more than a
 * doubt: who moves to another agency goes on signing until the new one has his certificate changed (NB165 11.6).
 */
function differingAgencies(signatures: readonly SignatureReport[]): Finding | undefined {
  const agency = signatures.findLast(({ role }) => role === 'agency')?.agencyCode ?? undefined
  const persons = signatures.filter(({ role }) => role === 'individual').map(({ agencyCode }) => agencyCode)
  const other = persons.find((code) => code !== null && code !== undefined && code !== agency)
  return agency === undefined || other === undefined
    ? undefined
    : { code: 'PROFILE_AGENCIES_DIFFER', message: `the person signs for ${other}, the agency is ${agency}` }
}
