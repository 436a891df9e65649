import type { Command } from 'commander'
import { z } from 'zod'
import { finishCopy, makeCopy } from '../client/copies.ts'
import { type CommandContext, described, type Invoke, repeatable } from '../command.ts'
import { loadKeyFile } from '../key-file.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { readInput } from '../read-input.ts'
import { usageError } from '../usage.ts'

const form = nodeOptionsForm.extend({
  form: z.enum(['sao-y', 'sao-luc', 'trich-sao']),
  from: z.enum(['paper', 'electronic']),
  to: z.enum(['paper', 'electronic']),
  authority: z.uuid(),
  document: z.uuid().optional(),
  copy: z.uuid().optional(),
  paper: z.string().optional(),
  part: z.string().optional(),
  copies: z.coerce.number().int().min(1).max(999),
  place: z.string().optional(),
  recipient: z.array(z.string()),
  key: z.string().optional(),
  passwordFile: z.string().optional(),
  scanClean: z.boolean().default(false),
})
type Options = z.output<typeof form>

/** `congvan document copy`: sao y, sao lục, trích sao. */
export function defineCopy(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command
      .command('copy [file]')
      .description(
        described(
          'sao y, sao lục, trích sao; [file] là bản quét hoặc bản trích PDF',
          'make a copy; [file] is the scan or the excerpt, a PDF',
        ),
      ),
  )
    .requiredOption('--form <form>', described('sao-y, sao-luc, trich-sao', 'sao-y, sao-luc or trich-sao'))
    .requiredOption('--from <medium>', described('paper | electronic', 'what it is made of'))
    .requiredOption('--to <medium>', described('paper | electronic', 'what it becomes'))
    .requiredOption('--authority <id>', described('người quyết định sao', 'who decided it'))
    .option('--document <id>', described('nguồn: văn bản điện tử', 'source: an electronic document'))
    .option('--copy <id>', described('nguồn: bản sao giấy', 'source: a copy on paper'))
    .option(
      '--paper <file>',
      described('nguồn: văn bản giấy, mô tả trong tệp JSON', 'source: paper, described in a JSON file'),
    )
    .option('--part <text>', described('phần trích sao', 'the part of an excerpt'))
    .option('--copies <n>', described('số lượng bản', 'number of copies'), '1')
    .option('--place <text>', described('địa danh (bản giấy)', 'place (on paper)'))
    .option('--recipient <text>', described('nơi nhận (bản giấy)', 'recipients (on paper)'), repeatable, [])
    .option('--key <file>', described('khóa cơ quan PKCS#12 (bản điện tử)', 'agency key (electronic copy)'))
    .option('--password-file <file>', described('tệp mật khẩu của khóa', 'file with the key’s password'))
    .option(
      '--scan-clean',
      described(
        'cam kết đã xem, bản quét không có bí mật nhà nước',
        'declare that the scan was looked at and holds no state secret',
      ),
    )
    .action((file: string | undefined, options: unknown) =>
      invoke((context) => copy(file, parseOptions(form, options, context.language), context)),
    )
}

async function copy(file: string | undefined, options: Options, context: CommandContext): Promise<number> {
  const electronic = requireFit(file, options, context)
  const client = signedInClient(options, context)
  const pdf = file === undefined ? undefined : await readInput(file, context)
  const request = {
    form: options.form,
    from: options.from,
    to: options.to,
    source: await sourceOf(options, context),
    copies: options.copies,
    authorityId: options.authority,
    recipients: options.recipient,
    ...(options.part === undefined ? {} : { part: options.part }),
    ...(options.place === undefined ? {} : { place: options.place }),
  }
  // The key first: with a wrong password nothing has begun.
  const key = electronic && (await loadKeyFile(electronic.key, options.passwordFile, context))
  const made = await makeCopy(client, request, pdf)
  const { documentId } = made
  const done =
    key === undefined || pdf === undefined || documentId === null
      ? undefined
      : await finishCopy(client, { ...made, documentId }, pdf, key, context.io.now())
  if (context.json) await context.output.json({ ...made, ...done })
  else await context.output.result(textOf(made.block, documentId, done?.sha256))
  return 0
}

function textOf(
  block: { readonly form: string; readonly number: string; readonly placeAndDate: string } | null,
  documentId: string | null,
  sha256: string | undefined,
): string {
  if (block !== null) return `${block.form}\t${block.number}\t${block.placeAndDate}`
  return `${documentId ?? ''}\t${sha256 ?? ''}`
}

function requireFit(
  file: string | undefined,
  { to, key, scanClean }: Options,
  { language }: CommandContext,
): { readonly key: string } | undefined {
  if (to === 'paper') {
    if (file === undefined) return undefined
    throw usageError({ vi: 'bản sao giấy không có tệp', en: 'a copy on paper has no file' }, language)
  }
  if (file === undefined || key === undefined || !scanClean) {
    const vi = 'bản sao điện tử cần tệp, --key và --scan-clean'
    throw usageError({ vi, en: 'an electronic copy needs a file, --key and --scan-clean' }, language)
  }
  return { key }
}

async function sourceOf({ document, copy, paper }: Options, context: CommandContext): Promise<object> {
  const given = [document, copy, paper].filter((one) => one !== undefined)
  if (given.length !== 1) {
    const vi = 'cần đúng một nguồn: --document, --copy hoặc --paper'
    throw usageError({ vi, en: 'exactly one of --document, --copy and --paper is needed' }, context.language)
  }
  if (document !== undefined) return { documentId: document }
  if (copy !== undefined) return { copyId: copy }
  try {
    const text = Buffer.from(await readInput(paper ?? '', context, 100_000)).toString('utf8')
    return { paper: z.looseObject({}).parse(JSON.parse(text)) }
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof z.ZodError)) throw error
    throw usageError(
      { vi: '--paper: không phải tệp JSON', en: '--paper: the file is no JSON object' },
      context.language,
    )
  }
}
