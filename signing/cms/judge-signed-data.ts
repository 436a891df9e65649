/** The whole verdict on a CMS signature as far as it does not depend on the PDF or file around it (design 7). */
import type { DigestAlgorithm } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import type { VerificationPolicy } from '../policy.ts'
import type {
  Finding,
  Indication,
  SignatureReport,
  SignatureRole,
  SignerDetails,
  SubIndication,
} from '../report.ts'
import { explained, judgeSigningCertificate } from '../validation/judge-signing-certificate.ts'
import { judgeTimes, type ProvenStamp } from '../validation/judge-times.ts'
import { failed, type Objection, undecided, verdictOf } from '../validation/objection.ts'
import { weighWeaknesses } from '../validation/weakness.ts'
import { describeSigner } from '../x509/certificate.ts'
import type { WorkBudget } from '../x509/work-budget.ts'
import { earliestProven, isIntact, judgeAttachedTimestamps } from './attached-timestamps.ts'
import { carriedMaterial, type EmbeddedRevocation, mergePolicy } from './carried-material.ts'
import { type EnclosedContent, judgeEnclosed } from './enclosed-content.ts'
import { judgeSigner, type SignerFacts } from './judge-signer.ts'
import { judgeParsedTimestamp, type TimestampJudgement } from './judge-timestamp.ts'
import { ATTRIBUTE_OID, CONTENT_TYPE } from './oids.ts'
import { type ParsedSignedData, type ParsedSigner, parseSignedData } from './parse-signed-data.ts'
import { hasAttribute } from './signed-attributes.ts'
import { readSignerDetails } from './signer-details.ts'

export interface SignedDataInput {
  /** DER, nothing after it. */
  readonly cms: Uint8Array
  /** Digest of the signed bytes: the PDF's ByteRange, or the content. */
  readonly contentDigest: (digest: DigestAlgorithm) => Uint8Array
  /** The signed bytes themselves in any number of parts, for signatures without signed attributes. */
  readonly contentParts?: readonly Uint8Array[] | undefined
  readonly policy: VerificationPolicy
  readonly context: 'pdf' | 'cms'
  /** Of a PDF signature dictionary, e.g. `ETSI.CAdES.detached`. */
  readonly subFilter?: string
  readonly embeddedRevocation?: EmbeddedRevocation
  /** What the signer says of the time outside of the CMS; it is preferred to the signing-time attribute. */
  readonly claimedTime?: Date | undefined
  /** Time-stamps over the file that holds this signature, such as document time-stamps of later PDF revisions. */
  readonly laterStamps?: readonly ProvenStamp[]
  /** Shared by all validations for one file; absent where there is but this one. */
  readonly fileBudget?: WorkBudget | undefined
}

export interface SignedDataJudgement {
  readonly cryptoIntact: boolean | null
  readonly indication: Exclude<Indication, 'NO_SIGNATURE'>
  readonly subIndication: SubIndication | null
  readonly role: SignatureRole
  readonly signer: SignatureReport['signer']
  /** ISO 8601: the signing-time attribute; null without. */
  readonly claimedTime: string | null
  /** ISO 8601: the earliest time that a passed time-stamp proves; of a document time-stamp its own. */
  readonly provenTime: string | null
  readonly digestAlgorithm: string | null
  readonly signatureAlgorithm: string | null
  /** Everything found, objections first. */
  readonly warnings: readonly Finding[]
  /** Whether signing-certificate-v2 is there: a part of every baseline level. */
  readonly signingCertificateV2: boolean
  /** Whether a time-stamp over the signature value is there and intact, whatever the trust: level T. */
  readonly signatureTimestamp: boolean
  /** Whether an archive time-stamp is there; whether it is evaluated is told by the warnings. */
  readonly archiveTimestamp: boolean
  /** Whether revocation data came with the signature, in it or in the file around it. */
  readonly carriesRevocation: boolean
  /** The signer's certificate, DER. */
  readonly certificate: Uint8Array | null
  /** Of a time-stamp token: in milliseconds; null when not told. */
  readonly accuracy: number | null
  readonly details: SignerDetails
}

/**
 * Judges a `SignedData` of exactly one signer. Broken input is a verdict (`TOTAL_FAILED`/`FORMAT_FAILURE`), never an
 * error.
 */
export function judgeSignedData(input: SignedDataInput): SignedDataJudgement {
  if (input.subFilter === 'adbe.x509.rsa_sha1') return unsupportedFormat()
  let data: ParsedSignedData
  try {
    data = parseSignedData(input.cms)
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    return formatFailure('CMS_MALFORMED', error.message)
  }
  const [signer, ...others] = data.signers
  if (signer === undefined || others.length > 0) {
    return formatFailure('SIGNER_COUNT', `${data.signers.length} signers, exactly one is due`)
  }
  return judgeParsedSigner({ ...input, data, signer })
}

