/**
 * RFC 5280 section 6.1 for one path, from the anchor down, with the verdicts of ETSI EN 319 102-1 clause 5.2.6.
 *
 * Certificate policies are not processed: where a path demands or maps them, the verdict is `INDETERMINATE`, as with
 * every critical extension that is not understood.
 */
import { keyStrength, sha1OnAuthoritiesUntil } from '../algorithms.ts'
import type { Finding, SubIndication } from '../report.ts'
import { isSelfIssued } from './certificate.ts'
import { EXTENSION, KEY_USAGE } from './certificate-extensions.ts'
import { objectionToUse, type Purpose } from './certificate-use.ts'
import { judgeNameConstraints, type NameConstraints } from './general-names.ts'
import { formatName } from './name.ts'
import type { PathStep } from './path.ts'
import { type RevocationData, revocationStatus } from './revocation.ts'

export interface PathRules {
  readonly time: Date
  readonly purpose: Purpose
  /** Undefined when revocation is not wanted. */
  readonly revocation: RevocationData | undefined
}

export interface PathVerdict {
  readonly indication: 'TOTAL_PASSED' | 'INDETERMINATE'
  readonly subIndication: SubIndication | null
  readonly path: readonly PathStep[]
  readonly warnings: readonly Finding[]
  /** Lower is better: which of several paths to report. */
  readonly rank: number
}

interface Objection {
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
  'TRY_LATER',
]

/** @param path from the certificate in question to the anchor; signatures between them hold */
export function judgePath(path: readonly PathStep[], rules: PathRules): PathVerdict {
  const warnings: Finding[] = []
  const objections: Objection[] = [
    ...constraintObjections(path, rules.purpose),
    ...timeObjections(path, rules.time),
    ...algorithmObjections(path, rules, warnings),
    ...revocationObjections(path, rules, warnings),
  ]
  const worst = gravity.find((one) => objections.some(({ subIndication }) => subIndication === one))
  const explained = objections.map(({ subIndication, message }) => ({ code: subIndication, message }))
  return {
    indication: worst === undefined ? 'TOTAL_PASSED' : 'INDETERMINATE',
    subIndication: worst ?? null,
    path,
    warnings: [...explained, ...warnings],
    rank: worst === undefined ? 0 : rankOf(worst),
  }
}

/** A revocation is a fact about the certificate and must not hide behind another path that is merely undecided. */
function rankOf(worst: SubIndication): number {
  if (worst === 'REVOKED_NO_POE') return 1
  return 2 + gravity.length - gravity.indexOf(worst)
}

function* constraintObjections(path: readonly PathStep[], purpose: Purpose): Generator<Objection> {
  const [target] = path
  const failure = (message: string): Objection => ({
    subIndication: 'CERTIFICATE_CHAIN_GENERAL_FAILURE',
    message,
  })
  let remaining = Number.POSITIVE_INFINITY
  let explicitPolicy = Number.POSITIVE_INFINITY
  const nameConstraints: NameConstraints[] = []
  for (const certificate of path.toReversed()) {
    const who = formatName(certificate.subject)
    const { extensions } = certificate
    const isTarget = certificate === target
    const selfIssued = isSelfIssued(certificate)
    for (const type of extensions.unknownCritical)
      yield failure(`${who}: critical extension ${type} is not understood`)
    if (extensions.all.has(EXTENSION.policyMappings))
      yield failure(`${who}: policy mappings are not processed`)
    if (isTarget || !selfIssued) {
      for (const constraints of nameConstraints) {
        const verdict = judgeNameConstraints(constraints, certificate.subject, extensions.subjectAltNames)
        if (verdict !== 'permitted') yield failure(`${who}: name constraints ${verdict}`)
      }
    }
    if (isTarget || !selfIssued) explicitPolicy -= 1
    explicitPolicy = Math.min(explicitPolicy, extensions.policyConstraints?.requireExplicitPolicy ?? Infinity)
    if (isTarget) {
      if (extensions.nameConstraints !== undefined && extensions.basicConstraints?.ca !== true) {
        yield failure(`${who}: name constraints are for authorities only`)
      }
      break
    }

    if (!isAuthority(certificate)) yield failure(`${who}: not a certification authority`)
    if (extensions.keyUsage !== undefined && !extensions.keyUsage.has(KEY_USAGE.keyCertSign)) {
      yield failure(`${who}: key usage does not include signing certificates`)
    }
    const isAnchor = certificate === path.at(-1)
    if (!isAnchor && !selfIssued) {
      if (remaining <= 0) yield failure(`${who}: path longer than an authority above allows`)
      remaining -= 1
    }
    remaining = Math.min(remaining, extensions.basicConstraints?.pathLength ?? Number.POSITIVE_INFINITY)
    if (extensions.nameConstraints !== undefined) nameConstraints.push(extensions.nameConstraints)
  }
  if (explicitPolicy <= 0) yield failure('the path demands certificate policies, which are not processed')
  const objection = target === undefined ? 'empty path' : objectionToUse(target, purpose)
  if (objection !== null) yield { subIndication: 'CHAIN_CONSTRAINTS_FAILURE', message: objection }
}

