/** Judges what was received, whole: the main file by its signatures and its page, the files beside it, what is said. */
import {
  carriedByPdf,
  letterFields,
  listFields,
  readSignatureTexts,
  type Signer,
  SigningError,
  type VerificationPolicy,
  type VerificationReport,
  verifyPdf,
} from '../../signing/index.ts'
import type { AgencySettings } from '../documents/agency-settings.ts'
import type { FileVerdict, SeparateKind } from '../documents/document-files-store.ts'
import { policyAt, type TrustStore } from '../documents/document-services.ts'
import type { DocumentRow } from '../documents/document-store.ts'
import {
  certificateFindings,
  conclude,
  type Examination,
  type ExaminationFinding,
  finding,
  numberFindings,
  signatureFindings,
} from '../documents/examination.ts'
import { signatureFacts } from '../documents/signature-facts.ts'
import { CongvanError } from '../errors.ts'
import {
  findSecretMarkOnPage,
  type PageText,
  type PageTextReader,
  plainText,
  readPageText,
} from '../pages/page-text.ts'
import { missingFields, type Registration } from './registration.ts'

export interface Received {
  readonly document: DocumentRow
  readonly bytes: Uint8Array
  readonly signers: readonly Signer[]
  readonly registration: Registration
  /** Whether the agency that signed is the sender; null where no agency's signature holds. */
  readonly senderMatches: boolean | null
  /** Names of the files that the message lists and did not bring. */
  readonly missingFiles: readonly string[]
  readonly separate: readonly SeparateFile[]
  /** The message says that it is a copy (art 25), which bears an agency's signature alone. */
  readonly isCopy: boolean
}

/** A file beside the main one and what became of it. */
export interface SeparateFile {
  readonly kind: SeparateKind
  readonly name: string
  readonly verdict: FileVerdict
  readonly secretMark: string | null
}

export interface Examined {
  readonly report: VerificationReport
  readonly policy: VerificationPolicy
  readonly examination: Examination
  readonly secretMark: string | null
  /** The words of the main file, to be searched; null for what may not be, or cannot be read. */
  readonly text: string | null
}

/** The main file, with all that is known of the rest. */
export async function examineReceived(
  received: Received,
  trust: TrustStore,
  reader: PageTextReader,
  settings: AgencySettings,
  now: Date,
): Promise<Examined> {
  const { document, bytes } = received
  const { report, policy } = judgeReceived(bytes, trust, now, received.isCopy)
  const facts = signatureFacts(received.signers, report.signatures, policy, carriedByPdf(bytes), settings)
  const pages = report.format === 'pdf' ? await pagesOf(bytes, reader) : null
  const secretMark =
    document.incoming?.secretMark ??
    markOn(pages) ??
    received.separate.find((one) => one.secretMark !== null)?.secretMark ??
    null
  const claimed = {
    senderCode: document.incoming?.senderCode ?? '',
    senderName: document.incoming?.senderName ?? null,
    signerName: document.signer.name,
    signerPosition: document.signer.position,
  }
  const code = { number: document.codeNumber, notation: document.codeNotation }
  const findings = [
    ...signatureFindings(report, received.isCopy),
    ...certificateFindings(facts, claimed, received.senderMatches, settings),
    ...numberFindings(
      pages === null ? null : [...rowsOf(pages[0]), ...signatureRows(bytes)],
      pages === null ? null : filledNumber(bytes),
      code,
    ),
    ...completenessFindings(received),
    ...(pages === null && report.format === 'pdf' ? [finding('TEXT_UNREADABLE')] : []),
    ...(secretMark === null ? [] : [finding('SECRET_MARK', { mark: secretMark })]),
  ]
  return {
    report,
    policy,
    examination: conclude(findings, facts, pages?.length ?? null),
    secretMark,
    text: secretMark === null && pages !== null ? plainText(pages) : null,
  }
}

/** The manifest against the files, the signatures on separate annexes, the fields that the register needs. */
function completenessFindings({ missingFiles, separate, registration }: Received): ExaminationFinding[] {
  return [
    ...missingFiles.map((name) => finding('FILE_MISSING', { name })),
    ...separate.flatMap(separateFindings),
    ...missingFields(registration).map((field) => finding('FIELD_MISSING', { field })),
  ]
}

/** A separate annex bears the agency's signature (NĐ 30/2020 Phụ lục I, III.1d); an attachment may. */
function separateFindings({ kind, name, verdict }: SeparateFile): ExaminationFinding[] {
  return verdict.findings.flatMap((code) => {
    if (code === 'FILE_SIGNATURE_INVALID') return [finding('FILE_INVALID', { name })]
    if (code !== 'FILE_UNSIGNED') return [finding('FILE_UNUSUAL', { name, reason: code })]
    return kind === 'annex' ? [finding('ANNEX_UNSIGNED', { name })] : []
  })
}

/** The mark of secrecy on the first page of a file; what is no PDF shows none that could be read. */
export async function findSecretMarkIn(bytes: Uint8Array, reader: PageTextReader): Promise<string | null> {
  if (!Buffer.from(bytes.subarray(0, 1024)).includes('%PDF-')) return null
  return markOn(await pagesOf(bytes, reader)) ?? null
}

/**
 * The stored bytes, judged as an issued document; where the message says that it is a copy (NĐ 30/2020 art 25), by the
 * agency's signature alone, which is all that a copy bears. What is no PDF at all arrived all the same: the clerk
 * returns it.
 */
function judgeReceived(
  bytes: Uint8Array,
  trust: TrustStore,
  now: Date,
  isCopy: boolean,
): { report: VerificationReport; policy: VerificationPolicy } {
  const policy = policyAt(trust, now, isCopy ? 'scanned-copy' : 'issued')
  try {
    return { report: verifyPdf(bytes, policy), policy }
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    const errors = [{ code: error.code, message: error.message }]
    const failed = { indication: 'TOTAL_FAILED', subIndication: 'FORMAT_FAILURE' } as const
    return { report: { format: null, ...failed, signatures: [], errors }, policy }
  }
}

/** Null where the pages cannot be read: that decides nothing, a signature is judged by bytes. */
async function pagesOf(bytes: Uint8Array, reader: PageTextReader): Promise<readonly PageText[] | null> {
  try {
    return await readPageText(bytes, { reader })
  } catch (error) {
    if (!(error instanceof CongvanError) || error.code !== 'PAGE_TEXT_UNREADABLE') throw error
    return null
  }
}

function markOn(pages: readonly PageText[] | null): string | undefined {
  const [first] = pages ?? []
  return first === undefined ? undefined : findSecretMarkOnPage(first)
}

/** The lines of a page joined where they stand on one baseline. */
function rowsOf(page: PageText | undefined): string[] {
  const rows = new Map<number, string[]>()
  for (const { baseline, text } of page?.lines ?? []) {
    const at = Math.round(baseline)
    rows.set(at, [...(rows.get(at) ?? []), text])
  }
  return [...rows.values()].map((texts) => texts.join(' '))
}

/** What the boxes of signatures say: where a letter has no fields, the agency's own shows number and date. */
function signatureRows(bytes: Uint8Array): string[] {
  try {
    return readSignatureTexts(bytes).flatMap(({ texts }) => texts)
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    return []
  }
}

function filledNumber(bytes: Uint8Array): string | null {
  try {
    return listFields(bytes).texts.get(letterFields.number) ?? null
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    return null
  }
}
