/**
 * Everything the library knows about a digest or signature algorithm, one entry each. Code below this module
 * is handed an entry, never a name, and so need not enumerate algorithms.
 *
 * Object identifiers: RFC 8017 (RSA), RFC 5758 (ECDSA, DSA), RFC 5754 (SHA-2), the NIST register of computer security
 * objects (SHA-3, ML-DSA), RFC 8419 (EdDSA). XML identifiers: RFC 9231.
 * Strength rules and their dates: design 7 and TT 15/2025/TT-BKHCN (RSA ≥ 2048, ECDSA ≥ 256, SHA-2).
 */
import {
  constants,
  createHash,
  type Hash,
  type KeyObject,
  sign as nodeSign,
  verify as nodeVerify,
} from 'node:crypto'
import { pssKeyWithMask } from './pss-mask.ts'

export interface DigestAlgorithm {
  readonly name:
    | 'MD5'
    | 'RIPEMD-160'
    | 'SHA-1'
    | 'SHA-224'
    | 'SHA-256'
    | 'SHA-384'
    | 'SHA-512'
    | 'SHA-512/256'
    | 'SHA3-224'
    | 'SHA3-256'
    | 'SHA3-384'
    | 'SHA3-512'
    | 'SHAKE256'
  readonly oid: string
  /** The name that `node:crypto` knows; `createDigest` gives the right length besides. */
  readonly node: string
  /** The XML identifier of RFC 9231; null where there is none. */
  readonly xml: string | null
  /** Length of the digest in bytes. */
  readonly size: number
  /** A broken digest: judged by purpose, never accepted for a document (design 7). */
  readonly weak: boolean
}

const XMLDSIG = 'http://www.w3.org/2000/09/xmldsig#'
const XMLDSIG_11 = 'http://www.w3.org/2009/xmldsig11#'
const XMLENC = 'http://www.w3.org/2001/04/xmlenc#'
const MORE_2001 = 'http://www.w3.org/2001/04/xmldsig-more#'
const MORE_2007 = 'http://www.w3.org/2007/05/xmldsig-more#'
const MORE_2021 = 'http://www.w3.org/2021/04/xmldsig-more#'
const NIST_HASH = '2.16.840.1.101.3.4.2.'
const NIST_SIGNATURE = '2.16.840.1.101.3.4.3.'

const digestRow = (
  name: DigestAlgorithm['name'],
  oid: string,
  node: string,
  size: number,
  xml: string | null,
  weak = false,
): DigestAlgorithm => ({ name, oid, node, size, xml, weak })

export const digestAlgorithms: readonly DigestAlgorithm[] = [
  digestRow('MD5', '1.2.840.113549.2.5', 'md5', 16, `${MORE_2001}md5`, true),
  digestRow('RIPEMD-160', '1.3.36.3.2.1', 'ripemd160', 20, `${XMLENC}ripemd160`, true),
  digestRow('SHA-1', '1.3.14.3.2.26', 'sha1', 20, `${XMLDSIG}sha1`, true),
  digestRow('SHA-224', `${NIST_HASH}4`, 'sha224', 28, `${MORE_2001}sha224`),
  digestRow('SHA-256', `${NIST_HASH}1`, 'sha256', 32, `${XMLENC}sha256`),
  digestRow('SHA-384', `${NIST_HASH}2`, 'sha384', 48, `${MORE_2001}sha384`),
  digestRow('SHA-512', `${NIST_HASH}3`, 'sha512', 64, `${XMLENC}sha512`),
  digestRow('SHA-512/256', `${NIST_HASH}6`, 'sha512-256', 32, null),
  digestRow('SHA3-224', `${NIST_HASH}7`, 'sha3-224', 28, `${MORE_2007}sha3-224`),
  digestRow('SHA3-256', `${NIST_HASH}8`, 'sha3-256', 32, `${MORE_2007}sha3-256`),
  digestRow('SHA3-384', `${NIST_HASH}9`, 'sha3-384', 48, `${MORE_2007}sha3-384`),
  digestRow('SHA3-512', `${NIST_HASH}10`, 'sha3-512', 64, `${MORE_2007}sha3-512`),
  // With 512 bits, as RFC 8419 and RFC 8702 use it.
  digestRow('SHAKE256', `${NIST_HASH}12`, 'shake256', 64, null),
]

