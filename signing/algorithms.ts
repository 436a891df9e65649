/**
 * Everything the library knows about a digest or signature algorithm, one entry each. Code below this module
 * is handed an entry, never a name, and so need not enumerate algorithms.
 *
 * Object identifiers: RFC 8017 (RSA), RFC 5758 (ECDSA), RFC 5754 (SHA-2). XML identifiers: RFC 9231.
 * Strength rules and their dates: design 7 and TT 15/2025/TT-BKHCN (RSA ≥ 2048, ECDSA ≥ 256, SHA-2).
 */
import { constants, createHash, type KeyObject, sign as nodeSign, verify as nodeVerify } from 'node:crypto'

export interface DigestAlgorithm {
  readonly name: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512'
  readonly oid: string
  /** The name that `node:crypto` knows. */
  readonly node: string
  /** The XML identifier of RFC 9231. */
  readonly xml: string
  /** Length of the digest in bytes. */
  readonly size: number
  /** A broken digest: judged by purpose, never accepted for a document (design 7). */
  readonly weak: boolean
}

export const digestAlgorithms: readonly DigestAlgorithm[] = [
  {
    name: 'SHA-1',
    oid: '1.3.14.3.2.26',
    node: 'sha1',
    xml: 'http://www.w3.org/2000/09/xmldsig#sha1',
    size: 20,
    weak: true,
  },
  {
    name: 'SHA-256',
    oid: '2.16.840.1.101.3.4.2.1',
    node: 'sha256',
    xml: 'http://www.w3.org/2001/04/xmlenc#sha256',
    size: 32,
    weak: false,
  },
  {
    name: 'SHA-384',
    oid: '2.16.840.1.101.3.4.2.2',
    node: 'sha384',
    xml: 'http://www.w3.org/2001/04/xmldsig-more#sha384',
    size: 48,
    weak: false,
  },
  {
    name: 'SHA-512',
    oid: '2.16.840.1.101.3.4.2.3',
    node: 'sha512',
    xml: 'http://www.w3.org/2001/04/xmlenc#sha512',
    size: 64,
    weak: false,
  },
]

/**
 * Until when a SHA-1 signature of a CA, on the certificate of another CA or on a CRL, and a SHA-1 time-stamp imprint
 * are let pass with a warning. The government CAs in use are signed
 * so and end between 2029-12-15 and 2030-03-05 (UTC); from the next day on nothing needs this any more.
 */
export const sha1OnAuthoritiesUntil = new Date('2030-03-06T00:00:00Z')

export type SignatureScheme = 'RSASSA-PKCS1-v1_5' | 'RSASSA-PSS' | 'ECDSA' | 'EdDSA'

export interface SignatureAlgorithm {
  readonly scheme: SignatureScheme
  readonly digest: DigestAlgorithm
  /** As shown in reports: `RSASSA-PSS with SHA-256`. */
  readonly name: string
  /** The XML identifier of RFC 9231; null where none is in use here. */
  readonly xml: string | null
  /** The CMS `signatureAlgorithm` OID; `id-RSASSA-PSS` needs parameters besides. */
  readonly oid: string
}

export const OID_RSA_ENCRYPTION = '1.2.840.113549.1.1.1'
export const OID_RSASSA_PSS = '1.2.840.113549.1.1.10'
export const OID_MGF1 = '1.2.840.113549.1.1.8'
export const OID_EC_PUBLIC_KEY = '1.2.840.10045.2.1'

type DigestedScheme = Exclude<SignatureScheme, 'EdDSA'>

const signatureOids: Record<DigestedScheme, Record<DigestAlgorithm['name'], string>> = {
  'RSASSA-PKCS1-v1_5': {
    'SHA-1': '1.2.840.113549.1.1.5',
    'SHA-256': '1.2.840.113549.1.1.11',
    'SHA-384': '1.2.840.113549.1.1.12',
    'SHA-512': '1.2.840.113549.1.1.13',
  },
  'RSASSA-PSS': {
    'SHA-1': OID_RSASSA_PSS,
    'SHA-256': OID_RSASSA_PSS,
    'SHA-384': OID_RSASSA_PSS,
    'SHA-512': OID_RSASSA_PSS,
  },
  ECDSA: {
    'SHA-1': '1.2.840.10045.4.1',
    'SHA-256': '1.2.840.10045.4.3.2',
    'SHA-384': '1.2.840.10045.4.3.3',
    'SHA-512': '1.2.840.10045.4.3.4',
  },
}

const xmlSignatureNames: Record<DigestedScheme, Record<DigestAlgorithm['name'], string | null>> = {
  'RSASSA-PKCS1-v1_5': {
    'SHA-1': 'http://www.w3.org/2000/09/xmldsig#rsa-sha1',
    'SHA-256': 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'SHA-384': 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha384',
    'SHA-512': 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
  },
  'RSASSA-PSS': {
    'SHA-1': null,
    'SHA-256': 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
    'SHA-384': 'http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1',
    'SHA-512': 'http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1',
  },
  ECDSA: {
    'SHA-1': 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1',
    'SHA-256': 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256',
    'SHA-384': 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384',
    'SHA-512': 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512',
  },
}

/** Ed25519 hashes inside, by SHA-512 (RFC 8032, RFC 8419). Checked in foreign signatures, never made here. */
const ed25519: readonly SignatureAlgorithm[] = digestAlgorithms
  .filter(({ name }) => name === 'SHA-512')
  .map((digest) => ({ scheme: 'EdDSA', digest, name: 'Ed25519', xml: null, oid: '1.3.101.112' }))

