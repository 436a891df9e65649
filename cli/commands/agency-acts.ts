/** `agency found|rename|move|recode|close` and `agency show`: agencies over time. */
import type { Command } from 'commander'
import { z } from 'zod'
import { CongvanError } from '../../server/errors.ts'
import type { ApiClient } from '../client/api-client.ts'
import { type Bilingual, type CommandContext, described, type Invoke, repeatable } from '../command.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { safeText } from '../terminal-text.ts'
import { usageError } from '../usage.ts'

const termsForm = nodeOptionsForm.extend({
  on: z.iso.date(),
  basis: z.string().default(''),
  dryRun: z.boolean().default(false),
})
const level = z.enum(['central', 'province', 'district', 'commune'])
const foundForm = termsForm.extend({
  code: z.array(z.string()).min(1),
  name: z.string(),
  level,
  parent: z.string().optional(),
  hostingNode: z.string().optional(),
})
const renameForm = termsForm.extend({ name: z.string() })
const moveForm = termsForm.extend({
  parent: z.string().optional(),
  level: level.optional(),
  hostingNode: z.string().optional(),
})
const recodeForm = termsForm.extend({ newCode: z.string() })
const closeForm = termsForm.extend({ successor: z.array(z.string()).default([]) })
const showForm = nodeOptionsForm.extend({ date: z.iso.date().optional() })

type Terms = z.output<typeof termsForm>

/** The options of every act. */
function withTerms(command: Command): Command {
  return withNodeOptions(command)
    .requiredOption('--on <date>', described('ngày hiệu lực, YYYY-MM-DD', 'the day from which it holds'))
    .option('--basis <text>', described('căn cứ, số quyết định', 'the decision that orders it'))
    .option('--dry-run', described('chỉ xem sẽ đổi gì', 'only say what would change'))
}

const parentOption = [
  '--parent <code>',
  described('mã cơ quan cấp trên', 'code of the agency above'),
] as const
const levelOption = '--level <central|province|district|commune>'
const hostOption = ['--hosting-node <node>', described('nút đặt cơ quan', 'the node that hosts it')] as const

export function defineAgencyActs(command: Command, invoke: Invoke): void {
  withTerms(
    command.command('found').description(described('thành lập cơ quan', 'found an agency (operator)')),
  )
    .requiredOption(
      '--code <code>',
      described('mã định danh, lặp lại cho mã thế hệ kia', 'its code'),
      repeatable,
      [],
    )
    .requiredOption('--name <name>', described('tên', 'its name'))
    .requiredOption(levelOption, described('cấp', 'its level'))
    .option(...parentOption)
    .option(...hostOption)
    .action((options: unknown) =>
      invoke((context) => found(parseOptions(foundForm, options, context.language), context)),
    )
  withTerms(
    command.command('rename <code>').description(described('đổi tên cơ quan', 'rename an agency (operator)')),
  )
    .requiredOption('--name <name>', described('tên mới', 'its new name'))
    .action((code: string, options: unknown) =>
      invoke((context) => {
        const { name, ...terms } = parseOptions(renameForm, options, context.language)
        return act('rename', code, terms, { name }, context)
      }),
    )
  withTerms(
    command
      .command('move <code>')
      .description(
        described('đổi cấp trên, cấp, nút đặt cơ quan', 'change parent, level or node (operator)'),
      ),
  )
    .option(...parentOption)
    .option(levelOption, described('cấp', 'its level'))
    .option(...hostOption)
    .action((code: string, options: unknown) =>
      invoke((context) => move(code, parseOptions(moveForm, options, context.language), context)),
    )
  withTerms(
    command
      .command('recode <code>')
      .description(described('đổi mã định danh', 'give an agency another code (operator)')),
  )
    .requiredOption('--new-code <code>', described('mã mới', 'its new code'))
    .action((code: string, options: unknown) =>
      invoke((context) => {
        const { newCode, ...terms } = parseOptions(recodeForm, options, context.language)
        return act('recode', code, terms, { code: newCode }, context)
      }),
    )
  withTerms(
    command.command('close <code>').description(described('đóng cơ quan', 'close an agency (operator)')),
  )
    .option(
      '--successor <code>',
      described('mã cơ quan kế thừa, lặp lại được', 'a successor'),
      repeatable,
      [],
    )
    .action((code: string, options: unknown) =>
      invoke((context) => {
        const { successor, ...terms } = parseOptions(closeForm, options, context.language)
        return act('close', code, terms, { successors: successor }, context)
      }),
    )
  withNodeOptions(
    command
      .command('show <code>')
      .description(described('cơ quan mang mã vào một ngày', 'the agency that bears a code on a day')),
  )
    .option('--date <date>', described('vào ngày, YYYY-MM-DD', 'on a day'))
    .action((code: string, options: unknown) =>
      invoke((context) => show(code, parseOptions(showForm, options, context.language), context)),
    )
}

