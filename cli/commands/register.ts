import type { Command } from 'commander'
import { z } from 'zod'
import type { Language } from '../../signing/index.ts'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { type NodeOptions, nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { readInput } from '../read-input.ts'
import { safeText } from '../terminal-text.ts'
import { usageError } from '../usage.ts'
import { writeNewFile } from '../write-new-file.ts'

const book = z.enum(['outgoing', 'incoming', 'handling', 'copies'])
const year = z.string().regex(/^\d{4}$/, 'YYYY')
const yearForm = nodeOptionsForm.extend({ year: year.optional() })
const requiredYearForm = nodeOptionsForm.extend({ year })

const showForm = yearForm.extend({
  series: z.string().optional(),
  kind: z.string().optional(),
  unit: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  q: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100_000),
})

const exportForm = requiredYearForm.extend({
  format: z.enum(['csv', 'xlsx', 'pdf']),
  out: z.string(),
  series: z.string().optional(),
})

const seriesForm = yearForm.extend({
  set: z.string().optional(),
  decision: z.string().optional(),
  reason: z.string().optional(),
})

const BOOKS = '<outgoing|incoming|handling|copies>'

export function defineRegister(command: Command, invoke: Invoke): void {
  const add = (name: string, vi: string, en: string) =>
    withNodeOptions(command.command(name).description(described(vi, en)))
  const withYear = (one: Command) =>
    one.option('--year <year>', described('năm; mặc định năm nay', 'the year'))
  withYear(add('list', 'các sổ và hệ thống số của một năm', 'the registers and series of a year')).action(
    (options: unknown) =>
      invoke((context) => list(parseOptions(yearForm, options, context.language), context)),
  )
  withYear(add(`show ${BOOKS}`, 'xem, lọc, tìm trong sổ', 'browse, filter and search a register'))
    .option('--series <series>', described('hệ thống số', 'the series, e.g. outgoing:general'))
    .option('--kind <kind>', described('tên loại văn bản', 'kind of document'))
    .option('--unit <unit>', described('đơn vị hoặc người nhận', 'unit or person'))
    .option('--from <date>', described('từ ngày YYYY-MM-DD', 'from the day'))
    .option('--to <date>', described('đến ngày YYYY-MM-DD', 'to the day'))
    .option(
      '--q <words>',
      described('tìm theo chữ, có dấu hoặc không dấu', 'words, with or without diacritics'),
    )
    .option('--limit <n>', described('nhiều nhất', 'at most'), '50')
    .action((name: string, options: unknown) =>
      invoke((context) =>
        show(bookOf(name, context.language), parseOptions(showForm, options, context.language), context),
      ),
    )
  add(`export ${BOOKS}`, 'xuất sổ của một năm ra tệp', 'export the register of a year to a file')
    .requiredOption('--year <year>', described('năm', 'the year'))
    .requiredOption('--format <csv|xlsx|pdf>', described('dạng tệp', 'form of the file'))
    .requiredOption('--out <file>', described('tệp mới', 'the new file'))
    .option('--series <series>', described('chỉ hệ thống số này', 'only this series'))
    .action((name: string, options: unknown) =>
      invoke((context) =>
        exportBook(
          bookOf(name, context.language),
          parseOptions(exportForm, options, context.language),
          context,
        ),
      ),
    )
  add(`close ${BOOKS}`, 'đóng sổ của một năm đã hết', 'close the register of a year that has ended')
    .requiredOption('--year <year>', described('năm', 'the year'))
    .action((name: string, options: unknown) =>
      invoke((context) =>
        close(
          bookOf(name, context.language),
          parseOptions(requiredYearForm, options, context.language),
          context,
        ),
      ),
    )
  withYear(add('series', 'cách chia hệ thống số của một năm', 'how the series of a year are cut'))
    .option('--set <file>', described('tệp JSON cách chia mới', 'JSON file with the new cut'))
    .option('--decision <text>', described('quyết định của người đứng đầu: số, ngày', 'the decision on it'))
    .option('--reason <text>', described('lý do đổi giữa năm', 'why it changes within the year'))
    .action((options: unknown) =>
      invoke((context) => series(parseOptions(seriesForm, options, context.language), context)),
    )
}

function bookOf(name: string, language: Language): z.output<typeof book> {
  const parsed = book.safeParse(name)
  if (!parsed.success) {
    const names = book.options.join(', ')
    throw usageError({ vi: `sổ: ${names}`, en: `register: ${names}` }, language)
  }
  return parsed.data
}

const extentForm = z.object({
  series: z.string(),
  lastNumber: z.number(),
  lastDate: z.string().nullable(),
})
const overviewForm = z.object({
  items: z.array(
    z.object({ book, year: z.number(), closedAt: z.string().nullable(), series: z.array(extentForm) }),
  ),
})

