import type { Command } from 'commander'
import { z } from 'zod'
import { type CommandContext, described, type Invoke, repeatable } from '../command.ts'
import { forEachItem } from '../each.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { safeText } from '../terminal-text.ts'

const openForm = nodeOptionsForm.extend({
  notation: z.string(),
  title: z.string(),
  year: z.coerce.number().int(),
  retention: z.union([z.literal('permanent').transform(() => null), z.coerce.number().int().min(1).max(999)]),
  started: z.string().optional(),
  restricted: z.boolean().default(false),
})
const filingForm = nodeOptionsForm.extend({ note: z.string().optional() })
const reasonForm = nodeOptionsForm.extend({ reason: z.string() })
const permitForm = nodeOptionsForm.extend({
  user: z.array(z.string()).min(1),
  role: z.enum(['reader', 'keeper']),
  reason: z.string(),
  withdraw: z.boolean().default(false),
})
const closeForm = nodeOptionsForm.extend({ ended: z.string().optional() })
const listForm = nodeOptionsForm.extend({
  state: z.string().optional(),
  year: z.string().optional(),
  document: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100_000),
})

const dossierForm = z.object({
  id: z.string(),
  code: z.string(),
  title: z.string(),
  state: z.string(),
  retentionYears: z.number().nullable(),
  startedOn: z.string(),
  endedOn: z.string().nullable(),
  restricted: z.boolean(),
})
const detailsForm = z.looseObject({
  ...dossierForm.shape,
  documents: z.array(
    z.looseObject({
      ordinal: z.number(),
      documentId: z.string(),
      code: z.object({ number: z.string().nullable(), notation: z.string() }),
      date: z.string().nullable(),
      kind: z.string(),
      subject: z.string(),
      author: z.string().nullable(),
    }),
  ),
  problems: z.array(z.object({ code: z.string(), documentIds: z.array(z.string()) })),
})
const openedForm = z.object({ id: z.string(), code: z.string(), version: z.number() })
const filedForm = z.object({ dossierId: z.string(), documentId: z.string() })
const memberForm = z.object({ dossierId: z.string(), userId: z.string() })
const closedForm = z.object({ state: z.string(), documents: z.number(), endedOn: z.string() })

/** Dossiers (hồ sơ): opening, filing, who sees them, closing. */
export function defineDossier(command: Command, invoke: Invoke): void {
  defineKeeping(command, invoke)
  defineLooking(command, invoke)
}

function defineKeeping(command: Command, invoke: Invoke): void {
  withNodeOptions(command.command('open').description(described('mở hồ sơ', 'open a dossier')))
    .requiredOption('--notation <text>', described('số và ký hiệu hồ sơ, vd. 01.TCCB', 'notation'))
    .requiredOption('--title <text>', described('tiêu đề', 'title'))
    .requiredOption('--year <year>', described('năm', 'year'))
    .requiredOption(
      '--retention <years>',
      described('thời hạn bảo quản: số năm, hoặc permanent (vĩnh viễn)', 'years, or permanent'),
    )
    .option('--started <date>', described('thời gian bắt đầu, YYYY-MM-DD', 'when the matter began'))
    .option('--restricted', described('chỉ người được giao mới xem', 'for its members only'))
    .action((options: unknown) =>
      invoke((context) => open(parseOptions(openForm, options, context.language), context)),
    )
  withNodeOptions(
    command
      .command('add <dossier> <document...>')
      .description(described('đưa văn bản vào hồ sơ', 'file documents in a dossier')),
  )
    .option('--note <text>', described('ghi chú', 'note'))
    .action((dossier: string, documents: string[], options: unknown) =>
      invoke((context) => {
        const { note, ...node } = parseOptions(filingForm, options, context.language)
        const body = note === undefined ? {} : { note }
        return file('documents', dossier, documents, body, node, context)
      }),
    )
  withNodeOptions(
    command
      .command('remove <dossier> <document...>')
      .description(described('đưa văn bản ra khỏi hồ sơ', 'take documents out of a dossier')),
  )
    .requiredOption('--reason <text>', described('lý do', 'reason'))
    .action((dossier: string, documents: string[], options: unknown) =>
      invoke((context) => {
        const { reason, ...node } = parseOptions(reasonForm, options, context.language)
        return file('removal', dossier, documents, { reason }, node, context)
      }),
    )
  withNodeOptions(
    command
      .command('permit <dossier>')
      .description(described('cho xem, cùng giữ hồ sơ; hoặc thu hồi', 'let people in, or out')),
  )
    .requiredOption('--user <login>', described('tài khoản', 'account'), repeatable, [])
    .option('--role <role>', described('reader: xem; keeper: cùng giữ', 'reader or keeper'), 'reader')
    .requiredOption('--reason <text>', described('căn cứ, lý do', 'the rule or decision behind it'))
    .option('--withdraw', described('thu hồi', 'withdraw'))
    .action((dossier: string, options: unknown) =>
      invoke((context) => permit(dossier, parseOptions(permitForm, options, context.language), context)),
    )
  withNodeOptions(
    command.command('close <dossier...>').description(described('kết thúc hồ sơ', 'close dossiers')),
  )
    .option('--ended <date>', described('thời gian kết thúc, YYYY-MM-DD', 'when the matter ended'))
    .action((dossiers: string[], options: unknown) =>
      invoke((context) => close(dossiers, parseOptions(closeForm, options, context.language), context)),
    )
}

