/**
 * The extensions that path validation for document signatures understands (RFC 5280 section 4.2.1). What is not
 * read here and is critical makes a path fail; nothing is half understood.
 */
import { SigningError } from '../errors.ts'
import type { Extension } from './certificate.ts'
import { contextTag, type DerNode, malformed, parseDer, TAG } from './der.ts'
import {
  DerFields,
  decodeSmallInteger,
  expectTag,
  readBoolean,
  readNamedBits,
  readOctetString,
  readOid,
  readSmallInteger,
} from './der-values.ts'
import { type DistributionPoint, readDistributionPoints } from './distribution-points.ts'
import { type GeneralName, readGeneralName, readGeneralNames } from './general-names.ts'
import { type NameConstraints, readNameConstraints } from './name-constraints.ts'

export const EXTENSION = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  deltaCrlIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  certificateIssuer: '2.5.29.29',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  freshestCrl: '2.5.29.46',
  inhibitAnyPolicy: '2.5.29.54',
  noRevocationAvailable: '2.5.29.56',
  expiredCertsOnCrl: '2.5.29.60',
  qualifiedCertificateStatements: '1.3.6.1.5.5.7.1.3',
  ocspNonce: '1.3.6.1.5.5.7.48.1.2',
  ocspNoCheck: '1.3.6.1.5.5.7.48.1.5',
  ocspArchiveCutoff: '1.3.6.1.5.5.7.48.1.6',
  ocspExtendedRevoke: '1.3.6.1.5.5.7.48.1.9',
  /** ETSI EN 319 412-1 clause 5.2.2: a short-lived certificate that is never revoked. */
  validityAssuredShortTerm: '0.4.0.194121.2.1',
} as const

/** Bit numbers of KeyUsage (RFC 5280 section 4.2.1.3). */
export const KEY_USAGE = {
  digitalSignature: 0,
  contentCommitment: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
} as const

export interface PolicyConstraints {
  readonly requireExplicitPolicy: number | undefined
  readonly inhibitPolicyMapping: number | undefined
}

/** What names the issuer's key; hints for finding it, no proof of anything. */
export interface AuthorityKeyIdentifier {
  readonly keyIdentifier: Uint8Array | undefined
  readonly issuer: readonly GeneralName[] | undefined
  /** Content octets. */
  readonly serial: Uint8Array | undefined
}

export interface PolicyMapping {
  readonly issuerDomain: string
  readonly subjectDomain: string
}

export interface CertificateExtensions {
  /** All of them by OID, as received. */
  readonly all: ReadonlyMap<string, Extension>
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | undefined } | undefined
  /** Undefined when absent: then every use is allowed. */
  readonly keyUsage: ReadonlySet<number> | undefined
  /** Undefined when absent. */
  readonly extendedKeyUsage: readonly string[] | undefined
  readonly subjectKeyIdentifier: Uint8Array | undefined
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | undefined
  readonly subjectAltNames: readonly GeneralName[]
  readonly nameConstraints: NameConstraints | undefined
  /** Policies without their qualifiers, each once; undefined when the extension is absent. */
  readonly certificatePolicies: readonly string[] | undefined
  readonly policyMappings: readonly PolicyMapping[]
  readonly policyConstraints: PolicyConstraints | undefined
  /** `SkipCerts`; undefined when absent. */
  readonly inhibitAnyPolicy: number | undefined
  readonly crlDistributionPoints: readonly DistributionPoint[]
  /** Critical extensions that nothing here reads or that could not be read. */
  readonly unknownCritical: readonly string[]
}

const understood: ReadonlySet<string> = new Set([
  EXTENSION.basicConstraints,
  EXTENSION.keyUsage,
  EXTENSION.extendedKeyUsage,
  EXTENSION.subjectAltName,
  EXTENSION.nameConstraints,
  EXTENSION.subjectKeyIdentifier,
  EXTENSION.authorityKeyIdentifier,
  EXTENSION.crlDistributionPoints,
  EXTENSION.freshestCrl,
  EXTENSION.certificatePolicies,
  EXTENSION.policyMappings,
  EXTENSION.policyConstraints,
  EXTENSION.inhibitAnyPolicy,
  // They speak of revocation or claim a legal status, and restrict no use.
  EXTENSION.ocspNoCheck,
  EXTENSION.noRevocationAvailable,
  EXTENSION.validityAssuredShortTerm,
  EXTENSION.qualifiedCertificateStatements,
])

