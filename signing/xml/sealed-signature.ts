import { type DigestAlgorithm, digestByXml, type SignatureAlgorithm, signatureByXml } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import { writeCanonical } from './canonical-writer.ts'
import { attributeOf, isNamed, nameOf, type XmlElement } from './element.ts'
import { indexIds } from './ids.ts'
import { type ExpandedName, XADES, XMLDSIG } from './names.ts'
import {
  signatureElement,
  signatureIds,
  signedInfoElement,
  signedPropertiesElement,
  signingTimeText,
} from './signature-element.ts'

/** What a signature of the sealed profile says, before anything of it is believed. */
export interface SealedSignature {
  readonly id: string
  readonly algorithm: SignatureAlgorithm
  readonly digest: DigestAlgorithm
  readonly contentDigest: Buffer
  readonly signedPropertiesDigest: Buffer
  readonly value: Buffer
  /** DER: the signer's certificate, then the others of KeyInfo. */
  readonly certificates: readonly [Buffer, ...Buffer[]]
  /** SigningCertificateV2, one digest for each certificate. */
  readonly certificateDigests: readonly Buffer[]
  readonly signingTime: Date
}

const ds = (localName: string): ExpandedName => ({ namespace: XMLDSIG, localName })
const xades = (localName: string): ExpandedName => ({ namespace: XADES, localName })

/**
 * Reads the one signature of a file, which must stand at the end of the element that `path` leads to and look
 * exactly as `signXml` writes it: its values are taken out, the element is built again from them, and both must be
 * the same. So nothing is in a signature that this function does not know.
 *
 * @param path undefined for a root element that is no sealed file: it is refused, after what any signature must have
 * @returns the signature, its element, the root element without it (what the first reference covers), and the two
 *   elements of the signature that are signed
 * @throws SigningError `XML_NOT_SIGNED`; `XML_DUPLICATE_ID`; `XML_SIGNATURE_MALFORMED` for what XML-DSig itself
 *   does not allow; `XML_PROFILE_UNSUPPORTED` for every other difference
 */
export function readSealedSignature(
  root: XmlElement,
  path: readonly ExpandedName[] | undefined,
): {
  signature: SealedSignature
  element: XmlElement
  content: XmlElement
  signedInfo: XmlElement
  signedProperties: XmlElement
} {
  const signatures = findAll(root, ds('Signature'))
  const element = signatures[0]
  if (element === undefined) throw new SigningError('XML_NOT_SIGNED')
  for (const one of signatures) requireSchema(one)
  if (path === undefined) throw unsupported(`root element ${nameOf(root)}`)
  const ids = indexIds(root)
  if (signatures.length > 1) throw unsupported(`${signatures.length} signatures`)
  const content = withoutLastChild(root, path, element)
  const signature = readValues(element)
  if (writeCanonical(element) !== writeCanonical(rebuild(signature))) {
    throw unsupported('the signature has parts or an order that the profile does not know')
  }
  const reference = signatureIds(signature.id).signedProperties
  const signedProperties = ids.get(reference) ?? element
  if (!isNamed(signedProperties, xades('SignedProperties'))) {
    throw unsupported('the second reference does not point to the signed properties')
  }
  const signedInfo = profileChild(element, ds('SignedInfo'))
  return { signature, element, content, signedInfo, signedProperties }
}

/** What the schema of XML-DSig demands of any signature (XMLDSig 1.1 section 4). */
function requireSchema(signature: XmlElement): void {
  const signedInfo = onlyChild(signature, ds('SignedInfo'), malformed)
  requireText(onlyChild(signature, ds('SignatureValue'), malformed))
  onlyChild(signedInfo, ds('CanonicalizationMethod'), malformed)
  onlyChild(signedInfo, ds('SignatureMethod'), malformed)
  const references = childrenNamed(signedInfo, ds('Reference'))
  if (references.length === 0) throw malformed('SignedInfo has no Reference')
  for (const reference of references) {
    onlyChild(reference, ds('DigestMethod'), malformed)
    requireText(onlyChild(reference, ds('DigestValue'), malformed))
  }
}

