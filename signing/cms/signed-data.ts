/**
 * Writes `SignedData` for CAdES and PAdES: the signed attributes first, then, when the key has signed
 * them, the whole (RFC 5652 sections 5 and 11, RFC 5035, ETSI EN 319 122-1 clause 5, EN 319 142-1 clause 6.3).
 */
import { type DigestAlgorithm, digest as digestOf, type SignatureAlgorithm } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import { digestAlgorithmIdentifier, signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { contextTag, parseDer, TAG } from '../x509/der.ts'
import { readOid } from '../x509/der-values.ts'
import { context, integer, octetString, oid, sequence, setOf, time, tlv } from '../x509/der-write.ts'
import { ATTRIBUTE_OID, CONTENT_TYPE } from './oids.ts'
import { readSigningCertificate } from './signing-certificate.ts'

export interface SignedAttributesInput {
  /** Dotted decimal; default `id-data`. */
  readonly contentType?: string
  /** Digest of the content under `digest`. */
  readonly messageDigest: Uint8Array
  /** The signer's certificate, DER. */
  readonly certificate: Uint8Array
  /** Every other certificate that will be embedded, DER: signing-certificate-v2 names them after the signer's. */
  readonly chain?: readonly Uint8Array[]
  /** For message and certificate digests. */
  readonly digest: DigestAlgorithm
  /** Not for PAdES, where the signature dictionary tells the time (EN 319 142-1 clause 6.3). */
  readonly signingTime?: Date
  /** Further attributes, each as `attribute` makes it. */
  readonly further?: readonly Uint8Array[]
}

/**
 * The DER `SET OF Attribute` whose bytes are to be signed: content-type, message-digest, signing-certificate-v2
 * and, where given, signing-time.
 * @throws SigningError `CERTIFICATE_MALFORMED`
 */
export function buildSignedAttributes(input: SignedAttributesInput): Uint8Array {
  const {
    contentType = CONTENT_TYPE.data,
    messageDigest,
    certificate,
    chain = [],
    digest,
    signingTime,
  } = input
  if (messageDigest.length !== digest.size)
    throw new RangeError(`a ${digest.name} digest has ${digest.size} bytes`)
  const attributes = [
    attribute(ATTRIBUTE_OID.contentType, oid(contentType)),
    attribute(ATTRIBUTE_OID.messageDigest, octetString(messageDigest)),
    signingCertificateAttribute([certificate, ...chain], digest),
    ...(input.further ?? []),
  ]
  if (signingTime !== undefined) attributes.push(attribute(ATTRIBUTE_OID.signingTime, time(signingTime)))
  return setOf(attributes)
}

/** One `Attribute` with a single value, DER. */
export function attribute(type: string, value: Uint8Array): Uint8Array {
  return sequence(oid(type), setOf([value]))
}

/** The attribute signing-certificate-v2 (RFC 5035 section 3), which names the certificates in this order. */
function signingCertificateAttribute(
  certificates: readonly Uint8Array[],
  digest: DigestAlgorithm,
): Uint8Array {
  const named = sequence(...certificates.map((der) => essCertId(der, digest)))
  return attribute(ATTRIBUTE_OID.signingCertificateV2, sequence(named))
}

/** `ESSCertIDv2` of RFC 5035 section 3; SHA-256 is the DEFAULT and so must not be written. */
function essCertId(der: Uint8Array, digest: DigestAlgorithm): Uint8Array {
  const { issuer, serial, fingerprint } = parseCertificate(der)
  const issuerSerial = sequence(sequence(context(4, issuer.raw)), tlv(TAG.INTEGER, serial))
  if (digest.name === 'SHA-256') return sequence(octetString(Buffer.from(fingerprint, 'hex')), issuerSerial)
  return sequence(digestAlgorithmIdentifier(digest), octetString(digestOf(digest, der)), issuerSerial)
}

export interface SignedDataInput {
  /** As `buildSignedAttributes` made them. */
  readonly signedAttributes: Uint8Array
  /** Raw signature value over `signedAttributes`, as a `KeyProvider` answers it. */
  readonly signature: Uint8Array
  readonly algorithm: SignatureAlgorithm
  readonly certificate: Uint8Array
  readonly chain: readonly Uint8Array[]
  /** DER `Attribute` values that no signature covers, such as a signature time-stamp. */
  readonly unsignedAttributes?: readonly Uint8Array[]
  /** What is signed, to be enclosed (`id-data`); without it the signature is detached. */
  readonly content?: Uint8Array
}

/**
 * A `ContentInfo` of `SignedData` with one signer named by issuer and serial, DER; detached unless content is given.
 *
 * Certificates are embedded in the order of DER, each once. Every one of them must be named by the
 * signing-certificate-v2 attribute (design 7): otherwise a certificate could be put in after signing.
 *
 * @throws SigningError `CMS_MALFORMED` when an embedded certificate is not named; `CERTIFICATE_MALFORMED`
 */
export function assembleSignedData(input: SignedDataInput): Uint8Array {
  const { signedAttributes, signature, algorithm, certificate, chain, unsignedAttributes = [] } = input
  const { digest } = algorithm
  const embedded = [certificate, ...chain]
  assertNamed(signedAttributes, embedded, digest)
  const { issuer, serial } = parseCertificate(certificate)
  const signerInfo = sequence(
    integer(1),
    sequence(issuer.raw, tlv(TAG.INTEGER, serial)),
    digestAlgorithmIdentifier(digest),
    // RFC 5652 section 5.4: signed as SET OF, stored under [0] IMPLICIT; only the identifier octet differs.
    retag(signedAttributes, contextTag(0, true)),
    signatureAlgorithmIdentifier(algorithm),
    octetString(signature),
    ...(unsignedAttributes.length > 0 ? [setOf(unsignedAttributes, contextTag(1, true))] : []),
  )
  const distinct = [...new Map(embedded.map((der) => [Buffer.from(der).toString('base64'), der])).values()]
  const enclosed = input.content === undefined ? [] : [context(0, octetString(input.content))]
  const signedData = sequence(
    integer(1),
    setOf([digestAlgorithmIdentifier(digest)]),
    sequence(oid(CONTENT_TYPE.data), ...enclosed),
    setOf(distinct, contextTag(0, true)),
    setOf([signerInfo]),
  )
  return sequence(oid(CONTENT_TYPE.signedData), context(0, signedData))
}

/**
 * Every embedded certificate must be named, the signer's first (design 7): one that is not could be exchanged
 * after signing without anyone noticing.
 */
function assertNamed(
  signedAttributes: Uint8Array,
  embedded: readonly Uint8Array[],
  digest: DigestAlgorithm,
): void {
  // As `buildSignedAttributes` writes it, which is nearly always the case, nothing need be parsed.
  if (Buffer.from(signedAttributes).includes(Buffer.from(signingCertificateAttribute(embedded, digest))))
    return
  const found = parseDer(signedAttributes).children.find(
    ({ children: [type] }) => type !== undefined && readOid(type) === ATTRIBUTE_OID.signingCertificateV2,
  )
  const value = found?.children[1]?.children[0]
  const named = value === undefined ? [] : readSigningCertificate(value, 'v2')
  const isNamed = embedded.every((der, index) =>
    index === 0 ? named[0]?.matches(der) : named.some((one) => one.matches(der)),
  )
  if (!isNamed)
    throw new SigningError('CMS_MALFORMED', { reason: 'signing-certificate-v2 leaves out a certificate' })
}

/** The same value under another identifier octet. */
function retag(der: Uint8Array, tag: number): Uint8Array {
  const out = Uint8Array.from(der)
  out[0] = tag
  return out
}
