import { mkdir } from 'node:fs/promises'
import type { Command } from 'commander'
import { CongvanError } from '../../server/errors.ts'
import { assertCertificateUsable, type KeyProvider, loadPkcs12 } from '../../signing/index.ts'
import { type CommandContext, described, type Invoke, repeatable } from '../command.ts'
import { describeFailure, type Failure, failureJson, stackOf } from '../failure.ts'
import { parseOptions } from '../parse-options.ts'
import { readInput } from '../read-input.ts'
import { readPasswordFile } from '../read-secret.ts'
import { appearanceOf } from '../sign/appearance.ts'
import { lockOf, permissionOf, placeOf, type SignOptions, signOptionsForm } from '../sign/options.ts'
import { type SigningJob, signFile } from '../sign/sign-file.ts'
import { timestampsFrom } from '../sign/timestamps.ts'
import { systemReason } from '../system-reason.ts'
import { safeText } from '../terminal-text.ts'

const maxKeyFileBytes = 1024 * 1024

export function defineSign(command: Command, invoke: Invoke): void {
  command
    .argument(
      '<file...>',
      described('tệp PDF, XML; với --format cades: tệp bất kỳ', 'PDF and XML files; any with --format cades'),
    )
    .requiredOption('--key <file.p12>', described('tệp khóa PKCS#12', 'PKCS#12 key file'))
    .requiredOption(
      '--password-file <file>',
      described('tệp chứa mật khẩu của khóa, dòng đầu', 'file whose first line is its password'),
    )
    .option(
      '--field <name>',
      described(
        'trường chữ ký PDF, Id chữ ký XML; mặc định theo vai trò',
        'PDF signature field, Id of an XML signature; default by role',
      ),
    )
    .option('--out <folder>', described('thư mục kết quả, giữ tên tệp', 'folder for the results, names kept'))
    .option(
      '--suffix <text>',
      described(
        'thêm vào tên tệp; mặc định "-signed" khi không có --out',
        'added to the names; default "-signed" without --out',
      ),
    )
    .option('--reason <text>', described('lý do ký', 'reason for signing'))
    .option('--location <text>', described('nơi ký', 'place of signing'))
    .option('--rsa-padding <pss|pkcs1>', described('kiểu chữ ký RSA', 'RSA padding'), 'pss')
    .option(
      '--lock <lock>',
      `${described('khóa trường sau khi ký', 'fields locked')}: all | none | include:A,B | exclude:A,B`,
    )
    .option(
      '--format <pades|xades|cades>',
      described(
        'mặc định: PDF là pades, XML là xades; cades tạo TÊN.p7s',
        'default by file; cades makes NAME.p7s',
      ),
    )
    .option(
      '--timestamp <url>',
      described(
        'máy chủ dấu thời gian RFC 3161, có thể lặp lại để dự phòng',
        'time-stamp server, repeat for fail-over',
      ),
      repeatable,
      [],
    )
    .option('--timestamp-policy <oid>', described('chính sách dấu thời gian', 'time-stamp policy'))
    .option(
      '--certify <1|2|3>',
      described(
        'chứng nhận PDF: 1 cấm mọi thay đổi, 2 cho điền biểu mẫu và ký, 3 thêm chú thích',
        'certify: 1 no change, 2 forms and signatures, 3 annotations too',
      ),
    )
    .option(
      '--box <left,bottom,width,height>',
      described(
        'ô chữ ký mới, tính từ góc dưới trái của trang như nhìn thấy, vd 20mm,30mm,60mm,25mm',
        'place of a new field on the page as shown',
      ),
    )
    .option(
      '--page <n>',
      described('trang của ô; -1 là trang cuối; mặc định 1', 'page of the box; -1 is the last'),
    )
    .option('--image <file>', described('ảnh PNG hoặc JPEG hiện trong ô', 'picture shown in the box'))
    .option(
      '--image-place <beside|above|behind>',
      described('ảnh nằm cạnh, trên hay sau chữ', 'where the picture stands to the text'),
    )
    .option(
      '--text <line>',
      described('dòng chữ hiện trong ô, có thể lặp lại', 'a line shown in the box'),
      repeatable,
      [],
    )
    .option(
      '--pdf-password-file <file>',
      described('tệp chứa mật khẩu mở PDF, dòng đầu', 'file with the password of encrypted PDFs'),
    )
    .action((files: string[], options: unknown) =>
      invoke((context) => sign(files, parseOptions(signOptionsForm, options, context.language), context)),
    )
}

/**
 * Signs each file into a new one. A file that fails is told and does not stop the others.
 *
 * @returns 0 when all are signed, else the highest exit code among the failures
 */
async function sign(
  files: readonly string[],
  options: SignOptions,
  context: CommandContext,
): Promise<number> {
  const job = await jobOf(options, context)
  if (options.out !== undefined) await makeFolder(options.out, context)
  let worst = 0
  for (const [index, file] of files.entries()) {
    context.output.progress(`[${index + 1}/${files.length}] ${file}`)
    try {
      const result = await signFile(file, job, context)
      if (context.json) await context.output.json(result)
      else
        await context.output.result(
          `${safeText(file)} → ${safeText(result.output)}${result.field === null ? '' : ` (${safeText(result.field)})`}`,
        )
    } catch (error) {
      if (error instanceof Error && error.name === 'OutputClosed') throw error
      const failure = describeFailure(error, context.language)
      worst = Math.max(worst, failure.exit)
      await tellFailure(file, failure, error, context)
    }
  }
  return worst
}

async function tellFailure(
  file: string,
  failure: Failure,
  error: unknown,
  context: CommandContext,
): Promise<void> {
  if (context.json) await context.output.json({ file, error: failureJson(failure) })
  else context.output.message(`${safeText(file)}: ${failure.message}`)
  if (failure.code === 'INTERNAL' && context.debug) context.output.diagnostic(stackOf(error))
}

/** Everything that can be wrong with the options or the key is told here, before any file is touched. */
async function jobOf(options: SignOptions, context: CommandContext): Promise<SigningJob> {
  const lock = lockOf(options.lock, context)
  const place = placeOf(options, context)
  const timestamp = timestampsFrom(options.timestamp, options.timestampPolicy, context)
  const key = await loadKey(options, context)
  assertCertificateUsable(key.certificate, context.io.now())
  return {
    key,
    timestamp,
    lock,
    place,
    appearance: await appearanceOf(options, context),
    certify: permissionOf(options.certify),
    password:
      options.pdfPasswordFile === undefined
        ? undefined
        : await readPasswordFile(options.pdfPasswordFile, context),
    format: options.format,
    field: options.field,
    reason: options.reason,
    location: options.location,
    out: options.out,
    suffix: options.suffix,
  }
}

async function loadKey(options: SignOptions, context: CommandContext): Promise<KeyProvider> {
  const bytes = await readInput(options.key, context, maxKeyFileBytes)
  const password = await readPasswordFile(options.passwordFile, context)
  return loadPkcs12(bytes, password, { rsaPadding: options.rsaPadding })
}

async function makeFolder(folder: string, context: CommandContext): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    const reason = `${folder}: ${systemReason(error, context.language)}`
    throw new CongvanError('STORAGE_FAILED', { reason }, { cause: error })
  }
}