/**
 * Until when a SHA-1 signature of a CA, on the certificate of another CA or on a CRL, and a SHA-1 time-stamp imprint
 * are let pass with a warning. The government CAs in use are signed
 * so and end between 2029-12-15 and 2030-03-05 (UTC); from the next day on nothing needs this any more.
 */
export const sha1OnAuthoritiesUntil = new Date('2030-03-06T00:00:00Z')

/**
 * Until when a SHA-1 signature on a holder's certificate, an OCSP response or a time-stamp counts, where a time that early is what is
 * asked about: collisions came within reach in October 2015, and public CAs stopped at the end of that year.
 */
const sha1OnHoldersUntil = new Date('2016-01-01T00:00:00Z')

/** What a digest serves; a broken one may still do where an attacker chooses nothing of what is hashed. */
export type DigestPurpose =
  | 'document'
  | 'signer-certificate'
  | 'ca-certificate'
  | 'crl'
  | 'ocsp'
  | 'time-stamp-imprint'
  | 'time-stamp-signature'

/** The dated table of design 7: up to when a weak digest is let pass with a warning; null where it never is. */
const weakDigestUntil: Readonly<Record<DigestPurpose, Date | null>> = {
  document: null,
  'signer-certificate': sha1OnHoldersUntil,
  'ca-certificate': sha1OnAuthoritiesUntil,
  crl: sha1OnAuthoritiesUntil,
  // The requester chooses the nonce, which is what a collision needs.
  ocsp: sha1OnHoldersUntil,
  'time-stamp-imprint': sha1OnAuthoritiesUntil,
  'time-stamp-signature': sha1OnHoldersUntil,
}

/** Up to when `digest` is good enough for a purpose; null when it never is, undefined when no end is known. */
export function digestAcceptableUntil(
  digest: DigestAlgorithm,
  purpose: DigestPurpose,
): Date | null | undefined {
  if (!digest.weak) return undefined
  return digest.name === 'SHA-1' ? weakDigestUntil[purpose] : null
}

export type SignatureScheme = 'RSASSA-PKCS1-v1_5' | 'RSASSA-PSS' | 'ECDSA' | 'DSA' | 'EdDSA' | 'ML-DSA'

export interface SignatureAlgorithm {
  readonly scheme: SignatureScheme
  /** What the data is hashed with; for EdDSA and ML-DSA, which take data whole, the digest that goes with it in CMS. */
  readonly digest: DigestAlgorithm
  /** As shown in reports: `RSASSA-PSS with SHA-256`. */
  readonly name: string
  /** The XML identifier of RFC 9231; null where none is in use here. */
  readonly xml: string | null
  /** The CMS `signatureAlgorithm` OID; `id-RSASSA-PSS` needs parameters besides. */
  readonly oid: string
  /** What `node:crypto` calls the only kind of key that fits; undefined where the scheme tells. */
  readonly keyType?: string
  /** The least size in bytes of the digest that may go with it in CMS, where it is not bound to one (RFC 9882). */
  readonly leastDigest?: number
}

export const OID_RSA_ENCRYPTION = '1.2.840.113549.1.1.1'
export const OID_RSASSA_PSS = '1.2.840.113549.1.1.10'
export const OID_MGF1 = '1.2.840.113549.1.1.8'
export const OID_EC_PUBLIC_KEY = '1.2.840.10045.2.1'
export const OID_DSA = '1.2.840.10040.4.1'

/** XML identifier of RSASSA-PSS whose parameters stand in an element `RSAPSSParams` (RFC 9231 section 2.3.9). */
export const XML_RSASSA_PSS = `${MORE_2007}rsa-pss`

type Row = readonly [digest: DigestAlgorithm['name'], oid: string, xml: string | null]

const PKCS1 = '1.2.840.113549.1.1.'
const ANSI_ECDSA = '1.2.840.10045.4.'

