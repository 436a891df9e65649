/** The verdict on one signature of a PDF: its bytes, its CMS, and what came after it. */
import type { DigestAlgorithm } from '../algorithms.ts'
import type { EmbeddedRevocation } from '../cms/carried-material.ts'
import { judgeSignedData, type SignedDataJudgement } from '../cms/judge-signed-data.ts'
import { SigningError } from '../errors.ts'
import type { VerificationPolicy } from '../policy.ts'
import type { Finding, SignatureReport } from '../report.ts'
import { agencyCodeOf } from '../x509/subject-roles.ts'
import type { WorkBudget } from '../x509/work-budget.ts'
import { digestByteRange, readSignedBytes, type SignedBytes } from './byte-range.ts'
import { forbidden, type RevisionChange } from './change.ts'
import { coverageOf } from './coverage.ts'
import { isoDate } from './dates.ts'
import { type DocumentTimestamp, documentTimestamp, laterThan } from './document-timestamps.ts'
import type { FoundSignature } from './find-signatures.ts'
import { type ChangesJudgement, judgeChanges } from './judge-changes.ts'
import { judgeSeedValues } from './judge-seed-values.ts'
import { readLocks, type SignatureLocks } from './locks.ts'
import { isName, isString, type PdfDict, pdfDict, textOf } from './objects.ts'
import type { PdfFile } from './pdf-file.ts'

export interface SignatureContext {
  readonly file: PdfFile
  readonly policy: VerificationPolicy
  /** The changes of each revision against the one before it, by index. */
  readonly changesOf: (revision: number) => readonly RevisionChange[]
  /** What speaks against everything in the file, such as an end that cannot be read. */
  readonly fileChanges: readonly RevisionChange[]
  readonly embeddedRevocation: EmbeddedRevocation | undefined
  /** What all signatures of the file together may cost. */
  readonly fileBudget: WorkBudget
}

const faultMessages = {
  SIGNATURE_DICTIONARY_MISSING: 'the value of the field leads to no signature dictionary',
  SIGNATURE_UNREACHABLE: 'no field of the form leads to the signature',
  SIGNATURE_DICTIONARY_AMBIGUOUS: 'a key of the signature dictionary stands twice',
  SIGNATURE_TYPE_WRONG: '/Type of the dictionary does not fit its /SubFilter',
  BYTE_RANGE_MALFORMED: '/ByteRange is not four whole numbers',
  BYTE_RANGE_OUTSIDE_FILE: '/ByteRange names bytes that the file does not have',
  BYTE_RANGE_GAP_IS_NOT_CONTENTS: 'the gap of /ByteRange is not exactly the value of /Contents',
  CONTENTS_MALFORMED: '/Contents is not the hexadecimal form of one DER value',
  CONTENTS_PADDING_NOT_ZERO: '/Contents has data after the CMS',
  REVISION_NOT_COVERED: 'the signature does not cover its revision to the end',
} as const

type Fault = keyof typeof faultMessages

/**
 * Judges all signatures of a file, the last one first: a document time-stamp that passes proves that everything before
 * it existed, older time-stamps among it (ETSI EN 319 102-1 clause 5.6.2).
 */
export function judgeSignatures(
  signatures: readonly FoundSignature[],
  context: SignatureContext,
): readonly SignatureReport[] {
  const timestamps: DocumentTimestamp[] = []
  const reports = signatures.toReversed().map((found, i) => {
    const judged = judgeSignature(found, `sig-${signatures.length - i}`, context, timestamps)
    if (judged.timestamp !== undefined) timestamps.push(judged.timestamp)
    return judged.report
  })
  return reports.toReversed()
}