export const signatureAlgorithms: readonly SignatureAlgorithm[] = [
  ...(['RSASSA-PKCS1-v1_5', 'RSASSA-PSS', 'ECDSA'] as const).flatMap((scheme) =>
    digestAlgorithms.map((digest) => ({
      scheme,
      digest,
      name: `${scheme} with ${digest.name}`,
      xml: xmlSignatureNames[scheme][digest.name],
      oid: signatureOids[scheme][digest.name],
    })),
  ),
  ...ed25519,
]

export function digestByOid(oid: string): DigestAlgorithm | undefined {
  return digestAlgorithms.find((entry) => entry.oid === oid)
}

export function digestByXml(uri: string): DigestAlgorithm | undefined {
  return digestAlgorithms.find((entry) => entry.xml === uri)
}

export function signatureByXml(uri: string): SignatureAlgorithm | undefined {
  return signatureAlgorithms.find((entry) => entry.xml === uri)
}

/** The entry for a scheme and digest; every pair exists, except that EdDSA goes with SHA-512 only. */
export function signatureAlgorithm(
  scheme: SignatureScheme,
  digest: DigestAlgorithm['name'],
): SignatureAlgorithm {
  const found = signatureAlgorithms.find((entry) => entry.scheme === scheme && entry.digest.name === digest)
  if (found === undefined) throw new RangeError(`no signature algorithm ${scheme} with ${digest}`)
  return found
}

export function digest(algorithm: DigestAlgorithm, data: Uint8Array): Uint8Array {
  return createHash(algorithm.node).update(data).digest()
}

/**
 * The signature value over `data`: ECDSA as DER `ECDSA-Sig-Value`, RSA as octet string; PSS with MGF1 over the
 * same digest and a salt as long as the digest (RFC 8017 section 9.1).
 */
export function signData(algorithm: SignatureAlgorithm, key: KeyObject, data: Uint8Array): Uint8Array {
  return nodeSign(nodeDigest(algorithm), data, nodeKey(algorithm, key, algorithm.digest.size))
}

/**
 * Whether `signature` holds over `data`. ECDSA values are DER (`der`) or r‖s of fixed length (`ieee-p1363`, as in
 * XML and HTTP signatures). `saltLength` is that of the PSS parameters; by default the digest's length.
 */
export function verifyData(
  algorithm: SignatureAlgorithm,
  key: KeyObject,
  data: Uint8Array,
  signature: Uint8Array,
  options: { ecdsaEncoding?: 'der' | 'ieee-p1363'; saltLength?: number } = {},
): boolean {
  if (!keyFits(algorithm, key)) return false
  return nodeVerify(
    nodeDigest(algorithm),
    data,
    nodeKey(algorithm, key, options.saltLength ?? algorithm.digest.size, options.ecdsaEncoding ?? 'der'),
    signature,
  )
}

/** EdDSA takes the data whole. */
function nodeDigest({ scheme, digest }: SignatureAlgorithm): string | null {
  return scheme === 'EdDSA' ? null : digest.node
}

/** A key restricted to PSS (RFC 4055) serves PSS only; OpenSSL then enforces its restrictions. */
function keyFits(algorithm: SignatureAlgorithm, key: KeyObject): boolean {
  switch (key.asymmetricKeyType) {
    case 'ec':
      return algorithm.scheme === 'ECDSA'
    case 'rsa':
      return algorithm.scheme === 'RSASSA-PKCS1-v1_5' || algorithm.scheme === 'RSASSA-PSS'
    case 'rsa-pss':
      return algorithm.scheme === 'RSASSA-PSS'
    case 'ed25519':
      return algorithm.scheme === 'EdDSA'
    default:
      return false
  }
}

export interface KeyStrength {
  readonly kind: 'rsa' | 'ec' | 'ed25519' | 'other'
  readonly bits: number
  /** For people: `RSA 2048`, `P-256`. */
  readonly name: string
  /** Strong enough: RSA ≥ 2048, ECDSA ≥ 256 (TT 15/2025/TT-BKHCN, which does not list Ed25519). */
  readonly acceptable: boolean
}

/** Named curves by the name that `node:crypto` gives them. */
const curves: Readonly<Record<string, { name: string; bits: number }>> = {
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

/** Kind and strength of a key, public or private; a curve without a name in the table is not acceptable. */
export function keyStrength(key: KeyObject): KeyStrength {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {}
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss': {
      const bits = modulusLength ?? 0
      const acceptable = bits >= LEAST_RSA_BITS && bits <= MOST_RSA_BITS
      return { kind: 'rsa', bits, name: `RSA ${bits}`, acceptable }
    }
    case 'ec': {
      const curve = curves[namedCurve ?? '']
      if (curve !== undefined) return { kind: 'ec', ...curve, acceptable: true }
      return {
        kind: 'ec',
        bits: 0,
        name: `EC ${namedCurve ?? 'with explicit parameters'}`,
        acceptable: false,
      }
    }
    case 'ed25519':
      return { kind: 'ed25519', bits: 255, name: 'Ed25519', acceptable: true }
    default:
      return { kind: 'other', bits: 0, name: key.asymmetricKeyType ?? 'unknown', acceptable: false }
  }
}

function nodeKey(
  algorithm: SignatureAlgorithm,
  key: KeyObject,
  saltLength: number,
  dsaEncoding: 'der' | 'ieee-p1363' = 'der',
) {
  switch (algorithm.scheme) {
    case 'RSASSA-PSS':
      return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
    case 'RSASSA-PKCS1-v1_5':
      return { key, padding: constants.RSA_PKCS1_PADDING }
    case 'ECDSA':
      return { key, dsaEncoding }
    case 'EdDSA':
      return { key }
  }
}