const rows: Readonly<Record<'RSASSA-PKCS1-v1_5' | 'RSASSA-PSS' | 'ECDSA' | 'DSA', readonly Row[]>> = {
  'RSASSA-PKCS1-v1_5': [
    ['MD5', `${PKCS1}4`, `${MORE_2001}rsa-md5`],
    ['RIPEMD-160', '1.3.36.3.3.1.2', `${MORE_2001}rsa-ripemd160`],
    ['SHA-1', `${PKCS1}5`, `${XMLDSIG}rsa-sha1`],
    ['SHA-224', `${PKCS1}14`, `${MORE_2001}rsa-sha224`],
    ['SHA-256', `${PKCS1}11`, `${MORE_2001}rsa-sha256`],
    ['SHA-384', `${PKCS1}12`, `${MORE_2001}rsa-sha384`],
    ['SHA-512', `${PKCS1}13`, `${MORE_2001}rsa-sha512`],
    ['SHA-512/256', `${PKCS1}16`, null],
    ['SHA3-224', `${NIST_SIGNATURE}13`, null],
    ['SHA3-256', `${NIST_SIGNATURE}14`, null],
    ['SHA3-384', `${NIST_SIGNATURE}15`, null],
    ['SHA3-512', `${NIST_SIGNATURE}16`, null],
  ],
  'RSASSA-PSS': [
    ['MD5', OID_RSASSA_PSS, `${MORE_2007}md5-rsa-MGF1`],
    ['RIPEMD-160', OID_RSASSA_PSS, `${MORE_2007}ripemd160-rsa-MGF1`],
    ['SHA-1', OID_RSASSA_PSS, `${MORE_2007}sha1-rsa-MGF1`],
    ['SHA-224', OID_RSASSA_PSS, `${MORE_2007}sha224-rsa-MGF1`],
    ['SHA-256', OID_RSASSA_PSS, `${MORE_2007}sha256-rsa-MGF1`],
    ['SHA-384', OID_RSASSA_PSS, `${MORE_2007}sha384-rsa-MGF1`],
    ['SHA-512', OID_RSASSA_PSS, `${MORE_2007}sha512-rsa-MGF1`],
    ['SHA-512/256', OID_RSASSA_PSS, null],
    ['SHA3-224', OID_RSASSA_PSS, `${MORE_2007}sha3-224-rsa-MGF1`],
    ['SHA3-256', OID_RSASSA_PSS, `${MORE_2007}sha3-256-rsa-MGF1`],
    ['SHA3-384', OID_RSASSA_PSS, `${MORE_2007}sha3-384-rsa-MGF1`],
    ['SHA3-512', OID_RSASSA_PSS, `${MORE_2007}sha3-512-rsa-MGF1`],
  ],
  ECDSA: [
    ['RIPEMD-160', '0.4.0.127.0.7.1.1.4.1.6', `${MORE_2007}ecdsa-ripemd160`],
    ['SHA-1', `${ANSI_ECDSA}1`, `${MORE_2001}ecdsa-sha1`],
    ['SHA-224', `${ANSI_ECDSA}3.1`, `${MORE_2001}ecdsa-sha224`],
    ['SHA-256', `${ANSI_ECDSA}3.2`, `${MORE_2001}ecdsa-sha256`],
    ['SHA-384', `${ANSI_ECDSA}3.3`, `${MORE_2001}ecdsa-sha384`],
    ['SHA-512', `${ANSI_ECDSA}3.4`, `${MORE_2001}ecdsa-sha512`],
    ['SHA3-224', `${NIST_SIGNATURE}9`, `${MORE_2021}ecdsa-sha3-224`],
    ['SHA3-256', `${NIST_SIGNATURE}10`, `${MORE_2021}ecdsa-sha3-256`],
    ['SHA3-384', `${NIST_SIGNATURE}11`, `${MORE_2021}ecdsa-sha3-384`],
    ['SHA3-512', `${NIST_SIGNATURE}12`, `${MORE_2021}ecdsa-sha3-512`],
  ],
  DSA: [
    ['SHA-1', '1.2.840.10040.4.3', `${XMLDSIG}dsa-sha1`],
    ['SHA-224', `${NIST_SIGNATURE}1`, null],
    ['SHA-256', `${NIST_SIGNATURE}2`, `${XMLDSIG_11}dsa-sha256`],
    ['SHA-384', `${NIST_SIGNATURE}3`, null],
    ['SHA-512', `${NIST_SIGNATURE}4`, null],
  ],
}

