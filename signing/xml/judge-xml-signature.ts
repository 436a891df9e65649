/** The verdict on one XML signature (ETSI EN 319 102-1 clauses 5.2 to 5.5), from facts and a policy. */
import { digestAcceptableUntil, keyStrength } from '../algorithms.ts'
import { findings as timestampFindings } from '../cms/attached-timestamps.ts'
import { mergePolicy } from '../cms/carried-material.ts'
import { judgeTimestamp, type TimestampInput, type TimestampJudgement } from '../cms/judge-timestamp.ts'
import { SigningError } from '../errors.ts'
import type { VerificationPolicy } from '../policy.ts'
import type { Finding, SignatureReport } from '../report.ts'
import { explained, judgeSigningCertificate } from '../validation/judge-signing-certificate.ts'
import { judgeTimes } from '../validation/judge-times.ts'
import { failed, type Objection, undecided, verdictOf } from '../validation/objection.ts'
import { type Weakness, weighWeaknesses } from '../validation/weakness.ts'
import { describeSigner } from '../x509/certificate.ts'
import type { WorkBudget } from '../x509/work-budget.ts'
import type { CheckedReference } from './check-reference.ts'
import { errorObjection } from './error-objection.ts'
import type { SignatureFacts } from './examine-signature.ts'
import { judgeProperties } from './judge-properties.ts'
import type { TimestampProperty } from './xades-properties.ts'

/** Each costs two signature checks; real signatures carry one or two. */
const MOST_TIMESTAMPS = 16

type Judged = Omit<SignatureReport, 'id' | 'field' | 'coverage' | 'changesAfter' | 'changes' | 'covered'>

/** @param besides what speaks against the signature from outside of it: its coverage, the profile asked for */
export function judgeXmlSignature(
  facts: SignatureFacts,
  policy: VerificationPolicy,
  besides: {
    readonly objections: readonly Objection[]
    readonly warnings: readonly Finding[]
    readonly fileBudget: WorkBudget
  },
): Judged {
  const { fileBudget } = besides
  const { signer, keyInfo, properties, method, references } = facts
  const { certificate } = signer
  const unsigned = properties?.unsigned
  const carried = {
    certificates: [...keyInfo.certificates, ...(unsigned?.certificates ?? [])],
    crls: [...keyInfo.crls, ...(unsigned?.crls ?? [])],
    ocspResponses: [...(unsigned?.ocspResponses ?? [])],
  }
  const { stamps, unread } = judgeStamps(unsigned?.signatureTimestamps ?? [], facts, {
    policy,
    carried,
    fileBudget,
  })
  const stated = judgeProperties(facts)
  const times = judgeTimes({ content: [], signature: stamps, claimed: stated.signingTime })
  const weaknesses = [...weaknessesOf(facts)]
  const judged =
    certificate === null
      ? undefined
      : judgeSigningCertificate({
          certificate: certificate.der,
          carriedCertificates: carried.certificates,
          policy: mergePolicy(policy, carried),
          purpose: 'document-signing',
          provenTime: times.provenTime,
          provenAfter: times.provenAfter,
          weaknesses,
          fileBudget,
        })
  const weighed =
    judged === undefined
      ? weighWeaknesses(weaknesses, { time: policy.time, legacy: policy.legacy })
      : undefined
  const objections: readonly Objection[] = [
    ...references.flatMap(referenceObjection),
    ...signerObjections(facts),
    ...stated.objections,
    ...facts.manifestReferences.flatMap(manifestObjection),
    ...besides.objections,
    ...(judged?.objections ?? weighed?.objections ?? []),
    ...times.objections,
  ]
  const { indication, subIndication } = verdictOf(objections)
  return {
    cryptoIntact: facts.cryptoIntact,
    indication,
    subIndication,
    level: levelOf(facts, stated.isBaseline, stamps),
    role: judged?.role ?? 'unknown',
    signer: certificate === null ? null : describeSigner(certificate),
    claimedTime: stated.signingTime?.toISOString().replace('.000Z', 'Z') ?? null,
    provenTime: times.provenTime?.toISOString() ?? null,
    digestAlgorithm: contentDigest(facts),
    signatureAlgorithm: method.kind === 'asymmetric' ? method.algorithm.name : null,
    warnings: [
      ...explained(objections),
      ...(judged?.warnings ?? weighed?.warnings ?? []),
      ...times.warnings,
      ...unread,
      ...stamps.flatMap((stamp) => timestampFindings(stamp, 'over the signature')),
      ...stated.warnings,
      ...facts.manifestReferences.flatMap(manifestWarning),
      ...besides.warnings,
    ],
  }
}

function judgeStamps(
  properties: readonly TimestampProperty[],
  facts: SignatureFacts,
  shared: Pick<TimestampInput, 'policy' | 'carried' | 'fileBudget'>,
): { readonly stamps: readonly TimestampJudgement[]; readonly unread: readonly Finding[] } {
  const stamps: TimestampJudgement[] = []
  const unread: Finding[] = []
  const tokens = properties.flatMap((property) => property.tokens.map((token) => ({ token, property })))
  for (const { token, property } of tokens.slice(0, MOST_TIMESTAMPS)) {
    try {
      const dataDigest = facts.stampedValue(property)
      stamps.push(judgeTimestamp({ ...shared, token, dataDigest }))
    } catch (error) {
      // Anybody can add an unsigned property; what is wrong with it must not hide the verdicts on the file.
      if (!(error instanceof SigningError)) throw error
      unread.push({ code: 'XML_TIMESTAMP_NOT_CHECKED', message: `time-stamp: ${error.message}` })
    }
  }
  return { stamps, unread }
}

