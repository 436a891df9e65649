/** The whole verdict on a CMS signature as far as it does not depend on the PDF or file around it (design 7). */
import type { DigestAlgorithm } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import type { VerificationPolicy } from '../policy.ts'
import type { Finding, Indication, SignatureReport, SignatureRole, SubIndication } from '../report.ts'
import { describeSigner } from '../x509/certificate.ts'
import { type CertificateJudgement, judgeCertificate } from '../x509/judge-certificate.ts'
import { carriedMaterial, type EmbeddedRevocation } from './carried-material.ts'
import { judgeEnclosed } from './enclosed-content.ts'
import { judgeSigner, type SignerFacts } from './judge-signer.ts'
import { failed, type Objection, verdictOf } from './objection.ts'
import { ATTRIBUTE_OID, CONTENT_TYPE } from './oids.ts'
import { type ParsedSignedData, type ParsedSigner, parseSignedData } from './parse-signed-data.ts'
import { hasAttribute } from './signed-attributes.ts'

export interface SignedDataInput {
  /** DER, nothing after it. */
  readonly cms: Uint8Array
  /** Digest of the signed bytes: the PDF's ByteRange, or the content. */
  readonly contentDigest: (digest: DigestAlgorithm) => Uint8Array
  readonly policy: VerificationPolicy
  readonly context: 'pdf' | 'cms'
  /** Of a PDF signature dictionary, e.g. `ETSI.CAdES.detached`. */
  readonly subFilter?: string
  readonly embeddedRevocation?: EmbeddedRevocation
}

export interface SignedDataJudgement {
  readonly cryptoIntact: boolean | null
  readonly indication: Exclude<Indication, 'NO_SIGNATURE'>
  readonly subIndication: SubIndication | null
  readonly role: SignatureRole
  readonly signer: SignatureReport['signer']
  /** ISO 8601: the signing-time attribute; null without. */
  readonly claimedTime: string | null
  /** ISO 8601: the time of a passed document time-stamp (`ETSI.RFC3161`); otherwise null. */
  readonly provenTime: string | null
  readonly digestAlgorithm: string | null
  readonly signatureAlgorithm: string | null
  /** Everything found, objections first. */
  readonly warnings: readonly Finding[]
  /** Whether signing-certificate-v2 is there: a part of every baseline level. */
  readonly signingCertificateV2: boolean
  /** The signer's certificate, DER. */
  readonly certificate: Uint8Array | null
}

/**
 * Judges a `SignedData` of exactly one signer. Broken input is a verdict (`TOTAL_FAILED`/`FORMAT_FAILURE`), never an
 * error.
 */
export function judgeSignedData(input: SignedDataInput): SignedDataJudgement {
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
}

/** As `judgeSignedData`, for one of any number of signers of what is already parsed. */
export function judgeParsedSigner(input: ParsedSignerInput): SignedDataJudgement {
  const { data, signer, policy } = input
  const carried = carriedMaterial(data, signer, input.embeddedRevocation)
  const enclosed = judgeEnclosed({ ...input, time: policy.time })
  const facts = judgeSigner({
    data,
    signer,
    contentDigest: enclosed.contentDigest,
    certificates: [...carried.certificates, ...policy.untrusted],
    legacy: policy.legacy,
  })
  const isTimestamp = data.contentType === CONTENT_TYPE.timestampInfo
  const objections: Objection[] = [...enclosed.objections, ...facts.objections]
  const path =
    facts.certificate === null
      ? null
      : judgeCertificate(
          facts.certificate.der,
          carried.certificates,
          {
            ...policy,
            crls: [...policy.crls, ...carried.crls],
            ocspResponses: [...policy.ocspResponses, ...carried.ocspResponses],
          },
          isTimestamp ? 'time-stamping' : 'document-signing',
        )
  const verdict = verdictOf(path === null ? objections : [...objections, ...pathObjection(path)])
  const stamped = enclosed.timestamp?.time.toISOString() ?? null
  return {
    cryptoIntact: enclosed.intact ? facts.cryptoIntact : false,
    indication: verdict.indication,
    subIndication: verdict.subIndication,
    role: isTimestamp ? 'timestamp' : (path?.role ?? 'unknown'),
    signer: facts.certificate === null ? null : describeSigner(facts.certificate),
    claimedTime: facts.attributes.signingTime?.toISOString() ?? stamped,
    provenTime: verdict.indication === 'TOTAL_PASSED' ? stamped : null,
    digestAlgorithm: facts.digestAlgorithm,
    signatureAlgorithm: facts.signatureAlgorithm,
    warnings: [
      ...objections.map(({ code, message }) => ({ code, message })),
      ...(path?.warnings ?? []),
      ...enclosed.warnings,
      ...facts.warnings,
      ...profileWarnings(input, facts),
    ],
    signingCertificateV2: facts.attributes.signingCertificateV2,
    certificate: facts.certificate?.der ?? null,
  }
}

/** The path explains itself in its own warnings, so only its verdict is taken over. */
function pathObjection({ indication, subIndication }: CertificateJudgement): readonly Objection[] {
  if (indication === 'TOTAL_PASSED' || subIndication === null) return []
  return [{ indication, subIndication, code: subIndication, message: '' }]
}

function* profileWarnings(
  { signer, data, context, subFilter }: ParsedSignerInput,
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
  if (data.contentType !== CONTENT_TYPE.timestampInfo && hasTimestamp(signer)) {
    yield {
      code: 'TIMESTAMP_NOT_EVALUATED',
      message: 'the signature carries a time-stamp that was not evaluated',
    }
  }
}

function hasTimestamp({ signedAttributes, unsignedAttributes }: ParsedSigner): boolean {
  return (
    hasAttribute(unsignedAttributes, ATTRIBUTE_OID.signatureTimestamp) ||
    hasAttribute(signedAttributes, ATTRIBUTE_OID.contentTimestamp)
  )
}

function formatFailure(code: string, message: string): SignedDataJudgement {
  return {
    cryptoIntact: false,
    ...verdictOf([failed('FORMAT_FAILURE', code, message)]),
    role: 'unknown',
    signer: null,
    claimedTime: null,
    provenTime: null,
    digestAlgorithm: null,
    signatureAlgorithm: null,
    warnings: [{ code, message }],
    signingCertificateV2: false,
    certificate: null,
  }
}