function judgeSignature(
  found: FoundSignature,
  id: string,
  context: SignatureContext,
  timestamps: readonly DocumentTimestamp[],
): { report: SignatureReport; timestamp: DocumentTimestamp | undefined } {
  const { file } = context
  const dict = found.dict ?? pdfDict({})
  const signed = readSignedBytes(file.bytes, dict)
  const { coverage, revision } = coverageOf(file, signed.range)
  const faults = collectFaults(found, signed, revision)
  const subFilter = nameEntry(dict, 'SubFilter')
  const claimed = claimedTime(dict)
  const proofs = laterThan(found.revision, timestamps)
  const judgement = judgeContents(context, signed, subFilter, claimed, proofs)
  const later = laterChanges(found, context, revision)
  const seeds = judgeSeedValues(file, found, judgement, context.policy, signed.cms)
  const report: SignatureReport = {
    id,
    field: found.field,
    // Without byte range and CMS no signature value holds over anything.
    cryptoIntact: judgement === undefined ? false : judgement.cryptoIntact,
    ...verdict(faults, judgement, seeds, later),
    level: levelOf(subFilter, claimed, judgement, proofs),
    role: judgement?.role ?? 'unknown',
    signer: judgement?.signer ?? null,
    claimedTime: claimed ?? judgement?.claimedTime ?? null,
    provenTime: judgement?.provenTime ?? null,
    coverage,
    ...(revision === undefined || signed.range === undefined
      ? {}
      : { signedLength: signed.range[2] + signed.range[3] }),
    agencyCode: judgement?.certificate ? agencyCodeOf(judgement.certificate) : null,
    changesAfter: later.changesAfter,
    changes: later.changes,
    digestAlgorithm: judgement?.digestAlgorithm ?? null,
    signatureAlgorithm: judgement?.signatureAlgorithm ?? null,
    warnings: [
      ...faults.map((code) => ({ code, message: faultMessages[code] })),
      ...seeds,
      ...(judgement?.warnings ?? []),
      ...timeWarnings(dict, claimed),
      ...(later.omitted === undefined ? [] : [later.omitted]),
    ],
  }
  const isTimestamp = subFilter === 'ETSI.RFC3161' && faults.length === 0 && judgement !== undefined
  return { report, timestamp: isTimestamp ? documentTimestamp(file, found.revision, judgement) : undefined }
}

/**
 * The baseline level (ETSI EN 319 142-1 clause 6): B-T with a time-stamp in the signature or over the document, B-LT
 * with revocation data in the document security store, B-LTA with a document time-stamp over that. It tells what is
 * there and intact; whether it convinces is told by the indication.
 */
function levelOf(
  subFilter: string | undefined,
  claimed: string | undefined,
  judgement: SignedDataJudgement | undefined,
  proofs: readonly DocumentTimestamp[],
): string {
  const isBaseline = subFilter === 'ETSI.CAdES.detached' && judgement?.signingCertificateV2 === true
  if (!isBaseline || claimed === undefined) return bareFormat(subFilter)
  const stamps = proofs.filter(({ intact }) => intact)
  if (!judgement.signatureTimestamp && stamps.length === 0) return 'PAdES-B-B'
  if (!judgement.carriesRevocation) return 'PAdES-B-T'
  return stamps.some(({ coversStore }) => coversStore) ? 'PAdES-B-LTA' : 'PAdES-B-LT'
}

function collectFaults(
  found: FoundSignature,
  signed: SignedBytes,
  revision: number | undefined,
): readonly Fault[] {
  if (found.dict === undefined) return ['SIGNATURE_DICTIONARY_MISSING']
  const faults: Fault[] = found.reachable ? [...signed.faults] : ['SIGNATURE_UNREACHABLE', ...signed.faults]
  // ISO 32000-2, tables 255 and 261: DocTimeStamp for time-stamps and nothing else, Sig is the default.
  const type = nameEntry(found.dict, 'Type') ?? 'Sig'
  const due = nameEntry(found.dict, 'SubFilter') === 'ETSI.RFC3161' ? 'DocTimeStamp' : 'Sig'
  if (type !== due) faults.push('SIGNATURE_TYPE_WRONG')
  // Placed in one revision and covering another, it would say of the second what its signer saw of the first.
  if (signed.range !== undefined && revision !== found.revision) faults.push('REVISION_NOT_COVERED')
  return faults
}

