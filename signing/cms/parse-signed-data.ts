/**
 * Strict reading of `SignedData` (RFC 5652 section 5). Only the form is judged here: what the values mean is
 * `judge-signed-data.ts`. Certificates, CRLs and signed attributes stay the bytes that were received.
 */
import type { DigestAlgorithm } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import {
  readDigestAlgorithm,
  readSignatureAlgorithm,
  type SignatureParameters,
  type UnknownAlgorithm,
} from '../x509/algorithm-identifier.ts'
import { contextTag, type DerNode, isSortedSetOf, malformed, parseDer, TAG } from '../x509/der.ts'
import {
  DerFields,
  expectTag,
  onlyChild,
  readOctetString,
  readOid,
  readSmallInteger,
} from '../x509/der-values.ts'
import { context, octetString, oid, sequence, tlv } from '../x509/der-write.ts'
import { type DistinguishedName, readName } from '../x509/name.ts'
import { CONTENT_TYPE } from './oids.ts'

export interface CmsAttribute {
  /** Dotted decimal. */
  readonly type: string
  readonly values: readonly DerNode[]
}

export type SignerIdentifier =
  | { readonly issuer: DistinguishedName; readonly serial: Uint8Array }
  | { readonly subjectKeyIdentifier: Uint8Array }

export interface ParsedSigner {
  readonly version: number
  /** The version that RFC 5652 section 5.3 prescribes for this identifier. */
  readonly dueVersion: number
  readonly identifier: SignerIdentifier
  readonly digestAlgorithm: DigestAlgorithm | UnknownAlgorithm
  readonly signatureAlgorithm: SignatureParameters | UnknownAlgorithm
  /** The bytes that are signed: as received, with the identifier octet of SET OF; undefined when there are none. */
  readonly signedAttributesDer: Uint8Array | undefined
  /** Whether the signed attributes stand in the order of DER, as RFC 5652 section 5.4 demands. */
  readonly signedAttributesSorted: boolean
  readonly signedAttributes: readonly CmsAttribute[]
  readonly unsignedAttributes: readonly CmsAttribute[]
  readonly signature: Uint8Array
  /** The `AlgorithmIdentifier`s as received, for comparison with RFC 6211. */
  readonly rawAlgorithms: { readonly digest: Uint8Array; readonly signature: Uint8Array }
}

export interface ParsedSignedData {
  readonly version: number
  /** The version that RFC 5652 section 5.1 prescribes for these contents. */
  readonly dueVersion: number
  /** eContentType. */
  readonly contentType: string
  /** eContent; undefined when detached. */
  readonly content: Uint8Array | undefined
  readonly digestAlgorithms: readonly (DigestAlgorithm | UnknownAlgorithm)[]
  /** X.509 certificates, DER as received. */
  readonly certificates: readonly Uint8Array[]
  /** What else is embedded as a certificate: attribute certificates and the like, DER. */
  readonly otherCertificates: readonly Uint8Array[]
  readonly crls: readonly Uint8Array[]
  /** OCSP responses (RFC 5940), DER. */
  readonly ocspResponses: readonly Uint8Array[]
  readonly signers: readonly ParsedSigner[]
}

const OID_OCSP_RESPONSE = '1.3.6.1.5.5.7.16.2'
const OID_BASIC_OCSP = '1.3.6.1.5.5.7.48.1.1'
const limits = { maxBytes: 32 * 1024 * 1024, maxDepth: 40 }
/** More signers than any document has; each costs a signature check. */
const MOST_SIGNERS = 64
/** Attributes of a signer, signed or unsigned; archive time-stamps of a century are fewer. */
const MOST_ATTRIBUTES = 512
const MOST_DIGEST_ALGORITHMS = 64
/** Certificates, and lists with responses, of one `SignedData`: collections of whole federations have some hundreds. */
const MOST_EMBEDDED = 1_000

/**
 * Reads a `ContentInfo` of `SignedData`. Nothing may follow it.
 * @throws SigningError `INPUT_TOO_LARGE`, `CMS_MALFORMED`
 */
export function parseSignedData(der: Uint8Array): ParsedSignedData {
  try {
    return readContentInfo(parseDer(der, limits))
  } catch (error) {
    if (!(error instanceof SigningError) || error.code !== 'DER_MALFORMED') throw error
    throw new SigningError('CMS_MALFORMED', { reason: error.message }, { cause: error })
  }
}

function readContentInfo(root: DerNode): ParsedSignedData {
  const outer = new DerFields(root)
  const type = readOid(outer.take(TAG.OID, 'contentType'))
  if (type !== CONTENT_TYPE.signedData) throw malformed(root.start, `content type ${type}, not SignedData`)
  const wrapped = outer.take(contextTag(0, true), 'content')
  outer.finish('ContentInfo')

  const fields = new DerFields(onlyChild(wrapped))
  const version = readSmallInteger(fields.take(TAG.INTEGER, 'version'))
  const digests = fields.take(TAG.SET, 'digestAlgorithms')
  const encapsulated = new DerFields(fields.take(TAG.SEQUENCE, 'encapContentInfo'))
  const contentType = readOid(encapsulated.take(TAG.OID, 'eContentType'))
  const content = encapsulated.optional(contextTag(0, true))
  encapsulated.finish('EncapsulatedContentInfo')
  const certificates = fields.optional(contextTag(0, true))
  const crls = fields.optional(contextTag(1, true))
  const signers = fields.take(TAG.SET, 'signerInfos')
  fields.finish('SignedData')
  const parsedSigners = atMost(MOST_SIGNERS, signers, 'signers').map(readSigner)
  const digestNodes = atMost(MOST_DIGEST_ALGORITHMS, digests, 'digest algorithms')
  const embedded = atMost(MOST_EMBEDDED, certificates, 'certificates')
  const revocationNodes = atMost(MOST_EMBEDDED, crls, 'revocation lists')
  const revocation = revocationNodes.map(readRevocation)
  return {
    version,
    dueVersion: versionOf(contentType, embedded, revocationNodes, parsedSigners),
    contentType,
    content: content === undefined ? undefined : readOctetString(onlyChild(content)),
    digestAlgorithms: digestNodes.map(readDigestAlgorithm),
    certificates: embedded.filter(isX509).map(({ raw }) => raw),
    otherCertificates: embedded.filter((node) => !isX509(node)).map(({ raw }) => raw),
    crls: revocation.flatMap((entry) => entry.crl ?? []),
    ocspResponses: revocation.flatMap((entry) => entry.ocspResponse ?? []),
    signers: parsedSigners,
  }
}

