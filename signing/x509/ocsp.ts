/**
 * OCSP responses (RFC 6960): read once, asked for one certificate at a time. The responder is the issuer itself or
 * one to whom the issuer delegated by a certificate of its own (section 4.2.2.2); others are not believed.
 */
import { createHash } from 'node:crypto'
import { SigningError } from '../errors.ts'
import {
  readAlgorithm,
  readSignatureAlgorithm,
  type SignatureParameters,
  type UnknownAlgorithm,
} from './algorithm-identifier.ts'
import { type Certificate, readExtensions, tryParseCertificate } from './certificate.ts'
import { EXTENSION } from './certificate-extensions.ts'
import { objectionToUse } from './certificate-use.ts'
import { contextTag, type DerNode, malformed, parseDer, TAG } from './der.ts'
import { DerFields, onlyChild, readBitStringBytes, readOctetString, readOid, readTime } from './der-values.ts'
import { nameKey, readName } from './name.ts'
import { isEvidence, type RevocationStatus } from './revocation-evidence.ts'
import { checkSignature } from './verify-signature.ts'

interface SingleResponse {
  readonly hash: string | undefined
  readonly issuerNameHash: Uint8Array
  readonly issuerKeyHash: Uint8Array
  readonly serial: Uint8Array
  readonly status: 'good' | 'unknown' | { readonly revokedAt: Date; readonly reason: number }
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  readonly unknownCritical: boolean
}

export interface OcspResponse {
  readonly toBeSigned: Uint8Array
  readonly signatureAlgorithm: SignatureParameters | UnknownAlgorithm
  readonly signature: Uint8Array
  /** Whether a certificate is the one that the response says signed it. */
  isResponder(certificate: Certificate): boolean
  readonly producedAt: Date
  readonly responses: readonly SingleResponse[]
  readonly certificates: readonly Certificate[]
  readonly unknownCritical: boolean
}

const OID_BASIC = '1.3.6.1.5.5.7.48.1.1'
const certIdHashes: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/**
 * Reads a successful basic response.
 * @throws SigningError `OCSP_MALFORMED`; also for a response that says the responder could not answer
 */
export function parseOcspResponse(der: Uint8Array): OcspResponse {
  try {
    return readResponse(parseDer(der, { maxBytes: 1024 * 1024, maxDepth: 30 }))
  } catch (error) {
    if (!(error instanceof SigningError) || error.code !== 'DER_MALFORMED') throw error
    throw new SigningError('OCSP_MALFORMED', { reason: error.message }, { cause: error })
  }
}

function readResponse(root: DerNode): OcspResponse {
  const outer = new DerFields(root)
  const status = outer.take(TAG.ENUMERATED, 'responseStatus').content[0]
  if (status !== 0) throw malformed(root.start, `response status ${status}`)
  const bytes = new DerFields(onlyChild(outer.take(contextTag(0, true), 'responseBytes')))
  outer.finish('OCSPResponse')
  if (readOid(bytes.take(TAG.OID, 'responseType')) !== OID_BASIC) throw malformed(root.start, 'response type')
  const basic = new DerFields(parseDer(readOctetString(bytes.take(TAG.OCTET_STRING, 'response'))))
  bytes.finish('ResponseBytes')

  const data = basic.take(TAG.SEQUENCE, 'tbsResponseData')
  const signatureAlgorithm = readSignatureAlgorithm(basic.take(TAG.SEQUENCE, 'signatureAlgorithm'))
  const signature = readBitStringBytes(basic.take(TAG.BIT_STRING, 'signature'))
  const certificates = basic.optional(contextTag(0, true))
  basic.finish('BasicOCSPResponse')

  const fields = new DerFields(data)
  fields.optional(contextTag(0, true))
  const responder = readResponderId(fields.any('responderID'))
  const producedAt = readTime(fields.take(TAG.GENERALIZED_TIME, 'producedAt'), { fraction: true })
  const responses = fields.take(TAG.SEQUENCE, 'responses').children.map(readSingleResponse)
  const extensions = fields.optional(contextTag(1, true))
  fields.finish('ResponseData')
  return {
    toBeSigned: data.raw,
    signatureAlgorithm,
    signature,
    isResponder: responder,
    producedAt,
    responses,
    certificates: (certificates === undefined ? [] : onlyChild(certificates).children).flatMap(({ raw }) => {
      const parsed = tryParseCertificate(raw)
      return parsed === undefined ? [] : [parsed]
    }),
    unknownCritical: hasCritical(extensions),
  }
}

/** `ResponderID`: the subject's name, or SHA-1 of the key bits (section 4.2.1). */
function readResponderId(node: DerNode): (certificate: Certificate) => boolean {
  const value = onlyChild(node)
  if (node.tag === contextTag(1, true)) {
    const key = nameKey(readName(value))
    return ({ subjectKey }) => subjectKey === key
  }
  if (node.tag !== contextTag(2, true)) throw malformed(node.start, 'responderID')
  const hash = readOctetString(value)
  return (certificate) => Buffer.compare(hashKey('sha1', certificate), hash) === 0
}

