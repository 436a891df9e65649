/** OCSP responses (RFC 6960), read once; what they prove is the matter of `ocsp-status.ts`. */
import { SigningError } from '../errors.ts'
import { readAlgorithm, readSignatureAlgorithm } from './algorithm-identifier.ts'
import { type Certificate, type Extension, readExtensions, tryParseCertificate } from './certificate.ts'
import { EXTENSION } from './certificate-extensions.ts'
import { contextTag, type DerNode, malformed, parseDer, TAG } from './der.ts'
import { DerFields, onlyChild, readBitStringBytes, readOctetString, readOid, readTime } from './der-values.ts'
import { nameKey, readName } from './name.ts'
import { parseOnce } from './parse-once.ts'
import type { SignedObject } from './verify-signature.ts'

/** Digests of `CertID` by their names in `node:crypto`; SHA-1 names a certificate here and secures nothing. */
export type CertIdHash = 'sha1' | 'sha256' | 'sha384' | 'sha512'

export interface SingleResponse {
  /** Undefined for a digest that is not known. */
  readonly hash: CertIdHash | undefined
  readonly issuerNameHash: Uint8Array
  readonly issuerKeyHash: Uint8Array
  readonly serial: Uint8Array
  readonly status: 'good' | 'unknown' | { readonly revokedAt: Date; readonly reason: number }
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  /** Until when back the responder keeps what it knows of expired certificates (section 4.4.4). */
  readonly archiveCutoff: Date | undefined
  readonly unknownCritical: boolean
}

/** Whom the response names as its responder: by the `nameKey` of the subject, or by SHA-1 of the key bits. */
export type ResponderId =
  | { readonly by: 'name'; readonly nameKey: string }
  | { readonly by: 'key'; readonly hash: Uint8Array }

export interface OcspResponse extends SignedObject {
  readonly responder: ResponderId
  readonly producedAt: Date
  readonly responses: readonly SingleResponse[]
  /** Certificates on offer in the response; broken ones are left out. */
  readonly certificates: readonly Certificate[]
  /** As in the request that it answers; undefined without one. */
  readonly nonce: Uint8Array | undefined
  /** A certificate that was never issued may be answered as revoked (section 4.4.8). */
  readonly extendedRevoke: boolean
  readonly unknownCritical: boolean
}

const OID_BASIC = '1.3.6.1.5.5.7.48.1.1'
const certIdHashes: Readonly<Record<string, CertIdHash>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/** Responses with more single answers or certificates are refused. */
const MOST_PARTS = 2000

/**
 * Reads a successful basic response.
 * @throws SigningError `OCSP_MALFORMED`; also for a response that says the responder could not answer
 */
export const parseOcspResponse: (der: Uint8Array) => OcspResponse = parseOnce(
  (der, sha256) => {
    try {
      return readResponse(parseDer(der, { maxBytes: 1024 * 1024, maxDepth: 30 }), sha256)
    } catch (error) {
      if (!(error instanceof SigningError) || error.code !== 'DER_MALFORMED') throw error
      throw new SigningError('OCSP_MALFORMED', { reason: error.message }, { cause: error })
    }
  },
  { maxEntries: 1024, maxBytes: 4 * 1024 * 1024 },
)

function readResponse(root: DerNode, fingerprint: string): OcspResponse {
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
  const wrapper = basic.optional(contextTag(0, true))
  basic.finish('BasicOCSPResponse')
  const certificates = wrapper === undefined ? [] : onlyChild(wrapper).children

  const fields = new DerFields(data)
  fields.optional(contextTag(0, true))
  const responder = readResponderId(fields.any('responderID'))
  const producedAt = readTime(fields.take(TAG.GENERALIZED_TIME, 'producedAt'), { fraction: true })
  const singles = fields.take(TAG.SEQUENCE, 'responses').children
  const extensions = readOptionalExtensions(fields.optional(contextTag(1, true)))
  fields.finish('ResponseData')
  if (singles.length > MOST_PARTS || certificates.length > MOST_PARTS) {
    throw malformed(data.start, 'too many responses or certificates')
  }
  return {
    fingerprint,
    toBeSigned: data.raw,
    signatureAlgorithm,
    signature,
    responder,
    producedAt,
    responses: singles.map(readSingleResponse),
    certificates: certificates.flatMap(({ raw }) => tryParseCertificate(raw) ?? []),
    nonce: readNonce(extensions.get(EXTENSION.ocspNonce)),
    extendedRevoke: extensions.has(EXTENSION.ocspExtendedRevoke),
    unknownCritical: hasUnknownCritical(extensions),
  }
}

function readResponderId(node: DerNode): ResponderId {
  const value = onlyChild(node)
  if (node.tag === contextTag(1, true)) return { by: 'name', nameKey: nameKey(readName(value)) }
  if (node.tag !== contextTag(2, true)) throw malformed(node.start, 'responderID')
  return { by: 'key', hash: readOctetString(value) }
}

function readOptionalExtensions(wrapper: DerNode | undefined): ReadonlyMap<string, Extension> {
  return wrapper === undefined ? new Map() : readExtensions(onlyChild(wrapper))
}

/** An OCTET STRING inside the extension's own (RFC 9654 section 2.1); older responders leave the inner one out. */
function readNonce(extension: Extension | undefined): Uint8Array | undefined {
  if (extension === undefined) return undefined
  const { value } = extension
  return value[0] === TAG.OCTET_STRING && value[1] === value.length - 2 ? value.subarray(2) : value
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
  const extensions = readOptionalExtensions(fields.optional(contextTag(1, true)))
  fields.finish('SingleResponse')
  const cutoff = extensions.get(EXTENSION.ocspArchiveCutoff)
  return {
    hash: certIdHashes[hash],
    issuerNameHash,
    issuerKeyHash,
    serial,
    status,
    thisUpdate,
    nextUpdate: next === undefined ? undefined : readTime(onlyChild(next), { fraction: true }),
    archiveCutoff: cutoff === undefined ? undefined : readTime(parseDer(cutoff.value), { fraction: true }),
    unknownCritical: hasUnknownCritical(extensions),
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

const understood: ReadonlySet<string> = new Set([
  EXTENSION.ocspNonce,
  EXTENSION.ocspArchiveCutoff,
  EXTENSION.ocspExtendedRevoke,
])

function hasUnknownCritical(extensions: ReadonlyMap<string, Extension>): boolean {
  return [...extensions].some(([type, { critical }]) => critical && !understood.has(type))
}
