import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { z } from 'zod'
import {
  SigningError,
  type VerificationPolicy,
  type VerificationReport,
  verifyCms,
  verifyPdf,
  verifyXml,
} from '../../signing/index.ts'
import { type CommandContext, described, type Invoke, repeatable } from '../command.ts'
import { describeFailure, failureJson, stackOf } from '../failure.ts'
import { parseZonedTime } from '../parse-time.ts'
import { readInput } from '../read-input.ts'
import { cmsFromPem, type SniffedFormat, sniffFormat } from '../sniff-format.ts'
import { loadMaterial } from '../trust-material.ts'
import { usageError } from '../usage.ts'
import { reportText, summaryText } from '../verify-text.ts'

const profiles = ['any', 'issued', 'scanned-copy'] as const

const optionsSchema = z.object({
  trust: z.array(z.string()),
  untrusted: z.array(z.string()),
  crl: z.array(z.string()),
  ocsp: z.array(z.string()),
  at: z.string().optional(),
  online: z.boolean().optional(),
  requireRevocation: z.boolean().optional(),
  profile: z.string(),
  legacy: z.boolean().optional(),
})
type VerifyOptions = z.infer<typeof optionsSchema>

export function defineVerify(command: Command, invoke: Invoke): void {
  command
    .argument(
      '<file...>',
      described('tệp PDF, XML hoặc CMS; "-" là đầu vào chuẩn', 'files; "-" is standard input'),
    )
    .option(
      '--trust <path>',
      described('gốc tin cậy: tệp hoặc thư mục PEM, DER', 'trust anchors'),
      repeatable,
      [],
    )
    .option(
      '--untrusted <path>',
      described('chứng thư trung gian', 'intermediate certificates'),
      repeatable,
      [],
    )
    .option('--crl <path>', described('danh sách thu hồi', 'revocation lists'), repeatable, [])
    .option('--ocsp <path>', described('câu trả lời OCSP', 'OCSP responses'), repeatable, [])
    .option('--at <time>', described('thời điểm xét, ISO 8601 có múi giờ', 'time of judgement, with zone'))
    .option(
      '--online',
      described('hỏi OCSP, CRL qua mạng (chưa có)', 'fetch OCSP and CRL (not yet available)'),
    )
    .option('--require-revocation', described('bắt buộc có dữ liệu thu hồi', 'demand revocation data'))
    .option(
      '--profile <any|issued|scanned-copy>',
      described('issued: cá nhân rồi cơ quan; scanned-copy: chỉ cơ quan', 'which signatures are due'),
      'any',
    )
    .option('--legacy', described('xét thuật toán yếu, chỉ cảnh báo', 'judge weak algorithms with a warning'))
    .addHelpText('after', exitCodesHelp)
    .action((files: string[], options: unknown) =>
      invoke((context) => verify(files, optionsSchema.parse(options), context)),
    )
}

const exitCodesHelp = `
Mã thoát / Exit codes:
  0 mọi tệp hợp lệ / all passed
  1 có tệp không hợp lệ / at least one failed
  2 chưa đủ căn cứ hoặc không có chữ ký / indeterminate or unsigned
  3 có tệp không đọc được / a file could not be read
  64 sai cách dùng / usage
  Ưu tiên / precedence: 3 > 1 > 2

Chữ ký rời TÊN.p7s được xét với tệp TÊN bên cạnh / a detached NAME.p7s is checked against NAME beside it.`

/** What one file came to. `unread` = nothing could be said about it. */
interface FileResult {
  readonly report: VerificationReport
  readonly unread: boolean
}

/**
 * Judges the files one after the other, so that memory holds one at a time and the order is kept.
 *
 * @returns 0 all passed, 1 one failed, 2 one indeterminate or unsigned, 3 one unread; 3 over 1 over 2 (design 7)
 */
async function verify(
  files: readonly string[],
  options: VerifyOptions,
  context: CommandContext,
): Promise<number> {
  if (files.filter((file) => file === '-').length > 1) {
    throw usageError({ vi: '"-" chỉ dùng được một lần', en: '"-" may be given once only' }, context.language)
  }
  const policy = await policyOf(options, context)
  const counts = { passed: 0, failed: 0, undecided: 0, unread: 0 }
  for (const [index, file] of files.entries()) {
    context.output.progress(`[${index + 1}/${files.length}] ${file}`)
    const { report, unread } = await verifyFile(file, policy, context)
    if (unread) counts.unread += 1
    else if (report.indication === 'TOTAL_PASSED') counts.passed += 1
    else if (report.indication === 'TOTAL_FAILED') counts.failed += 1
    else counts.undecided += 1
    if (context.json) await context.output.json(reportLine(file, report))
    else await context.output.result(reportText(file, report, context.language))
  }
  if (!context.json && files.length > 1) context.output.message(summaryText(counts, context.language))
  if (counts.unread > 0) return 3
  if (counts.failed > 0) return 1
  return counts.undecided > 0 ? 2 : 0
}

