/**
 * Algorithms that no longer suffice, weighed by the time up to which they did (ETSI EN 319 102-1 clauses 5.2.8.4 and
 * 5.5.4): facts are found without a policy, and what follows from them depends on what time is proven.
 */
import type { Finding } from '../report.ts'
import { type Objection, undecided } from './objection.ts'

/** Something weak in a signature: a digest, a key, an algorithm. */
export interface Weakness extends Finding {
  /** Up to when it is let pass; null when it never is (design 7). */
  readonly acceptableUntil: Date | null
}

export interface WeighedWeaknesses {
  readonly objections: readonly Objection[]
  /** What is weak but was still good enough at the time that counts. */
  readonly warnings: readonly Finding[]
}

/**
 * @param time the best signature time: the earliest moment at which the signature is known to have existed, at the
 *   latest the time of validation
 * @param legacy whether what never passes is told as an open question instead of a closed one (`VerificationPolicy`)
 */
export function weighWeaknesses(
  weaknesses: readonly Weakness[],
  { time, legacy }: { readonly time: Date; readonly legacy: boolean },
): WeighedWeaknesses {
  const objections: Objection[] = []
  const warnings: Finding[] = []
  for (const { code, message, acceptableUntil } of weaknesses) {
    if (acceptableUntil !== null && time < acceptableUntil) {
      warnings.push({ code, message })
    } else {
      const isOpen = acceptableUntil !== null || legacy
      const sub = isOpen ? 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE' : 'CRYPTO_CONSTRAINTS_FAILURE'
      objections.push(undecided(sub, code, message))
    }
  }
  return { objections, warnings }
}
