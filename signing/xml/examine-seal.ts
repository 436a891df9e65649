import type { KeyObject } from 'node:crypto'
import { type XmlDocument, XmlElement as XmlTreeElement } from 'libxml2-wasm'
import { digest, verifyData } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import { certificateKey } from '../x509/fingerprint.ts'
import { canonicalOctets } from './c14n.ts'
import { writeCanonical } from './canonical-writer.ts'
import { isLowS } from './ecdsa-value.ts'
import type { XmlElement } from './element.ts'
import { type ExpandedName, XML_DECLARATION, XMLDSIG } from './names.ts'
import { withXml } from './parse.ts'
import { requireSameForm } from './read-content.ts'
import type { XmlLimits } from './scan.ts'
import { readSealedSignature, type SealedSignature } from './sealed-signature.ts'
import { snapshot } from './snapshot.ts'

/** Facts about a file that has the shape of the sealed profile. Trust in the key is no part of it. */
export interface SealExamination {
  readonly signature: SealedSignature
  /** The root element without the signature: the very values whose canonical octets were digested. */
  readonly content: XmlElement
  /** Of the first certificate in KeyInfo. */
  readonly publicKey: KeyObject
  readonly contentIntact: boolean
  readonly signedPropertiesIntact: boolean
  /** Whether the signature value holds over SignedInfo for the first certificate of KeyInfo. */
  readonly valueIntact: boolean
  /** Whether SigningCertificateV2 names exactly the certificates of KeyInfo, in their order. */
  readonly certificatesNamed: boolean
  /**
   * Whether the file is the one sequence of bytes that stands for this content and signature. Without it a hop could
   * make a second valid file, with another hash, of the same envelope.
   */
  readonly exactForm: boolean
}

/**
 * Reads a file of the sealed profile and computes every digest and the signature value over what libxml2
 * canonicalises from the one parsed tree.
 *
 * @throws SigningError what makes the question unanswerable: those of `withXml`, `snapshot`, `readSealedSignature`;
 *   `CERTIFICATE_MALFORMED`, `ALGORITHM_UNSUPPORTED`
 */
export function examineSeal(
  xml: Uint8Array,
  path: (root: ExpandedName) => readonly ExpandedName[] | undefined,
  limits: XmlLimits,
): SealExamination {
  return withXml(xml, limits, (document) => {
    if (findSignature(document) === null) throw new SigningError('XML_NOT_SIGNED')
    const place = path({ namespace: document.root.namespaceUri, localName: document.root.name })
    const root = snapshot(document.root)
    const { signature, content } = readSealedSignature(root, place)
    const octets = signedOctets(document)
    requireSameForm(content, octets.content)
    const publicKey = certificateKey(signature.certificates[0])
    const digestOf = (data: Uint8Array) => Buffer.from(digest(signature.digest, data))
    return {
      signature,
      content,
      publicKey,
      contentIntact: signature.contentDigest.equals(digestOf(octets.content)),
      signedPropertiesIntact: signature.signedPropertiesDigest.equals(digestOf(octets.signedProperties)),
      valueIntact: verifyData(signature.algorithm, publicKey, octets.signedInfo, signature.value, {
        ecdsaEncoding: 'ieee-p1363',
      }),
      certificatesNamed:
        signature.certificates.length === signature.certificateDigests.length &&
        signature.certificates.every((one, at) => signature.certificateDigests[at]?.equals(digestOf(one))),
      exactForm:
        Buffer.from(XML_DECLARATION + writeCanonical(root)).equals(xml) &&
        (signature.algorithm.scheme !== 'ECDSA' || isLowS(signature.value, publicKey)),
    }
  })
}

/**
 * The octets that the signature speaks of. Called once the shape is known, so the places of the children are
 * certain. Takes the signature out of the tree: the first reference covers what is left.
 */
function signedOctets(document: XmlDocument) {
  const signatureElement = asElement(findSignature(document))
  const signedInfo = canonicalOctets(asElement(signatureElement.firstChild))
  const object = asElement(signatureElement.lastChild)
  const qualifyingProperties = asElement(object.firstChild)
  const signedProperties = canonicalOctets(asElement(qualifyingProperties.firstChild))
  signatureElement.remove()
  return { signedInfo, signedProperties, content: canonicalOctets(document) }
}

function findSignature(document: XmlDocument) {
  return document.get(`//*[local-name()='Signature' and namespace-uri()='${XMLDSIG}']`)
}

function asElement(node: unknown): XmlTreeElement {
  if (node instanceof XmlTreeElement) return node
  throw new SigningError('XML_SIGNATURE_MALFORMED', { reason: 'an element of the signature is missing' })
}
