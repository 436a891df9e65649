/** What the certificates of a path demand of those below them (RFC 5280 sections 6.1.3 to 6.1.5). */
import { type Certificate, isSelfIssued } from './certificate.ts'
import { EXTENSION, KEY_USAGE } from './certificate-extensions.ts'
import { shortName } from './name.ts'
import { constrainedNames, judgeNameConstraints, type NameConstraints } from './name-constraints.ts'
import type { Objection } from './path-rules.ts'
import type { WorkBudget } from './work-budget.ts'

/** Extensions that no conforming CA marks critical (sections 4.2.1.1 and 4.2.1.2), because they are mere hints. */
const neverCritical = [EXTENSION.authorityKeyIdentifier, EXTENSION.subjectKeyIdentifier]

/** @param path from the certificate in question to the anchor, whose own extensions bind like those below it */
export function* constraintObjections(
  path: readonly Certificate[],
  budget: WorkBudget,
): Generator<Objection> {
  const [target] = path
  let remaining = Number.POSITIVE_INFINITY
  const nameConstraints: NameConstraints[] = []
  const failure = (certificate: Certificate, message: string): Objection => ({
    subIndication: 'CERTIFICATE_CHAIN_GENERAL_FAILURE',
    message: `${shortName(certificate.subject)}: ${message}`,
  })
  for (const certificate of path.toReversed()) {
    const { extensions } = certificate
    const isTarget = certificate === target
    const isAnchor = certificate === path.at(-1)
    const selfIssued = isSelfIssued(certificate)
    for (const type of extensions.unknownCritical) {
      yield failure(certificate, `critical extension ${type} is not understood`)
    }
    for (const type of neverCritical) {
      if (extensions.all.get(type)?.critical)
        yield failure(certificate, `extension ${type} must not be critical`)
    }
    if (nameConstraints.length > 0 && (isTarget || !selfIssued)) {
      const objection = nameObjection(certificate, nameConstraints, budget)
      if (objection !== null) yield failure(certificate, objection)
    }
    if (isTarget) {
      if (extensions.nameConstraints !== undefined && extensions.basicConstraints?.ca !== true) {
        yield failure(certificate, 'name constraints are for authorities only')
      }
      const alternative = extensions.all.get(EXTENSION.subjectAltName)
      if (certificate.subject.relativeNames.length === 0 && alternative?.critical !== true) {
        // Section 4.2.1.6: whose subject is empty must have critical alternative names.
        yield failure(certificate, 'names nobody')
      }
      return
    }

    if (!isAuthority(certificate, isAnchor)) yield failure(certificate, 'not a certification authority')
    if (extensions.keyUsage !== undefined && !extensions.keyUsage.has(KEY_USAGE.keyCertSign)) {
      yield failure(certificate, 'key usage does not include signing certificates')
    }
    if (!isAnchor && !selfIssued) {
      if (remaining <= 0) yield failure(certificate, 'path longer than an authority above allows')
      remaining -= 1
    }
    remaining = Math.min(remaining, extensions.basicConstraints?.pathLength ?? Number.POSITIVE_INFINITY)
    if (extensions.nameConstraints !== undefined) nameConstraints.push(extensions.nameConstraints)
  }
}

function nameObjection(
  { subject, extensions }: Certificate,
  constraints: readonly NameConstraints[],
  budget: WorkBudget,
): string | null {
  const names = constrainedNames(subject, extensions.subjectAltNames)
  for (const one of constraints) {
    const comparisons = names.length * (one.permitted.length + one.excluded.length)
    if (!budget.spend('name-comparisons', comparisons)) return 'more name constraints than are compared'
    const verdict = judgeNameConstraints(one, names)
    if (verdict !== 'permitted') return `name constraints ${verdict}`
  }
  return null
}

/**
 * An anchor of version 1 or 2 has no extensions and is taken at its word; others must say that they are a CA. A CA has
 * a name (RFC 5280 section 4.1.2.6): without one, chaining by names would prove nothing.
 */
function isAuthority({ version, extensions, subject }: Certificate, isAnchor: boolean): boolean {
  if (subject.relativeNames.length === 0) return false
  if (extensions.basicConstraints !== undefined) return extensions.basicConstraints.ca
  return isAnchor && version < 3
}
