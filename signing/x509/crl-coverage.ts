/** Whether a CRL concerns a certificate, and for which reasons of revocation (RFC 5280 section 6.3.3 b and d). */
import type { Certificate } from './certificate.ts'
import type { Crl } from './crl.ts'
import {
  ALL_REASONS,
  type DistributionPoint,
  directoryKeys,
  pointKeys,
  type ReasonMask,
} from './distribution-points.ts'
import { directoryKey, generalNameKey } from './general-names.ts'

/** Whether the list's issuer has a say: it issued the certificate, or the certificate names it for indirect lists. */
export function mayAnswerFor(crl: Crl, certificate: Certificate): boolean {
  // Attribute certificates have serial numbers of their own.
  if (crl.scope?.onlyAttributeCertificates) return false
  return crl.issuerKey === certificate.issuerKey || isNamedIssuer(crl, certificate)
}

/** Whether the list is an indirect one whose issuer a distribution point of the certificate names. */
export function isNamedIssuer(crl: Crl, { extensions }: Certificate): boolean {
  return (
    crl.scope?.indirect === true &&
    extensions.crlDistributionPoints.some(({ crlIssuer }) =>
      directoryKeys(crlIssuer ?? []).includes(crl.issuerKey),
    )
  )
}

/** Reasons for which the list would name this certificate if it were revoked, over all its distribution points. */
export function coveredReasons(crl: Crl, certificate: Certificate): ReasonMask {
  const { scope } = crl
  const isCa = certificate.extensions.basicConstraints?.ca === true
  if (isCa ? scope?.onlyUserCertificates : scope?.onlyCaCertificates) return 0
  const own = scope?.onlySomeReasons ?? ALL_REASONS
  let covered = 0
  if (coversImplicitPoint(crl, certificate)) covered |= own
  for (const point of certificate.extensions.crlDistributionPoints) {
    if (coversPoint(crl, certificate, point)) covered |= own & (point.reasons ?? ALL_REASONS)
  }
  return covered
}

/** "Any available CRL": as if a point had the certificate issuer's name and nothing else. */
function coversImplicitPoint({ issuerKey, scope }: Crl, certificate: Certificate): boolean {
  if (issuerKey !== certificate.issuerKey) return false
  if (scope?.point === undefined) return true
  return pointKeys(scope.point, [issuerKey]).includes(directoryKey(certificate.issuerKey))
}

function coversPoint({ issuerKey, scope }: Crl, certificate: Certificate, point: DistributionPoint): boolean {
  const issuers = point.crlIssuer === undefined ? [certificate.issuerKey] : directoryKeys(point.crlIssuer)
  if (!issuers.includes(issuerKey)) return false
  if (point.crlIssuer !== undefined && scope?.indirect !== true) return false
  if (scope?.point === undefined) return true
  const names = pointKeys(scope.point, [issuerKey])
  const wanted =
    point.name === undefined ? (point.crlIssuer ?? []).map(generalNameKey) : pointKeys(point.name, issuers)
  return wanted.some((name) => names.includes(name))
}
