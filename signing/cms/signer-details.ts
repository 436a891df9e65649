/**
 * What a signer says of himself and of his signature in signed attributes (ETSI EN 319 122-1 clause 5.2): reported,
 * and checked for their form as far as the standard gives one; nothing is concluded from them.
 */
import { SigningError } from '../errors.ts'
import type { Finding, SignerDetails } from '../report.ts'
import { failed, type Objection } from '../validation/objection.ts'
import { contextTag, type DerNode, TAG } from '../x509/der.ts'
import { DerFields, onlyChild, readOid, readText } from '../x509/der-values.ts'
import { ATTRIBUTE_OID } from './oids.ts'
import type { CmsAttribute } from './parse-signed-data.ts'

export interface DetailsJudgement {
  readonly details: SignerDetails
  readonly objections: readonly Objection[]
  readonly warnings: readonly Finding[]
}

/** Clause 5.2 says of each of these: one instance, with one value. */
const singular: readonly (readonly [type: string, name: string])[] = [
  [ATTRIBUTE_OID.contentHints, 'content-hints'],
  [ATTRIBUTE_OID.contentReference, 'content-reference'],
  [ATTRIBUTE_OID.contentIdentifier, 'content-identifier'],
  [ATTRIBUTE_OID.mimeType, 'mime-type'],
  [ATTRIBUTE_OID.signaturePolicy, 'signature-policy-identifier'],
  [ATTRIBUTE_OID.commitmentType, 'commitment-type-indication'],
  [ATTRIBUTE_OID.signerLocation, 'signer-location'],
  [ATTRIBUTE_OID.signerAttributes, 'signer-attributes'],
  [ATTRIBUTE_OID.signerAttributesV2, 'signer-attributes-v2'],
]

/** More claimed roles or commitments than these are not listed. */
const MOST_LISTED = 32

export function readSignerDetails(attributes: readonly CmsAttribute[]): DetailsJudgement {
  const objections: Objection[] = []
  const warnings: Finding[] = []
  for (const [type, name] of singular) {
    const found = attributes.filter((one) => one.type === type)
    if (found.length === 0 || (found.length === 1 && found[0]?.values.length === 1)) continue
    // A signature may bear several commitments (clause 5.2.3), each as a value of its own.
    if (type === ATTRIBUTE_OID.commitmentType && found.length === 1) continue
    objections.push(failed('FORMAT_FAILURE', 'SIGNED_ATTRIBUTE', `${name} must have exactly one value`))
  }

  function read<T>(type: string, reader: (value: DerNode) => T): readonly T[] {
    const values = attributes.filter((one) => one.type === type).flatMap((one) => one.values)
    return values.slice(0, MOST_LISTED).flatMap((value) => {
      try {
        return [reader(value)]
      } catch (error) {
        if (!(error instanceof SigningError)) throw error
        const message = `signed attribute ${type}: ${error.message}`
        warnings.push({ code: 'SIGNED_ATTRIBUTE_UNREADABLE', message })
        return []
      }
    })
  }

  const [policy] = read(ATTRIBUTE_OID.signaturePolicy, readPolicy)
  if (policy !== undefined && policy !== null) {
    // Clause 5.2.9 binds the signature to rules that stand elsewhere; the checks made here are those of the caller.
    const message = `the signature names the policy ${policy}, which was not applied`
    warnings.push({ code: 'SIGNATURE_POLICY_NOT_AVAILABLE', message })
  }
  const [mimeType] = read(ATTRIBUTE_OID.mimeType, readAnyText)
  const [contentHint] = read(ATTRIBUTE_OID.contentHints, readHint)
  const location = read(ATTRIBUTE_OID.signerLocation, readLocation).flat()
  const commitmentTypes = read(ATTRIBUTE_OID.commitmentType, (value) =>
    readOid(new DerFields(value).take(TAG.OID, 'commitmentTypeId')),
  )
  const claimedAttributes = read(ATTRIBUTE_OID.signerAttributesV2, readClaimed).flat()
  return {
    details: {
      ...(policy === undefined || policy === null ? {} : { signaturePolicy: policy }),
      ...(mimeType === undefined ? {} : { mimeType }),
      ...(contentHint === undefined || contentHint === '' ? {} : { contentHint }),
      ...(location.length === 0 ? {} : { location }),
      ...(commitmentTypes.length === 0 ? {} : { commitmentTypes }),
      ...(claimedAttributes.length === 0 ? {} : { claimedAttributes }),
    },
    objections,
    warnings,
  }
}

/** `SignaturePolicy ::= CHOICE { SignaturePolicyId, NULL }`: the policy's OID, null where it is implied. */
function readPolicy(value: DerNode): string | null {
  if (value.tag === TAG.NULL) return null
  return readOid(new DerFields(value).take(TAG.OID, 'sigPolicyId'))
}

function readAnyText(value: DerNode): string {
  return readText(value) ?? ''
}

/** `ContentHints ::= SEQUENCE { contentDescription UTF8String OPTIONAL, contentType OID }` (RFC 2634 section 2.9). */
function readHint(value: DerNode): string {
  const fields = new DerFields(value)
  const description = fields.optional(TAG.UTF8_STRING)
  readOid(fields.take(TAG.OID, 'contentType'))
  fields.finish('ContentHints')
  return description === undefined ? '' : readAnyText(description)
}

/** `SignerLocation`: country, place and lines of a postal address, each optional. */
function readLocation(value: DerNode): readonly string[] {
  const fields = new DerFields(value)
  const country = fields.optional(contextTag(0, true))
  const locality = fields.optional(contextTag(1, true))
  const address = fields.optional(contextTag(2, true))
  fields.finish('SignerLocation')
  const texts = (node: DerNode | undefined) => (node === undefined ? [] : [readAnyText(onlyChild(node))])
  return [...texts(locality), ...(address?.children ?? []).map(readAnyText), ...texts(country)].filter(
    (text) => text !== '',
  )
}

/** The types of the attributes that the signer claims (clause 5.2.6); their values may have any form. */
function readClaimed(value: DerNode): readonly string[] {
  const claimed = new DerFields(value).optional(contextTag(0, true))
  const attributes = claimed?.children ?? []
  return attributes
    .slice(0, MOST_LISTED)
    .map((attribute) => readOid(new DerFields(attribute).take(TAG.OID, 'attrType')))
}
