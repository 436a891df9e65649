/** `agency settings` and `agency authorisation`: what an agency decides for itself, and who signs by what right. */
import type { Command } from 'commander'
import { z } from 'zod'
import type { Language } from '../../signing/index.ts'
import { type Bilingual, type CommandContext, described, type Invoke, repeatable } from '../command.ts'
import { forEachItem } from '../each.ts'
import { type NodeOptions, nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { readInput } from '../read-input.ts'
import { safeText } from '../terminal-text.ts'
import { usageError } from '../usage.ts'

const grantForm = nodeOptionsForm.extend({
  prefix: z.enum(['TUQ.', 'KT.', 'TL.']),
  holder: z.string(),
  basis: z.string(),
  document: z.string().optional(),
  scope: z.string(),
  kind: z.array(z.string()),
  from: z.iso.date(),
  to: z.iso.date().optional(),
})

export function defineAgencySettings(command: Command, invoke: Invoke): void {
  const settings = command
    .command('settings')
    .description(described('thiết lập của cơ quan mình', 'settings of one’s own agency'))
  withNodeOptions(
    settings
      .command('show', { isDefault: true })
      .description(described('xem thiết lập và phiên bản', 'show the settings and their version')),
  ).action((options: unknown) =>
    invoke((context) => show(parseOptions(nodeOptionsForm, options, context.language), context)),
  )
  withNodeOptions(
    settings
      .command('set <file>')
      .description(
        described(
          'đổi các thiết lập nêu trong tệp JSON (- là đầu vào chuẩn), giữ nguyên phần còn lại',
          'change the settings named in a JSON file (- is standard input); the others stay',
        ),
      ),
  ).action((file: string, options: unknown) =>
    invoke((context) => set(file, parseOptions(nodeOptionsForm, options, context.language), context)),
  )
  defineAuthorisations(command, invoke)
}

function defineAuthorisations(command: Command, invoke: Invoke): void {
  const authorisation = command
    .command('authorisation')
    .description(described('quyền ký thay, thừa lệnh, thừa ủy quyền', 'who signs KT., TL. or TUQ.'))
  withNodeOptions(
    authorisation
      .command('list', { isDefault: true })
      .description(described('danh sách, mới nhất trước', 'all of them, the newest first')),
  ).action((options: unknown) =>
    invoke((context) => list(parseOptions(nodeOptionsForm, options, context.language), context)),
  )
  withNodeOptions(
    authorisation
      .command('grant')
      .description(described('ghi văn bản ủy quyền, quy định giao ký', 'record a written authorisation')),
  )
    .requiredOption('--prefix <TUQ.|KT.|TL.>', described('quyền hạn ký', 'how it is signed'))
    .requiredOption('--holder <login>', described('người được ký', 'who may sign'))
    .requiredOption('--basis <text>', described('số, ký hiệu, ngày của văn bản', 'the document it rests on'))
    .requiredOption('--scope <text>', described('phạm vi', 'what it is for'))
    .requiredOption('--from <date>', described('từ ngày YYYY-MM-DD', 'from the day'))
    .option('--to <date>', described('đến hết ngày; bắt buộc với TUQ.', 'to the day; needed for TUQ.'))
    .option(
      '--kind <text>',
      described('chỉ loại văn bản này, lặp lại được', 'only this kind'),
      repeatable,
      [],
    )
    .option('--document <id>', described('văn bản đó trong hệ thống', 'that document, where it is here'))
    .action((options: unknown) =>
      invoke((context) => grant(parseOptions(grantForm, options, context.language), context)),
    )
  withNodeOptions(
    authorisation.command('end <id...>').description(described('thu hồi quyền ký', 'revoke authorisations')),
  ).action((ids: string[], options: unknown) =>
    invoke((context) => end(ids, parseOptions(nodeOptionsForm, options, context.language), context)),
  )
}

const settingsForm = z.object({ settings: z.record(z.string(), z.json()), version: z.int() })

async function show(options: NodeOptions, context: CommandContext): Promise<number> {
  return tell(await signedInClient(options, context).get('/settings', settingsForm), context)
}

/** Settings are some kilobytes at most. */
const MAX_SETTINGS_BYTES = 500_000

async function set(file: string, options: NodeOptions, context: CommandContext): Promise<number> {
  const client = signedInClient(options, context)
  const change = objectOf(await readInput(file, context, MAX_SETTINGS_BYTES), file, context.language)
  const { settings, version: ifMatch } = await client.get('/settings', settingsForm)
  const json = { ...settings, ...change }
  return tell(await client.put('/settings', settingsForm, { json, ifMatch }), context)
}

function objectOf(bytes: Uint8Array, file: string, language: Language): Record<string, unknown> {
  try {
    return z
      .record(z.string(), z.unknown())
      .parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  } catch {
    const reason = { vi: `${file}: không phải đối tượng JSON`, en: `${file}: no JSON object` }
    throw usageError(reason, language)
  }
}

async function tell(stored: z.output<typeof settingsForm>, context: CommandContext): Promise<number> {
  const { output, language } = context
  if (context.json) {
    await output.json(stored)
    return 0
  }
  const rows = Object.entries(stored.settings).map(([name, value]) => [name, JSON.stringify(value)])
  await output.table(rows.map((row) => row.map(safeText)))
  output.message(language === 'vi' ? `phiên bản ${stored.version}` : `version ${stored.version}`)
  return 0
}

const authorisationForm = z.looseObject({
  id: z.uuid(),
  prefix: z.string(),
  holder: z.object({ name: z.string() }),
  basis: z.string(),
  scope: z.string(),
  kinds: z.array(z.string()),
  validFrom: z.string(),
  validTo: z.string().nullable(),
  revokedAt: z.string().nullable(),
})
const revoked: Bilingual = { vi: 'đã thu hồi', en: 'revoked' }

async function list(options: NodeOptions, context: CommandContext): Promise<number> {
  const form = z.object({ items: z.array(authorisationForm) })
  const { items } = await signedInClient(options, context).get('/authorisations', form)
  if (context.json) for (const one of items) await context.output.json(one)
  else
    await context.output.table(
      items.map((one) =>
        [
          one.id,
          one.prefix,
          one.holder.name,
          one.basis,
          one.kinds.length === 0 ? one.scope : `${one.scope} (${one.kinds.join(', ')})`,
          `${one.validFrom} – ${one.validTo ?? ''}`,
          one.revokedAt === null ? '' : revoked[context.language],
        ].map(safeText),
      ),
    )
  return 0
}

const idForm = z.object({ id: z.uuid() })

async function grant(options: z.output<typeof grantForm>, context: CommandContext): Promise<number> {
  const { prefix, holder, basis, document, scope, kind, from, to } = options
  const json = {
    prefix,
    holder,
    basis,
    scope,
    kinds: kind,
    validFrom: from,
    ...(to === undefined ? {} : { validTo: to }),
    ...(document === undefined ? {} : { basisDocument: document }),
  }
  const made = await signedInClient(options, context).post('/authorisations', idForm, { json })
  if (context.json) await context.output.json(made)
  else await context.output.result(made.id)
  return 0
}

async function end(ids: readonly string[], options: NodeOptions, context: CommandContext): Promise<number> {
  const client = signedInClient(options, context)
  return forEachItem('id', ids, context, async (id) => {
    await client.post(`/authorisations/${encodeURIComponent(id)}/revoke`, idForm, { json: {} })
    return { json: { revoked: true }, text: `${id} (${revoked[context.language]})` }
  })
}