function defineLooking(command: Command, invoke: Invoke): void {
  withNodeOptions(command.command('list').description(described('danh sách hồ sơ', 'dossiers')))
    .option('--state <state>', described('open hoặc closed', 'open or closed'))
    .option('--year <year>', described('năm', 'year'))
    .option('--document <id>', described('có văn bản này', 'that hold this document'))
    .option('--limit <n>', described('nhiều nhất', 'at most'), '50')
    .action((options: unknown) =>
      invoke((context) => list(parseOptions(listForm, options, context.language), context)),
    )
  withNodeOptions(
    command
      .command('show <dossier...>')
      .description(described('mục lục văn bản của hồ sơ', 'the documents of a dossier, in order')),
  ).action((dossiers: string[], options: unknown) =>
    invoke((context) => show(dossiers, parseOptions(nodeOptionsForm, options, context.language), context)),
  )
}

type Node = z.output<typeof nodeOptionsForm>

const pathOf = (dossier: string) => `/dossiers/${encodeURIComponent(dossier)}`

async function open(options: z.output<typeof openForm>, context: CommandContext): Promise<number> {
  const { notation, title, year, retention, started, restricted } = options
  const opened = await signedInClient(options, context).post('/dossiers', openedForm, {
    json: {
      notation,
      title,
      year,
      retentionYears: retention,
      restricted,
      ...(started === undefined ? {} : { startedOn: started }),
    },
  })
  if (context.json) await context.output.json(opened)
  else await context.output.result([opened.id, opened.code].map(safeText).join('\t'))
  return 0
}

function file(
  act: 'documents' | 'removal',
  dossier: string,
  documents: readonly string[],
  body: Readonly<Record<string, string>>,
  node: Node,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(node, context)
  return forEachItem('documentId', documents, context, async (documentId) => {
    const json = { documentId, ...body }
    const { dossierId } = await client.post(`${pathOf(dossier)}/${act}`, filedForm, { json })
    return {
      json: { dossierId },
      text: safeText(`${documentId} ${act === 'removal' ? '←' : '→'} ${dossierId}`),
    }
  })
}

function permit(
  dossier: string,
  options: z.output<typeof permitForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(options, context)
  const { role, reason, withdraw } = options
  const path = `${pathOf(dossier)}/members${withdraw ? '/withdrawal' : ''}`
  return forEachItem('user', options.user, context, async (user) => {
    const json = withdraw ? { user, reason } : { user, role, reason }
    const { userId } = await client.post(path, memberForm, { json })
    return {
      json: { userId, ...(withdraw ? {} : { role }) },
      text: safeText(`${user} ${withdraw ? '-' : role}`),
    }
  })
}

function close(
  dossiers: readonly string[],
  options: z.output<typeof closeForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(options, context)
  const json = options.ended === undefined ? {} : { endedOn: options.ended }
  return forEachItem('id', dossiers, context, async (id) => {
    const done = await client.post(`${pathOf(id)}/close`, closedForm, { json })
    return { json: done, text: safeText(`${id} ${done.documents} ${done.endedOn}`) }
  })
}

async function list(options: z.output<typeof listForm>, context: CommandContext): Promise<number> {
  const client = signedInClient(options, context)
  const { state, year, document, limit } = options
  const page = z.object({ items: z.array(dossierForm), next: z.string().nullable() })
  const found: z.output<typeof dossierForm>[] = []
  for (let cursor: string | undefined; found.length < limit; ) {
    const size = String(Math.min(200, limit - found.length))
    const { items, next } = await client.get('/dossiers', page, {
      query: { state, year, document, cursor, limit: size },
    })
    found.push(...items)
    if (next === null) break
    cursor = next
  }
  if (context.json) for (const one of found) await context.output.json(one)
  else
    await context.output.table(
      found.map((one) => [one.id, one.code, one.title, retentionText(one, context), one.state].map(safeText)),
    )
  return 0
}

function retentionText(
  { retentionYears }: z.output<typeof dossierForm>,
  { language }: CommandContext,
): string {
  if (retentionYears === null) return language === 'vi' ? 'vĩnh viễn' : 'permanent'
  return language === 'vi' ? `${retentionYears} năm` : `${retentionYears} years`
}

function show(dossiers: readonly string[], node: Node, context: CommandContext): Promise<number> {
  const client = signedInClient(node, context)
  return forEachItem('id', dossiers, context, async (id) => {
    const { id: _, ...details } = await client.get(pathOf(id), detailsForm)
    const head = [details.code, details.title, details.state].map(safeText).join('\t')
    const rows = details.documents.map((one) => {
      const code = `${one.code.number ?? '…'}/${one.code.notation}`
      const cells = [
        String(one.ordinal),
        code,
        one.date ?? '',
        `${one.kind}: ${one.subject}`,
        one.author ?? '',
      ]
      return cells.map(safeText).join('\t')
    })
    const problems = details.problems.map((one) => `! ${one.code} ${one.documentIds.join(' ')}`.trimEnd())
    return { json: details, text: [head, ...rows, ...problems.map(safeText)].join('\n') }
  })
}