/** The line of `--json`: these keys, in this order, and no others (design 7). */
function reportLine(file: string, report: VerificationReport): Record<string, unknown> {
  const { format, indication, subIndication, errors } = report
  const signatures = report.signatures.map((one) => ({
    id: one.id,
    field: one.field,
    cryptoIntact: one.cryptoIntact,
    indication: one.indication,
    subIndication: one.subIndication,
    level: one.level,
    role: one.role,
    signer: one.signer,
    claimedTime: one.claimedTime,
    provenTime: one.provenTime,
    coverage: one.coverage,
    changesAfter: one.changesAfter,
    changes: one.changes,
    digestAlgorithm: one.digestAlgorithm,
    signatureAlgorithm: one.signatureAlgorithm,
    warnings: one.warnings,
  }))
  return { file, format, indication, subIndication, signatures, errors }
}

async function policyOf(options: VerifyOptions, context: CommandContext): Promise<VerificationPolicy> {
  const { language } = context
  if (options.online === true) {
    throw usageError(
      { vi: '--online chưa có trong phiên bản này', en: '--online is not available yet' },
      language,
    )
  }
  const profile = profiles.find((one) => one === options.profile)
  if (profile === undefined) {
    const allowed = profiles.join(', ')
    throw usageError(
      { vi: `--profile phải là một trong: ${allowed}`, en: `--profile must be one of: ${allowed}` },
      language,
    )
  }
  return {
    trustAnchors: await loadMaterial('--trust', options.trust, 'certificate', context),
    untrusted: await loadMaterial('--untrusted', options.untrusted, 'certificate', context),
    crls: await loadMaterial('--crl', options.crl, 'crl', context),
    ocspResponses: await loadMaterial('--ocsp', options.ocsp, 'ocsp', context),
    time: timeOf(options.at, context),
    requireRevocation: options.requireRevocation === true,
    legacy: options.legacy === true,
    profile,
  }
}

function timeOf(text: string | undefined, context: CommandContext): Date {
  if (text === undefined) return context.io.now()
  const time = parseZonedTime(text)
  if (time !== undefined) return time
  throw usageError(
    {
      vi: `--at "${text}" phải là thời điểm ISO 8601 có múi giờ, ví dụ 2025-01-06T08:00:00+07:00`,
      en: `--at "${text}" must be an ISO 8601 time with zone, for example 2025-01-06T08:00:00+07:00`,
    },
    context.language,
  )
}

async function verifyFile(
  file: string,
  policy: VerificationPolicy,
  context: CommandContext,
): Promise<FileResult> {
  let format: SniffedFormat | undefined
  try {
    const bytes = await readInput(file, context)
    format = sniffFormat(bytes)
    if (format === undefined) return unreadFile(unknownFormat(context))
    return { report: await judge(format, bytes, file, policy, context), unread: false }
  } catch (error) {
    const failure = describeFailure(error, context.language)
    if (failure.code === 'INTERNAL' && context.debug) context.output.diagnostic(stackOf(error))
    // The bytes are of a known format and yet could not be taken apart: the file is at fault, not its reading.
    if (format !== undefined && error instanceof SigningError && error.code !== 'INPUT_TOO_LARGE') {
      return { report: malformedReport(format, failureJson(failure)), unread: false }
    }
    return unreadFile(failureJson(failure))
  }
}

async function judge(
  format: SniffedFormat,
  bytes: Uint8Array,
  file: string,
  policy: VerificationPolicy,
  context: CommandContext,
): Promise<VerificationReport> {
  switch (format) {
    case 'pdf':
      return verifyPdf(bytes, policy)
    case 'xml':
      return verifyXml(bytes, policy)
    case 'cms':
      return verifyCms(cmsFromPem(bytes) ?? bytes, await detachedContent(file, context), policy)
  }
}

/** The file that a detached signature stands beside: `letter.pdf` for `letter.pdf.p7s`; null where there is none. */
async function detachedContent(file: string, context: CommandContext): Promise<Uint8Array | null> {
  const content = /^(.*[^/])\.p7s$/i.exec(file)?.[1]
  return content === undefined || !existsSync(content) ? null : readInput(content, context)
}

function unknownFormat(context: CommandContext): { code: string; message: string } {
  const message = {
    vi: 'Không phải PDF, XML hay CMS',
    en: 'neither PDF nor XML nor CMS',
  }
  return { code: 'FORMAT_UNKNOWN', message: message[context.language] }
}

function unreadFile(error: Record<string, string>): FileResult {
  return { report: emptyReport(null, 'INDETERMINATE', 'GENERIC', error), unread: true }
}

function malformedReport(format: SniffedFormat, error: Record<string, string>): VerificationReport {
  return emptyReport(format, 'TOTAL_FAILED', 'FORMAT_FAILURE', error)
}

function emptyReport(
  format: SniffedFormat | null,
  indication: VerificationReport['indication'],
  subIndication: VerificationReport['subIndication'],
  { code = '', message = '' }: Record<string, string>,
): VerificationReport {
  return { format, indication, subIndication, signatures: [], errors: [{ code, message }] }
}
