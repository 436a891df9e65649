/** X.509 certificates (RFC 5280 section 4), read once into what path validation asks for. */
import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import { SigningError } from '../errors.ts'
import {
  readSignatureAlgorithm,
  type SignatureParameters,
  type UnknownAlgorithm,
} from './algorithm-identifier.ts'
import { type CertificateExtensions, readCertificateExtensions } from './certificate-extensions.ts'
import { contextTag, type DerNode, malformed, parseDer, TAG } from './der.ts'
import {
  DerFields,
  onlyChild,
  readBitStringBytes,
  readBoolean,
  readOctetString,
  readOid,
  readTime,
} from './der-values.ts'
import { type DistinguishedName, formatName, nameKey, readName } from './name.ts'
import { parseOnce } from './parse-once.ts'

export interface Extension {
  readonly critical: boolean
  /** The DER inside the extension's OCTET STRING. */
  readonly value: Uint8Array
}

export interface Certificate {
  /** As received. */
  readonly der: Uint8Array
  /** SHA-256 of `der`, hexadecimal: the identity of a certificate in maps. */
  readonly fingerprint: string
  /** `tbsCertificate` as received: what is signed. */
  readonly toBeSigned: Uint8Array
  readonly version: number
  /** Content octets of the serial number. */
  readonly serial: Uint8Array
  /** Upper-case hexadecimal without sign byte; a leading `-` for a negative number. */
  readonly serialHex: string
  readonly issuer: DistinguishedName
  readonly subject: DistinguishedName
  /** `nameKey` of issuer and subject, for chaining. */
  readonly issuerKey: string
  readonly subjectKey: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** `SubjectPublicKeyInfo` as received. */
  readonly publicKeyInfo: Uint8Array
  /** SHA-256 of `publicKeyInfo`, hexadecimal. */
  readonly keyFingerprint: string
  readonly signatureAlgorithm: SignatureParameters | UnknownAlgorithm
  readonly signature: Uint8Array
  readonly extensions: CertificateExtensions
  /** The key; undefined when `node:crypto` does not take it. */
  publicKey(): KeyObject | undefined
}

const limits = { maxBytes: 256 * 1024, maxDepth: 24 }

/**
 * Reads one certificate.
 * @throws SigningError `CERTIFICATE_MALFORMED`
 */
export const parseCertificate: (der: Uint8Array) => Certificate = parseOnce(
  (der, sha256) => {
    try {
      return readCertificate(parseDer(der, limits), der, sha256)
    } catch (error) {
      if (!(error instanceof SigningError)) throw error
      throw new SigningError('CERTIFICATE_MALFORMED', { reason: error.message }, { cause: error })
    }
  },
  { maxEntries: 2048, maxBytes: 4 * 1024 * 1024 },
)

/** As `parseCertificate`, undefined where the certificate is broken: for collections in which one bad one is no obstacle. */
export function tryParseCertificate(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der)
  } catch (error) {
    if (error instanceof SigningError) return undefined
    throw error
  }
}

export function isSelfIssued(certificate: Certificate): boolean {
  return certificate.issuerKey === certificate.subjectKey
}

/** Asked with every signature of the same few people. */
const descriptions = new WeakMap<Certificate, { subject: string; serial: string; issuer: string }>()

/** Signer's names as the report wants them; each time in an object of its own, which the report's reader may change. */
export function describeSigner(certificate: Certificate): {
  subject: string
  serial: string
  issuer: string
} {
  const known = descriptions.get(certificate)
  if (known !== undefined) return { ...known }
  const made = {
    subject: formatName(certificate.subject),
    serial: certificate.serialHex,
    issuer: formatName(certificate.issuer),
  }
  descriptions.set(certificate, made)
  return { ...made }
}

