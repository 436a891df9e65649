import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import { CongvanError } from '../../server/errors.ts'
import {
  assertCertificateUsable,
  defaultLock,
  defaultSignatureField,
  type FieldLock,
  type KeyProvider,
  listFields,
  loadPkcs12,
  roleOf,
  signPdf,
} from '../../signing/index.ts'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { describeFailure, type Failure, failureJson, stackOf } from '../failure.ts'
import { readInput } from '../read-input.ts'
import { systemReason } from '../system-reason.ts'
import { safeText } from '../terminal-text.ts'
import { usageError } from '../usage.ts'
import { writeNewFile } from '../write-new-file.ts'

const optionsSchema = z.object({
  key: z.string(),
  passwordFile: z.string(),
  field: z.string().optional(),
  out: z.string().optional(),
  suffix: z.string().optional(),
  reason: z.string().optional(),
  location: z.string().optional(),
  rsaPadding: z.enum(['pss', 'pkcs1']),
  lock: z.string().optional(),
})
type SignOptions = z.infer<typeof optionsSchema>

const maxKeyFileBytes = 1024 * 1024
const maxPasswordBytes = 4096

export function defineSign(command: Command, invoke: Invoke): void {
  command
    .argument('<file...>', described('tệp PDF', 'PDF files'))
    .requiredOption('--key <file.p12>', described('tệp khóa PKCS#12', 'PKCS#12 key file'))
    .requiredOption(
      '--password-file <file>',
      described('tệp chứa mật khẩu của khóa, dòng đầu', 'file whose first line is its password'),
    )
    .option(
      '--field <name>',
      described('trường chữ ký; mặc định theo vai trò', 'signature field; default by role'),
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
    .action((files: string[], options: unknown) =>
      invoke((context) => sign(files, parseOptions(options, context), context)),
    )
}

function parseOptions(options: unknown, context: CommandContext): SignOptions {
  const parsed = optionsSchema.safeParse(options)
  if (parsed.success) return parsed.data
  throw usageError(
    { vi: '--rsa-padding phải là pss hoặc pkcs1', en: '--rsa-padding must be pss or pkcs1' },
    context.language,
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
  const lock = options.lock === undefined ? undefined : parseLock(options.lock, context)
  const key = await loadKey(options, context)
  assertCertificateUsable(key.certificate, context.io.now())
  if (options.out !== undefined) await makeFolder(options.out, context)
  let worst = 0
  for (const [index, file] of files.entries()) {
    context.output.progress(`[${index + 1}/${files.length}] ${file}`)
    try {
      const result = await signFile(file, key, lock, options, context)
      if (context.json) await context.output.json(result)
      else
        await context.output.result(
          `${safeText(file)} → ${safeText(result.output)} (${safeText(result.field)})`,
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

interface SignedFile {
  readonly file: string
  readonly output: string
  readonly field: string
  /** SHA-256 of the signed file, hexadecimal. */
  readonly sha256: string
}

async function signFile(
  file: string,
  key: KeyProvider,
  chosenLock: FieldLock | null | undefined,
  options: SignOptions,
  context: CommandContext,
): Promise<SignedFile> {
  const output = outputPath(file, options)
  // Told before the key is used; `writeNewFile` makes sure again.
  if (existsSync(output)) throw new CongvanError('FILE_EXISTS', { file: output })
  const pdf = await readInput(file, context)
  const { names, signatureFields } = listFields(pdf)
  const field = options.field ?? defaultSignatureField(roleOf(key.certificate), signatureFields)
  const lock = chosenLock === undefined ? defaultLock(field, names, signatureFields) : chosenLock
  const signed = await signPdf(pdf, {
    key,
    field,
    signingTime: context.io.now(),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    ...(options.location === undefined ? {} : { location: options.location }),
    ...(lock === undefined || lock === null ? {} : { lock }),
  })
  await writeNewFile(output, signed, context.language)
  return { file, output, field, sha256: createHash('sha256').update(signed).digest('hex') }
}

function outputPath(file: string, options: SignOptions): string {
  const suffix = options.suffix ?? (options.out === undefined ? '-signed' : '')
  const extension = extname(file)
  return join(options.out ?? dirname(file), `${basename(file, extension)}${suffix}${extension}`)
}

async function loadKey(options: SignOptions, context: CommandContext): Promise<KeyProvider> {
  const bytes = await readInput(options.key, context, maxKeyFileBytes)
  const secret = Buffer.from(await readInput(options.passwordFile, context, maxPasswordBytes)).toString(
    'utf8',
  )
  const [password = ''] = secret.split(/\r?\n/, 1)
  return loadPkcs12(bytes, password, { rsaPadding: options.rsaPadding })
}

/** `null` = lock nothing, whatever the document is. */
function parseLock(text: string, context: CommandContext): FieldLock | null {
  if (text === 'none') return null
  if (text === 'all') return { action: 'All' }
  const [, kind, list = ''] = /^(include|exclude):(.+)$/.exec(text) ?? []
  const fields = list.split(',').map((name) => name.trim())
  if (kind === undefined || fields.includes('')) {
    throw usageError(
      {
        vi: `--lock "${text}" phải là all, none, include:A,B hoặc exclude:A,B`,
        en: `--lock "${text}" must be all, none, include:A,B or exclude:A,B`,
      },
      context.language,
    )
  }
  return { action: kind === 'include' ? 'Include' : 'Exclude', fields }
}

async function makeFolder(folder: string, context: CommandContext): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    const reason = `${folder}: ${systemReason(error, context.language)}`
    throw new CongvanError('STORAGE_FAILED', { reason }, { cause: error })
  }
}
