/**
 * The extensions that path validation for document signatures understands (RFC 5280 section 4.2.1). What is not
 * read here and is critical makes a path fail; nothing is half understood.
 */
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
import {
  type GeneralName,
  type NameConstraints,
  readGeneralNames,
  readNameConstraints,
} from './general-names.ts'

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
  inhibitAnyPolicy: '2.5.29.54',
  ocspNoCheck: '1.3.6.1.5.5.7.48.1.5',
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

export interface CertificateExtensions {
  /** All of them by OID, as received. */
  readonly all: ReadonlyMap<string, Extension>
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | undefined } | undefined
  /** Undefined when absent: then every use is allowed. */
  readonly keyUsage: ReadonlySet<number> | undefined
  /** Undefined when absent. */
  readonly extendedKeyUsage: readonly string[] | undefined
  readonly subjectKeyIdentifier: Uint8Array | undefined
  readonly authorityKeyIdentifier: Uint8Array | undefined
  readonly subjectAltNames: readonly GeneralName[]
  readonly nameConstraints: NameConstraints | undefined
  readonly policyConstraints: PolicyConstraints | undefined
  /** Critical extensions that nothing here reads. */
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
  EXTENSION.certificatePolicies,
  EXTENSION.policyConstraints,
])

export function readCertificateExtensions(all: ReadonlyMap<string, Extension>): CertificateExtensions {
  function read<T>(type: string, reader: (node: DerNode) => T): T | undefined {
    const extension = all.get(type)
    return extension === undefined ? undefined : reader(parseDer(extension.value))
  }
  return {
    all,
    basicConstraints: read(EXTENSION.basicConstraints, readBasicConstraints),
    keyUsage: read(EXTENSION.keyUsage, (node) => readNamedBits(node)),
    extendedKeyUsage: read(EXTENSION.extendedKeyUsage, readOids),
    subjectKeyIdentifier: read(EXTENSION.subjectKeyIdentifier, readOctetString),
    authorityKeyIdentifier: read(EXTENSION.authorityKeyIdentifier, readAuthorityKeyIdentifier),
    subjectAltNames: read(EXTENSION.subjectAltName, readGeneralNames) ?? [],
    nameConstraints: read(EXTENSION.nameConstraints, readNameConstraints),
    policyConstraints: read(EXTENSION.policyConstraints, readPolicyConstraints),
    unknownCritical: [...all].flatMap(([type, { critical }]) =>
      critical && !understood.has(type) ? [type] : [],
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

function readAuthorityKeyIdentifier(node: DerNode): Uint8Array | undefined {
  return new DerFields(node).optional(contextTag(0, false))?.content
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
