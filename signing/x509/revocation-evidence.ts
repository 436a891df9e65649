import type { Certificate } from './certificate.ts'

export type RevocationSource = 'crl' | 'ocsp'

/** When a statement was made, and until when a newer one is promised. */
export interface Statement {
  readonly source: RevocationSource
  /** `thisUpdate` of the list or of the single response. */
  readonly issuedAt: Date
  readonly nextUpdate: Date | undefined
}

/** What is known of one certificate. */
export type RevocationStatus =
  | ({ readonly status: 'good' } & Statement)
  | ({ readonly status: 'revoked'; readonly revokedAt: Date; readonly reason: number } & Statement)
  | { readonly status: 'unknown' }

export const unknown: RevocationStatus = { status: 'unknown' }

/** CRLReason (RFC 5280 section 5.3.1): the one that can end, and the one that ends it. */
export const CERTIFICATE_HOLD = 6
export const REMOVE_FROM_CRL = 8

/**
 * Whether a statement "not revoked" of the given age holds for `time`. One issued after `time` does too, unless the
 * certificate had expired by then: expired ones may be dropped, where the statement does not say that it keeps those
 * that expired from some moment on (`expiredCertsOnCRL`, OCSP archive cutoff).
 */
export function isEvidence(
  statement: {
    readonly thisUpdate: Date
    readonly nextUpdate: Date | undefined
    readonly keepsExpiredSince?: Date | undefined
  },
  certificate: Certificate,
  time: Date,
): boolean {
  const { thisUpdate, nextUpdate, keepsExpiredSince } = statement
  if (thisUpdate <= time) return nextUpdate !== undefined && time <= nextUpdate
  return (
    thisUpdate <= certificate.notAfter ||
    (keepsExpiredSince !== undefined && keepsExpiredSince <= certificate.notAfter)
  )
}

/**
 * The answer that counts among several: a revocation for good before all else; a hold unless a newer statement no
 * longer knows of it (RFC 5280 section 5.3.1); then the newest "good".
 */
export function decisive(answers: readonly RevocationStatus[]): RevocationStatus {
  const revoked = answers.filter((one) => one.status === 'revoked')
  const good = newest(answers.filter((one) => one.status === 'good'))
  const forGood = revoked.filter(({ reason }) => reason !== CERTIFICATE_HOLD)
  if (forGood.length > 0) return forGood.reduce((a, b) => (b.revokedAt < a.revokedAt ? b : a))
  const held = newest(revoked)
  if (held === undefined) return good ?? unknown
  return good !== undefined && good.issuedAt > held.issuedAt ? good : held
}

function newest<T extends Statement>(statements: readonly T[]): T | undefined {
  return statements.toSorted((a, b) => b.issuedAt.getTime() - a.issuedAt.getTime())[0]
}