function referenceObjection({ error, intact }: CheckedReference): readonly Objection[] {
  if (error === null) return []
  return [intact === false ? failed('HASH_FAILURE', error.code, error.message) : errorObjection(error)]
}

/** A manifest's entries are the application's to judge (XMLDSig 5.1): one that is broken must not pass unseen. */
function manifestObjection({ error, intact }: CheckedReference): readonly Objection[] {
  if (error === null || intact === null) return []
  return [undecided('SIG_CONSTRAINTS_FAILURE', 'XML_MANIFEST_MISMATCH', `manifest: ${error.message}`)]
}

function manifestWarning({ error, intact }: CheckedReference): readonly Finding[] {
  if (error === null || intact !== null) return []
  return [{ code: 'XML_MANIFEST_NOT_CHECKED', message: `manifest: ${error.message}` }]
}

function* signerObjections({ signer, method, keyInfo }: SignatureFacts): Generator<Objection> {
  if (method.kind === 'unknown') {
    yield undecided(
      'CRYPTO_CONSTRAINTS_FAILURE',
      'ALGORITHM_UNSUPPORTED',
      `signature algorithm ${method.name}`,
    )
  }
  if (signer.valueHolds === false) {
    const message =
      method.kind === 'hmac'
        ? 'a method of secret keys is used with a public key'
        : 'the signature value does not hold'
    yield failed('SIG_CRYPTO_FAILURE', 'SIG_CRYPTO_FAILURE', message)
  }
  if (signer.certificate === null) {
    const isBare = keyInfo.keyValue !== undefined
    yield undecided(
      'NO_SIGNING_CERTIFICATE_FOUND',
      'NO_SIGNING_CERTIFICATE_FOUND',
      method.kind === 'hmac'
        ? 'a method of secret keys says nothing about who signed'
        : isBare
          ? 'the key stands bare in the file, without a certificate'
          : 'the certificate of the signer is not at hand',
    )
  } else if (signer.valueHolds === null && method.kind !== 'unknown') {
    yield undecided('CRYPTO_CONSTRAINTS_FAILURE', 'ALGORITHM_UNSUPPORTED', 'the key of the certificate')
  }
  if (signer.named === false) {
    const message = 'the certificate is not the one that the signature names'
    yield undecided('NO_SIGNING_CERTIFICATE_FOUND', 'SIGNING_CERTIFICATE_MISMATCH', message)
  }
}

function* weaknessesOf({
  references,
  manifestReferences,
  method,
  signer,
}: SignatureFacts): Generator<Weakness> {
  const used = [
    ...references.map(({ digest }) => digest),
    ...manifestReferences.map(({ digest }) => digest),
    method.kind === 'asymmetric' ? method.algorithm.digest : undefined,
  ]
  for (const digest of new Set(used)) {
    const until = digest === undefined ? undefined : digestAcceptableUntil(digest, 'document')
    if (digest === undefined || until === undefined) continue
    yield { code: 'WEAK_DIGEST', message: `${digest.name} is broken`, acceptableUntil: until }
  }
  const key = signer.certificate?.publicKey()
  const strength = key === undefined ? undefined : keyStrength(key)
  if (strength !== undefined && !strength.acceptable) {
    yield { code: 'WEAK_KEY', message: `key ${strength.name}`, acceptableUntil: null }
  }
}

function contentDigest({ references, properties }: SignatureFacts): string | null {
  const content =
    references.find(({ nodes }) => nodes?.apex !== properties?.signedProperties) ?? references[0]
  return content?.digest?.name ?? null
}

/** EN 319 132-1 clause 6: what the signature carries; whether it holds is the indication's matter. */
function levelOf(
  { properties }: SignatureFacts,
  isBaseline: boolean,
  stamps: readonly TimestampJudgement[],
): string {
  if (properties === null) return 'XMLDSig'
  if (!isBaseline) return 'XAdES'
  if (!stamps.some(({ imprintHolds }) => imprintHolds === true)) return 'XAdES-B-B'
  const { crls, ocspResponses, archiveTimestamps } = properties.unsigned
  if (crls.length + ocspResponses.length === 0) return 'XAdES-B-T'
  return archiveTimestamps.length === 0 ? 'XAdES-B-LT' : 'XAdES-B-LTA'
}

/** The report on a signature that cannot be read; it stands beside those of the others. */
export function unreadableSignature(error: SigningError): Judged {
  const objection = errorObjection(error)
  return {
    cryptoIntact: null,
    indication: objection.indication,
    subIndication: objection.subIndication,
    level: 'XMLDSig',
    role: 'unknown',
    signer: null,
    claimedTime: null,
    provenTime: null,
    digestAlgorithm: null,
    signatureAlgorithm: null,
    warnings: explained([objection]),
  }
}
