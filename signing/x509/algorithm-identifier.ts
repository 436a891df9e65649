/**
 * `AlgorithmIdentifier` to and from the entries of `algorithms.ts` (RFC 5754, RFC 5758, RFC 4055, RFC 8017 A.2.3).
 *
 * PSS parameters are taken strictly: trailer field 1, digests of data and MGF1 and the salt length as declared.
 */
import {
  type DigestAlgorithm,
  digestByOid,
  OID_DSA,
  OID_EC_PUBLIC_KEY,
  OID_MGF1,
  OID_RSA_ENCRYPTION,
  OID_RSASSA_PSS,
  type SignatureAlgorithm,
  type SignatureScheme,
  signatureAlgorithm,
  signatureAlgorithms,
  signatureByOid,
} from '../algorithms.ts'
import { contextTag, type DerNode, malformed, TAG } from './der.ts'
import { DerFields, onlyChild, readOid, readSmallInteger } from './der-values.ts'
import { context, integer, nullValue, oid, sequence } from './der-write.ts'

export interface SignatureParameters {
  readonly algorithm: SignatureAlgorithm
  /** PSS only. */
  readonly saltLength?: number
  /** PSS only: the digest of MGF1 where it is not that of the data. */
  readonly mask?: DigestAlgorithm
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

/** id-shake256-len of RFC 8419 section 2.3: the length of the digest in bits is its parameter. */
const OID_SHAKE256 = '2.16.840.1.101.3.4.2.12'
const OID_SHAKE256_LEN = '2.16.840.1.101.3.4.2.18'

/** A digest `AlgorithmIdentifier`: parameters absent or NULL (RFC 5754 section 2). */
export function readDigestAlgorithm(node: DerNode): DigestAlgorithm | UnknownAlgorithm {
  const { oid: type, parameters } = readAlgorithm(node)
  if (type === OID_SHAKE256_LEN) {
    const bits = parameters === undefined ? 0 : readSmallInteger(parameters)
    const shake = digestByOid(OID_SHAKE256)
    return shake !== undefined && bits === shake.size * 8 ? shake : { unknown: `${type} of ${bits} bits` }
  }
  if (!isAbsentOrNull(parameters)) return { unknown: `${type} with parameters` }
  return digestByOid(type) ?? { unknown: type }
}

/** What CMS allows as a signature algorithm although it is only the kind of key: the digest stands elsewhere. */
const bareSchemes: Readonly<Record<string, SignatureScheme>> = {
  [OID_RSA_ENCRYPTION]: 'RSASSA-PKCS1-v1_5',
  [OID_EC_PUBLIC_KEY]: 'ECDSA',
  [OID_DSA]: 'DSA',
  // id-ecSigType, the arc of the algorithms: no algorithm itself, but written as one.
  '1.2.840.10045.4': 'ECDSA',
}

/**
 * A signature `AlgorithmIdentifier`.
 * @param outerDigest for CMS, where the plain OID of a kind of key leaves the digest to `digestAlgorithm` (RFC 5754
 *   section 3.2; for DSA and ECDSA older programs do so as well)
 */
export function readSignatureAlgorithm(
  node: DerNode,
  outerDigest?: DigestAlgorithm,
): SignatureParameters | UnknownAlgorithm {
  const { oid: type, parameters } = readAlgorithm(node)
  if (type === OID_RSASSA_PSS) return readPss(parameters)
  const bare = bareSchemes[type]
  if (bare !== undefined && outerDigest !== undefined) {
    if (bare === 'RSASSA-PKCS1-v1_5' && !isAbsentOrNull(parameters)) {
      return { unknown: 'rsaEncryption with parameters' }
    }
    const algorithm = findAlgorithm(bare, outerDigest)
    return algorithm === undefined ? { unknown: `${bare} with ${outerDigest.name}` } : { algorithm }
  }
  const algorithm = signatureByOid(type)
  if (algorithm === undefined) return { unknown: type }
  // RFC 4055 section 5: for PKCS #1 v1.5 parameters are NULL, and absent ones must be accepted too. For the others they
  // are absent; older programs write NULL with ECDSA and DSA, which takes nothing from the signature.
  const allowed = wholeSchemes.has(algorithm.scheme) ? parameters === undefined : isAbsentOrNull(parameters)
  return allowed ? { algorithm } : { unknown: `${type} with wrong parameters` }
}

const wholeSchemes: ReadonlySet<SignatureScheme> = new Set(['EdDSA', 'ML-DSA'])

function findAlgorithm(scheme: SignatureScheme, digest: DigestAlgorithm): SignatureAlgorithm | undefined {
  return signatureAlgorithms.find((entry) => entry.scheme === scheme && entry.digest === digest)
}

function isAbsentOrNull(parameters: DerNode | undefined): boolean {
  return parameters === undefined || parameters.tag === TAG.NULL
}

/** Digests that OpenSSL takes in the parameters of a key, which is how two different ones can be checked. */
const pssDigests: ReadonlySet<DigestAlgorithm['name']> = new Set([
  'SHA-1',
  'SHA-224',
  'SHA-256',
  'SHA-384',
  'SHA-512',
  'SHA-512/256',
])

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
  if (trailer !== 1) return { unknown: `RSASSA-PSS with trailer field ${trailer}` }
  const algorithm = findAlgorithm('RSASSA-PSS', digest)
  if (algorithm === undefined) return { unknown: `RSASSA-PSS with ${digest.name}` }
  if (mask === digest) return { algorithm, saltLength }
  const isChecked = pssDigests.has(digest.name) && pssDigests.has(mask.name)
  if (!isChecked) return { unknown: `RSASSA-PSS with ${digest.name} and MGF1 with ${mask.name}` }
  return { algorithm, saltLength, mask }
}

function readMgf1(node: DerNode): DigestAlgorithm | UnknownAlgorithm {
  const { oid: type, parameters } = readAlgorithm(node)
  if (type !== OID_MGF1) return { unknown: `mask generation ${type}` }
  if (parameters === undefined) throw malformed(node.start, 'MGF1 without its digest')
  return readDigestAlgorithm(parameters)
}

/** `AlgorithmIdentifier` of a digest, parameters absent (RFC 5754 section 2). */
export function digestAlgorithmIdentifier(digest: DigestAlgorithm): Uint8Array {
  // RFC 8419 section 3.1: beside signed attributes SHAKE256 is named with its length.
  return digest.oid === OID_SHAKE256
    ? sequence(oid(OID_SHAKE256_LEN), integer(digest.size * 8))
    : sequence(oid(digest.oid))
}

/** `AlgorithmIdentifier` of a signature; PSS with all its parameters written out, salt as long as the digest. */
export function signatureAlgorithmIdentifier(algorithm: SignatureAlgorithm): Uint8Array {
  switch (algorithm.scheme) {
    case 'ECDSA':
    case 'DSA':
    case 'EdDSA':
    case 'ML-DSA':
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
