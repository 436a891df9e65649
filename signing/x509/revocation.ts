/**
 * The revocation status of one certificate of a path at one moment, from CRLs (RFC 5280 section 6.3) and OCSP
 * responses (RFC 6960).
 *
 * A list proves a certificate good when it is signed by the certificate's issuer, covers it, and either is current
 * at that moment or was issued later while the certificate had not expired. It proves it revoked even when it is
 * out of date, partial or a delta list: a revocation is not undone, except from hold, and there caution is right.
 * Indirect lists and lists signed by another key than that of the certificate's issuer are not used.
 */
import { sha1OnAuthoritiesUntil } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import type { Certificate } from './certificate.ts'
import { KEY_USAGE } from './certificate-extensions.ts'
import { type Crl, parseCrl } from './crl.ts'
import { namesPoint } from './distribution-points.ts'
import { type OcspResponse, ocspStatus, parseOcspResponse } from './ocsp.ts'
import { isEvidence, type RevocationStatus } from './revocation-evidence.ts'
import { checkSignature } from './verify-signature.ts'

/** Parsed lists and responses, each read once; broken ones are counted and left out. */
export interface RevocationData {
  readonly crls: readonly Crl[]
  readonly ocspResponses: readonly OcspResponse[]
  readonly unreadable: number
}

const REMOVE_FROM_CRL = 8

export function readRevocationData(
  crls: readonly Uint8Array[],
  ocspResponses: readonly Uint8Array[],
): RevocationData {
  let unreadable = 0
  function attempt<T>(reader: (der: Uint8Array) => T) {
    return (der: Uint8Array): T[] => {
      try {
        return [reader(der)]
      } catch (error) {
        if (!(error instanceof SigningError)) throw error
        unreadable += 1
        return []
      }
    }
  }
  const lists = crls.flatMap(attempt(parseCrl))
  const responses = ocspResponses.flatMap(attempt(parseOcspResponse))
  return { crls: lists, ocspResponses: responses, unreadable }
}

/**
 * @param certificate whose status is asked
 * @param issuer the certificate above it in the path
 * @param time the moment in question: a revocation after it does not count
 */
export function revocationStatus(
  certificate: Certificate,
  issuer: Certificate,
  data: RevocationData,
  time: Date,
): RevocationStatus {
  const answers = [
    ...data.crls.map((crl) => readable(() => crlStatus(crl, certificate, issuer, time))),
    ...data.ocspResponses.map((response) =>
      readable(() =>
        ocspStatus(response, certificate, issuer, time, (responder) =>
          data.crls.some((crl) => crlStatus(crl, responder, issuer, time).status === 'good'),
        ),
      ),
    ),
  ]
  return (
    answers.find(({ status }) => status === 'revoked') ??
    answers.find(({ status }) => status === 'good') ?? { status: 'unknown' }
  )
}

/** Entries and inner extensions are read when asked for; a broken one makes its list say nothing. */
function readable(ask: () => RevocationStatus): RevocationStatus {
  try {
    return ask()
  } catch (error) {
    if (error instanceof SigningError) return unknown
    throw error
  }
}

const unknown: RevocationStatus = { status: 'unknown' }

function crlStatus(crl: Crl, certificate: Certificate, issuer: Certificate, time: Date): RevocationStatus {
  if (crl.issuerKey !== certificate.issuerKey || crl.scope?.indirect) return unknown
  const { keyUsage, basicConstraints } = issuer.extensions
  if (keyUsage !== undefined && !keyUsage.has(KEY_USAGE.cRLSign)) return unknown
  const check = checkSignature(crl, issuer.publicKey())
  if (check !== 'holds' && check !== 'weak') return unknown
  const entry = crl.find(certificate.serial)
  if (entry !== undefined && entry.revokedAt <= time && entry.reason !== REMOVE_FROM_CRL) {
    return { status: 'revoked', source: 'crl', revokedAt: entry.revokedAt, reason: entry.reason }
  }
  const unread = crl.unknownCritical.length > 0 || entry?.unknownCritical === true
  if (basicConstraints?.ca === false || unread || crl.isDelta || !covers(crl, certificate)) return unknown
  // SHA-1 is let pass on lists as long as on the certificates of the CAs that sign them. OCSP responses carry a nonce
  // that others choose, which is what a collision needs: there it never counts.
  const sound = check === 'holds' || time < sha1OnAuthoritiesUntil
  return sound && isEvidence(crl, certificate, time)
    ? { status: 'good', source: 'crl', issuedAt: crl.thisUpdate }
    : unknown
}

/** Whether the list would name this certificate if it were revoked for whatever reason. */
function covers({ scope }: Crl, certificate: Certificate): boolean {
  if (scope === undefined) return true
  const isCa = certificate.extensions.basicConstraints?.ca === true
  if (scope.onlyAttributeCertificates || scope.onlySomeReasons) return false
  if (scope.onlyUserCertificates && isCa) return false
  if (scope.onlyCaCertificates && !isCa) return false
  return scope.point === undefined || namesPoint(certificate, scope.point)
}