/**
 * Schemes that take the data whole. EdDSA goes with the digest it uses inside (RFC 8419 section 3.1), ML-DSA with
 * SHA-512 (RFC 9882 section 3.3). None is in TT 15/2025/TT-BKHCN: they are checked in foreign signatures.
 */
const whole: readonly (readonly [SignatureScheme, string, string, Row])[] = [
  ['EdDSA', 'Ed25519', 'ed25519', ['SHA-512', '1.3.101.112', `${MORE_2021}eddsa-ed25519`]],
  ['EdDSA', 'Ed448', 'ed448', ['SHAKE256', '1.3.101.113', `${MORE_2021}eddsa-ed448`]],
  ['ML-DSA', 'ML-DSA-44', 'ml-dsa-44', ['SHA-512', `${NIST_SIGNATURE}17`, null]],
  ['ML-DSA', 'ML-DSA-65', 'ml-dsa-65', ['SHA-512', `${NIST_SIGNATURE}18`, null]],
  ['ML-DSA', 'ML-DSA-87', 'ml-dsa-87', ['SHA-512', `${NIST_SIGNATURE}19`, null]],
]

/** RFC 9882 section 3.3, table 1. */
const leastDigests: Readonly<Record<string, number>> = { 'ml-dsa-44': 32, 'ml-dsa-65': 48, 'ml-dsa-87': 64 }

export const signatureAlgorithms: readonly SignatureAlgorithm[] = [
  ...(['RSASSA-PKCS1-v1_5', 'RSASSA-PSS', 'ECDSA', 'DSA'] as const).flatMap((scheme) =>
    rows[scheme].map(([digestName, oid, xml]) => {
      const digest = digestNamed(digestName)
      return { scheme, digest, name: `${scheme} with ${digest.name}`, xml, oid }
    }),
  ),
  ...whole.map(([scheme, name, keyType, [digestName, oid, xml]]) => {
    const leastDigest = leastDigests[keyType]
    const digest = digestNamed(digestName)
    return { scheme, digest, name, xml, oid, keyType, ...(leastDigest === undefined ? {} : { leastDigest }) }
  }),
]

/** Whether a digest of the content may go with a signature algorithm (RFC 5754, RFC 5753, RFC 8419, RFC 9882). */
export function digestGoesWith(digest: DigestAlgorithm, algorithm: SignatureAlgorithm): boolean {
  if (algorithm.leastDigest !== undefined) return digest.size >= algorithm.leastDigest
  return digest === algorithm.digest
}

/** @throws RangeError for a name that the table does not have */
export function digestNamed(name: DigestAlgorithm['name']): DigestAlgorithm {
  const found = digestAlgorithms.find((entry) => entry.name === name)
  if (found === undefined) throw new RangeError(`no digest ${name}`)
  return found
}

const digestsByOid = new Map(digestAlgorithms.map((entry) => [entry.oid, entry]))
const signaturesByOid = new Map(
  signatureAlgorithms.flatMap((entry) => (entry.oid === OID_RSASSA_PSS ? [] : [[entry.oid, entry]])),
)

export function digestByOid(oid: string): DigestAlgorithm | undefined {
  return digestsByOid.get(oid)
}

/** The entry that an OID alone tells; RSASSA-PSS and plain key OIDs need more. */
export function signatureByOid(oid: string): SignatureAlgorithm | undefined {
  return signaturesByOid.get(oid)
}

export function digestByXml(uri: string): DigestAlgorithm | undefined {
  return digestAlgorithms.find((entry) => entry.xml === uri)
}

export function signatureByXml(uri: string): SignatureAlgorithm | undefined {
  return signatureAlgorithms.find((entry) => entry.xml === uri)
}

/**
 * The entry for a scheme and digest.
 * @throws RangeError where the table has no such pair
 */
export function signatureAlgorithm(
  scheme: SignatureScheme,
  digest: DigestAlgorithm['name'],
): SignatureAlgorithm {
  const found = signatureAlgorithms.find((entry) => entry.scheme === scheme && entry.digest.name === digest)
  if (found === undefined) throw new RangeError(`no signature algorithm ${scheme} with ${digest}`)
  return found
}

/** A running digest of the right length; `createHash` alone would give SHAKE half of it. */
export function createDigest(algorithm: DigestAlgorithm): Hash {
  return algorithm.name === 'SHAKE256'
    ? createHash(algorithm.node, { outputLength: algorithm.size })
    : createHash(algorithm.node)
}

