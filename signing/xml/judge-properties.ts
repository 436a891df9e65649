import type { Finding } from '../report.ts'
import { type Objection, undecided } from '../validation/objection.ts'
import { type CheckedReference, wholeElement } from './check-reference.ts'
import type { SignatureFacts } from './examine-signature.ts'
import { serialOf } from './key-info.ts'
import { isXades, signedPropertiesTypes, type XadesProperties } from './xades-properties.ts'

export interface JudgedProperties {
  /** What the signer claims; undefined where the properties are not signed or name no time with a zone. */
  readonly signingTime: Date | undefined
  /** Whether what every baseline level demands is there and signed (EN 319 132-1 clause 6.3). */
  readonly isBaseline: boolean
  readonly objections: readonly Objection[]
  readonly warnings: readonly Finding[]
}

/** Judges the qualifying properties. They count only as far as the signature covers them. */
export function judgeProperties(facts: SignatureFacts): JudgedProperties {
  const { properties, references } = facts
  const strays = [...strayProperties(facts)]
  if (properties === null) {
    const warnings = [...plainWarnings(facts)]
    return { signingTime: undefined, isBaseline: false, objections: strays, warnings }
  }
  const covering = references.find((reference) => isCovering(reference, properties))
  const isFailing = references.some(({ parts, intact }) => intact !== true && hasPropertiesType(parts.type))
  const objections: Objection[] = [...strays]
  if (covering === undefined && !isFailing) {
    const message = 'the signed properties are not signed'
    objections.push(undecided('SIG_CONSTRAINTS_FAILURE', 'SIGNED_PROPERTIES_NOT_COVERED', message))
  }
  const signingTime = covering === undefined ? undefined : readTime(properties.signingTime)
  return {
    signingTime,
    isBaseline: covering !== undefined && properties.version !== undefined && signingTime !== undefined,
    objections,
    warnings: [...warningsOf(facts, properties, covering), ...plainWarnings(facts)],
  }
}

/**
 * A reference to signed properties that are not those of this signature: somebody moved them out of the way, and with
 * them what they say about certificate and time.
 */
function* strayProperties({ references, properties }: SignatureFacts): Generator<Objection> {
  for (const reference of references) {
    const element = wholeElement(reference)
    if (reference.intact !== true || (element !== null && element === properties?.signedProperties)) continue
    const isNamed = element !== null && isXades(element) && element.localName === 'SignedProperties'
    if (!isNamed && !hasPropertiesType(reference.parts.type)) continue
    const message = 'signed properties do not stand in the signature whose they are'
    yield undecided('SIG_CONSTRAINTS_FAILURE', 'SIGNED_PROPERTIES_MISPLACED', message)
  }
}

function isCovering(reference: CheckedReference, { signedProperties }: XadesProperties): boolean {
  return wholeElement(reference) === signedProperties
}

function hasPropertiesType(type: string | undefined): boolean {
  return type !== undefined && signedPropertiesTypes.has(type)
}

function* plainWarnings({ signer }: SignatureFacts): Generator<Finding> {
  if (signer.otherKey) {
    yield { code: 'XML_KEY_VALUE_MISMATCH', message: 'KeyInfo gives a key that is not the certificate’s' }
  }
}

function* warningsOf(
  { signer, references }: SignatureFacts,
  properties: XadesProperties,
  covering: CheckedReference | undefined,
): Generator<Finding> {
  if (covering !== undefined && !hasPropertiesType(covering.parts.type)) {
    const message = 'the reference to the signed properties does not bear their type'
    yield { code: 'SIGNED_PROPERTIES_TYPE_MISSING', message }
  }
  if (!properties.targetsSignature) {
    yield { code: 'QUALIFYING_TARGET_MISMATCH', message: 'Target of the properties is not the signature' }
  }
  if (properties.version === undefined) {
    yield { code: 'SIGNING_CERTIFICATE_NOT_NAMED', message: 'no signed property names the certificate' }
  }
  const { certificate } = signer
  const serials = properties.certificates.flatMap(({ serial }) => serial ?? [])
  if (certificate !== null && serials.length > 0 && !serials.includes(serialOf(certificate))) {
    yield { code: 'ISSUER_SERIAL_MISMATCH', message: 'the serial number given is not the certificate’s' }
  }
  if (properties.signingTime !== undefined && readTime(properties.signingTime) === undefined) {
    yield { code: 'SIGNING_TIME_UNREADABLE', message: 'SigningTime is no date and time with a zone' }
  }
  if (properties.hasPolicy) {
    yield {
      code: 'SIGNATURE_POLICY_NOT_PROCESSED',
      message: 'the signature names a policy, which was not read',
    }
  }
  const ids = new Set(references.flatMap(({ parts }) => (parts.id === null ? [] : [`#${parts.id}`])))
  if (properties.formatReferences.some((reference) => !ids.has(reference))) {
    yield {
      code: 'DATA_OBJECT_FORMAT_DANGLING',
      message: 'DataObjectFormat names no reference of the signature',
    }
  }
  const unread = [...properties.unknownSigned, ...properties.unsigned.notEvaluated]
  if (unread.length > 0) {
    const message = `properties that were not evaluated: ${[...new Set(unread)].slice(0, 20).join(', ')}`
    yield { code: 'XADES_PROPERTIES_NOT_EVALUATED', message }
  }
  if (properties.unsigned.archiveTimestamps.length > 0) {
    const message = 'the signature carries archive time-stamps, which were not evaluated'
    yield { code: 'ARCHIVE_TIMESTAMP_NOT_EVALUATED', message }
  }
}

/** `xs:dateTime` with a zone; without one the instant is unknown. */
function readTime(text: string | undefined): Date | undefined {
  if (text === undefined || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text))
    return undefined
  const time = new Date(text)
  return Number.isNaN(time.getTime()) ? undefined : time
}
