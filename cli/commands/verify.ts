import { availableParallelism } from 'node:os'
import type { Command } from 'commander'
import { z } from 'zod'
import type { VerificationPolicy, VerificationReport } from '../../signing/index.ts'
import { type CommandContext, described, type Invoke, repeatable } from '../command.ts'
import { parseZonedTime } from '../parse-time.ts'
import { readInput } from '../read-input.ts'
import { readPasswordFile } from '../read-secret.ts'
import { loadMaterial } from '../trust-material.ts'
import { usageError } from '../usage.ts'
import { cacheFolderOf, onlineMeans } from '../verify/online-means.ts'
import type { VerifySettings } from '../verify/settings.ts'
import { type FileResult, type VerifyMeans, verifyFile } from '../verify/verify-file.ts'
import { verifyFiles } from '../verify/verify-files.ts'
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
  passwordFile: z.string().optional(),
  jobs: z.string().optional(),
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
      described(
        'lấy chứng thư, OCSP, CRL còn thiếu qua mạng (chỉ địa chỉ công cộng)',
        'fetch missing issuers, OCSP and CRLs (public addresses only)',
      ),
    )
    .option('--require-revocation', described('bắt buộc có dữ liệu thu hồi', 'demand revocation data'))
    .option(
      '--profile <any|issued|scanned-copy>',
      described('issued: cá nhân rồi cơ quan; scanned-copy: chỉ cơ quan', 'which signatures are due'),
      'any',
    )
    .option('--legacy', described('xét thuật toán yếu, chỉ cảnh báo', 'judge weak algorithms with a warning'))
    .option(
      '--password-file <file>',
      described('tệp chứa mật khẩu mở PDF, dòng đầu', 'file with the password of encrypted PDFs'),
    )
    .option(
      '--jobs <n>',
      described(
        'số luồng khi có nhiều tệp; mặc định theo máy',
        'threads for several files; default by machine',
      ),
    )
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

/**
 * Judges the files and tells the results in the order given. Several files go to worker threads; a single one, or
 * `--jobs 1`, stays on this thread. Either way only a few files are in memory at a time.
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
  const jobs = jobsOf(options.jobs, files.length, context)
  const settings = await settingsOf(options, context)
  const counts = { passed: 0, failed: 0, undecided: 0, unread: 0 }
  let index = 0
  context.output.progress(`[1/${files.length}] ${files[0]}`)
  for await (const { report, unread, diagnostic } of resultsOf(files, jobs, settings, context)) {
    const file = files[index] ?? ''
    index += 1
    if (unread) counts.unread += 1
    else if (report.indication === 'TOTAL_PASSED') counts.passed += 1
    else if (report.indication === 'TOTAL_FAILED') counts.failed += 1
    else counts.undecided += 1
    if (diagnostic !== null) context.output.diagnostic(diagnostic)
    if (context.json) await context.output.json(reportLine(file, report))
    else await context.output.result(reportText(file, report, context.language))
    if (index < files.length) context.output.progress(`[${index + 1}/${files.length}] ${files[index]}`)
  }
  if (!context.json && files.length > 1) context.output.message(summaryText(counts, context.language))
  if (counts.unread > 0) return 3
  if (counts.failed > 0) return 1
  return counts.undecided > 0 ? 2 : 0
}

async function* resultsOf(
  files: readonly string[],
  jobs: number,
  settings: VerifySettings,
  context: CommandContext,
): AsyncGenerator<FileResult> {
  const means: VerifyMeans = {
    read: (file) => readInput(file, context),
    ...(settings.online === null ? {} : { online: onlineMeans(settings.online.cacheFolder) }),
  }
  const here = (file: string): Promise<FileResult> => verifyFile(file, settings, means)
  if (jobs === 1 || files.length === 1) {
    for (const file of files) yield await here(file)
    return
  }
  yield* verifyFiles(files, {
    jobs,
    worker: new URL('../verify/worker.mjs', import.meta.url),
    settings,
    here: (file) => (file === '-' ? here(file) : undefined),
  })
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

async function settingsOf(options: VerifyOptions, context: CommandContext): Promise<VerifySettings> {
  return {
    policy: await policyOf(options, context),
    language: context.language,
    debug: context.debug,
    password:
      options.passwordFile === undefined ? null : await readPasswordFile(options.passwordFile, context),
    online: options.online === true ? { cacheFolder: cacheFolderOf(context.io.env) } : null,
  }
}

async function policyOf(options: VerifyOptions, context: CommandContext): Promise<VerificationPolicy> {
  const { language } = context
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
    // Whoever asks the network wants to know; without an answer the honest verdict is TRY_LATER.
    requireRevocation: options.requireRevocation === true || options.online === true,
    legacy: options.legacy === true,
    profile,
  }
}

/** Threads take half a second to start, in which a handful of files is done; `--jobs` asks for them at once. */
const fewestForThreads = 16
const mostJobs = 64

/** 1: no threads. */
function jobsOf(text: string | undefined, files: number, context: CommandContext): number {
  if (text === undefined) return files < fewestForThreads ? 1 : Math.min(availableParallelism(), mostJobs)
  const jobs = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (jobs >= 1 && jobs <= mostJobs) return jobs
  throw usageError(
    { vi: `--jobs phải là số từ 1 đến ${mostJobs}`, en: `--jobs must be a number from 1 to ${mostJobs}` },
    context.language,
  )
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
