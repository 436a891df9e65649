/** The attributes that bind a signature to the signer's certificate: RFC 2634 (v1, SHA-1) and RFC 5035 (v2). */
import { type DigestAlgorithm, digestAlgorithms, digest as digestOf } from '../algorithms.ts'
import { readDigestAlgorithm } from '../x509/algorithm-identifier.ts'
import { parseCertificate, tryParseCertificate } from '../x509/certificate.ts'
import { type DerNode, malformed, TAG } from '../x509/der.ts'
import { DerFields, readOctetString } from '../x509/der-values.ts'
import { readGeneralNames } from '../x509/general-names.ts'
import { type DistinguishedName, nameKey } from '../x509/name.ts'

/** One `ESSCertID` or `ESSCertIDv2`. */
export interface NamedCertificate {
  /** Undefined where the digest is not one of ours. */
  readonly digest: DigestAlgorithm | undefined
  /** Issuer names given beside the serial number, DER as received; empty without. */
  readonly issuers: readonly Uint8Array[]
  /** Whether the digest over `der` is the one given, and issuer and serial, where given, are those of `der`. */
  matches(der: Uint8Array): boolean
}

/**
 * Reads the attribute's value: the certificates named, the signer's first.
 * @throws SigningError `DER_MALFORMED`
 */
export function readSigningCertificate(value: DerNode, version: 'v1' | 'v2'): readonly NamedCertificate[] {
  const fields = new DerFields(value)
  const list = fields.take(TAG.SEQUENCE, 'certs')
  fields.optional(TAG.SEQUENCE)
  fields.finish('SigningCertificate')
  const members = list.first(MOST_NAMED + 1)
  if (members.length === 0) throw malformed(list.start, 'no certificate is named')
  if (members.length > MOST_NAMED) throw malformed(list.start, 'too many certificates are named')
  return members.map((node) => readCertId(node, version))
}

/** A chain and a few attribute certificates at most. */
const MOST_NAMED = 50

function readCertId(node: DerNode, version: 'v1' | 'v2'): NamedCertificate {
  const fields = new DerFields(node)
  const algorithm = version === 'v2' ? fields.optional(TAG.SEQUENCE) : undefined
  const hash = readOctetString(fields.take(TAG.OCTET_STRING, 'certHash'))
  const issuerSerial = fields.optional(TAG.SEQUENCE)
  fields.finish('ESSCertID')
  const digest = algorithm === undefined ? byDefault(version) : known(readDigestAlgorithm(algorithm))
  const given = issuerSerial === undefined ? undefined : readIssuerSerial(issuerSerial)
  return {
    digest,
    issuers: given?.issuers.map(({ raw }) => raw) ?? [],
    matches(der) {
      if (digest === undefined || !hasDigest(der, digest, hash)) return false
      if (given === undefined) return true
      const certificate = parseCertificate(der)
      const { issuer, issuerKey } = certificate
      return (
        given.issuers.some(
          (name) => Buffer.compare(name.raw, issuer.raw) === 0 || nameKey(name) === issuerKey,
        ) && Buffer.compare(given.serial, certificate.serial) === 0
      )
    },
  }
}

/** The SHA-256 of a certificate is known since it was read. */
function hasDigest(der: Uint8Array, digest: DigestAlgorithm, hash: Uint8Array): boolean {
  const fingerprint = digest.name === 'SHA-256' ? tryParseCertificate(der)?.fingerprint : undefined
  const own = fingerprint === undefined ? digestOf(digest, der) : Buffer.from(fingerprint, 'hex')
  return Buffer.compare(own, hash) === 0
}

function readIssuerSerial(node: DerNode): { issuers: readonly DistinguishedName[]; serial: Uint8Array } {
  const fields = new DerFields(node)
  const names = readGeneralNames(fields.take(TAG.SEQUENCE, 'issuer'))
  const serial = fields.take(TAG.INTEGER, 'serialNumber').content
  fields.finish('IssuerSerial')
  return { issuers: names.flatMap((name) => (name.form === 'directory' ? [name.name] : [])), serial }
}

function byDefault(version: 'v1' | 'v2'): DigestAlgorithm | undefined {
  return digestAlgorithms.find(({ name }) => name === (version === 'v1' ? 'SHA-1' : 'SHA-256'))
}

function known(digest: DigestAlgorithm | { unknown: string }): DigestAlgorithm | undefined {
  return 'unknown' in digest ? undefined : digest
}
