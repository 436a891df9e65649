import { createHash } from 'node:crypto'
import type { DigestAlgorithm } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import type { VerificationPolicy } from '../policy.ts'
import { type SignatureReport, type VerificationReport, worstIndication } from '../report.ts'
import { berToDer } from '../x509/ber.ts'
import { judgeParsedSigner, type SignedDataJudgement } from './judge-signed-data.ts'
import { type ParsedSignedData, parseSignedData } from './parse-signed-data.ts'

/**
 * Verifies a CMS signature file (`.p7s`, `.p7m`), with all its signers.
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
    data = parseSignedData(berToDer(cms, { maxBytes: 32 * 1024 * 1024, maxDepth: 40 }))
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
  const contentDigest =
    content === null ? null : (digest: DigestAlgorithm) => createHash(digest.node).update(content).digest()
  const signatures = data.signers.map((signer, index) =>
    toReport(judgeParsedSigner({ data, signer, contentDigest, policy, context: 'cms' }), index),
  )
  return applyProfile(signatures, policy.profile)
}

/**
 * A scanned copy needs an agency's signature. `issued` asks for a person's and then an agency's: the signers of one
 * CMS stand in no order, so it cannot be met here.
 */
function applyProfile(
  signatures: readonly SignatureReport[],
  profile: VerificationPolicy['profile'],
): VerificationReport {
  const worst = worstIndication(signatures)
  const met =
    profile === 'any' || (profile === 'scanned-copy' && signatures.some(({ role }) => role === 'agency'))
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

function toReport(judgement: SignedDataJudgement, index: number): SignatureReport {
  const { certificate, signingCertificateV2, ...shared } = judgement
  return {
    ...shared,
    id: `sig-${index + 1}`,
    field: null,
    level: certificate !== null && signingCertificateV2 ? 'CAdES-B-B' : 'CMS',
    coverage: 'whole-file',
    changesAfter: 'none',
    changes: [],
  }
}