export function digest(algorithm: DigestAlgorithm, data: Uint8Array): Uint8Array {
  return createDigest(algorithm).update(data).digest()
}

/**
 * The signature value over `data`: ECDSA as DER `ECDSA-Sig-Value`, RSA as octet string; PSS with MGF1 over the
 * same digest and a salt as long as the digest (RFC 8017 section 9.1).
 */
export function signData(algorithm: SignatureAlgorithm, key: KeyObject, data: Uint8Array): Uint8Array {
  return nodeSign(nodeDigest(algorithm), data, nodeKey(algorithm, key, algorithm.digest.size, 'der'))
}

export interface VerifyOptions {
  /** ECDSA and DSA values are DER (`der`) or r‖s of fixed length (`ieee-p1363`, as in XML and HTTP signatures). */
  readonly ecdsaEncoding?: 'der' | 'ieee-p1363'
  /** That of the PSS parameters; by default the digest's length. */
  readonly saltLength?: number
  /** Digest of MGF1 in the PSS parameters; by default that of the data. */
  readonly mask?: DigestAlgorithm
}

/** Whether `signature` holds over `data`. A key of another kind, or one that forbids the parameters, holds nothing. */
export function verifyData(
  algorithm: SignatureAlgorithm,
  key: KeyObject,
  data: Uint8Array,
  signature: Uint8Array,
  options: VerifyOptions = {},
): boolean {
  if (!keyFits(algorithm, key)) return false
  const { mask = algorithm.digest, saltLength = algorithm.digest.size, ecdsaEncoding = 'der' } = options
  // A key with parameters of its own brings the digest of MGF1 with it, which must then be the one that is told.
  const ownMask = key.asymmetricKeyDetails?.mgf1HashAlgorithm
  if (ownMask !== undefined && ownMask.toLowerCase() !== mask.node) return false
  const isMasked = algorithm.scheme === 'RSASSA-PSS' && mask !== algorithm.digest && ownMask === undefined
  try {
    const own = isMasked ? pssKeyWithMask(key, algorithm.digest.oid, mask.oid) : key
    return nodeVerify(
      nodeDigest(algorithm),
      data,
      nodeKey(algorithm, own, saltLength, ecdsaEncoding),
      signature,
    )
  } catch {
    // OpenSSL refuses the parameters for this key: RFC 4055 section 3.3 has such restrictions, curves have others.
    return false
  }
}

/**
 * As `verifyData` for data in several parts, such as the byte range of a PDF.
 * @returns null for data of more than `MOST_JOINED` bytes, which are not held twice
 */
export function verifyParts(
  algorithm: SignatureAlgorithm,
  key: KeyObject,
  parts: readonly Uint8Array[],
  signature: Uint8Array,
  options: VerifyOptions = {},
): boolean | null {
  const total = parts.reduce((sum, part) => sum + part.length, 0)
  if (total > MOST_JOINED) return null
  return verifyData(algorithm, key, Buffer.concat(parts), signature, options)
}

const MOST_JOINED = 64 * 1024 * 1024

/** EdDSA and ML-DSA take the data whole. */
function nodeDigest({ scheme, digest }: SignatureAlgorithm): string | null {
  return scheme === 'EdDSA' || scheme === 'ML-DSA' ? null : digest.node
}

/** A key restricted to PSS (RFC 4055) serves PSS only; OpenSSL then enforces its restrictions. */
function keyFits({ scheme, keyType }: SignatureAlgorithm, key: KeyObject): boolean {
  switch (key.asymmetricKeyType) {
    case 'ec':
      return scheme === 'ECDSA'
    case 'rsa':
      return scheme === 'RSASSA-PKCS1-v1_5' || scheme === 'RSASSA-PSS'
    case 'rsa-pss':
      return scheme === 'RSASSA-PSS'
    case 'dsa':
      return scheme === 'DSA'
    default:
      return keyType !== undefined && key.asymmetricKeyType === keyType
  }
}

/**
 * The key with its parameters as `node:crypto` wants them. A bare key where the parameters are those it takes anyway:
 * an object around a key costs it two exceptions inside.
 */
