/**
 * The qualifying properties of a XAdES signature (ETSI EN 319 132-1, and the earlier TS 101 903 from 1.1.1 to 1.4.1):
 * what is signed with it, and what was added to it later.
 */
import { type DigestAlgorithm, digestByXml } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import { base64Content, type SignatureParts, textContent } from './dsig-structure.ts'
import { XMLDSIG } from './names.ts'
import { attributeValue, childElements, type TreeElement } from './tree.ts'

const XADES_132 = 'http://uri.etsi.org/01903/v1.3.2#'
const XADES_141 = 'http://uri.etsi.org/01903/v1.4.1#'
const namespaces: ReadonlySet<string> = new Set([
  'http://uri.etsi.org/01903/v1.1.1#',
  'http://uri.etsi.org/01903/v1.2.2#',
  XADES_132,
  XADES_141,
])

/** `Type` of the reference to the signed properties; each early version had its own. */
export const signedPropertiesTypes: ReadonlySet<string> = new Set([
  'http://uri.etsi.org/01903#SignedProperties',
  'http://uri.etsi.org/01903/v1.1.1#SignedProperties',
  'http://uri.etsi.org/01903/v1.2.2#SignedProperties',
  'http://uri.etsi.org/01903/v1.3.2#SignedProperties',
])

/** One `Cert` of `SigningCertificate` or `SigningCertificateV2`. */
export interface NamedXmlCertificate {
  readonly digest: DigestAlgorithm | undefined
  readonly value: Buffer
  /** Decimal, as `SigningCertificate` gives it. */
  readonly serial: bigint | undefined
}

export interface TimestampProperty {
  readonly element: TreeElement
  /** DER tokens of RFC 3161. */
  readonly tokens: readonly Buffer[]
  /** The form in which what is stamped was written; null for the default. */
  readonly canonicalizationMethod: TreeElement | null
}

export interface XadesProperties {
  readonly signedProperties: TreeElement
  /** Whether `Target` is the signature, as it must be. */
  readonly targetsSignature: boolean
  readonly signingTime: string | undefined
  readonly certificates: readonly NamedXmlCertificate[]
  readonly version: 'v1' | 'v2' | undefined
  readonly hasPolicy: boolean
  /** `ObjectReference` of each `DataObjectFormat`. */
  readonly formatReferences: readonly string[]
  /** Names of signed properties that are not known here. */
  readonly unknownSigned: readonly string[]
  readonly unsigned: UnsignedProperties
}

export interface UnsignedProperties {
  /** In their order: what an archive time-stamp covers depends on it. */
  readonly elements: readonly TreeElement[]
  readonly signatureTimestamps: readonly TimestampProperty[]
  readonly archiveTimestamps: readonly TimestampProperty[]
  /** DER, from `CertificateValues` and the values of authorities and time-stamps. */
  readonly certificates: readonly Buffer[]
  readonly crls: readonly Buffer[]
  readonly ocspResponses: readonly Buffer[]
  /** Names of unsigned properties that are read and reported, but not evaluated. */
  readonly notEvaluated: readonly string[]
}

const MOST_VALUES = 200

/** Whether an element belongs to a version of XAdES. */
export function isXades({ namespace }: TreeElement): boolean {
  return namespaces.has(namespace)
}

/** Properties of a signature, or where they are said to stand. */
export function isQualifyingProperties(element: TreeElement): boolean {
  const { localName } = element
  return (
    isXades(element) &&
    (localName === 'QualifyingProperties' || localName === 'QualifyingPropertiesReference')
  )
}

/**
 * The properties of a signature, or null for a plain XMLDSig signature. They stand in one `ds:Object` of it.
 *
 * @throws SigningError `XML_SIGNATURE_MALFORMED` for several sets of properties or broken values
 */
export function readXadesProperties(parts: SignatureParts): XadesProperties | null {
  const found = parts.objects
    .flatMap(childElements)
    .filter(({ namespace, localName }) => localName === 'QualifyingProperties' && namespaces.has(namespace))
  const [qualifying, ...others] = found
  if (qualifying === undefined) return null
  if (others.length > 0) throw malformed('several QualifyingProperties')
  const signedProperties = only(qualifying, 'SignedProperties')
  if (signedProperties === undefined) return null
  const ofSignature = only(signedProperties, 'SignedSignatureProperties')
  const ofData = only(signedProperties, 'SignedDataObjectProperties')
  const v2 = ofSignature && only(ofSignature, 'SigningCertificateV2')
  const v1 = ofSignature && only(ofSignature, 'SigningCertificate')
  const time = ofSignature && only(ofSignature, 'SigningTime')
  const named = v2 ?? v1
  const signed = [ofSignature, ofData].flatMap((group) => (group === undefined ? [] : childElements(group)))
  const target = attributeValue(qualifying, 'Target')
  return {
    signedProperties,
    targetsSignature: target !== undefined && parts.id !== null && target === `#${parts.id}`,
    signingTime: time === undefined ? undefined : textContent(time).trim(),
    certificates: named === undefined ? [] : childElements(named).map(readCert),
    version: v2 !== undefined ? 'v2' : v1 !== undefined ? 'v1' : undefined,
    hasPolicy: ofSignature !== undefined && isExplicitPolicy(only(ofSignature, 'SignaturePolicyIdentifier')),
    formatReferences: signed
      .filter(({ localName }) => localName === 'DataObjectFormat')
      .map((format) => attributeValue(format, 'ObjectReference') ?? ''),
    unknownSigned: signed.map(({ localName }) => localName).filter((name) => !knownSigned.has(name)),
    unsigned: readUnsigned(only(qualifying, 'UnsignedProperties')),
  }
}

