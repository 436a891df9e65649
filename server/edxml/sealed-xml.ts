import { createHash } from 'node:crypto'
import {
  type ExpandedName,
  type KeyProvider,
  signXml,
  verifySealedXml,
  type XmlElement,
} from '../../signing/index.ts'

/** A sealed file. Its bytes are stored, sent and shown as they are; they are never written anew. */
export interface Sealed {
  readonly xml: Uint8Array
  /** SHA-256 of `xml` in lower-case hexadecimal: the identity of an envelope or receipt. */
  readonly sha256: string
}

/** A file whose seal holds, with its message read from what the seal covers. */
export interface Opened<Message> {
  readonly message: Message
  readonly sha256: string
  /** Claimed by the sealing node, to the second. */
  readonly sealedAt: Date
  /** Of the sealing node; whether that node hosted the sender then is for the directory to say. */
  readonly keyFingerprint: string
  /** DER. */
  readonly certificate: Uint8Array
}

export interface SealOptions {
  readonly key: KeyProvider
  readonly sealedAt: Date
}

export interface OpenOptions {
  /**
   * The node keys that may have sealed the file (`nodeKeyFingerprint`); `named`: the one that the file names, whose it is
   * being asked afterwards.
   */
  readonly keyFingerprints: readonly string[] | 'named'
}

/** The Id of the signature in every sealed file. */
const SIGNATURE_ID = 'seal'

/**
 * Seals XML with the node's key.
 *
 * @param parent the element whose last child the signature becomes
 */
export async function sealXml(
  xml: string,
  parent: ExpandedName,
  { key, sealedAt }: SealOptions,
): Promise<Sealed> {
  const sealed = await signXml(xml, { key, signingTime: sealedAt, parent, signatureId: SIGNATURE_ID })
  return { xml: sealed, sha256: sha256Of(sealed) }
}

/**
 * Verifies a seal and reads the message from the very element that it covers.
 *
 * @throws SigningError where the seal does not hold; what `decode` throws
 */
export function openXml<Message>(
  xml: Uint8Array,
  root: ExpandedName,
  { keyFingerprints }: OpenOptions,
  decode: (verified: XmlElement) => Message,
): Opened<Message> {
  const { signed, signedAt, keyFingerprint, certificate } = verifySealedXml(xml, { keyFingerprints, root })
  return { message: decode(signed), sha256: sha256Of(xml), sealedAt: signedAt, keyFingerprint, certificate }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