function readCertificate(root: DerNode, der: Uint8Array, fingerprint: string): Certificate {
  const outer = new DerFields(root)
  const tbs = outer.take(TAG.SEQUENCE, 'tbsCertificate')
  const outerAlgorithm = outer.take(TAG.SEQUENCE, 'signatureAlgorithm')
  const signature = readBitStringBytes(outer.take(TAG.BIT_STRING, 'signatureValue'))
  outer.finish('Certificate')

  const fields = new DerFields(tbs)
  const version = readVersion(fields.optional(contextTag(0, true)))
  const serial = fields.take(TAG.INTEGER, 'serialNumber').content
  const innerAlgorithm = fields.take(TAG.SEQUENCE, 'signature')
  // RFC 5280 section 4.1.1.2: only the inner one is signed, so a difference is an attack or a defect.
  if (Buffer.compare(innerAlgorithm.raw, outerAlgorithm.raw) !== 0) {
    throw malformed(outerAlgorithm.start, 'signature algorithm inside and outside differ')
  }
  const issuer = readName(fields.take(TAG.SEQUENCE, 'issuer'))
  const validity = new DerFields(fields.take(TAG.SEQUENCE, 'validity'))
  const notBefore = readTime(validity.any('notBefore'))
  const notAfter = readTime(validity.any('notAfter'))
  validity.finish('Validity')
  const subject = readName(fields.take(TAG.SEQUENCE, 'subject'))
  const publicKeyInfo = fields.take(TAG.SEQUENCE, 'subjectPublicKeyInfo').raw
  fields.optional(contextTag(1, false))
  fields.optional(contextTag(2, false))
  const wrapper = fields.optional(contextTag(3, true))
  fields.finish('TBSCertificate')
  if (wrapper !== undefined && version !== 3) throw malformed(wrapper.start, 'extensions need version 3')

  let key: KeyObject | undefined | null = null
  return {
    der,
    fingerprint,
    toBeSigned: tbs.raw,
    version,
    serial,
    serialHex: formatSerial(serial),
    issuer,
    subject,
    issuerKey: nameKey(issuer),
    subjectKey: nameKey(subject),
    notBefore,
    notAfter,
    publicKeyInfo,
    keyFingerprint: hash('sha256', publicKeyInfo, 'hex'),
    signatureAlgorithm: readSignatureAlgorithm(outerAlgorithm),
    signature,
    extensions: readCertificateExtensions(
      wrapper === undefined ? new Map() : readExtensions(onlyChild(wrapper)),
    ),
    publicKey() {
      if (key === null) key = importKey(publicKeyInfo)
      return key
    },
  }
}

function readVersion(wrapper: DerNode | undefined): number {
  if (wrapper === undefined) return 1
  const node = onlyChild(wrapper)
  const value = node.content[0] ?? 0
  if (node.tag !== TAG.INTEGER || node.content.length !== 1 || value < 1 || value > 2) {
    throw malformed(node.start, 'version')
  }
  return value + 1
}

/** `Extensions` of certificates, CRLs and their entries; one extension twice is refused (RFC 5280 section 4.2). */
export function readExtensions(node: DerNode): ReadonlyMap<string, Extension> {
  const found = new Map<string, Extension>()
  if (node.tag !== TAG.SEQUENCE || node.children.length === 0) throw malformed(node.start, 'Extensions')
  for (const child of node.children) {
    const fields = new DerFields(child)
    const type = readOid(fields.take(TAG.OID, 'extnID'))
    const criticalNode = fields.optional(TAG.BOOLEAN)
    const critical = criticalNode !== undefined && readBoolean(criticalNode)
    if (criticalNode !== undefined && !critical)
      throw malformed(criticalNode.start, 'DEFAULT value is written out')
    const value = readOctetString(fields.take(TAG.OCTET_STRING, 'extnValue'))
    fields.finish('Extension')
    if (found.has(type)) throw malformed(child.start, `extension ${type} occurs twice`)
    found.set(type, { critical, value })
  }
  return found
}

function formatSerial(serial: Uint8Array): string {
  const hex = Buffer.from(serial).toString('hex')
  const negative = (serial[0] ?? 0) >= 0x80
  const value = BigInt(`0x${hex || '0'}`)
  const magnitude = negative ? (1n << BigInt(serial.length * 8)) - value : value
  const digits = magnitude.toString(16).toUpperCase()
  return `${negative ? '-' : ''}${digits.length % 2 === 0 ? digits : `0${digits}`}`
}

function importKey(publicKeyInfo: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(publicKeyInfo), format: 'der', type: 'spki' })
  } catch {
    // OpenSSL takes no such key: the signature then cannot be checked, which the caller reports.
    return undefined
  }
}
