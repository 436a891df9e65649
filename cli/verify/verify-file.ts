import { existsSync } from 'node:fs'
import {
  type CarriedMaterial,
  carriedByCms,
  carriedByPdf,
  carriedByXml,
  collectOnline,
  type OnlineOptions,
  type OnlineProblem,
  SigningError,
  type VerificationPolicy,
  type VerificationReport,
  verifyCms,
  verifyPdf,
  verifyXml,
} from '../../signing/index.ts'
import { describeFailure, failureJson, stackOf } from '../failure.ts'
import { cmsFromPem, type SniffedFormat, sniffFormat } from '../sniff-format.ts'
import type { VerifySettings } from './settings.ts'

/** What one file came to. */
export interface FileResult {
  readonly report: VerificationReport
  /** Nothing could be said about it. */
  readonly unread: boolean
  /** Stack of an unexpected error, where such are wanted. */
  readonly diagnostic: string | null
}

export interface VerifyMeans {
  /** The whole file; it throws what `readInput` throws. */
  readonly read: (file: string) => Promise<Uint8Array>
  /** How to fetch, when the settings say `online`. */
  readonly online?: OnlineOptions
}

/** Reads and judges one file. Whatever is wrong with it stands in the result; it never throws. */
export async function verifyFile(
  file: string,
  settings: VerifySettings,
  means: VerifyMeans,
): Promise<FileResult> {
  let format: SniffedFormat | undefined
  try {
    const bytes = await means.read(file)
    format = sniffFormat(bytes)
    if (format === undefined) return unreadFile(unknownFormat[settings.language])
    const report = withoutContent(await judge(format, bytes, file, settings, means))
    return { report, unread: false, diagnostic: null }
  } catch (error) {
    const failure = describeFailure(error, settings.language)
    const diagnostic = failure.code === 'INTERNAL' && settings.debug ? stackOf(error) : null
    // The bytes are of a known format and yet could not be taken apart: the file is at fault, not its reading.
    if (format !== undefined && error instanceof SigningError && error.code !== 'INPUT_TOO_LARGE') {
      const report = emptyReport(format, 'TOTAL_FAILED', 'FORMAT_FAILURE', failureJson(failure))
      return { report, unread: false, diagnostic }
    }
    return { ...unreadFile(failureJson(failure)), diagnostic }
  }
}

/** The content that XML signatures cover is not told here, and would be copied from thread to thread. */
function withoutContent(report: VerificationReport): VerificationReport {
  return { ...report, signatures: report.signatures.map(({ covered: _, ...rest }) => rest) }
}

/** For a file about which nothing can be said. */
export function unreadFile(error: Record<string, string>): FileResult {
  return { report: emptyReport(null, 'INDETERMINATE', 'GENERIC', error), unread: true, diagnostic: null }
}

const unknownFormat = {
  vi: { code: 'FORMAT_UNKNOWN', message: 'Không phải PDF, XML hay CMS' },
  en: { code: 'FORMAT_UNKNOWN', message: 'neither PDF nor XML nor CMS' },
}

async function judge(
  format: SniffedFormat,
  bytes: Uint8Array,
  file: string,
  settings: VerifySettings,
  means: VerifyMeans,
): Promise<VerificationReport> {
  const password = settings.password === null ? {} : { password: settings.password }
  switch (format) {
    case 'pdf':
      return judgeWith(
        () => carriedByPdf(bytes, password),
        settings,
        means,
        (policy) => verifyPdf(bytes, policy, password),
      )
    case 'xml':
      return judgeWith(
        () => carriedByXml(bytes),
        settings,
        means,
        (policy) => verifyXml(bytes, policy),
      )
    case 'cms': {
      const cms = cmsFromPem(bytes) ?? bytes
      const content = await detachedContent(file, means)
      return judgeWith(
        () => carriedByCms(cms),
        settings,
        means,
        (policy) => verifyCms(cms, content, policy),
      )
    }
  }
}

/** First what is missing is fetched, if that is wanted; then the file is judged, which needs no network. */
async function judgeWith(
  carried: () => CarriedMaterial,
  { policy, online }: VerifySettings,
  means: VerifyMeans,
  judgement: (policy: VerificationPolicy) => VerificationReport,
): Promise<VerificationReport> {
  if (online === null || means.online === undefined) return judgement(policy)
  const found = await collectOnline(carried(), policy, means.online)
  const report = judgement({
    ...policy,
    untrusted: [...policy.untrusted, ...found.untrusted],
    crls: [...policy.crls, ...found.crls],
    ocspResponses: [...policy.ocspResponses, ...found.ocspResponses],
  })
  return withProblems(report, found.problems)
}

/** What could not be fetched is told with the signature it was wanted for, else with all of them. */
function withProblems(report: VerificationReport, problems: readonly OnlineProblem[]): VerificationReport {
  if (problems.length === 0) return report
  const isOf = (signature: VerificationReport['signatures'][number], { signer }: OnlineProblem): boolean =>
    signature.signer?.serial === signer.serial && signature.signer.issuer === signer.issuer
  const signatures = report.signatures.map((signature) => ({
    ...signature,
    warnings: [
      ...signature.warnings,
      ...problems
        .filter((one) => isOf(signature, one) || !report.signatures.some((other) => isOf(other, one)))
        .map(({ finding }) => finding),
    ],
  }))
  return { ...report, signatures }
}

/** The file that a detached signature stands beside: `letter.pdf` for `letter.pdf.p7s`; null where there is none. */
async function detachedContent(file: string, { read }: VerifyMeans): Promise<Uint8Array | null> {
  const content = /^(.*[^/])\.p7s$/i.exec(file)?.[1]
  return content === undefined || !existsSync(content) ? null : read(content)
}

function emptyReport(
  format: SniffedFormat | null,
  indication: VerificationReport['indication'],
  subIndication: VerificationReport['subIndication'],
  { code = '', message = '' }: Record<string, string>,
): VerificationReport {
  return { format, indication, subIndication, signatures: [], errors: [{ code, message }] }
}
