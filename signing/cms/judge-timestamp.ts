/**
 * Verdict on a time-stamp token of RFC 3161 (with RFC 5816; ETSI EN 319 422, EN 319 102-1 clause 5.4): a `SignedData`
 * of one signer over a `TSTInfo`, whose imprint is the digest of what was stamped.
 */
import { type DigestAlgorithm, digestAcceptableUntil, digest as digestOf } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import type { VerificationPolicy } from '../policy.ts'
import type { Finding, SignatureReport, SubIndication } from '../report.ts'
import { explained, judgeSigningCertificate } from '../validation/judge-signing-certificate.ts'
import { failed, type Objection, undecided, verdictOf } from '../validation/objection.ts'
import type { Weakness } from '../validation/weakness.ts'
import { describeSigner } from '../x509/certificate.ts'
import type { WorkBudget } from '../x509/work-budget.ts'
import { carriedMaterial, type EmbeddedRevocation, mergePolicy } from './carried-material.ts'
import { judgeSigner, type SignerFacts } from './judge-signer.ts'
import { CONTENT_TYPE } from './oids.ts'
import { type ParsedSignedData, parseSignedData } from './parse-signed-data.ts'
import { readTimestampInfo, type TimestampInfo } from './timestamp-info.ts'

export interface TimestampInput {
  /** The token: DER of a `ContentInfo`, nothing after it. */
  readonly token: Uint8Array
  /** Digest of what the token should be over; null when that is not at hand. */
  readonly dataDigest: ((algorithm: DigestAlgorithm) => Uint8Array) | null
  readonly policy: VerificationPolicy
  /** Certificates and revocation data of the file around the token, DER. */
  readonly carried?: EmbeddedRevocation | undefined
  /** The time at which later time-stamps prove that this one existed. */
  readonly provenTime?: Date | undefined
  /** Shared by all validations for one file. */
  readonly fileBudget?: WorkBudget | undefined
}

export interface TimestampJudgement {
  /** What the token says, as far as it can be read. It proves that time only when the indication is `TOTAL_PASSED`. */
  readonly time: Date | null
  /** In milliseconds; null when the authority does not tell. */
  readonly accuracy: number | null
  readonly indication: 'TOTAL_PASSED' | 'INDETERMINATE' | 'TOTAL_FAILED'
  readonly subIndication: SubIndication | null
  /** Whether the imprint is the digest of the data; null when it could not be compared. */
  readonly imprintHolds: boolean | null
  /** Whether imprint, digest and signature value hold, whatever the trust; null = not checkable. */
  readonly cryptoIntact: boolean | null
  /** Everything found, objections first. */
  readonly warnings: readonly Finding[]
  /** The authority's certificate, DER. */
  readonly certificate: Uint8Array | null
  /** From it to the anchor, DER; empty when no path was found. */
  readonly path: readonly Uint8Array[]
  readonly signer: SignatureReport['signer']
  readonly imprintAlgorithm: string | null
  readonly digestAlgorithm: string | null
  readonly signatureAlgorithm: string | null
}

/** Judges a token. Broken input is a verdict (`TOTAL_FAILED`/`FORMAT_FAILURE`), never an error. */
export function judgeTimestamp(input: TimestampInput): TimestampJudgement {
  let data: ParsedSignedData
  try {
    data = parseSignedData(input.token)
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    return formatFailure('TIMESTAMP_MALFORMED', error.message)
  }
  return judgeParsedTimestamp({ ...input, data })
}

/** As `judgeTimestamp`, for a token that is parsed already. */
export function judgeParsedTimestamp(
  input: Omit<TimestampInput, 'token'> & { readonly data: ParsedSignedData },
): TimestampJudgement {
  const { data, policy, dataDigest } = input
  const [signer, ...others] = data.signers
  if (signer === undefined || others.length > 0) {
    return formatFailure('SIGNER_COUNT', `${data.signers.length} signers, exactly one is due`)
  }
  if (data.contentType !== CONTENT_TYPE.timestampInfo || data.content === undefined) {
    const message = `content type ${data.contentType}${data.content === undefined ? ', without content' : ''}`
    return formatFailure('CONTENT_TYPE_MISMATCH', message)
  }
  let info: TimestampInfo
  try {
    info = readTimestampInfo(data.content)
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    return formatFailure('TIMESTAMP_MALFORMED', error.message)
  }
  const { content } = data
  const imprint = judgeImprint(info, dataDigest)
  const carried = carriedMaterial(data, signer, input.carried)
  const facts = judgeSigner({
    data,
    signer,
    contentDigest: (digest) => digestOf(digest, content),
    certificates: [...carried.certificates, ...policy.untrusted],
    purpose: 'time-stamp-signature',
    fileBudget: input.fileBudget,
  })
  return { ...judgeAuthority(input, info, imprint, facts, carried), ...describe(info, facts) }
}

