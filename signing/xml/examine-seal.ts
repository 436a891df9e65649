import type { KeyObject } from 'node:crypto'
import { digest, verifyData } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import { certificateKey } from '../x509/fingerprint.ts'
import { canonicalOctets } from './c14n.ts'
import { writeCanonical, writeCanonicalAround } from './canonical-writer.ts'
import { isLowS } from './ecdsa-value.ts'
import type { XmlElement } from './element.ts'
import { type ExpandedName, XML_DECLARATION, XMLDSIG } from './names.ts'
import { withXml } from './parse.ts'
import { ownTree, requireEqual } from './read-content.ts'
import type { XmlLimits } from './scan.ts'
import { readSealedSignature, type SealedSignature } from './sealed-signature.ts'
import { snapshot } from './snapshot.ts'
import { isElementNamed, type TreeElement } from './tree.ts'

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
 * Reads a file of the sealed profile and computes every digest and the signature value over canonical octets. They are
 * those of `readTree` and the canonical writer, and of libxml2 as well: it has read the same file and must make the
 * same octets of the whole.
 *
 * @throws SigningError what makes the question unanswerable: those of `withXml`, `readTree`, `snapshot` and
 *   `readSealedSignature`; `CERTIFICATE_MALFORMED`, `ALGORITHM_UNSUPPORTED`
 */
export function examineSeal(
  xml: Uint8Array,
  path: (root: ExpandedName) => readonly ExpandedName[] | undefined,
  limits: XmlLimits,
): SealExamination {
  return withXml(xml, limits, (document) => {
    const tree = ownTree(xml)
    if (!hasSignature(tree.root)) throw new SigningError('XML_NOT_SIGNED')
    const place = path({ namespace: tree.root.namespace, localName: tree.root.localName })
    const root = snapshot(tree)
    const { signature, element, content, signedInfo, signedProperties } = readSealedSignature(root, place)
    const whole = writeCanonicalAround(root, element)
    const octets = Buffer.from(whole.text)
    requireEqual(octets, canonicalOctets(document))
    const publicKey = certificateKey(signature.certificates[0])
    const digestOf = (data: Uint8Array) => Buffer.from(digest(signature.digest, data))
    return {
      signature,
      content,
      publicKey,
      contentIntact: signature.contentDigest.equals(digestOf(withoutPlace(whole, octets))),
      signedPropertiesIntact: signature.signedPropertiesDigest.equals(digestOf(octetsOf(signedProperties))),
      valueIntact: verifyData(signature.algorithm, publicKey, octetsOf(signedInfo), signature.value, {
        ecdsaEncoding: 'ieee-p1363',
      }),
      certificatesNamed:
        signature.certificates.length === signature.certificateDigests.length &&
        signature.certificates.every((one, at) => signature.certificateDigests[at]?.equals(digestOf(one))),
      exactForm:
        isExactForm(xml, octets) &&
        (signature.algorithm.scheme !== 'ECDSA' || isLowS(signature.value, publicKey)),
    }
  })
}

/** The octets without those of the place. */
function withoutPlace({ text, start, end }: ReturnType<typeof writeCanonicalAround>, octets: Buffer): Buffer {
  const from = Buffer.byteLength(text.slice(0, start))
  return Buffer.concat([
    octets.subarray(0, from),
    octets.subarray(from + Buffer.byteLength(text.slice(start, end))),
  ])
}

function octetsOf(element: XmlElement): Buffer {
  return Buffer.from(writeCanonical(element))
}

const declaration = Buffer.from(XML_DECLARATION)

/** The declaration and the canonical form of the whole, nothing else. */
function isExactForm(xml: Uint8Array, octets: Buffer): boolean {
  return (
    declaration.equals(xml.subarray(0, declaration.length)) && octets.equals(xml.subarray(declaration.length))
  )
}

function hasSignature(element: TreeElement): boolean {
  return (
    isElementNamed(element, XMLDSIG, 'Signature') ||
    element.children.some((child) => child.kind === 'element' && hasSignature(child))
  )
}