function judgeContents(
  { file, policy, embeddedRevocation, fileBudget }: SignatureContext,
  signed: SignedBytes,
  subFilter: string | undefined,
  claimed: string | undefined,
  laterStamps: readonly DocumentTimestamp[],
): SignedDataJudgement | undefined {
  const { range, cms } = signed
  if (range === undefined || cms === undefined) return undefined
  const digests = new Map<string, Uint8Array>()
  const contentDigest = (algorithm: DigestAlgorithm): Uint8Array => {
    const digest = digests.get(algorithm.name) ?? digestByteRange(file.bytes, range, algorithm)
    digests.set(algorithm.name, digest)
    return digest
  }
  return judgeSignedData({
    cms,
    contentDigest,
    contentParts: [
      file.bytes.subarray(range[0], range[0] + range[1]),
      file.bytes.subarray(range[2], range[2] + range[3]),
    ],
    policy,
    context: 'pdf',
    laterStamps,
    fileBudget,
    ...(claimed === undefined ? {} : { claimedTime: new Date(claimed) }),
    ...(subFilter === undefined ? {} : { subFilter }),
    ...(embeddedRevocation === undefined ? {} : { embeddedRevocation }),
  })
}

function laterChanges(
  found: FoundSignature,
  context: SignatureContext,
  covered: number | undefined,
): ChangesJudgement {
  const { file, changesOf, fileChanges } = context
  const from = covered ?? found.revision
  const all = function* (): Generator<RevisionChange> {
    for (const { index } of file.revisions.slice(from + 1)) yield* changesOf(index)
    yield* fileChanges
  }
  try {
    return judgeChanges(all(), readLocks(file.at(found.revision), found.fieldDict, found.dict ?? pdfDict({})))
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    // What the signature forbids cannot be read, so nothing is known to be permitted.
    return judgeChanges([forbidden('REVISION_UNREADABLE', error.message), ...all()], noLocks)
  }
}

const noLocks: SignatureLocks = { documentPermission: undefined, fieldLocks: [] }

/** The first reason to fail counts: form, then cryptography and trust, then later changes, then the form's demands (EN 319 102-1 clause 5.6). */
function verdict(
  faults: readonly Fault[],
  judgement: SignedDataJudgement | undefined,
  seeds: readonly Finding[],
  { changesAfter }: ChangesJudgement,
): Pick<SignatureReport, 'indication' | 'subIndication'> {
  const failure = { indication: 'TOTAL_FAILED', subIndication: 'FORMAT_FAILURE' } as const
  if (faults.length > 0 || judgement === undefined) return failure
  const own = { indication: judgement.indication, subIndication: judgement.subIndication }
  if (changesAfter === 'forbidden' && own.indication !== 'TOTAL_FAILED') return failure
  const objects = seeds.length > 0 && own.indication === 'TOTAL_PASSED'
  return objects ? { indication: 'INDETERMINATE', subIndication: 'SIG_CONSTRAINTS_FAILURE' } : own
}

function bareFormat(subFilter: string | undefined): string {
  if (subFilter === 'ETSI.RFC3161') return 'PAdES-DTS'
  if (subFilter === 'ETSI.CAdES.detached') return 'PAdES'
  return subFilter?.startsWith('adbe.pkcs7.') ? 'PKCS#7' : 'PDF'
}

/** `/M` of the dictionary; undefined when it is missing or no moment in time. */
function claimedTime(dict: PdfDict): string | undefined {
  const value = dict.entries.get('M')
  return isString(value) ? isoDate(textOf(value)) : undefined
}

function timeWarnings(dict: PdfDict, claimed: string | undefined): Finding[] {
  return dict.entries.has('M') && claimed === undefined
    ? [{ code: 'SIGNING_TIME_MALFORMED', message: '/M is not a date with a time zone' }]
    : []
}

function nameEntry(dict: PdfDict, key: string): string | undefined {
  const value = dict.entries.get(key)
  return isName(value) ? value.name : undefined
}