/** The members of a list that must not be longer; it is refused before they are all made. */
function atMost(most: number, list: DerNode | undefined, what: string): readonly DerNode[] {
  const found = list?.first(most + 1) ?? []
  if (list !== undefined && found.length > most) throw malformed(list.start, `too many ${what}`)
  return found
}

function isX509({ tag }: DerNode): boolean {
  return tag === TAG.SEQUENCE
}

/** RFC 5652 section 5.1: the version follows from the contents. */
function versionOf(
  contentType: string,
  embedded: readonly DerNode[],
  crls: readonly DerNode[],
  signers: readonly ParsedSigner[],
): number {
  const has = (nodes: readonly DerNode[], number: number) =>
    nodes.some(({ tag }) => tag === contextTag(number, true))
  if (has(embedded, 3) || has(crls, 1)) return 5
  if (has(embedded, 2)) return 4
  const isPlain =
    contentType === CONTENT_TYPE.data && signers.every(({ identifier }) => 'issuer' in identifier)
  return has(embedded, 1) || !isPlain ? 3 : 1
}

/** `RevocationInfoChoice`: a CRL, or `[1] OtherRevocationInfoFormat` with an OCSP response. */
function readRevocation(node: DerNode): { crl?: Uint8Array; ocspResponse?: Uint8Array } {
  if (node.tag === TAG.SEQUENCE) return { crl: node.raw }
  const fields = new DerFields(node, contextTag(1, true))
  const format = readOid(fields.take(TAG.OID, 'otherRevInfoFormat'))
  const info = fields.any('otherRevInfo')
  if (format === OID_OCSP_RESPONSE) return { ocspResponse: info.raw }
  // ETSI EN 319 122-1 clause 5.4.2 stores the basic response alone.
  return format === OID_BASIC_OCSP ? { ocspResponse: wrapBasicOcsp(info.raw) } : {}
}

/** A successful `OCSPResponse` around a `BasicOCSPResponse` (RFC 6960 section 4.2.1), which is signed by itself. */
export function wrapBasicOcsp(basic: Uint8Array): Uint8Array {
  const bytes = sequence(oid(OID_BASIC_OCSP), octetString(basic))
  return sequence(tlv(TAG.ENUMERATED, Uint8Array.of(0)), context(0, bytes))
}

/**
 * One `SignerInfo`.
 * @throws SigningError `DER_MALFORMED`
 */
export function readSigner(node: DerNode): ParsedSigner {
  const fields = new DerFields(node)
  const version = readSmallInteger(fields.take(TAG.INTEGER, 'version'))
  const identifier = readIdentifier(fields.any('sid'))
  const digestNode = fields.take(TAG.SEQUENCE, 'digestAlgorithm')
  const digestAlgorithm = readDigestAlgorithm(digestNode)
  const signedNode = fields.optional(contextTag(0, true))
  const signatureNode = fields.take(TAG.SEQUENCE, 'signatureAlgorithm')
  const signature = readOctetString(fields.take(TAG.OCTET_STRING, 'signature'))
  const unsignedNode = fields.optional(contextTag(1, true))
  fields.finish('SignerInfo')
  return {
    version,
    dueVersion: 'issuer' in identifier ? 1 : 3,
    identifier,
    digestAlgorithm,
    signatureAlgorithm: readSignatureAlgorithm(
      signatureNode,
      'unknown' in digestAlgorithm ? undefined : digestAlgorithm,
    ),
    signedAttributesDer: signedNode === undefined ? undefined : asSetOf(signedNode.raw),
    signedAttributesSorted: signedNode === undefined || isSortedSetOf(signedNode),
    signedAttributes: readAttributes(signedNode),
    unsignedAttributes: readAttributes(unsignedNode),
    signature,
    rawAlgorithms: { digest: digestNode.raw, signature: signatureNode.raw },
  }
}

function readIdentifier(node: DerNode): SignerIdentifier {
  if (node.tag === contextTag(0, false)) return { subjectKeyIdentifier: node.content }
  const fields = new DerFields(node)
  const issuer = readName(fields.take(TAG.SEQUENCE, 'issuer'))
  const serial = fields.take(TAG.INTEGER, 'serialNumber').content
  fields.finish('IssuerAndSerialNumber')
  return { issuer, serial }
}

function readAttributes(node: DerNode | undefined): readonly CmsAttribute[] {
  return atMost(MOST_ATTRIBUTES, node, 'attributes').map((child) => {
    const fields = new DerFields(child)
    const type = readOid(fields.take(TAG.OID, 'attrType'))
    const values = fields.take(TAG.SET, 'attrValues')
    fields.finish('Attribute')
    expectTag(values, TAG.SET)
    return { type, values: values.children }
  })
}

function asSetOf(raw: Uint8Array): Uint8Array {
  const out = Uint8Array.from(raw)
  out[0] = TAG.SET
  return out
}