export function readCertificateExtensions(all: ReadonlyMap<string, Extension>): CertificateExtensions {
  function read<T>(type: string, reader: (node: DerNode) => T): T | undefined {
    const extension = all.get(type)
    return extension === undefined ? undefined : reader(parseDer(extension.value))
  }
  const broken = new Set<string>()
  /** Extensions that only help to find other things: a broken one is as good as none. */
  function readHint<T>(type: string, reader: (node: DerNode) => T): T | undefined {
    try {
      return read(type, reader)
    } catch (error) {
      if (!(error instanceof SigningError)) throw error
      broken.add(type)
      return undefined
    }
  }
  const hints = {
    subjectKeyIdentifier: readHint(EXTENSION.subjectKeyIdentifier, readOctetString),
    authorityKeyIdentifier: readHint(EXTENSION.authorityKeyIdentifier, readAuthorityKeyIdentifier),
    crlDistributionPoints: readHint(EXTENSION.crlDistributionPoints, readDistributionPoints) ?? [],
  }
  return {
    all,
    ...hints,
    basicConstraints: read(EXTENSION.basicConstraints, readBasicConstraints),
    keyUsage: read(EXTENSION.keyUsage, (node) => readNamedBits(node)),
    extendedKeyUsage: read(EXTENSION.extendedKeyUsage, readOids),
    subjectAltNames: read(EXTENSION.subjectAltName, readGeneralNames) ?? [],
    nameConstraints: read(EXTENSION.nameConstraints, readNameConstraints),
    certificatePolicies: read(EXTENSION.certificatePolicies, readPolicies),
    policyMappings: read(EXTENSION.policyMappings, readPolicyMappings) ?? [],
    policyConstraints: read(EXTENSION.policyConstraints, readPolicyConstraints),
    inhibitAnyPolicy: read(EXTENSION.inhibitAnyPolicy, readSmallInteger),
    unknownCritical: [...all].flatMap(([type, { critical }]) =>
      critical && (!understood.has(type) || broken.has(type)) ? [type] : [],
    ),
  }
}

function readBasicConstraints(node: DerNode): { ca: boolean; pathLength: number | undefined } {
  const fields = new DerFields(node)
  const caNode = fields.optional(TAG.BOOLEAN)
  const lengthNode = fields.optional(TAG.INTEGER)
  fields.finish('BasicConstraints')
  const ca = caNode !== undefined && readBoolean(caNode)
  return { ca, pathLength: lengthNode === undefined ? undefined : readSmallInteger(lengthNode) }
}

function readOids(node: DerNode): readonly string[] {
  expectTag(node, TAG.SEQUENCE)
  if (node.children.length === 0) throw malformed(node.start, 'empty list of key purposes')
  return node.children.map(readOid)
}

export function readAuthorityKeyIdentifier(node: DerNode): AuthorityKeyIdentifier {
  const fields = new DerFields(node)
  const keyIdentifier = fields.optional(contextTag(0, false))?.content
  const issuer = fields.optional(contextTag(1, true))
  const serial = fields.optional(contextTag(2, false))?.content
  fields.finish('AuthorityKeyIdentifier')
  return { keyIdentifier, issuer: issuer?.children.map(readGeneralName), serial }
}

/** Qualifiers are for people and are not looked into. */
function readPolicies(node: DerNode): readonly string[] {
  expectTag(node, TAG.SEQUENCE)
  if (node.children.length === 0) throw malformed(node.start, 'empty list of policies')
  const policies = node.children.map((information) => {
    const fields = new DerFields(information)
    const policy = readOid(fields.take(TAG.OID, 'policyIdentifier'))
    fields.optional(TAG.SEQUENCE)
    fields.finish('PolicyInformation')
    return policy
  })
  return [...new Set(policies)]
}

function readPolicyMappings(node: DerNode): readonly PolicyMapping[] {
  expectTag(node, TAG.SEQUENCE)
  if (node.children.length === 0) throw malformed(node.start, 'empty list of policy mappings')
  return node.children.map((mapping) => {
    const fields = new DerFields(mapping)
    const issuerDomain = readOid(fields.take(TAG.OID, 'issuerDomainPolicy'))
    const subjectDomain = readOid(fields.take(TAG.OID, 'subjectDomainPolicy'))
    fields.finish('PolicyMappings')
    return { issuerDomain, subjectDomain }
  })
}

function readPolicyConstraints(node: DerNode): PolicyConstraints {
  const fields = new DerFields(node)
  const explicit = fields.optional(contextTag(0, false))
  const mapping = fields.optional(contextTag(1, false))
  fields.finish('PolicyConstraints')
  return {
    requireExplicitPolicy: explicit === undefined ? undefined : decodeSmallInteger(explicit),
    inhibitPolicyMapping: mapping === undefined ? undefined : decodeSmallInteger(mapping),
  }
}
