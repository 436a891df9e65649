/** `TimeStampResp` of RFC 3161 section 2.4.2, and whether the token in it answers the request. */
import { digest as digestOf } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import { objectionToUse } from '../x509/certificate-use.ts'
import { parseDer, TAG } from '../x509/der.ts'
import { DerFields, readSmallInteger, readText } from '../x509/der-values.ts'
import { unsignedInteger } from '../x509/der-write.ts'
import { judgeSigner } from './judge-signer.ts'
import { CONTENT_TYPE } from './oids.ts'
import { parseSignedData } from './parse-signed-data.ts'
import { readTimestampInfo, type TimestampInfo } from './timestamp-info.ts'
import type { TimestampRequest } from './timestamp-request.ts'

/** granted, and grantedWithMods: what was modified shows in the checks below. */
const GRANTED: readonly number[] = [0, 1]

/** Names of `PKIFailureInfo` bits, as RFC 3161 has them. */
const failureNames: Readonly<Record<number, string>> = {
  0: 'badAlg',
  2: 'badRequest',
  5: 'badDataFormat',
  14: 'timeNotAvailable',
  15: 'unacceptedPolicy',
  16: 'unacceptedExtension',
  17: 'addInfoNotAvailable',
  25: 'systemFailure',
}

const STATUS_NAMES = [
  'granted',
  'grantedWithMods',
  'rejection',
  'waiting',
  'revocationWarning',
  'revocationNotification',
]

/**
 * Reads a response and checks all of it that needs no trust: status, one signer, the imprint, nonce and policy of the
 * request, a certificate for time-stamping alone that the token names and that was valid at its time, and the
 * signature. Whether that certificate is trusted is asked when the token is judged.
 *
 * @returns the token, DER as received
 * @throws SigningError `TIMESTAMP_REJECTED` when the authority refuses; `TIMESTAMP_RESPONSE_INVALID`
 */
export function readTimestampResponse(response: Uint8Array, request: TimestampRequest): Uint8Array {
  try {
    const token = readToken(response)
    checkToken(token, request)
    return token
  } catch (error) {
    if (!(error instanceof SigningError) || error.code.startsWith('TIMESTAMP_')) throw error
    throw new SigningError('TIMESTAMP_RESPONSE_INVALID', { reason: error.message }, { cause: error })
  }
}

function readToken(response: Uint8Array): Uint8Array {
  const outer = new DerFields(parseDer(response, { maxBytes: 1024 * 1024, maxDepth: 40 }))
  const info = new DerFields(outer.take(TAG.SEQUENCE, 'PKIStatusInfo'))
  const status = readSmallInteger(info.take(TAG.INTEGER, 'status'))
  const text = info.optional(TAG.SEQUENCE)
  const failure = info.optional(TAG.BIT_STRING)
  info.finish('PKIStatusInfo')
  if (!GRANTED.includes(status)) {
    const parts = [
      STATUS_NAMES[status] ?? `status ${status}`,
      ...(failure === undefined ? [] : failureBits(failure.content)),
      ...(text?.children ?? []).map((node) => (readText(node) ?? '').slice(0, 200)),
    ]
    throw new SigningError('TIMESTAMP_REJECTED', { reason: parts.join(', ') })
  }
  const token = outer.take(TAG.SEQUENCE, 'timeStampToken')
  outer.finish('TimeStampResp')
  return token.raw
}

/** Tolerant of trailing zero bits, which some authorities send: the bits are for people only. */
function failureBits(content: Uint8Array): string[] {
  const names: string[] = []
  content.subarray(1).forEach((byte, index) => {
    for (let bit = 0; bit < 8; bit += 1) {
      if ((byte & (0x80 >> bit)) !== 0)
        names.push(failureNames[index * 8 + bit] ?? `failure ${index * 8 + bit}`)
    }
  })
  return names
}

function checkToken(token: Uint8Array, request: TimestampRequest): void {
  const data = parseSignedData(token)
  const { content } = data
  if (data.contentType !== CONTENT_TYPE.timestampInfo || content === undefined) {
    throw invalid('no TSTInfo in the token')
  }
  const [signer, ...others] = data.signers
  if (signer === undefined || others.length > 0) throw invalid(`${data.signers.length} signers`)
  const info = readTimestampInfo(content)
  checkInfo(info, request)

  const facts = judgeSigner({
    data,
    signer,
    contentDigest: (digest) => digestOf(digest, content),
    certificates: data.certificates,
    purpose: 'time-stamp-signature',
  })
  const [objection] = facts.objections
  if (objection !== undefined) throw invalid(`${objection.code}: ${objection.message}`)
  const [weakness] = facts.weaknesses
  if (weakness !== undefined) throw invalid(`${weakness.code}: ${weakness.message}`)
  const { certificate } = facts
  if (certificate === null || facts.cryptoIntact !== true) throw invalid('the signature could not be checked')
  if (facts.attributes.named === undefined) throw invalid('no signed attribute names the certificate')
  const use = objectionToUse(certificate, 'time-stamping')
  if (use !== null) throw invalid(use)
  if (info.time < certificate.notBefore || info.time > certificate.notAfter) {
    throw invalid('the certificate is not valid at the time of the token')
  }
}

function checkInfo(info: TimestampInfo, { algorithm, digest, nonce, policy }: TimestampRequest): void {
  if (info.digestAlgorithm !== algorithm || Buffer.compare(info.imprint, digest) !== 0) {
    throw invalid('the imprint is not the one that was sent')
  }
  if (nonce !== undefined) {
    const sent = parseDer(unsignedInteger(nonce)).content
    if (info.nonce === undefined || Buffer.compare(info.nonce, sent) !== 0) {
      throw invalid('the nonce is not the one that was sent')
    }
  }
  if (policy !== undefined && info.policy !== policy) {
    throw invalid(`policy ${info.policy}, not ${policy}`)
  }
}

function invalid(reason: string): SigningError {
  return new SigningError('TIMESTAMP_RESPONSE_INVALID', { reason })
}