function nodeKey(
  algorithm: SignatureAlgorithm,
  key: KeyObject,
  saltLength: number,
  dsaEncoding: 'der' | 'ieee-p1363',
) {
  switch (algorithm.scheme) {
    case 'RSASSA-PSS':
      return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
    case 'RSASSA-PKCS1-v1_5':
      return key.asymmetricKeyType === 'rsa' ? key : { key, padding: constants.RSA_PKCS1_PADDING }
    case 'ECDSA':
    case 'DSA':
      return dsaEncoding === 'der' ? key : { key, dsaEncoding }
    case 'EdDSA':
    case 'ML-DSA':
      return key
  }
}

export interface KeyStrength {
  readonly kind: 'rsa' | 'ec' | 'ed25519' | 'ed448' | 'ml-dsa' | 'dsa' | 'other'
  readonly bits: number
  /** For people: `RSA 2048`, `P-256`. */
  readonly name: string
  /**
   * Strong enough: RSA ≥ 2048, ECDSA ≥ 256 (TT 15/2025/TT-BKHCN), and Ed25519, Ed448 and ML-DSA, which that list does
   * not name. DSA is not (FIPS 186-5).
   */
  readonly acceptable: boolean
}

/** Named curves by the name that `node:crypto` gives them. */
const curves: Readonly<Record<string, { name: string; bits: number }>> = {
  secp224r1: { name: 'P-224', bits: 224 },
  prime256v1: { name: 'P-256', bits: 256 },
  secp384r1: { name: 'P-384', bits: 384 },
  secp521r1: { name: 'P-521', bits: 521 },
  brainpoolP256r1: { name: 'brainpoolP256r1', bits: 256 },
  brainpoolP384r1: { name: 'brainpoolP384r1', bits: 384 },
  brainpoolP512r1: { name: 'brainpoolP512r1', bits: 512 },
}

const LEAST_RSA_BITS = 2048
/** OpenSSL's own limit: larger moduli only cost time. */
const MOST_RSA_BITS = 16384
const LEAST_CURVE_BITS = 256

/** Asked of the same keys with every signature. */
const strengths = new WeakMap<KeyObject, KeyStrength>()

/** Kind and strength of a key, public or private; a curve without a name in the table is not acceptable. */
export function keyStrength(key: KeyObject): KeyStrength {
  const known = strengths.get(key)
  if (known !== undefined) return known
  const found = measureStrength(key)
  strengths.set(key, found)
  return found
}

function measureStrength(key: KeyObject): KeyStrength {
  const { modulusLength, publicExponent = 0n, namedCurve } = key.asymmetricKeyDetails ?? {}
  const type: string = key.asymmetricKeyType ?? 'unknown'
  switch (type) {
    case 'rsa':
    case 'rsa-pss': {
      const bits = modulusLength ?? 0
      // With the exponent 1 the signature value is the padded digest itself, which anybody can write down.
      const isSound = publicExponent >= 3n && publicExponent % 2n === 1n
      const acceptable = bits >= LEAST_RSA_BITS && bits <= MOST_RSA_BITS && isSound
      const name = isSound ? `RSA ${bits}` : `RSA ${bits} with exponent ${publicExponent}`
      return { kind: 'rsa', bits, name, acceptable }
    }
    case 'ec': {
      const curve = curves[namedCurve ?? '']
      if (curve !== undefined) return { kind: 'ec', ...curve, acceptable: curve.bits >= LEAST_CURVE_BITS }
      const name = `EC ${namedCurve ?? 'with explicit parameters'}`
      return { kind: 'ec', bits: 0, name, acceptable: false }
    }
    case 'ed25519':
      return { kind: 'ed25519', bits: 255, name: 'Ed25519', acceptable: true }
    case 'ed448':
      return { kind: 'ed448', bits: 448, name: 'Ed448', acceptable: true }
    case 'dsa':
      return { kind: 'dsa', bits: modulusLength ?? 0, name: `DSA ${modulusLength ?? ''}`, acceptable: false }
    default: {
      const known = whole.find(([scheme, , keyType]) => scheme === 'ML-DSA' && keyType === type)
      if (known !== undefined) return { kind: 'ml-dsa', bits: 0, name: known[1], acceptable: true }
      return { kind: 'other', bits: 0, name: type, acceptable: false }
    }
  }
}
