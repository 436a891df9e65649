/**
 * Certificates and revocation data that travel with a signature: in the CMS itself, in Adobe's signed attribute, and
 * in the file around it. None of it is trusted; all of it is only offered to path validation.
 */
import { SigningError } from '../errors.ts'
import type { VerificationPolicy } from '../policy.ts'
import { contextTag, type DerNode } from '../x509/der.ts'
import { DerFields, onlyChild } from '../x509/der-values.ts'
import { ATTRIBUTE_OID } from './oids.ts'
import {
  type CmsAttribute,
  type ParsedSignedData,
  type ParsedSigner,
  wrapBasicOcsp,
} from './parse-signed-data.ts'

/** Revocation material that the file carries outside of the CMS, such as a PDF's document security store; DER. */
export interface EmbeddedRevocation {
  readonly crls: readonly Uint8Array[]
  readonly ocspResponses: readonly Uint8Array[]
  /** Certificates stored with them. */
  readonly certificates?: readonly Uint8Array[]
}

/** Certificates beyond this number in one signature are not looked at: real ones carry fewer than ten. */
const MOST_CERTIFICATES = 100
/** Lists, and responses, of one signature with the file around it; more are not looked at either. */
const MOST_STATEMENTS = 1_000

export function carriedMaterial(
  data: ParsedSignedData,
  signer: ParsedSigner,
  embedded: EmbeddedRevocation | undefined,
): Required<EmbeddedRevocation> {
  const archives = [
    ...valuesOf(signer.signedAttributes, ATTRIBUTE_OID.adobeRevocation).map(readRevocationArchive),
    ...valuesOf(signer.unsignedAttributes, ATTRIBUTE_OID.revocationValues).map(readRevocationValues),
  ]
  const stored = valuesOf(signer.unsignedAttributes, ATTRIBUTE_OID.certificateValues).flatMap(membersOf)
  return {
    certificates: [...data.certificates, ...stored, ...(embedded?.certificates ?? [])].slice(
      0,
      MOST_CERTIFICATES,
    ),
    crls: [...data.crls, ...archives.flatMap(({ crls }) => crls), ...(embedded?.crls ?? [])].slice(
      0,
      MOST_STATEMENTS,
    ),
    ocspResponses: [
      ...data.ocspResponses,
      ...archives.flatMap(({ ocspResponses }) => ocspResponses),
      ...(embedded?.ocspResponses ?? []),
    ].slice(0, MOST_STATEMENTS),
  }
}

/** The policy with the revocation data of the file offered besides its own. */
export function mergePolicy(policy: VerificationPolicy, carried: EmbeddedRevocation): VerificationPolicy {
  return {
    ...policy,
    crls: [...policy.crls, ...carried.crls],
    ocspResponses: [...policy.ocspResponses, ...carried.ocspResponses],
  }
}

function valuesOf(attributes: readonly CmsAttribute[], type: string): readonly DerNode[] {
  return attributes.filter((one) => one.type === type).flatMap(({ values }) => values)
}

/** `CertificateValues` (ETSI EN 319 122-1 annex A.1.1.2). */
function membersOf(value: DerNode): readonly Uint8Array[] {
  return value.constructed ? value.first(MOST_CERTIFICATES).map(({ raw }) => raw) : []
}

/** `RevocationValues` (annex A.1.2.2), whose OCSP responses are basic ones. */
function readRevocationValues(value: DerNode): EmbeddedRevocation {
  const { crls, ocspResponses } = readRevocationArchive(value)
  return { crls, ocspResponses: ocspResponses.map(wrapBasicOcsp) }
}

/** `RevocationInfoArchival` (ISO 32000-1 section 12.8.3.3.2); what is broken carries nothing. */
function readRevocationArchive(value: DerNode): EmbeddedRevocation {
  try {
    const fields = new DerFields(value)
    const list = (number: number) => {
      const found = fields.optional(contextTag(number, true))
      return found === undefined
        ? []
        : onlyChild(found)
            .first(MOST_STATEMENTS)
            .map(({ raw }) => raw)
    }
    return { crls: list(0), ocspResponses: list(1) }
  } catch (error) {
    if (error instanceof SigningError) return { crls: [], ocspResponses: [] }
    throw error
  }
}
