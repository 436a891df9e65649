/**
 * The time-stamps that travel in a signer's attributes (ETSI EN 319 122-1 clauses 5.2.8, 5.3 and 5.5): over the
 * content, signed with it; over the signature value, added later; and those of archives.
 */
import { type DigestAlgorithm, digest as digestOf } from '../algorithms.ts'
import type { VerificationPolicy } from '../policy.ts'
import type { Finding } from '../report.ts'
import type { ProvenStamp } from '../validation/judge-times.ts'
import { failed, type Objection, undecided } from '../validation/objection.ts'
import type { WorkBudget } from '../x509/work-budget.ts'
import type { EmbeddedRevocation } from './carried-material.ts'
import { judgeTimestamp, type TimestampJudgement } from './judge-timestamp.ts'
import { ATTRIBUTE_OID } from './oids.ts'
import type { ParsedSigner } from './parse-signed-data.ts'

export interface AttachedTimestamps {
  readonly content: readonly TimestampJudgement[]
  readonly signature: readonly TimestampJudgement[]
  readonly objections: readonly Objection[]
  readonly warnings: readonly Finding[]
}

/** Of each kind; each costs two signature checks, and real signatures carry one or two. */
const MOST_TIMESTAMPS = 8

export function judgeAttachedTimestamps(input: {
  readonly signer: ParsedSigner
  /** Null when the content is not at hand. */
  readonly contentDigest: ((algorithm: DigestAlgorithm) => Uint8Array) | null
  readonly policy: VerificationPolicy
  readonly carried: EmbeddedRevocation
  /** The time at which something later proves the whole signature with its attributes to have existed. */
  readonly provenTime: Date | undefined
  /** Shared by all validations for one file. */
  readonly fileBudget: WorkBudget | undefined
}): AttachedTimestamps {
  const { signer, contentDigest, policy, carried, provenTime, fileBudget } = input
  const shared = { policy, carried, provenTime, fileBudget }
  const signatureDigest = (algorithm: DigestAlgorithm) => digestOf(algorithm, signer.signature)
  const content = tokensOf(signer.signedAttributes, ATTRIBUTE_OID.contentTimestamp).map((token) =>
    judgeTimestamp({ token, dataDigest: contentDigest, ...shared }),
  )
  const signature = tokensOf(signer.unsignedAttributes, ATTRIBUTE_OID.signatureTimestamp).map((token) =>
    judgeTimestamp({ token, dataDigest: signatureDigest, ...shared }),
  )
  return {
    content,
    signature,
    objections: content.flatMap(contentObjections),
    warnings: [
      ...content.flatMap((one) => findings(one, 'over the content')),
      ...signature.flatMap((one) => findings(one, 'over the signature')),
    ],
  }
}

function tokensOf(attributes: ParsedSigner['signedAttributes'], type: string): readonly Uint8Array[] {
  return attributes
    .filter((one) => one.type === type)
    .flatMap(({ values }) => values.map(({ raw }) => raw))
    .slice(0, MOST_TIMESTAMPS)
}

/**
 * A content time-stamp is signed: one that is none is the signer's own defect of form (EN 319 102-1 clause 5.2.2), and
 * one over other data contradicts what the signer signed with it (clause 5.2.8).
 */
function contentObjections({
  subIndication,
  imprintHolds,
  warnings,
}: TimestampJudgement): readonly Objection[] {
  if (subIndication === 'FORMAT_FAILURE') {
    const reason = warnings[0]?.message ?? ''
    return [failed('FORMAT_FAILURE', 'CONTENT_TIMESTAMP_MALFORMED', `content time-stamp: ${reason}`)]
  }
  if (imprintHolds !== false) return []
  const message = 'the signed content time-stamp is over other data than the content'
  return [undecided('SIG_CONSTRAINTS_FAILURE', 'CONTENT_TIMESTAMP_CONTRADICTS', message)]
}

/**
 * What there is to say of a time-stamp beside the time it proves. One that does not hold is no proof and takes
 * nothing from the signature (EN 319 102-1 clause 5.5.4).
 */
export function findings(stamp: TimestampJudgement, over: string): readonly Finding[] {
  const { indication, subIndication, warnings, time } = stamp
  if (indication === 'TOTAL_PASSED') return warnings.filter(({ code }) => code.startsWith('WEAK_'))
  const reason = warnings.find(({ code }) => code !== 'REVOCATION_NOT_CHECKED')?.message ?? ''
  const when = time === null ? '' : ` of ${time.toISOString()}`
  const message = `the time-stamp${when} ${over} proves nothing: ${indication}/${subIndication} ${reason}`
  return [{ code: 'TIMESTAMP_NOT_PROVEN', message: message.trimEnd() }]
}

/** Whether a token is at least intact over what it should be over, whatever the trust in its authority. */
export function isIntact({ cryptoIntact, imprintHolds }: TimestampJudgement): boolean {
  return cryptoIntact === true && imprintHolds === true
}

/** The earliest time that any of these prove. */
export function earliestProven(stamps: readonly ProvenStamp[]): Date | undefined {
  return stamps
    .flatMap(({ indication, time }) => (indication === 'TOTAL_PASSED' && time !== null ? [time] : []))
    .toSorted((a, b) => a.getTime() - b.getTime())[0]
}