export interface ParsedSignerInput extends Omit<SignedDataInput, 'cms' | 'contentDigest'> {
  readonly data: ParsedSignedData
  readonly signer: ParsedSigner
  /** Null when the content is not at hand. */
  readonly contentDigest: SignedDataInput['contentDigest'] | null
  /** Whether `signer` is a counter-signature, whose content is the signature value that it signs. */
  readonly isCounterSignature?: boolean
}

/** As `judgeSignedData`, for one of any number of signers of what is already parsed. */
export function judgeParsedSigner(input: ParsedSignerInput): SignedDataJudgement {
  const { data, context, subFilter } = input
  const isTimestamp = data.contentType === CONTENT_TYPE.timestampInfo
  if (context === 'cms' ? isTimestamp : subFilter === 'ETSI.RFC3161') return judgeToken(input)
  const { signer, policy, laterStamps = [], fileBudget } = input
  const carried = carriedMaterial(data, signer, input.embeddedRevocation)
  const enclosed = judgeEnclosed(input)
  const facts = judgeSigner({
    data,
    signer,
    contentDigest: enclosed.contentDigest,
    contentParts: data.content === undefined ? input.contentParts : [data.content],
    isCounterSignature: input.isCounterSignature === true,
    certificates: [...carried.certificates, ...policy.untrusted],
    purpose: 'document',
    fileBudget,
  })
  const stamps = judgeAttachedTimestamps({
    signer,
    contentDigest: enclosed.contentDigest,
    policy,
    carried,
    provenTime: earliestProven(laterStamps),
    fileBudget,
  })
  const details = readSignerDetails(signer.signedAttributes)
  const claimed = input.claimedTime ?? facts.attributes.signingTime
  const times = judgeTimes({
    content: stamps.content,
    signature: stamps.signature,
    archive: laterStamps,
    claimed,
  })
  const weaknesses = [...enclosed.weaknesses, ...facts.weaknesses]
  const weighed =
    facts.certificate === null
      ? weighWeaknesses(weaknesses, { time: policy.time, legacy: policy.legacy })
      : undefined
  const judged =
    facts.certificate === null
      ? undefined
      : judgeSigningCertificate({
          certificate: facts.certificate.der,
          carriedCertificates: carried.certificates,
          policy: mergePolicy(policy, carried),
          purpose: 'document-signing',
          provenTime: times.provenTime,
          provenAfter: times.provenAfter,
          weaknesses,
          fileBudget,
        })
  const objections: readonly Objection[] = [
    ...enclosed.objections,
    ...facts.objections,
    ...details.objections,
    ...stamps.objections,
    ...(judged?.objections ?? weighed?.objections ?? []),
    ...times.objections,
  ]
  return {
    cryptoIntact: intact(enclosed, facts),
    ...plainVerdict(objections),
    role: judged?.role ?? 'unknown',
    signer: facts.certificate === null ? null : describeSigner(facts.certificate),
    claimedTime: facts.attributes.signingTime?.toISOString() ?? null,
    provenTime: times.provenTime?.toISOString() ?? null,
    digestAlgorithm: facts.digestAlgorithm,
    signatureAlgorithm: facts.signatureAlgorithm,
    warnings: [
      ...explained(objections),
      ...(judged?.warnings ?? weighed?.warnings ?? []),
      ...facts.warnings,
      ...details.warnings,
      ...times.warnings,
      ...stamps.warnings,
      ...profileWarnings(input, facts),
    ],
    signingCertificateV2: facts.attributes.signingCertificateV2,
    signatureTimestamp: stamps.signature.some(isIntact),
    archiveTimestamp: hasArchiveTimestamp(signer),
    carriesRevocation: carried.crls.length + carried.ocspResponses.length > 0,
    certificate: facts.certificate?.der ?? null,
    accuracy: null,
    details: details.details,
  }
}

function intact(enclosed: EnclosedContent, facts: SignerFacts): boolean | null {
  return enclosed.intact ? facts.cryptoIntact : false
}

function plainVerdict(objections: readonly Objection[]) {
  const { indication, subIndication } = verdictOf(objections)
  return { indication, subIndication }
}

