import { type DigestAlgorithm, digest as digestOf } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import type { VerificationPolicy } from '../policy.ts'
import { type SignatureReport, type VerificationReport, worstIndication } from '../report.ts'
import { berToDer } from '../x509/ber.ts'
import { WorkBudget } from '../x509/work-budget.ts'
import { counterSignaturesOf } from './counter-signatures.ts'
import { judgeParsedSigner, type ParsedSignerInput, type SignedDataJudgement } from './judge-signed-data.ts'
import { type ParsedSignedData, parseSignedData } from './parse-signed-data.ts'

/**
 * Verifies a CMS signature file (`.p7s`, `.p7m`) with all its signers and the counter-signatures on them.
 *
 * BER around the signature is allowed, as RFC 5652 section 2 does; signed attributes and certificates must be DER.
 *
 * @param cms the file
 * @param content what a detached signature covers; null when it is not at hand or enclosed. Enclosed content must be
 *   equal to it when both are given.
 * @throws SigningError `INPUT_TOO_LARGE`
 */
export function verifyCms(
  cms: Uint8Array,
  content: Uint8Array | null,
  policy: VerificationPolicy,
): VerificationReport {
  let data: ParsedSignedData
  try {
    data = parseLenient(cms)
  } catch (error) {
    if (!(error instanceof SigningError) || error.code === 'INPUT_TOO_LARGE') throw error
    return {
      format: 'cms',
      indication: 'TOTAL_FAILED',
      subIndication: 'FORMAT_FAILURE',
      signatures: [],
      errors: [{ code: error.code, message: error.message }],
    }
  }
  const digests = new Map<string, Uint8Array>()
  const contentDigest = (digest: DigestAlgorithm): Uint8Array => {
    const found = digests.get(digest.name) ?? digestOf(digest, content ?? new Uint8Array())
    digests.set(digest.name, found)
    return found
  }
  const shared = {
    contentDigest: content === null ? null : contentDigest,
    contentParts: content === null ? undefined : [content],
    policy,
    context: 'cms' as const,
    fileBudget: WorkBudget.ofFile(),
  }
  const allowance = { left: MOST_COUNTER_SIGNATURES }
  const signatures = data.signers.flatMap((signer, index) =>
    judgeWithCounterSignatures({ data, signer, ...shared }, `sig-${index + 1}`, undefined, allowance),
  )
  return applyProfile(signatures, policy.profile)
}

const limits = { maxBytes: 32 * 1024 * 1024, maxDepth: 40 }

/** DER is taken as it is; what is not is put into DER once, and then has to be right. */
function parseLenient(cms: Uint8Array): ParsedSignedData {
  try {
    return parseSignedData(cms)
  } catch (error) {
    if (!(error instanceof SigningError) || error.code === 'INPUT_TOO_LARGE') throw error
    return parseSignedData(berToDer(cms, limits))
  }
}

/** How deep counter-signatures on counter-signatures are followed, and how many there may be in one file. */
const MOST_NESTED = 3
const MOST_COUNTER_SIGNATURES = 32

/** How many more counter-signatures of a file are judged. */
interface Allowance {
  left: number
}

function judgeWithCounterSignatures(
  input: ParsedSignerInput,
  id: string,
  counterSigns: string | undefined,
  allowance: Allowance,
  depth = 0,
): readonly SignatureReport[] {
  const { countersigners, unreadable } = counterSignaturesOf(input.data, input.signer)
  const followed = depth < MOST_NESTED ? countersigners.slice(0, allowance.left) : []
  allowance.left -= followed.length
  const own = toReport(judgeParsedSigner(input), id)
  const left = unreadable + countersigners.length - followed.length
  const message = `${left} counter-signatures could not be read or are too many`
  const warnings = left > 0 ? [{ code: 'COUNTER_SIGNATURE_UNREADABLE', message }] : []
  const report: SignatureReport = {
    ...own,
    ...(counterSigns === undefined ? {} : { counterSigns }),
    warnings: [...own.warnings, ...warnings],
  }
  const nested = followed.flatMap(({ data, signer }, index) => {
    const { signature } = input.signer
    const below: ParsedSignerInput = {
      data,
      signer,
      contentDigest: (digest) => digestOf(digest, signature),
      contentParts: [signature],
      isCounterSignature: true,
      policy: input.policy,
      context: 'cms',
      fileBudget: input.fileBudget,
    }
    return judgeWithCounterSignatures(below, `${id}.${index + 1}`, id, allowance, depth + 1)
  })
  return [report, ...nested]
}

/**
 * A scanned copy needs an agency's signature. `issued` asks for a person's and then an agency's: the signers of one
 * CMS stand in no order, so it cannot be met here. A counter-signature signs no document.
 */
function applyProfile(
  signatures: readonly SignatureReport[],
  profile: VerificationPolicy['profile'],
): VerificationReport {
  const worst = worstIndication(signatures)
  const met =
    profile === 'any' ||
    (profile === 'scanned-copy' &&
      signatures.some(({ role, counterSigns }) => role === 'agency' && counterSigns === undefined))
  if (met || worst.indication === 'NO_SIGNATURE') {
    return { format: 'cms', ...worst, signatures, errors: [] }
  }
  const verdict =
    worst.indication === 'TOTAL_PASSED'
      ? ({ indication: 'INDETERMINATE', subIndication: 'SIG_CONSTRAINTS_FAILURE' } as const)
      : worst
  const message = `the signatures do not meet the profile ${profile}`
  return { format: 'cms', ...verdict, signatures, errors: [{ code: 'PROFILE_NOT_MET', message }] }
}

function toReport(judgement: SignedDataJudgement, id: string): SignatureReport {
  const { certificate, signingCertificateV2, signatureTimestamp, carriesRevocation, accuracy, ...kept } =
    judgement
  const { details, archiveTimestamp, ...shared } = kept
  return {
    ...shared,
    id,
    field: null,
    level: levelOf(judgement),
    coverage: 'whole-file',
    changesAfter: 'none',
    changes: [],
    ...(Object.keys(details).length === 0 ? {} : { details }),
  }
}

/**
 * The baseline level (ETSI EN 319 122-1 clause 6): B-T with an intact time-stamp over the signature value, B-LT with
 * revocation data, B-LTA with an archive time-stamp. It tells what is there, the indication whether it convinces.
 */
function levelOf(judgement: SignedDataJudgement): string {
  const { certificate, signingCertificateV2, signatureTimestamp, carriesRevocation, archiveTimestamp } =
    judgement
  if (judgement.role === 'timestamp') return 'RFC3161'
  if (certificate === null || !signingCertificateV2) return 'CMS'
  if (!signatureTimestamp) return 'CAdES-B-B'
  if (!carriesRevocation) return 'CAdES-B-T'
  return archiveTimestamp ? 'CAdES-B-LTA' : 'CAdES-B-LT'
}
