/** Certificate revocation lists (RFC 5280 section 5), read once, asked for one certificate at a time. */
import { SigningError } from '../errors.ts'
import { readSignatureAlgorithm } from './algorithm-identifier.ts'
import { type Extension, readExtensions } from './certificate.ts'
import {
  type AuthorityKeyIdentifier,
  EXTENSION,
  readAuthorityKeyIdentifier,
} from './certificate-extensions.ts'
import { type EntryIndex, indexEntries } from './crl-entries.ts'
import { type CrlScope, readScope } from './crl-scope.ts'
import { contextTag, type DerNode, malformed, parseDer, readHeader, TAG } from './der.ts'
import {
  DerFields,
  onlyChild,
  readBitStringBytes,
  readIntegerBytes,
  readSmallInteger,
  readTime,
} from './der-values.ts'
import { directoryKeys } from './distribution-points.ts'
import { readGeneralNames } from './general-names.ts'
import { type DistinguishedName, nameKey, readName } from './name.ts'
import { parseOnce } from './parse-once.ts'
import type { SignedObject } from './verify-signature.ts'

export interface CrlEntry {
  readonly revokedAt: Date
  /** CRLReason; 0 when not given. */
  readonly reason: number
}

export interface Crl extends SignedObject {
  readonly issuer: DistinguishedName
  readonly issuerKey: string
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  /** Undefined where the list has none. */
  readonly number: bigint | undefined
  /** The number of the list that this one is a delta to; undefined for a complete list. */
  readonly baseNumber: bigint | undefined
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | undefined
  readonly scope: CrlScope | undefined
  /** `expiredCertsOnCRL` (X.509 clause 9.5.2.8): entries of certificates that ended after it are kept. */
  readonly keepsExpiredSince: Date | undefined
  /** Critical extensions, of the list or an entry, that nothing here reads: the list then proves nobody good. */
  hasUnknownCritical(): boolean
  /**
   * The entry of a certificate; the last one where several exist.
   * @param issuerKey `nameKey` of the certificate's issuer
   * @param serial content octets of its serial number
   */
  find(issuerKey: string, serial: Uint8Array): CrlEntry | undefined
}

/** Those that may be critical; the CRL number must not be (RFC 5280 section 5.2.3). */
const understood: ReadonlySet<string> = new Set([
  EXTENSION.authorityKeyIdentifier,
  EXTENSION.issuingDistributionPoint,
  EXTENSION.deltaCrlIndicator,
])

/**
 * Reads one CRL.
 * @throws SigningError `INPUT_TOO_LARGE`, `CRL_MALFORMED`
 */
export const parseCrl: (der: Uint8Array) => Crl = parseOnce(
  (der, sha256) => {
    try {
      return readCrl(parseDer(der), sha256)
    } catch (error) {
      if (!(error instanceof SigningError) || error.code !== 'DER_MALFORMED') throw error
      throw new SigningError('CRL_MALFORMED', { reason: error.message }, { cause: error })
    }
  },
  { maxEntries: 256, maxBytes: 64 * 1024 * 1024 },
)