const knownSigned: ReadonlySet<string> = new Set([
  'SigningTime',
  'SigningCertificate',
  'SigningCertificateV2',
  'SignaturePolicyIdentifier',
  'SignatureProductionPlace',
  'SignatureProductionPlaceV2',
  'SignerRole',
  'SignerRoleV2',
  'DataObjectFormat',
  'CommitmentTypeIndication',
])

function isExplicitPolicy(policy: TreeElement | undefined): boolean {
  return policy !== undefined && only(policy, 'SignaturePolicyImplied') === undefined
}

function readCert(cert: TreeElement): NamedXmlCertificate {
  const certDigest = only(cert, 'CertDigest')
  const method = certDigest && only(certDigest, 'DigestMethod')
  const value = certDigest && only(certDigest, 'DigestValue')
  if (method === undefined || value === undefined) throw malformed('CertDigest')
  const issuerSerial = only(cert, 'IssuerSerial')
  const number = issuerSerial && only(issuerSerial, 'X509SerialNumber')
  const serial = number === undefined ? '' : textContent(number).trim()
  return {
    digest: digestByXml(attributeValue(method, 'Algorithm') ?? ''),
    value: base64Content(value),
    serial: /^\d{1,60}$/.test(serial) ? BigInt(serial) : undefined,
  }
}

function readUnsigned(properties: TreeElement | undefined): UnsignedProperties {
  const group = properties && only(properties, 'UnsignedSignatureProperties')
  const elements = group === undefined ? [] : childElements(group)
  const named = (...names: string[]) => elements.filter(({ localName }) => names.includes(localName))
  const values = (localName: string) =>
    elements
      .flatMap((element) => within(element, localName))
      .slice(0, MOST_VALUES)
      .map(base64Content)
  return {
    elements,
    signatureTimestamps: named('SignatureTimeStamp').map(readTimestampProperty),
    archiveTimestamps: named('ArchiveTimeStamp').map(readTimestampProperty),
    certificates: values('EncapsulatedX509Certificate'),
    crls: values('EncapsulatedCRLValue'),
    ocspResponses: values('EncapsulatedOCSPValue'),
    notEvaluated: elements.map(({ localName }) => localName).filter((name) => !knownUnsigned.has(name)),
  }
}

const knownUnsigned: ReadonlySet<string> = new Set([
  'SignatureTimeStamp',
  'ArchiveTimeStamp',
  'CertificateValues',
  'RevocationValues',
  'AttrAuthoritiesCertValues',
  'AttributeRevocationValues',
  'TimeStampValidationData',
  'AnyValidationData',
  'CounterSignature',
])

/** Descendants of this name, but not those inside of counter-signatures, which are signatures of their own. */
function within(element: TreeElement, localName: string): TreeElement[] {
  if (element.localName === localName && namespaces.has(element.namespace)) return [element]
  if (element.namespace === XMLDSIG) return []
  return childElements(element).flatMap((child) => within(child, localName))
}

function readTimestampProperty(element: TreeElement): TimestampProperty {
  const children = childElements(element)
  const method = children.find(
    ({ namespace, localName }) => namespace === XMLDSIG && localName === 'CanonicalizationMethod',
  )
  return {
    element,
    tokens: children.filter(({ localName }) => localName === 'EncapsulatedTimeStamp').map(base64Content),
    canonicalizationMethod: method ?? null,
  }
}

/** @throws SigningError `XML_SIGNATURE_MALFORMED` where the child stands more than once */
function only(parent: TreeElement, localName: string): TreeElement | undefined {
  const [child, ...others] = childElements(parent).filter((one) => one.localName === localName)
  if (others.length > 0) throw malformed(`several ${localName} in ${parent.localName}`)
  return child
}

function malformed(reason: string): SigningError {
  return new SigningError('XML_SIGNATURE_MALFORMED', { reason })
}
