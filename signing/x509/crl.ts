/** Certificate revocation lists (RFC 5280 section 5), read once, asked for one certificate at a time. */
import { SigningError } from '../errors.ts'
import {
  readSignatureAlgorithm,
  type SignatureParameters,
  type UnknownAlgorithm,
} from './algorithm-identifier.ts'
import { type Extension, readExtensions } from './certificate.ts'
import { EXTENSION } from './certificate-extensions.ts'
import { contextTag, type DerNode, malformed, parseDer, TAG } from './der.ts'
import { DerFields, onlyChild, readBitStringBytes, readSmallInteger, readTime } from './der-values.ts'
import { type DistributionPoint, readDistributionPointName } from './distribution-points.ts'
import { nameKey, readName } from './name.ts'
import { parseOnce } from './parse-once.ts'

/** What an `issuingDistributionPoint` limits the list to (RFC 5280 section 5.2.5). */
export interface CrlScope {
  readonly point: DistributionPoint | undefined
  readonly onlyUserCertificates: boolean
  readonly onlyCaCertificates: boolean
  readonly onlyAttributeCertificates: boolean
  readonly onlySomeReasons: boolean
  readonly indirect: boolean
}

export interface CrlEntry {
  readonly revokedAt: Date
  /** CRLReason; 0 when not given. */
  readonly reason: number
  /** A critical entry extension that nothing here reads. */
  readonly unknownCritical: boolean
}

export interface Crl {
  readonly toBeSigned: Uint8Array
  readonly signatureAlgorithm: SignatureParameters | UnknownAlgorithm
  readonly signature: Uint8Array
  readonly issuerKey: string
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  readonly scope: CrlScope | undefined
  readonly isDelta: boolean
  /** Critical extensions that nothing here reads. */
  readonly unknownCritical: readonly string[]
  /** The entry of a serial number given by its content octets; the last one where several exist. */
  find(serial: Uint8Array): CrlEntry | undefined
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
export const parseCrl: (der: Uint8Array) => Crl = parseOnce((der) => {
  try {
    return readCrl(parseDer(der))
  } catch (error) {
    if (!(error instanceof SigningError) || error.code !== 'DER_MALFORMED') throw error
    throw new SigningError('CRL_MALFORMED', { reason: error.message }, { cause: error })
  }
})

function readCrl(root: DerNode): Crl {
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
  // A long list is indexed when it is first asked.
  let index: ReadonlyMap<string, DerNode> | undefined
  const scope = extensions.get(EXTENSION.issuingDistributionPoint)
  return {
    toBeSigned: tbs.raw,
    signatureAlgorithm: readSignatureAlgorithm(outerAlgorithm),
    signature,
    issuerKey: nameKey(issuer),
    thisUpdate,
    nextUpdate,
    scope: scope === undefined ? undefined : readScope(parseDer(scope.value)),
    isDelta: extensions.has(EXTENSION.deltaCrlIndicator),
    unknownCritical: [...extensions].flatMap(([type, { critical }]) =>
      critical && !understood.has(type) ? [type] : [],
    ),
    find(serial) {
      index ??= indexEntries(entries)
      const entry = index.get(serialKey(serial))
      return entry === undefined ? undefined : readEntry(entry)
    },
  }
}

/** Where each serial number stands; the last entry wins where one occurs twice. */
function indexEntries(entries: DerNode | undefined): ReadonlyMap<string, DerNode> {
  const index = new Map<string, DerNode>()
  if (entries === undefined) return index
  for (const entry of entries.walk()) {
    const [serial] = entry.walk()
    if (serial?.tag !== TAG.INTEGER) throw malformed(entry.start, 'userCertificate')
    index.set(serialKey(serial.content), entry)
  }
  return index
}

function serialKey(serial: Uint8Array): string {
  return Buffer.from(serial.buffer, serial.byteOffset, serial.length).toString('latin1')
}

function readEntry(entry: DerNode): CrlEntry {
  const fields = new DerFields(entry)
  fields.take(TAG.INTEGER, 'userCertificate')
  const revokedAt = readTime(fields.any('revocationDate'))
  const extensionsNode = fields.optional(TAG.SEQUENCE)
  fields.finish('revokedCertificates')
  const extensions: ReadonlyMap<string, Extension> =
    extensionsNode === undefined ? new Map() : readExtensions(extensionsNode)
  return {
    revokedAt,
    reason: readReason(extensions.get(EXTENSION.reasonCode)),
    unknownCritical: [...extensions].some(
      ([type, { critical }]) => critical && type !== EXTENSION.reasonCode,
    ),
  }
}

function readReason(extension: Extension | undefined): number {
  if (extension === undefined) return 0
  const node = parseDer(extension.value)
  if (node.tag !== TAG.ENUMERATED) throw malformed(node.start, 'reasonCode')
  return node.content[0] ?? 0
}

function readScope(node: DerNode): CrlScope {
  const fields = new DerFields(node)
  const point = fields.optional(contextTag(0, true))
  const flag = (number: number) => {
    const found = fields.optional(contextTag(number, false))
    return found !== undefined && found.content[0] === 0xff
  }
  const onlyUserCertificates = flag(1)
  const onlyCaCertificates = flag(2)
  const reasons = fields.optional(contextTag(3, false))
  const indirect = flag(4)
  const onlyAttributeCertificates = flag(5)
  fields.finish('IssuingDistributionPoint')
  return {
    point: point === undefined ? undefined : readDistributionPointName(onlyChild(point)),
    onlyUserCertificates,
    onlyCaCertificates,
    onlyAttributeCertificates,
    onlySomeReasons: reasons !== undefined,
    indirect,
  }
}
