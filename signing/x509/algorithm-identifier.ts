/**
 * `AlgorithmIdentifier` to and from the entries of `algorithms.ts` (RFC 5754, RFC 5758, RFC 4055, RFC 8017 A.2.3).
 *
 * PSS parameters are taken strictly: one digest for message and MGF1, trailer field 1, the salt length as declared.
 */
import {
  type DigestAlgorithm,
  digestByOid,
  OID_MGF1,
  OID_RSA_ENCRYPTION,
  OID_RSASSA_PSS,
  type SignatureAlgorithm,
  signatureAlgorithm,
  signatureAlgorithms,
} from '../algorithms.ts'
import { contextTag, type DerNode, malformed, TAG } from './der.ts'
import { DerFields, onlyChild, readOid, readSmallInteger } from './der-values.ts'
import { context, integer, nullValue, oid, sequence } from './der-write.ts'

export interface SignatureParameters {
  readonly algorithm: SignatureAlgorithm
  /** PSS only. */
  readonly saltLength?: number
}

/** What could not be mapped; the name is for people. */
export interface UnknownAlgorithm {
  readonly unknown: string
}

/** The OID and the parameters of an `AlgorithmIdentifier`. */
export function readAlgorithm(node: DerNode): { oid: string; parameters: DerNode | undefined } {
  const fields = new DerFields(node)
  const type = readOid(fields.take(TAG.OID, 'algorithm'))
  const parameters = fields.nextTag === undefined ? undefined : fields.any('parameters')
  fields.finish('AlgorithmIdentifier')
  return { oid: type, parameters }
}

/** A digest `AlgorithmIdentifier`: parameters absent or NULL (RFC 5754 section 2). */
export function readDigestAlgorithm(node: DerNode): DigestAlgorithm | UnknownAlgorithm {
  const { oid: type, parameters } = readAlgorithm(node)
  if (!isAbsentOrNull(parameters)) return { unknown: `${type} with parameters` }
  return digestByOid(type) ?? { unknown: type }
}

/**
 * A signature `AlgorithmIdentifier`.
 * @param outerDigest for CMS, where plain `rsaEncryption` leaves the digest to `digestAlgorithm` (RFC 5754 section 3.2)
 */
export function readSignatureAlgorithm(
  node: DerNode,
  outerDigest?: DigestAlgorithm,
): SignatureParameters | UnknownAlgorithm {
  const { oid: type, parameters } = readAlgorithm(node)
  if (type === OID_RSASSA_PSS) return readPss(parameters)
  if (type === OID_RSA_ENCRYPTION && outerDigest !== undefined) {
    if (!isAbsentOrNull(parameters)) return { unknown: 'rsaEncryption with parameters' }
    return { algorithm: signatureAlgorithm('RSASSA-PKCS1-v1_5', outerDigest.name) }
  }
  const algorithm = signatureAlgorithms.find((entry) => entry.oid === type)
  if (algorithm === undefined) return { unknown: type }
  // RFC 4055 section 5: for PKCS #1 v1.5 parameters are NULL, and absent ones must be accepted too.
  const isRsa = algorithm.scheme === 'RSASSA-PKCS1-v1_5'
  const allowed = isRsa ? isAbsentOrNull(parameters) : parameters === undefined
  return allowed ? { algorithm } : { unknown: `${type} with wrong parameters` }
}

function isAbsentOrNull(parameters: DerNode | undefined): boolean {
  return parameters === undefined || parameters.tag === TAG.NULL
}

/** RSASSA-PSS-params; DEFAULT members are SHA-1, MGF1 with SHA-1, 20 and 1. */
function readPss(parameters: DerNode | undefined): SignatureParameters | UnknownAlgorithm {
  if (parameters === undefined) return { unknown: 'RSASSA-PSS without parameters' }
  const fields = new DerFields(parameters)
  const hashField = fields.optional(contextTag(0, true))
  const maskField = fields.optional(contextTag(1, true))
  const saltField = fields.optional(contextTag(2, true))
  const trailerField = fields.optional(contextTag(3, true))
  fields.finish('RSASSA-PSS-params')
  const sha1 = signatureAlgorithm('RSASSA-PSS', 'SHA-1').digest
  const digest = hashField === undefined ? sha1 : readDigestAlgorithm(onlyChild(hashField))
  const mask = maskField === undefined ? sha1 : readMgf1(onlyChild(maskField))
  const saltLength = saltField === undefined ? 20 : readSmallInteger(onlyChild(saltField))
  const trailer = trailerField === undefined ? 1 : readSmallInteger(onlyChild(trailerField))
  if ('unknown' in digest) return digest
  if ('unknown' in mask) return mask
  if (mask !== digest) return { unknown: `RSASSA-PSS with ${digest.name} and MGF1 with ${mask.name}` }
  if (trailer !== 1) return { unknown: `RSASSA-PSS with trailer field ${trailer}` }
  return { algorithm: signatureAlgorithm('RSASSA-PSS', digest.name), saltLength }
}

function readMgf1(node: DerNode): DigestAlgorithm | UnknownAlgorithm {
  const { oid: type, parameters } = readAlgorithm(node)
  if (type !== OID_MGF1) return { unknown: `mask generation ${type}` }
  if (parameters === undefined) throw malformed(node.start, 'MGF1 without its digest')
  return readDigestAlgorithm(parameters)
}

/** `AlgorithmIdentifier` of a digest, parameters absent (RFC 5754 section 2). */
export function digestAlgorithmIdentifier(digest: DigestAlgorithm): Uint8Array {
  return sequence(oid(digest.oid))
}

/** `AlgorithmIdentifier` of a signature; PSS with all its parameters written out, salt as long as the digest. */
export function signatureAlgorithmIdentifier(algorithm: SignatureAlgorithm): Uint8Array {
  switch (algorithm.scheme) {
    case 'ECDSA':
    case 'EdDSA':
      return sequence(oid(algorithm.oid))
    case 'RSASSA-PKCS1-v1_5':
      return sequence(oid(algorithm.oid), nullValue())
    case 'RSASSA-PSS': {
      // RFC 4055 section 2.1: within PSS parameters the digest's own parameters are NULL.
      const digest = sequence(oid(algorithm.digest.oid), nullValue())
      return sequence(
        oid(algorithm.oid),
        sequence(
          context(0, digest),
          context(1, sequence(oid(OID_MGF1), digest)),
          context(2, integer(algorithm.digest.size)),
        ),
      )
    }
  }
}
