import type { Finding, Indication, SubIndication } from '../report.ts'

/** Why a signature does not pass; several may hold at once. */
export interface Objection extends Finding {
  readonly indication: 'INDETERMINATE' | 'TOTAL_FAILED'
  readonly subIndication: SubIndication
}

export function failed(subIndication: SubIndication, code: string, message: string): Objection {
  return { indication: 'TOTAL_FAILED', subIndication, code, message }
}

export function undecided(subIndication: SubIndication, code: string, message: string): Objection {
  return { indication: 'INDETERMINATE', subIndication, code, message }
}

/** The verdict: the first proven failure, else the first open question, else a pass. */
export function verdictOf(objections: readonly Objection[]): {
  indication: Exclude<Indication, 'NO_SIGNATURE'>
  subIndication: SubIndication | null
} {
  const worst = objections.find(({ indication }) => indication === 'TOTAL_FAILED') ?? objections[0]
  return worst ?? { indication: 'TOTAL_PASSED', subIndication: null }
}
