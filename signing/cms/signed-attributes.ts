/**
 * What a signer's signed attributes say, and whether they are there as they must be: content-type and message-digest
 * exactly once with one value (RFC 5652 sections 5.3, 11.1 and 11.2), the others at most once.
 */
import { SigningError } from '../errors.ts'
import { failed, type Objection } from '../validation/objection.ts'
import { contextTag, type DerNode, TAG } from '../x509/der.ts'
import { DerFields, readOctetString, readOid, readTime } from '../x509/der-values.ts'
import { ATTRIBUTE_OID } from './oids.ts'
import type { CmsAttribute, ParsedSigner } from './parse-signed-data.ts'
import { type NamedCertificate, readSigningCertificate } from './signing-certificate.ts'

export interface SignedAttributes {
  readonly messageDigest: Uint8Array | undefined
  readonly signingTime: Date | undefined
  /** Certificates that signing-certificate-v2 (before v1) names, the signer's first; undefined without either. */
  readonly named: readonly NamedCertificate[] | undefined
  readonly signingCertificateV2: boolean
  readonly objections: readonly Objection[]
}

/**
 * Reads them all; a broken attribute becomes an objection, not an error.
 * @param expectedType eContentType; null for counter-signatures, which must not tell one (RFC 5652 section 11.4)
 */
export function readSignedAttributes(signer: ParsedSigner, expectedType: string | null): SignedAttributes {
  const objections: Objection[] = []
  const attributes = signer.signedAttributes

  /** The one value of an attribute; `required` or not, twice or with several values it is refused. */
  function single<T>(
    type: string,
    what: string,
    required: boolean,
    read: (value: DerNode) => T,
  ): T | undefined {
    const found = attributes.filter((one) => one.type === type)
    const [value] = found[0]?.values ?? []
    if (found.length === 0 && !required) return undefined
    if (found.length !== 1 || value === undefined || found[0]?.values.length !== 1) {
      objections.push(failed('FORMAT_FAILURE', 'SIGNED_ATTRIBUTE', `${what} must be there exactly once`))
      return undefined
    }
    try {
      return read(value)
    } catch (error) {
      if (!(error instanceof SigningError)) throw error
      objections.push(failed('FORMAT_FAILURE', 'SIGNED_ATTRIBUTE', `${what}: ${error.message}`))
      return undefined
    }
  }

  const contentType = single(ATTRIBUTE_OID.contentType, 'content-type', expectedType !== null, readOid)
  if (contentType !== undefined && contentType !== expectedType) {
    objections.push(
      failed('FORMAT_FAILURE', 'CONTENT_TYPE_MISMATCH', `content-type ${contentType} is not that signed`),
    )
  }
  const messageDigest = single(ATTRIBUTE_OID.messageDigest, 'message-digest', true, readOctetString)
  const signingTime = single(ATTRIBUTE_OID.signingTime, 'signing-time', false, readTime)
  const protection = single(
    ATTRIBUTE_OID.algorithmProtection,
    'CMSAlgorithmProtection',
    false,
    readProtection,
  )
  if (protection !== undefined && !protects(protection, signer)) {
    objections.push(
      failed('FORMAT_FAILURE', 'ALGORITHM_MISMATCH', 'algorithms are not those that were signed'),
    )
  }
  const v2 = single(ATTRIBUTE_OID.signingCertificateV2, 'signing-certificate-v2', false, (value) =>
    readSigningCertificate(value, 'v2'),
  )
  const v1 = single(ATTRIBUTE_OID.signingCertificate, 'signing-certificate', false, (value) =>
    readSigningCertificate(value, 'v1'),
  )
  return { messageDigest, signingTime, named: v2 ?? v1, signingCertificateV2: v2 !== undefined, objections }
}

export function hasAttribute(attributes: readonly CmsAttribute[], type: string): boolean {
  return attributes.some((one) => one.type === type)
}

interface AlgorithmProtection {
  readonly digest: Uint8Array
  readonly signature: Uint8Array | undefined
}

/** RFC 6211 section 2. */
function readProtection(value: DerNode): AlgorithmProtection {
  const fields = new DerFields(value)
  const digest = fields.take(TAG.SEQUENCE, 'digestAlgorithm').raw
  const signature = fields.optional(contextTag(1, true))
  return { digest, signature: signature?.content }
}

function protects({ digest, signature }: AlgorithmProtection, { rawAlgorithms }: ParsedSigner): boolean {
  if (Buffer.compare(digest, rawAlgorithms.digest) !== 0 || signature === undefined) return false
  // The member is IMPLICIT, so its content is that of the AlgorithmIdentifier behind tag and length.
  const own = rawAlgorithms.signature
  return Buffer.compare(signature, own.subarray(own.length - signature.length)) === 0
}
