/**
 * What an OCSP response proves of a certificate (RFC 6960 section 3.2). The responder is the issuer itself, or one to
 * whom the issuer delegated by a certificate made with the same key (section 4.2.2.2); others are not believed.
 */
import type { Certificate } from './certificate.ts'
import type { OcspResponse, SingleResponse } from './ocsp.ts'
import { ocspHashes } from './ocsp-hashes.ts'
import type { RevocationContext, RevocationQuestion } from './revocation-context.ts'
import {
  CERTIFICATE_HOLD,
  decisive,
  isEvidence,
  type RevocationStatus,
  unknown,
} from './revocation-evidence.ts'
import { checkSignature, isSound } from './verify-signature.ts'

/** `unknown` when the response is about another certificate, not authorised, without the nonce asked, or too old. */
export function ocspStatus(
  response: OcspResponse,
  question: RevocationQuestion,
  context: RevocationContext,
): RevocationStatus {
  const about = response.responses.filter((one) => isAbout(one, question))
  if (about.length === 0) return unknown
  const { ocspNonce } = context
  if (ocspNonce !== undefined && Buffer.compare(response.nonce ?? new Uint8Array(), ocspNonce) !== 0) {
    return unknown
  }
  const responder = authorised(response, question, context)
  if (responder === undefined) return unknown
  return decisive(about.map((single) => singleStatus(single, response, question, responder)))
}

function singleStatus(
  single: SingleResponse,
  response: OcspResponse,
  { certificate, time }: RevocationQuestion,
  responder: Certificate,
): RevocationStatus {
  const { status, thisUpdate, nextUpdate } = single
  const statement = { source: 'ocsp', issuedAt: thisUpdate, nextUpdate } as const
  const isRevocation = typeof status === 'object'
  if (isRevocation && status.revokedAt <= time) {
    const reason = isNeverIssued(response, status) ? 0 : status.reason
    return { status: 'revoked', revokedAt: status.revokedAt, reason, ...statement }
  }
  const unread = single.unknownCritical || response.unknownCritical
  if (status === 'unknown' || unread || isOutlived(response, responder, time)) return unknown
  // A revocation after the moment in question says that until then the certificate was good, also of an expired one.
  const evidence = { thisUpdate, nextUpdate, keepsExpiredSince: single.archiveCutoff }
  const proves = isEvidence(evidence, certificate, time) || (isRevocation && thisUpdate > time)
  return proves ? { status: 'good', ...statement } : unknown
}

/**
 * Whether the responder's certificate ended before the moment for which the response is to speak. Whoever has the key
 * then can say any time of making and any time of the next update; short-lived certificates are made against that.
 */
function isOutlived({ producedAt }: OcspResponse, { notAfter }: Certificate, time: Date): boolean {
  return notAfter < time && producedAt < time
}

/** Section 2.2: "revoked, on hold since 1970" is said of a number that was never given out; that is no mere hold. */
function isNeverIssued(
  response: OcspResponse,
  status: { readonly revokedAt: Date; readonly reason: number },
): boolean {
  return response.extendedRevoke && status.reason === CERTIFICATE_HOLD && status.revokedAt.getTime() === 0
}

function isAbout(single: SingleResponse, { certificate, issuer }: RevocationQuestion): boolean {
  const { hash, issuerNameHash, issuerKeyHash, serial } = single
  if (hash === undefined || Buffer.compare(serial, certificate.serial) !== 0) return false
  return (
    Buffer.compare(ocspHashes(hash, certificate).issuerName, issuerNameHash) === 0 &&
    Buffer.compare(ocspHashes(hash, issuer).key, issuerKeyHash) === 0
  )
}

/** The certificate of the responder, where it may speak for the issuer. */
function authorised(
  response: OcspResponse,
  { issuer, time }: RevocationQuestion,
  context: RevocationContext,
): Certificate | undefined {
  const signed = (responder: Certificate) =>
    isResponder(response, responder) &&
    isSound(checkSignature(response, responder, context.budget), response, 'ocsp', time)
  if (signed(issuer)) return issuer
  const { responder: named } = response
  const offered = [...response.certificates, ...(named.by === 'name' ? context.bySubject(named.nameKey) : [])]
  return offered.find(
    (responder) => signed(responder) && context.isTrustedResponder(responder, issuer, response.producedAt),
  )
}

function isResponder({ responder }: OcspResponse, certificate: Certificate): boolean {
  return responder.by === 'name'
    ? responder.nameKey === certificate.subjectKey
    : Buffer.compare(ocspHashes('sha1', certificate).key, responder.hash) === 0
}