function describe(info: TimestampInfo, facts: SignerFacts) {
  return {
    time: info.time,
    accuracy: info.accuracy,
    certificate: facts.certificate?.der ?? null,
    signer: facts.certificate === null ? null : describeSigner(facts.certificate),
    imprintAlgorithm: 'unknown' in info.digestAlgorithm ? null : info.digestAlgorithm.name,
    digestAlgorithm: facts.digestAlgorithm,
    signatureAlgorithm: facts.signatureAlgorithm,
  }
}

interface Imprint {
  readonly holds: boolean | null
  readonly objections: readonly Objection[]
  readonly weaknesses: readonly Weakness[]
}

function judgeImprint(info: TimestampInfo, dataDigest: TimestampInput['dataDigest']): Imprint {
  const { digestAlgorithm, imprint } = info
  if ('unknown' in digestAlgorithm) {
    const message = `imprint algorithm ${digestAlgorithm.unknown}`
    const objection = undecided('CRYPTO_CONSTRAINTS_FAILURE', 'ALGORITHM_UNSUPPORTED', message)
    return { holds: null, objections: [objection], weaknesses: [] }
  }
  if (dataDigest === null) {
    const message = 'what was time-stamped is not at hand'
    const objection = undecided('SIGNED_DATA_NOT_FOUND', 'SIGNED_DATA_NOT_FOUND', message)
    return { holds: null, objections: [objection], weaknesses: [] }
  }
  const until = digestAcceptableUntil(digestAlgorithm, 'time-stamp-imprint')
  const message = `the time-stamp is over a ${digestAlgorithm.name} digest`
  const weaknesses =
    until === undefined ? [] : [{ code: 'WEAK_TIMESTAMP_IMPRINT', message, acceptableUntil: until }]
  if (Buffer.compare(dataDigest(digestAlgorithm), imprint) === 0) {
    return { holds: true, objections: [], weaknesses }
  }
  const objection = failed('HASH_FAILURE', 'TIMESTAMP_IMPRINT_MISMATCH', 'the time-stamp is over other data')
  return { holds: false, objections: [objection], weaknesses }
}

function judgeAuthority(
  { policy, provenTime, fileBudget }: Pick<TimestampInput, 'policy' | 'provenTime' | 'fileBudget'>,
  info: TimestampInfo,
  imprint: Imprint,
  facts: SignerFacts,
  carried: Required<EmbeddedRevocation>,
): Pick<
  TimestampJudgement,
  'indication' | 'subIndication' | 'imprintHolds' | 'cryptoIntact' | 'warnings' | 'path'
> {
  const { certificate, attributes } = facts
  const judged =
    certificate === null
      ? undefined
      : judgeSigningCertificate({
          certificate: certificate.der,
          carriedCertificates: carried.certificates,
          policy: mergePolicy(policy, carried),
          purpose: 'time-stamping',
          provenTime,
          weaknesses: [...imprint.weaknesses, ...facts.weaknesses],
          fileBudget,
        })
  const objections: Objection[] = [...imprint.objections, ...facts.objections]
  if (attributes.named === undefined) {
    // RFC 3161 section 2.4.2: the attribute must be there.
    const message = 'no signed attribute of the time-stamp names its certificate'
    objections.push(undecided('SIG_CONSTRAINTS_FAILURE', 'SIGNING_CERTIFICATE_NOT_NAMED', message))
  }
  if (certificate !== null && (info.time < certificate.notBefore || info.time > certificate.notAfter)) {
    const message = `the certificate of the authority was not valid at ${info.time.toISOString()}`
    objections.push(undecided('OUT_OF_BOUNDS_NO_POE', 'TIMESTAMP_OUTSIDE_CERTIFICATE', message))
  }
  objections.push(...(judged?.objections ?? []))
  const { indication, subIndication } = verdictOf(objections)
  return {
    indication,
    subIndication,
    imprintHolds: imprint.holds,
    cryptoIntact: imprint.holds === false ? false : imprint.holds && facts.cryptoIntact,
    warnings: [...explained(objections), ...(judged?.warnings ?? []), ...facts.warnings],
    path: judged?.path ?? [],
  }
}

function formatFailure(code: string, message: string): TimestampJudgement {
  const { indication, subIndication } = verdictOf([failed('FORMAT_FAILURE', code, message)])
  return {
    time: null,
    accuracy: null,
    indication,
    subIndication,
    imprintHolds: null,
    cryptoIntact: false,
    warnings: [{ code, message }],
    certificate: null,
    path: [],
    signer: null,
    imprintAlgorithm: null,
    digestAlgorithm: null,
    signatureAlgorithm: null,
  }
}