function readValues(signature: XmlElement): SealedSignature {
  const id = attributeOf(signature, 'Id') ?? ''
  const signedInfo = profileChild(signature, ds('SignedInfo'))
  const [contentReference, propertiesReference, ...others] = childrenNamed(signedInfo, ds('Reference'))
  if (contentReference === undefined || propertiesReference === undefined || others.length > 0) {
    throw unsupported('there are not two references')
  }
  const method = attributeOf(profileChild(signedInfo, ds('SignatureMethod')), 'Algorithm') ?? ''
  const algorithm = signatureByXml(method)
  if (algorithm === undefined || algorithm.digest.weak) throw unsupported(`signature method ${method}`)
  const digestMethod = attributeOf(profileChild(contentReference, ds('DigestMethod')), 'Algorithm') ?? ''
  const digest = digestByXml(digestMethod)
  if (digest === undefined || digest.weak) throw unsupported(`digest method ${digestMethod}`)
  const x509Data = profileChild(profileChild(signature, ds('KeyInfo')), ds('X509Data'))
  const [certificate, ...chain] = childrenNamed(x509Data, ds('X509Certificate')).map(readBase64)
  if (certificate === undefined) throw unsupported('KeyInfo has no certificate')
  const properties = profileChild(
    profileChild(
      profileChild(profileChild(signature, ds('Object')), xades('QualifyingProperties')),
      xades('SignedProperties'),
    ),
    xades('SignedSignatureProperties'),
  )
  return {
    id,
    algorithm,
    digest,
    contentDigest: readBase64(profileChild(contentReference, ds('DigestValue'))),
    signedPropertiesDigest: readBase64(profileChild(propertiesReference, ds('DigestValue'))),
    value: readBase64(profileChild(signature, ds('SignatureValue'))),
    certificates: [certificate, ...chain],
    certificateDigests: childrenNamed(
      profileChild(properties, xades('SigningCertificateV2')),
      xades('Cert'),
    ).map((cert) => readBase64(profileChild(profileChild(cert, xades('CertDigest')), ds('DigestValue')))),
    signingTime: readSigningTime(profileChild(properties, xades('SigningTime'))),
  }
}

function rebuild(signature: SealedSignature): XmlElement {
  const digestMethod = signature.digest.xml ?? ''
  const signedProperties = signedPropertiesElement({
    signatureId: signature.id,
    signingTime: signingTimeText(signature.signingTime),
    digestMethod,
    certificateDigests: signature.certificateDigests.map(toBase64),
  })
  return signatureElement({
    signatureId: signature.id,
    signedInfo: signedInfoElement({
      signatureId: signature.id,
      signatureMethod: signature.algorithm.xml ?? '',
      digestMethod,
      contentDigest: toBase64(signature.contentDigest),
      signedPropertiesDigest: toBase64(signature.signedPropertiesDigest),
    }),
    signatureValue: toBase64(signature.value),
    certificates: signature.certificates.map(toBase64),
    signedProperties,
  })
}

/** The root without the signature, which must be the last child at the end of the path. */
function withoutLastChild(
  root: XmlElement,
  path: readonly ExpandedName[],
  signature: XmlElement,
): XmlElement {
  const [name, ...rest] = path
  if (name === undefined || !isNamed(root, name)) throw misplaced(root)
  const [next] = rest
  if (next === undefined) {
    if (root.children.at(-1) !== signature) throw misplaced(root)
    return { ...root, children: root.children.slice(0, -1) }
  }
  const parent = onlyChild(root, next, unsupported)
  return {
    ...root,
    children: root.children.map((child) =>
      child === parent ? withoutLastChild(parent, rest, signature) : child,
    ),
  }
}

function findAll(root: XmlElement, name: ExpandedName): XmlElement[] {
  const found: XmlElement[] = []
  const visit = (element: XmlElement) => {
    if (isNamed(element, name)) found.push(element)
    for (const child of element.children) if (typeof child !== 'string') visit(child)
  }
  visit(root)
  return found
}

function childrenNamed(parent: XmlElement, name: ExpandedName): XmlElement[] {
  return parent.children.filter((child) => typeof child !== 'string').filter((child) => isNamed(child, name))
}

function onlyChild(
  parent: XmlElement,
  name: ExpandedName,
  failure: (reason: string) => SigningError,
): XmlElement {
  const [child, ...others] = childrenNamed(parent, name)
  if (child === undefined || others.length > 0) {
    throw failure(`${parent.localName} has not exactly one ${name.localName}`)
  }
  return child
}

function profileChild(parent: XmlElement, name: ExpandedName): XmlElement {
  return onlyChild(parent, name, unsupported)
}

function requireText(element: XmlElement): string {
  const [text, ...others] = element.children
  if (typeof text !== 'string' || others.length > 0) throw malformed(`${element.localName} is not one text`)
  return text
}

/** Base64 in its one canonical spelling: no white space, padded, unused bits zero. */
function readBase64(element: XmlElement): Buffer {
  const text = requireText(element)
  const bytes = Buffer.from(text, 'base64')
  if (toBase64(bytes) === text) return bytes
  const failure = /^[A-Za-z0-9+/\s]*=*\s*$/.test(text) ? unsupported : malformed
  throw failure(`${element.localName} is not base64 in its canonical form`)
}

function readSigningTime(element: XmlElement): Date {
  const time = new Date(requireText(element))
  if (Number.isNaN(time.getTime())) throw malformed('SigningTime is no date and time')
  return time
}

function toBase64(bytes: Buffer): string {
  return bytes.toString('base64')
}

function misplaced(element: XmlElement): SigningError {
  return unsupported(`the signature does not stand at its place (${nameOf(element)})`)
}

function malformed(reason: string): SigningError {
  return new SigningError('XML_SIGNATURE_MALFORMED', { reason })
}

function unsupported(reason: string): SigningError {
  return new SigningError('XML_PROFILE_UNSUPPORTED', { reason })
}