async function list(options: z.output<typeof yearForm>, context: CommandContext): Promise<number> {
  const client = signedInClient(options, context)
  const { items } = await client.get('/registers', overviewForm, { query: { year: options.year } })
  if (context.json) {
    for (const one of items) await context.output.json(one)
    return 0
  }
  const closed = context.language === 'vi' ? 'đã đóng' : 'closed'
  await context.output.table(
    items.flatMap((one) =>
      one.series.map((part) => [
        one.book,
        part.series,
        String(part.lastNumber),
        part.lastDate ?? '',
        one.closedAt === null ? '' : closed,
      ]),
    ),
  )
  return 0
}

const entryForm = z.looseObject({
  series: z.string(),
  printed: z.string(),
  symbol: z.string(),
  date: z.string(),
  status: z.string(),
  kind: z.string().nullable(),
  subject: z.string().nullable(),
  author: z.string().nullable(),
  unit: z.string().nullable(),
})
const entryPageForm = z.object({ items: z.array(entryForm), next: z.string().nullable() })

async function show(
  name: z.output<typeof book>,
  options: z.output<typeof showForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(options, context)
  const { year: of, series: only, kind, unit, from, to, q } = options
  let left = options.limit
  let cursor: string | undefined
  while (left > 0) {
    const query = {
      year: of,
      series: only,
      kind,
      unit,
      from,
      to,
      q,
      cursor,
      limit: String(Math.min(200, left)),
    }
    const page = await client.get(`/registers/${name}`, entryPageForm, { query })
    left -= page.items.length
    if (context.json) for (const one of page.items) await context.output.json(one)
    else await context.output.table(page.items.map(row))
    if (page.next === null) break
    cursor = page.next
  }
  return 0
}

function row(one: z.output<typeof entryForm>): string[] {
  const subject = one.subject ?? ''
  return [
    one.symbol === '' ? one.printed : `${one.printed}/${one.symbol}`,
    one.date,
    one.author ?? '',
    `${one.kind ?? ''} ${subject.length > 60 ? `${subject.slice(0, 59)}…` : subject}`,
    one.unit ?? '',
    one.status === 'cancelled' ? one.status : '',
    // Senders elsewhere chose these words.
  ].map(safeText)
}

async function exportBook(
  name: z.output<typeof book>,
  options: z.output<typeof exportForm>,
  context: CommandContext,
): Promise<number> {
  const path = `/registers/${name}/${options.year}/${options.format}`
  const bytes = await signedInClient(options, context).getBytes(path, { query: { series: options.series } })
  await writeNewFile(options.out, bytes, context.language)
  const written = { file: options.out, bytes: bytes.length }
  if (context.json) await context.output.json(written)
  else await context.output.result(options.out)
  return 0
}

const closureForm = z.object({ book, year: z.number(), closedAt: z.string(), entries: z.number() })

async function close(
  name: z.output<typeof book>,
  options: NodeOptions & { readonly year: string },
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(options, context)
  const closed = await client.post(`/registers/${name}/${options.year}/close`, closureForm)
  if (context.json) await context.output.json(closed)
  else
    await context.output.table([[closed.book, String(closed.year), String(closed.entries), closed.closedAt]])
  return 0
}

const rulesForm = z.looseObject({
  year: z.number(),
  version: z.number(),
  decision: z.string(),
  changeReason: z.string().nullable(),
  rules: z.looseObject({ cut: z.string() }),
})

/** A cut of series has at most some hundred names. */
const MAX_RULES_BYTES = 500_000

async function series(options: z.output<typeof seriesForm>, context: CommandContext): Promise<number> {
  const client = signedInClient(options, context)
  const known = await client.get('/registers/series', rulesForm, { query: { year: options.year } })
  let shown = known
  if (options.set !== undefined) {
    if (options.decision === undefined)
      throw usageError({ vi: 'thiếu --decision', en: '--decision is missing' }, context.language)
    const rules = jsonOf(
      await readInput(options.set, context, MAX_RULES_BYTES),
      options.set,
      context.language,
    )
    const changeReason = options.reason === undefined ? {} : { changeReason: options.reason }
    shown = await client.put('/registers/series', rulesForm, {
      ifMatch: known.version,
      json: { year: known.year, rules, decision: options.decision, ...changeReason },
    })
  }
  if (context.json) await context.output.json(shown)
  else {
    const { decision, changeReason } = shown
    await context.output.table([
      [String(shown.year), shown.rules.cut, decision, changeReason ?? ''].map(safeText),
    ])
  }
  return 0
}

function jsonOf(bytes: Uint8Array, file: string, language: Language): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw usageError({ vi: `${file}: không phải JSON`, en: `${file}: no JSON` }, language)
  }
}
