/** The first half of CAdES signing: everything but the signature value (ETSI EN 319 122-1 clause 6.3). */
import { type DigestAlgorithm, digest as digestOf, type SignatureScheme } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import type { KeyProvider } from '../keys/key-provider.ts'
import { oid, sequence, utf8String } from '../x509/der-write.ts'
import { ATTRIBUTE_OID, CONTENT_TYPE } from './oids.ts'
import { attribute, buildSignedAttributes } from './signed-data.ts'

export interface CmsSignatureOptions {
  /** What the signer says; written to the second. The library has no clock. */
  readonly signingTime: Date
  /** Default true: the content stays beside the signature. False encloses it. */
  readonly detached?: boolean
  /**
   * Media type of the content, e.g. `application/pdf`: the attribute mime-type (ETSI EN 319 122-1 clause 5.2.4.2), by
   * which a receiver knows what a detached signature is about.
   */
  readonly mimeType?: string
  /** What the content is, for people: content-hints (RFC 2634 section 2.9). */
  readonly contentDescription?: string
}

/** The signer's side of a preparation: everything of a `KeyProvider` but the key. */
export type CmsSigner = Pick<KeyProvider, 'certificate' | 'chain' | 'algorithm'>

/**
 * A CAdES signature waiting for its value. Plain data: it may be stored (`storePreparedCms`) and completed days later
 * or elsewhere. The key signs `signedAttributes`.
 */
export interface PreparedCms {
  /** DER `SET OF Attribute` (RFC 5652 section 5.4). */
  readonly signedAttributes: Uint8Array
  /** The content where it is to be enclosed; null for a detached signature. */
  readonly content: Uint8Array | null
  readonly digestAlgorithm: DigestAlgorithm['name']
  readonly signatureScheme: SignatureScheme
  /** DER. */
  readonly certificate: Uint8Array
  /** DER, nearest first. */
  readonly chain: readonly Uint8Array[]
}

/**
 * Computes what the key has to sign: content-type, message-digest, signing-certificate-v2 (every certificate that is
 * embedded), signing-time and, where asked for, mime-type and content-hints.
 *
 * @throws SigningError `ALGORITHM_UNSUPPORTED` for a weak digest, `CERTIFICATE_MALFORMED`
 */
export function prepareCms(
  content: Uint8Array,
  options: CmsSignatureOptions & { readonly signer: CmsSigner },
): PreparedCms {
  const { certificate, chain, algorithm } = options.signer
  const { digest, scheme } = algorithm
  if (digest.weak) throw new SigningError('ALGORITHM_UNSUPPORTED', { algorithm: algorithm.name })
  const { signingTime, mimeType, contentDescription, detached = true } = options
  const signedAttributes = buildSignedAttributes({
    messageDigest: digestOf(digest, content),
    certificate,
    chain,
    digest,
    signingTime,
    further: [
      ...(mimeType === undefined ? [] : [attribute(ATTRIBUTE_OID.mimeType, utf8String(mimeType))]),
      ...(contentDescription === undefined ? [] : [contentHints(contentDescription)]),
    ],
  })
  return {
    signedAttributes,
    content: detached ? null : content,
    digestAlgorithm: digest.name,
    signatureScheme: scheme,
    certificate,
    chain,
  }
}

/** `ContentHints` of `id-data` with a description. */
function contentHints(description: string): Uint8Array {
  return attribute(ATTRIBUTE_OID.contentHints, sequence(utf8String(description), oid(CONTENT_TYPE.data)))
}
