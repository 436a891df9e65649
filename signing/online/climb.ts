/** A way from a certificate up to an anchor, to learn whose revocation data is wanted; trust is judged elsewhere. */
import { type Certificate, isSelfIssued } from '../x509/certificate.ts'
import { checkSignature } from '../x509/verify-signature.ts'
import type { WorkBudget } from '../x509/work-budget.ts'

export interface Climb {
  /** From the certificate to the anchor, both included; undefined where no anchor is reached. */
  readonly path: readonly Certificate[] | undefined
  /** Where ways ended for want of an issuer. */
  readonly ends: readonly Certificate[]
}

const DEEPEST = 10

export function climb(
  certificate: Certificate,
  pool: readonly Certificate[],
  anchors: readonly Certificate[],
  budget: WorkBudget,
): Climb {
  const anchorSet = new Set(anchors.map(({ fingerprint }) => fingerprint))
  const byName = new Map<string, Certificate[]>()
  for (const one of [...anchors, ...pool]) {
    byName.set(one.subjectKey, [...(byName.get(one.subjectKey) ?? []), one])
  }
  const ends = new Map<string, Certificate>()
  const seen = new Set<string>()

  function upwards(current: Certificate, depth: number): readonly Certificate[] | undefined {
    if (anchorSet.has(current.fingerprint)) return [current]
    if (depth >= DEEPEST || seen.has(current.fingerprint)) return undefined
    seen.add(current.fingerprint)
    let found = false
    for (const issuer of byName.get(current.issuerKey) ?? []) {
      if (issuer.fingerprint === current.fingerprint) continue
      if (!budget.spend('path-steps')) return undefined
      const check = checkSignature(current, issuer, budget)
      if (check !== 'holds' && check !== 'weak' && check !== 'weak-key') continue
      found = true
      const above = upwards(issuer, depth + 1)
      if (above !== undefined) return [current, ...above]
    }
    if (!found && !isSelfIssued(current)) ends.set(current.fingerprint, current)
    return undefined
  }

  return { path: upwards(certificate, 0), ends: [...ends.values()] }
}