function hashKey(digest: string, { publicKeyInfo }: Certificate): Uint8Array {
  const [, bits] = parseDer(publicKeyInfo).children
  if (bits === undefined) throw malformed(0, 'SubjectPublicKeyInfo')
  return createHash(digest).update(readBitStringBytes(bits)).digest()
}

function readSingleResponse(node: DerNode): SingleResponse {
  const fields = new DerFields(node)
  const id = new DerFields(fields.take(TAG.SEQUENCE, 'certID'))
  const hash = readAlgorithm(id.take(TAG.SEQUENCE, 'hashAlgorithm')).oid
  const issuerNameHash = readOctetString(id.take(TAG.OCTET_STRING, 'issuerNameHash'))
  const issuerKeyHash = readOctetString(id.take(TAG.OCTET_STRING, 'issuerKeyHash'))
  const serial = id.take(TAG.INTEGER, 'serialNumber').content
  id.finish('CertID')
  const status = readStatus(fields.any('certStatus'))
  const thisUpdate = readTime(fields.take(TAG.GENERALIZED_TIME, 'thisUpdate'), { fraction: true })
  const next = fields.optional(contextTag(0, true))
  const extensions = fields.optional(contextTag(1, true))
  fields.finish('SingleResponse')
  return {
    hash: certIdHashes[hash],
    issuerNameHash,
    issuerKeyHash,
    serial,
    status,
    thisUpdate,
    nextUpdate: next === undefined ? undefined : readTime(onlyChild(next), { fraction: true }),
    unknownCritical: hasCritical(extensions),
  }
}

function readStatus(node: DerNode): SingleResponse['status'] {
  if (node.tag === contextTag(0, false)) return 'good'
  if (node.tag === contextTag(2, false)) return 'unknown'
  const fields = new DerFields(node, contextTag(1, true))
  const revokedAt = readTime(fields.take(TAG.GENERALIZED_TIME, 'revocationTime'), { fraction: true })
  const reason = fields.optional(contextTag(0, true))
  fields.finish('RevokedInfo')
  return { revokedAt, reason: reason === undefined ? 0 : (onlyChild(reason).content[0] ?? 0) }
}

function hasCritical(wrapper: DerNode | undefined): boolean {
  return (
    wrapper !== undefined && [...readExtensions(onlyChild(wrapper)).values()].some(({ critical }) => critical)
  )
}

/**
 * What a response says about a certificate; `unknown` when it is about another one, not authorised, or too old.
 *
 * @param isResponderGood asked about a delegated responder without id-pkix-ocsp-nocheck (section 4.2.2.2.1)
 */
export function ocspStatus(
  response: OcspResponse,
  certificate: Certificate,
  issuer: Certificate,
  time: Date,
  isResponderGood: (responder: Certificate) => boolean,
): RevocationStatus {
  const single = response.responses.find((one) => isAbout(one, certificate, issuer))
  if (single === undefined || !isAuthorised(response, issuer, isResponderGood)) return { status: 'unknown' }
  const { status } = single
  if (typeof status === 'object') {
    // A revocation after the moment in question says that until then the certificate was good.
    if (status.revokedAt <= time) return { status: 'revoked', source: 'ocsp', ...status }
    return { status: 'good', source: 'ocsp', issuedAt: single.thisUpdate }
  }
  const unread = single.unknownCritical || response.unknownCritical
  return status === 'good' && !unread && isEvidence(single, certificate, time)
    ? { status: 'good', source: 'ocsp', issuedAt: single.thisUpdate }
    : { status: 'unknown' }
}

function isAbout(single: SingleResponse, certificate: Certificate, issuer: Certificate): boolean {
  const { hash, issuerNameHash, issuerKeyHash, serial } = single
  if (hash === undefined || Buffer.compare(serial, certificate.serial) !== 0) return false
  const nameHash = createHash(hash).update(certificate.issuer.raw).digest()
  return (
    Buffer.compare(nameHash, issuerNameHash) === 0 &&
    Buffer.compare(hashKey(hash, issuer), issuerKeyHash) === 0
  )
}

function isAuthorised(
  response: OcspResponse,
  issuer: Certificate,
  isResponderGood: (responder: Certificate) => boolean,
): boolean {
  if (response.isResponder(issuer) && checkSignature(response, issuer.publicKey()) === 'holds') return true
  return response.certificates.some(
    (responder) =>
      response.isResponder(responder) &&
      responder.issuerKey === issuer.subjectKey &&
      objectionToUse(responder, 'ocsp-signing') === null &&
      responder.extensions.unknownCritical.every((type) => type === EXTENSION.ocspNoCheck) &&
      responder.notBefore <= response.producedAt &&
      response.producedAt <= responder.notAfter &&
      checkSignature(responder, issuer.publicKey()) === 'holds' &&
      checkSignature(response, responder.publicKey()) === 'holds' &&
      (responder.extensions.all.has(EXTENSION.ocspNoCheck) || isResponderGood(responder)),
  )
}