const reference = z.object({ id: z.string(), code: z.string(), name: z.string() })
const reportForm = z.object({
  dryRun: z.boolean(),
  act: z.string(),
  on: z.string(),
  agency: reference,
  changes: z.array(z.object({ field: z.string(), from: z.string().nullable(), to: z.string().nullable() })),
  work: z
    .object({ members: z.number(), outgoing: z.number(), incoming: z.number(), deliveries: z.number() })
    .nullable(),
  children: z.array(reference),
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
})

async function found(options: z.output<typeof foundForm>, context: CommandContext): Promise<number> {
  const client = signedInClient(options, context)
  const { code, name, parent, hostingNode, on, basis } = options
  const parentId = parent === undefined ? null : await idOf(client, parent, on)
  const json = {
    codes: code,
    name,
    level: options.level,
    parentId,
    ...(hostingNode === undefined ? {} : { hostingNode }),
    on,
    basis,
  }
  return tell(await post(client, '/agencies', json, options), context)
}

async function move(
  code: string,
  options: z.output<typeof moveForm>,
  context: CommandContext,
): Promise<number> {
  const { parent, level: newLevel, hostingNode, ...terms } = options
  if (parent === undefined && newLevel === undefined && hostingNode === undefined) {
    const reason = {
      vi: 'nêu ít nhất một trong --parent, --level, --hosting-node',
      en: 'name at least one of --parent, --level, --hosting-node',
    }
    throw usageError(reason, context.language)
  }
  const client = signedInClient(options, context)
  const body = {
    ...(parent === undefined ? {} : { parentId: await idOf(client, parent, terms.on) }),
    ...(newLevel === undefined ? {} : { level: newLevel }),
    ...(hostingNode === undefined ? {} : { hostingNode }),
  }
  return act('move', code, terms, body, context)
}

async function act(
  verb: 'rename' | 'move' | 'recode' | 'close',
  code: string,
  terms: Terms,
  body: object,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(terms, context)
  const { on, basis } = terms
  const id = await idOf(client, code, on)
  return tell(await post(client, `/agencies/${id}/${verb}`, { ...body, on, basis }, terms), context)
}

function post(client: ApiClient, path: string, json: object, { dryRun }: Terms) {
  return client.post(path, reportForm, { json, query: { dryRun: String(dryRun) } })
}

const agencyForm = z.object({
  id: z.string(),
  code: z.string(),
  codes: z.array(
    z.object({
      code: z.string(),
      generation: z.string(),
      validFrom: z.string(),
      validTo: z.string().nullable(),
      provenance: z.string().nullable(),
    }),
  ),
  name: z.string(),
  level: z.string(),
  parentId: z.string().nullable(),
  hostingNode: z.string(),
  closedOn: z.string().nullable(),
  successors: z.array(reference),
})

async function byCode(client: ApiClient, code: string, date: string | undefined) {
  const form = z.object({ agencies: z.array(agencyForm) })
  const { agencies } = await client.get('/agencies', form, { query: { code, date } })
  return agencies[0]
}

/** @throws CongvanError `NOT_FOUND` when nobody bears the code on the day */
async function idOf(client: ApiClient, code: string, date: string): Promise<string> {
  const agency = await byCode(client, code, date)
  if (agency === undefined) throw new CongvanError('NOT_FOUND', { what: `${code} (${date})` })
  return agency.id
}

