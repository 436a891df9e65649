import { keyStrength } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import { nodeKeyFingerprint } from '../x509/fingerprint.ts'
import type { XmlElement } from './element.ts'
import { examineSeal } from './examine-seal.ts'
import { type ExpandedName, expandedName } from './names.ts'
import { sealedXmlLimits, type XmlLimits } from './scan.ts'
import { sealedPath } from './sealed-places.ts'

export interface VerifySealedXmlOptions {
  /**
   * The keys that may have sealed the file, as `nodeKeyFingerprint` writes them. `named`: the one that the file names
   * itself, for who asks afterwards whose key that is, and believes nothing before.
   */
  readonly keyFingerprints: readonly string[] | 'named'
  readonly root: ExpandedName
  readonly limits?: XmlLimits
}

export interface VerifiedSeal {
  /** Claimed by the sealer, to the second. */
  readonly signedAt: Date
  /** DER. Its validity dates and issuer are not judged: the key is known by its fingerprint. */
  readonly certificate: Uint8Array
  readonly keyFingerprint: string
  /** The root element without the signature: read this, never the file again. */
  readonly signed: XmlElement
}

/**
 * Opens a file sealed by a known key: passes only a file that `signXml` could have written with one of the given
 * keys, byte for byte, with nothing in it that the signature does not cover.
 *
 * Whether the key was entitled to sign at `signedAt` is the caller's question, answered by the directory.
 *
 * @throws SigningError the first of: those of `examineSeal`; `XML_KEY_NOT_ALLOWED`, `XML_SIGNATURE_INVALID`,
 *   `XML_DIGEST_MISMATCH`, `XML_PROFILE_UNSUPPORTED`
 */
export function verifySealedXml(xml: Uint8Array, options: VerifySealedXmlOptions): VerifiedSeal {
  const { root } = options
  const wantedPath = (found: ExpandedName) =>
    expandedName(found) === expandedName(root) ? (sealedPath(root) ?? [root]) : undefined
  const seal = examineSeal(xml, wantedPath, options.limits ?? sealedXmlLimits)
  const certificate = seal.signature.certificates[0]
  const strength = keyStrength(seal.publicKey)
  if (!strength.acceptable) throw new SigningError('ALGORITHM_UNSUPPORTED', { algorithm: strength.name })
  const keyFingerprint = nodeKeyFingerprint(certificate)
  if (options.keyFingerprints !== 'named' && !options.keyFingerprints.includes(keyFingerprint)) {
    throw new SigningError('XML_KEY_NOT_ALLOWED', { fingerprint: keyFingerprint })
  }
  if (!seal.valueIntact) throw new SigningError('XML_SIGNATURE_INVALID')
  if (!seal.contentIntact) throw new SigningError('XML_DIGEST_MISMATCH', { reference: 'content' })
  if (!seal.signedPropertiesIntact) {
    throw new SigningError('XML_DIGEST_MISMATCH', { reference: 'SignedProperties' })
  }
  if (!seal.certificatesNamed) {
    throw unsupported('SigningCertificateV2 does not name the certificates of KeyInfo')
  }
  if (!seal.exactForm) throw unsupported('the file is not in its one exact form')
  return { signedAt: seal.signature.signingTime, certificate, keyFingerprint, signed: seal.content }
}

function unsupported(reason: string): SigningError {
  return new SigningError('XML_PROFILE_UNSUPPORTED', { reason })
}
