/** Verifies all signatures of a PDF (design 7; ETSI EN 319 102-1 clause 5, EN 319 142-1). */
import { SigningError } from '../errors.ts'
import type { VerificationPolicy } from '../policy.ts'
import type { Finding, VerificationReport } from '../report.ts'
import { WorkBudget } from '../x509/work-budget.ts'
import { forbidden, type RevisionChange } from './change.ts'
import { compareRevision } from './compare-revisions.ts'
import { findSignatures } from './find-signatures.ts'
import { judgeSignatures } from './judge-signature.ts'
import { type OpenOptions, openPdf, type PdfFile } from './pdf-file.ts'
import { applyProfile } from './profile.ts'
import { readSecurityStore } from './security-store.ts'

/**
 * Judges every signature of every revision. What is wrong with the file is a verdict, never an exception: a broken
 * structure is `TOTAL_FAILED`/`FORMAT_FAILURE`, an encrypted file that cannot be opened `INDETERMINATE` with the error
 * `PDF_ENCRYPTED` or `PDF_PASSWORD_WRONG`.
 *
 * Signatures are told in the order in which they appeared. `warnings` of a signature begin with what speaks against
 * its form; `changes` tell the changes after it, permitted or not; where they are very many, the first of
 * them, and a warning `CHANGES_NOT_LISTED`.
 *
 * @throws SigningError `PDF_NOT_A_PDF` when the bytes do not even claim to be one, `INPUT_TOO_LARGE`
 */
export function verifyPdf(
  pdf: Uint8Array,
  policy: VerificationPolicy,
  options: OpenOptions = {},
): VerificationReport {
  const opened = open(pdf, options)
  if ('errors' in opened) return opened
  const { file } = opened
  const { signatures, errors } = findSignatures(file)
  const broken = opened.broken ?? (signatures.length > 0 ? dataAfterEnd(file) : undefined)
  const compared = new Map<number, readonly RevisionChange[]>()
  const context = {
    file,
    policy,
    changesOf: (revision: number) => {
      const changes = compared.get(revision) ?? compareRevision(file, revision)
      compared.set(revision, changes)
      return changes
    },
    fileChanges: broken === undefined ? [] : [forbidden('REVISION_UNREADABLE', broken.message)],
    embeddedRevocation: materialOf(file),
    fileBudget: WorkBudget.ofFile(),
  }
  const reports = judgeSignatures(signatures, context)
  const faults: Finding[] = [...(broken === undefined ? [] : [broken]), ...errors]
  const verdict: VerificationReport =
    faults.length > 0 ? { ...failure(faults), signatures: reports } : applyProfile(reports, policy.profile)
  const warnings = file.irregularities.map(({ code, position, reason }) => {
    return { code, message: `at byte ${position}: ${reason}` }
  })
  return warnings.length > 0 ? { ...verdict, warnings: [...warnings, ...(verdict.warnings ?? [])] } : verdict
}

/** The file; or the longest beginning of it that can be read, with what is wrong about the rest; or the report. */
function open(
  pdf: Uint8Array,
  options: OpenOptions,
): { file: PdfFile; broken?: Finding } | VerificationReport {
  try {
    return { file: checked(openPdf(pdf, options)) }
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    const finding = { code: error.code, message: error.message }
    if (error.code === 'PDF_ENCRYPTED' || error.code === 'PDF_PASSWORD_WRONG') {
      const verdict = { indication: 'INDETERMINATE', subIndication: 'GENERIC' } as const
      return { format: 'pdf', ...verdict, signatures: [], errors: [finding] }
    }
    if (error.code !== 'PDF_MALFORMED') throw error
    const file = readableBeginning(pdf, options)
    return file === undefined ? failure([finding]) : { file, broken: finding }
  }
}

/** What stands behind the end was signed by nobody, and no later revision says what it is. */
function dataAfterEnd(file: PdfFile): Finding | undefined {
  const found = file.irregularities.find(({ code }) => code === 'DATA_AFTER_END')
  return found && { code: found.code, message: `at byte ${found.position}: ${found.reason}` }
}

/** Without a catalog there is no document to speak of. */
function checked(file: PdfFile): PdfFile {
  void file.latest.catalog
  return file
}

/** How many ends of revisions are tried, from the last one back. */
const mostAttempts = 8

/**
 * The file as it was before whatever broke it: signatures of that part are facts worth telling, though none of them
 * can pass any more.
 */
function readableBeginning(pdf: Uint8Array, options: OpenOptions): PdfFile | undefined {
  const buffer = Buffer.from(pdf.buffer, pdf.byteOffset, pdf.byteLength)
  let at = buffer.lastIndexOf('%%EOF')
  for (let attempt = 0; at > 0 && attempt < mostAttempts; attempt += 1) {
    const end = at + '%%EOF'.length
    const eol =
      buffer[end] === 0x0d && buffer[end + 1] === 0x0a
        ? 2
        : buffer[end] === 0x0a || buffer[end] === 0x0d
          ? 1
          : 0
    try {
      return checked(openPdf(pdf.subarray(0, end + eol), options))
    } catch (error) {
      if (!(error instanceof SigningError)) throw error
    }
    at = buffer.lastIndexOf('%%EOF', at - 1)
  }
  return undefined
}

function materialOf(file: PdfFile) {
  try {
    return readSecurityStore(file.latest)
  } catch (error) {
    if (error instanceof SigningError) return undefined
    throw error
  }
}

function failure(errors: readonly Finding[]): VerificationReport {
  return {
    format: 'pdf',
    indication: 'TOTAL_FAILED',
    subIndication: 'FORMAT_FAILURE',
    signatures: [],
    errors,
  }
}