/**
 * An anchor of version 1 or 2 has no extensions and is taken at its word; others must say that they are a CA. A CA has
 * a name (RFC 5280 section 4.1.2.6): without one, chaining by names would prove nothing.
 */
function isAuthority({ version, extensions, issuerSignature, subject }: PathStep): boolean {
  if (subject.relativeNames.length === 0) return false
  if (extensions.basicConstraints !== undefined) return extensions.basicConstraints.ca
  return issuerSignature === undefined && version < 3
}

function* timeObjections(path: readonly PathStep[], time: Date): Generator<Objection> {
  for (const { subject, notBefore, notAfter } of path) {
    if (time < notBefore || time > notAfter) {
      const message = `${formatName(subject)}: valid from ${notBefore.toISOString()} to ${notAfter.toISOString()}`
      yield { subIndication: 'OUT_OF_BOUNDS_NO_POE', message }
    }
  }
}

function* algorithmObjections(
  path: readonly PathStep[],
  { time }: PathRules,
  warnings: Finding[],
): Generator<Objection> {
  for (const [index, certificate] of path.entries()) {
    const who = formatName(certificate.subject)
    const key = certificate.publicKey()
    const strength = key === undefined ? undefined : keyStrength(key)
    if (!strength?.acceptable) {
      const message = `${who}: key ${strength?.name ?? 'of an unsupported kind'}`
      yield { subIndication: 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE', message }
    }
    if (certificate.issuerSignature === 'weak') {
      const message = `${who}: certificate signed with SHA-1`
      const tolerated = index > 0 && time < sha1OnAuthoritiesUntil
      if (tolerated) warnings.push({ code: 'WEAK_CA_SIGNATURE', message })
      else yield { subIndication: 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE', message }
    }
  }
}

function* revocationObjections(
  path: readonly PathStep[],
  { revocation, time }: PathRules,
  warnings: Finding[],
): Generator<Objection> {
  if (revocation === undefined) {
    warnings.push({ code: 'REVOCATION_NOT_CHECKED', message: 'revocation was not checked' })
    return
  }
  for (const [index, certificate] of path.entries()) {
    const issuer = path[index + 1]
    if (issuer === undefined) return
    const who = formatName(certificate.subject)
    const status = revocationStatus(certificate, issuer, revocation, time)
    if (status.status === 'revoked') {
      const subIndication = index === 0 ? 'REVOKED_NO_POE' : 'REVOKED_CA_NO_POE'
      yield { subIndication, message: `${who}: revoked at ${status.revokedAt.toISOString()}` }
    }
    if (status.status === 'unknown') {
      yield { subIndication: 'TRY_LATER', message: `${who}: no usable revocation data` }
    }
  }
}
