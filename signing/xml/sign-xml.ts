import { digest, verifyData } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import type { KeyProvider } from '../keys/key-provider.ts'
import { certificateKey } from '../x509/fingerprint.ts'
import { writeCanonical } from './canonical-writer.ts'
import { ecdsaValueForXml } from './ecdsa-value.ts'
import { isNamed, type XmlElement } from './element.ts'
import { type ExpandedName, expandedName, XML_DECLARATION, XMLDSIG } from './names.ts'
import { readContent } from './read-content.ts'
import { sealedXmlLimits, type XmlLimits } from './scan.ts'
import {
  signatureElement,
  signedInfoElement,
  signedPropertiesElement,
  signingTimeText,
} from './signature-element.ts'

export interface SignXmlOptions {
  readonly key: KeyProvider
  /** What the signer claims; written to the second. */
  readonly signingTime: Date
  /** The signature becomes the last child of this element, of which there must be exactly one. */
  readonly parent: ExpandedName
  /** The Id of the signature, letters, digits, `.`, `_`, `-`; other Ids are derived from it. */
  readonly signatureId: string
  readonly limits?: XmlLimits
}

/**
 * Signs a whole XML file with an enveloped XAdES baseline B signature (ETSI EN 319 132-1): exclusive c14n, one
 * reference to the file without the signature and one to the signed properties, signer's certificate and chain in
 * KeyInfo, every one of them named by SigningCertificateV2. This is the *sealed profile* that `verifySealedXml`
 * reads back.
 *
 * The result is in exclusive canonical form after a fixed XML declaration, so one content and one signature value
 * have one sequence of bytes. The input may be formatted in any way; comments, processing instructions and CDATA
 * sections in it are refused.
 *
 * It stays at B-B: unsigned properties, where a time-stamp would go, are covered by nothing, so every hop could take
 * them off or put others in, and one content and one signature value would have many valid files and hashes.
 *
 * @throws SigningError those of the parser; `XML_PLACE_NOT_FOUND`, `XML_ALREADY_SIGNED`, `XML_PROFILE_UNSUPPORTED`,
 *   `ALGORITHM_UNSUPPORTED`, `KEY_CERTIFICATE_MISMATCH`, and whatever the key provider throws
 */
export async function signXml(xml: Uint8Array | string, options: SignXmlOptions): Promise<Uint8Array> {
  const { key, signatureId } = options
  const { algorithm } = key
  const digestMethod = algorithm.digest.xml
  if (algorithm.xml === null || digestMethod === null || algorithm.digest.weak) {
    throw new SigningError('ALGORITHM_UNSUPPORTED', { algorithm: algorithm.name })
  }
  if (!/^[A-Za-z_][A-Za-z0-9._-]{0,63}$/.test(signatureId)) {
    throw new RangeError(`"${signatureId}" cannot be the Id of a signature`)
  }
  const content = readContent(toBytes(xml), options.limits ?? sealedXmlLimits)
  requireUnsigned(content.root)
  requireOnePlace(content.root, options.parent)
  const toBase64Digest = (octets: Uint8Array) =>
    Buffer.from(digest(algorithm.digest, octets)).toString('base64')
  const certificates = [key.certificate, ...key.chain]
  const signedProperties = signedPropertiesElement({
    signatureId,
    signingTime: signingTimeText(options.signingTime),
    digestMethod,
    certificateDigests: certificates.map(toBase64Digest),
  })
  const signedInfo = signedInfoElement({
    signatureId,
    signatureMethod: algorithm.xml,
    digestMethod,
    contentDigest: toBase64Digest(content.octets),
    signedPropertiesDigest: toBase64Digest(Buffer.from(writeCanonical(signedProperties))),
  })
  const value = await signatureValue(key, Buffer.from(writeCanonical(signedInfo)))
  const signature = signatureElement({
    signatureId,
    signedInfo,
    signatureValue: Buffer.from(value).toString('base64'),
    certificates: certificates.map((certificate) => Buffer.from(certificate).toString('base64')),
    signedProperties,
  })
  return Buffer.from(XML_DECLARATION + writeCanonical(withLastChild(content.root, options.parent, signature)))
}

/** The value as XML writes it, checked against the certificate before it leaves. */
async function signatureValue(key: KeyProvider, octets: Uint8Array): Promise<Uint8Array> {
  const publicKey = certificateKey(key.certificate)
  const value = await key.sign(octets)
  if (!verifyData(key.algorithm, publicKey, octets, value)) {
    throw new SigningError('KEY_CERTIFICATE_MISMATCH')
  }
  return key.algorithm.scheme === 'ECDSA' ? ecdsaValueForXml(value, publicKey) : value
}

function toBytes(xml: Uint8Array | string): Uint8Array {
  return typeof xml === 'string' ? Buffer.from(xml) : xml
}

function requireUnsigned(root: XmlElement): void {
  if (countNamed(root, (element) => element.namespace === XMLDSIG) > 0) {
    throw new SigningError('XML_ALREADY_SIGNED')
  }
}

function requireOnePlace(root: XmlElement, parent: ExpandedName): void {
  const count = countNamed(root, (element) => isNamed(element, parent))
  if (count !== 1) throw new SigningError('XML_PLACE_NOT_FOUND', { element: expandedName(parent), count })
}

function countNamed(element: XmlElement, matches: (element: XmlElement) => boolean): number {
  let count = matches(element) ? 1 : 0
  for (const child of element.children) if (typeof child !== 'string') count += countNamed(child, matches)
  return count
}

function withLastChild(element: XmlElement, parent: ExpandedName, added: XmlElement): XmlElement {
  const children = element.children.map((child) =>
    typeof child === 'string' ? child : withLastChild(child, parent, added),
  )
  return { ...element, children: isNamed(element, parent) ? [...children, added] : children }
}