const fieldWords: Readonly<Record<string, Bilingual>> = {
  code: { vi: 'mã', en: 'code' },
  name: { vi: 'tên', en: 'name' },
  level: { vi: 'cấp', en: 'level' },
  parentId: { vi: 'cấp trên', en: 'parent' },
  hostingNode: { vi: 'nút', en: 'node' },
  closedOn: { vi: 'đóng từ', en: 'closed on' },
  successors: { vi: 'kế thừa', en: 'successors' },
}

async function tell(report: z.output<typeof reportForm>, context: CommandContext): Promise<number> {
  const { output, language } = context
  if (context.json) {
    await output.json(report)
    return 0
  }
  await output.table(
    report.changes.map(({ field, from, to }) =>
      [fieldWords[field]?.[language] ?? field, from ?? '–', '→', to ?? '–'].map(safeText),
    ),
  )
  const { work, children } = report
  if (work !== null && Object.values(work).some((count) => count > 0)) {
    output.message(
      language === 'vi'
        ? `còn dở: ${work.members} tài khoản, ${work.outgoing} văn bản đi, ${work.incoming} văn bản đến, ${work.deliveries} lượt gửi`
        : `in hand: ${work.members} accounts, ${work.outgoing} outgoing, ${work.incoming} incoming documents, ${work.deliveries} deliveries`,
    )
  }
  if (children.length > 0) {
    const names = children.map((one) => `${one.code} ${one.name}`).join('; ')
    output.message(language === 'vi' ? `trực thuộc: ${names}` : `below it: ${names}`)
  }
  for (const { message } of report.warnings) output.message(message)
  if (report.dryRun) {
    output.message(language === 'vi' ? 'xem trước, chưa ghi gì' : 'preview, nothing written')
  } else output.message(language === 'vi' ? `hiệu lực từ ${report.on}` : `holds from ${report.on}`)
  return 0
}

async function show(
  code: string,
  options: z.output<typeof showForm>,
  context: CommandContext,
): Promise<number> {
  const { output, language } = context
  const client = signedInClient(options, context)
  const agency = await byCode(client, code, options.date)
  const bearersForm = z.object({
    bearers: z.array(z.object({ agency: reference, validFrom: z.string(), validTo: z.string().nullable() })),
  })
  const { bearers } = await client.get(`/agency-codes/${encodeURIComponent(code)}`, bearersForm)
  if (agency === undefined && bearers.length === 0) throw new CongvanError('NOT_FOUND', { what: code })
  if (context.json) {
    await output.json({ agency: agency ?? null, bearers })
    return 0
  }
  if (agency !== undefined) {
    const rows: [string, string][] = [
      ['id', agency.id],
      [fieldWords.name?.[language] ?? '', agency.name],
      [fieldWords.level?.[language] ?? '', agency.level],
      [fieldWords.hostingNode?.[language] ?? '', agency.hostingNode],
      ...agency.codes.map((one): [string, string] => [
        fieldWords.code?.[language] ?? '',
        `${one.code}  ${one.validFrom} – ${one.validTo ?? ''}`,
      ]),
      ...(agency.closedOn === null
        ? []
        : [[fieldWords.closedOn?.[language] ?? '', agency.closedOn] as [string, string]]),
      ...agency.successors.map((one): [string, string] => [
        fieldWords.successors?.[language] ?? '',
        `${one.code} ${one.name}`,
      ]),
    ]
    await output.table(rows.map((row) => row.map(safeText)))
  } else {
    const day = options.date ?? (language === 'vi' ? 'hôm nay' : 'today')
    output.message(language === 'vi' ? `không ai mang mã ${code} (${day})` : `nobody bears ${code} (${day})`)
  }
  if (agency === undefined || bearers.length > 1) {
    await output.table(
      bearers.map((one) => [`${one.validFrom} – ${one.validTo ?? ''}`, one.agency.name].map(safeText)),
    )
  }
  return 0
}