function readCrl(root: DerNode, fingerprint: string): Crl {
  const outer = new DerFields(root)
  const tbs = outer.take(TAG.SEQUENCE, 'tbsCertList')
  const outerAlgorithm = outer.take(TAG.SEQUENCE, 'signatureAlgorithm')
  const signature = readBitStringBytes(outer.take(TAG.BIT_STRING, 'signatureValue'))
  outer.finish('CertificateList')

  const fields = new DerFields(tbs)
  const version = fields.optional(TAG.INTEGER)
  if (version !== undefined && readSmallInteger(version) !== 1) throw malformed(version.start, 'version')
  const innerAlgorithm = fields.take(TAG.SEQUENCE, 'signature')
  if (Buffer.compare(innerAlgorithm.raw, outerAlgorithm.raw) !== 0) {
    throw malformed(outerAlgorithm.start, 'signature algorithm inside and outside differ')
  }
  const issuer = readName(fields.take(TAG.SEQUENCE, 'issuer'))
  const issuerKey = nameKey(issuer)
  const thisUpdate = readTime(fields.any('thisUpdate'))
  const hasNext = fields.nextTag === TAG.UTC_TIME || fields.nextTag === TAG.GENERALIZED_TIME
  const nextUpdate = hasNext ? readTime(fields.any('nextUpdate')) : undefined
  const entries = fields.optional(TAG.SEQUENCE)
  const wrapper = fields.optional(contextTag(0, true))
  fields.finish('TBSCertList')
  if (version === undefined && wrapper !== undefined)
    throw malformed(wrapper.start, 'extensions need version 2')
  const extensions: ReadonlyMap<string, Extension> =
    wrapper === undefined ? new Map() : readExtensions(onlyChild(wrapper))
  function read<T>(type: string, reader: (node: DerNode) => T): T | undefined {
    const extension = extensions.get(type)
    return extension === undefined ? undefined : reader(parseDer(extension.value))
  }
  const scope = read(EXTENSION.issuingDistributionPoint, readScope)
  const unknownCritical = [...extensions].some(([type, { critical }]) => critical && !understood.has(type))
  // A long list is indexed when it is first asked.
  let known: EntryIndex | undefined
  const index = () => {
    known ??= indexEntries(
      entries,
      issuerKey,
      scope?.indirect ? readCertificateIssuer : undefined,
      (type) =>
        type === EXTENSION.reasonCode || (type === EXTENSION.certificateIssuer && scope?.indirect === true),
    )
    return known
  }
  return {
    fingerprint,
    toBeSigned: tbs.raw,
    signatureAlgorithm: readSignatureAlgorithm(outerAlgorithm),
    signature,
    issuer,
    issuerKey,
    thisUpdate,
    nextUpdate,
    number: read(EXTENSION.crlNumber, readBigInteger),
    baseNumber: read(EXTENSION.deltaCrlIndicator, readBigInteger),
    authorityKeyIdentifier: read(EXTENSION.authorityKeyIdentifier, readAuthorityKeyIdentifier),
    scope,
    keepsExpiredSince: read(EXTENSION.expiredCertsOnCrl, readTime),
    hasUnknownCritical: () => unknownCritical || index().unknownCritical,
    find(certificateIssuerKey, serial) {
      const start = index().tables.get(certificateIssuerKey)?.find(serial)
      return start === undefined ? undefined : readEntry(readHeader(tbs.source, start, tbs.end))
    },
  }
}

/** CRL numbers have up to 20 octets (RFC 5280 section 5.2.3). */
function readBigInteger(node: DerNode): bigint {
  const bytes = readIntegerBytes(node)
  if (bytes.length > 24 || (bytes[0] ?? 0) >= 0x80) throw malformed(node.start, 'number out of range')
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

/** The `certificateIssuer` of an entry; only its directory name can be compared with that of certificates. */
function readCertificateIssuer(extensions: DerNode): string | undefined {
  const extension = readExtensions(extensions).get(EXTENSION.certificateIssuer)
  if (extension === undefined) return undefined
  const [key] = directoryKeys(readGeneralNames(parseDer(extension.value)))
  // Without one the entries belong to an issuer of no certificate at hand.
  return key ?? NOBODY
}

/** No `nameKey` of a name. */
const NOBODY = '\0'

function readEntry(entry: DerNode): CrlEntry {
  const fields = new DerFields(entry)
  fields.take(TAG.INTEGER, 'userCertificate')
  const revokedAt = readTime(fields.any('revocationDate'))
  const extensionsNode = fields.optional(TAG.SEQUENCE)
  fields.finish('revokedCertificates')
  const reason = extensionsNode && readExtensions(extensionsNode).get(EXTENSION.reasonCode)
  return { revokedAt, reason: reason === undefined ? 0 : readReason(reason) }
}

function readReason(extension: Extension): number {
  const node = parseDer(extension.value)
  if (node.tag !== TAG.ENUMERATED) throw malformed(node.start, 'reasonCode')
  return node.content[0] ?? 0
}
