import type { Certificate } from './certificate.ts'

/** What is known of one certificate; `issuedAt` is the time of the statement, not of the question. */
export type RevocationStatus =
  | { readonly status: 'good'; readonly source: 'crl' | 'ocsp'; readonly issuedAt: Date }
  | {
      readonly status: 'revoked'
      readonly source: 'crl' | 'ocsp'
      readonly revokedAt: Date
      readonly reason: number
    }
  | { readonly status: 'unknown' }

/**
 * Whether a statement "not revoked" of the given age holds for `time`. One issued after `time` does too, unless the
 * certificate had expired by then: expired ones may be dropped from lists.
 */
export function isEvidence(
  statement: { readonly thisUpdate: Date; readonly nextUpdate: Date | undefined },
  certificate: Certificate,
  time: Date,
): boolean {
  if (statement.thisUpdate > time) return statement.thisUpdate <= certificate.notAfter
  return statement.nextUpdate !== undefined && time <= statement.nextUpdate
}
