/**
 * Certificates and revocation data that travel with a signature: in the CMS itself, in Adobe's signed attribute, and
 * in the file around it. None of it is trusted; all of it is only offered to path validation.
 */
import { SigningError } from '../errors.ts'
import { contextTag, type DerNode } from '../x509/der.ts'
import { DerFields, onlyChild } from '../x509/der-values.ts'
import { ATTRIBUTE_OID } from './oids.ts'
import type { ParsedSignedData, ParsedSigner } from './parse-signed-data.ts'

/** Revocation material that the file carries outside of the CMS, such as a PDF's document security store; DER. */
export interface EmbeddedRevocation {
  readonly crls: readonly Uint8Array[]
  readonly ocspResponses: readonly Uint8Array[]
  /** Certificates stored with them. */
  readonly certificates?: readonly Uint8Array[]
}

/** Certificates beyond this number in one signature are not looked at: real ones carry fewer than ten. */
const MOST_CERTIFICATES = 100

export function carriedMaterial(
  data: ParsedSignedData,
  signer: ParsedSigner,
  embedded: EmbeddedRevocation | undefined,
): Required<EmbeddedRevocation> {
  const archives = signer.signedAttributes
    .filter(({ type }) => type === ATTRIBUTE_OID.adobeRevocation)
    .flatMap(({ values }) => values)
    .map(readRevocationArchive)
  return {
    certificates: [...data.certificates, ...(embedded?.certificates ?? [])].slice(0, MOST_CERTIFICATES),
    crls: [...data.crls, ...archives.flatMap(({ crls }) => crls), ...(embedded?.crls ?? [])],
    ocspResponses: [
      ...data.ocspResponses,
      ...archives.flatMap(({ ocspResponses }) => ocspResponses),
      ...(embedded?.ocspResponses ?? []),
    ],
  }
}

/** `RevocationInfoArchival` (ISO 32000-1 section 12.8.3.3.2); what is broken carries nothing. */
function readRevocationArchive(value: DerNode): EmbeddedRevocation {
  try {
    const fields = new DerFields(value)
    const list = (number: number) => {
      const found = fields.optional(contextTag(number, true))
      return found === undefined ? [] : onlyChild(found).children.map(({ raw }) => raw)
    }
    return { crls: list(0), ocspResponses: list(1) }
  } catch (error) {
    if (error instanceof SigningError) return { crls: [], ocspResponses: [] }
    throw error
  }
}