/** A token in the place of a signature: a document time-stamp of a PDF (EN 319 142-1 clause 5.4.3), or a file. */
function judgeToken(input: ParsedSignerInput): SignedDataJudgement {
  const { data, contentDigest, policy, embeddedRevocation, laterStamps = [], fileBudget } = input
  const judged = judgeParsedTimestamp({
    data,
    dataDigest: contentDigest,
    policy,
    carried: embeddedRevocation,
    provenTime: earliestProven(laterStamps),
    fileBudget,
  })
  const none = {
    signingCertificateV2: false,
    signatureTimestamp: false,
    carriesRevocation: false,
    archiveTimestamp: false,
  }
  // One that says a later time than what covers it is not to be believed, whichever of the two is wrong.
  const { objections } = judgeTimes({
    content: [],
    signature: [judged],
    archive: laterStamps,
    claimed: undefined,
  })
  const [contradiction] = objections
  if (contradiction === undefined) return { ...fromTimestamp(judged), ...none }
  const warnings = [...explained(objections), ...judged.warnings]
  return { ...fromTimestamp({ ...judged, ...plainVerdict(objections), warnings }), ...none }
}

function fromTimestamp(judged: TimestampJudgement) {
  const { cryptoIntact, indication, subIndication, signer, warnings, certificate, accuracy } = judged
  const time = judged.time?.toISOString() ?? null
  return {
    cryptoIntact,
    indication,
    subIndication,
    role: 'timestamp' as const,
    signer,
    claimedTime: time,
    provenTime: indication === 'TOTAL_PASSED' ? time : null,
    digestAlgorithm: judged.digestAlgorithm,
    signatureAlgorithm: judged.signatureAlgorithm,
    warnings,
    certificate,
    accuracy,
    details: {},
  }
}

function hasArchiveTimestamp({ unsignedAttributes }: ParsedSigner): boolean {
  return archiveTypes.some((type) => hasAttribute(unsignedAttributes, type))
}

const archiveTypes: readonly string[] = [ATTRIBUTE_OID.archiveTimestampV2, ATTRIBUTE_OID.archiveTimestampV3]

function* profileWarnings(
  { signer, context, subFilter }: ParsedSignerInput,
  { attributes }: SignerFacts,
): Generator<Finding> {
  if (subFilter?.startsWith('adbe.')) {
    yield { code: 'LEGACY_PROFILE', message: `${subFilter} is an old profile; new signatures are PAdES` }
  }
  if (attributes.named === undefined && signer.signedAttributesDer !== undefined) {
    yield { code: 'SIGNING_CERTIFICATE_NOT_NAMED', message: 'no signed attribute names the certificate' }
  } else if (attributes.named !== undefined && !attributes.signingCertificateV2) {
    yield { code: 'SIGNING_CERTIFICATE_V1', message: 'the certificate is named by SHA-1 only' }
  }
  const isPades = context === 'pdf' && subFilter === 'ETSI.CAdES.detached'
  if (isPades && attributes.signingTime !== undefined) {
    yield { code: 'SIGNING_TIME_IN_PADES', message: 'PAdES tells the time in the signature dictionary only' }
  }
  if (isPades && hasAttribute(signer.unsignedAttributes, ATTRIBUTE_OID.counterSignature)) {
    yield { code: 'COUNTER_SIGNATURE_IN_PADES', message: 'PAdES has no counter-signatures; it was not read' }
  }
  if (hasArchiveTimestamp(signer)) {
    yield { code: 'ARCHIVE_TIMESTAMP_NOT_EVALUATED', message: 'an archive time-stamp was not evaluated' }
  }
}

function formatFailure(code: string, message: string): SignedDataJudgement {
  return { cryptoIntact: false, ...withoutFacts(failed('FORMAT_FAILURE', code, message)) }
}

/** The bare RSA value of ISO 32000-1 section 12.8.3.2: no CMS, by SHA-1 only, and removed from PDF 2.0. */
function unsupportedFormat(): SignedDataJudgement {
  const message = 'adbe.x509.rsa_sha1 is not supported: a bare RSA signature by SHA-1'
  const objection = undecided('CRYPTO_CONSTRAINTS_FAILURE', 'SUBFILTER_UNSUPPORTED', message)
  return { cryptoIntact: null, ...withoutFacts(objection) }
}

function withoutFacts(objection: Objection): Omit<SignedDataJudgement, 'cryptoIntact'> {
  const { code, message } = objection
  return {
    ...plainVerdict([objection]),
    role: 'unknown',
    signer: null,
    claimedTime: null,
    provenTime: null,
    digestAlgorithm: null,
    signatureAlgorithm: null,
    warnings: [{ code, message }],
    signingCertificateV2: false,
    signatureTimestamp: false,
    carriesRevocation: false,
    archiveTimestamp: false,
    certificate: null,
    accuracy: null,
    details: {},
  }
}
