import type { Command } from 'commander'
import { z } from 'zod'
import { type Bilingual, type CommandContext, described, type Invoke } from '../command.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { readInput } from '../read-input.ts'
import { safeText } from '../terminal-text.ts'
import { usageError } from '../usage.ts'

const importForm = nodeOptionsForm.extend({
  dryRun: z.boolean().default(false),
  year: z
    .string()
    .regex(/^\d{4}$/, 'YYYY')
    .optional(),
})

/** A calendar has fewer than thirty rows. */
const MAX_FILE_BYTES = 200_000

export function defineCalendar(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command
      .command('import <file>')
      .description(
        described(
          'nhập ngày nghỉ lễ, ngày hoán đổi của một năm từ CSV (người vận hành)',
          'import the holidays and swapped days of a year from CSV (operator)',
        ),
      ),
  )
    .option('--dry-run', described('chỉ xem sẽ đổi gì', 'only say what would change'))
    .option(
      '--year <year>',
      described('năm; mặc định là năm của dòng đầu', 'the year; that of the first row'),
    )
    .action((file: string, options: unknown) =>
      invoke((context) => importFile(file, parseOptions(importForm, options, context.language), context)),
    )
  withNodeOptions(
    command
      .command('show <year>')
      .description(described('ngày nghỉ lễ, ngày hoán đổi của một năm', 'the holidays and swapped days')),
  ).action((year: string, options: unknown) =>
    invoke((context) => show(year, parseOptions(nodeOptionsForm, options, context.language), context)),
  )
}

const dayForm = z.object({
  day: z.string(),
  kind: z.string(),
  occasion: z.string(),
  name: z.string(),
  counterpart: z.string().nullable(),
  source: z.string(),
})

const reportForm = z.object({
  year: z.number(),
  dryRun: z.boolean(),
  version: z.number(),
  changes: z.array(z.object({ change: z.enum(['added', 'changed', 'removed']), day: dayForm })),
  unchanged: z.number(),
})

const changeWords: Readonly<Record<'added' | 'changed' | 'removed', Bilingual>> = {
  added: { vi: 'thêm', en: 'added' },
  changed: { vi: 'đổi', en: 'changed' },
  removed: { vi: 'bỏ', en: 'removed' },
}

const kindWords: Readonly<Record<string, Bilingual>> = {
  holiday: { vi: 'nghỉ lễ', en: 'holiday' },
  'swapped-off': { vi: 'nghỉ hoán đổi', en: 'off, swapped' },
  'swapped-working': { vi: 'làm bù', en: 'working, swapped' },
}

async function importFile(
  file: string,
  options: z.output<typeof importForm>,
  context: CommandContext,
): Promise<number> {
  const { language } = context
  const bytes = await readInput(file, context, MAX_FILE_BYTES)
  const year = options.year ?? yearOfFirstRow(bytes)
  if (year === undefined) {
    const reason = {
      vi: 'không dòng nào bắt đầu bằng ngày YYYY-MM-DD; nêu năm bằng --year',
      en: 'no line begins with a day YYYY-MM-DD; name the year with --year',
    }
    throw usageError(reason, language)
  }
  const report = await signedInClient(options, context).post(`/calendar/${year}/import`, reportForm, {
    bytes,
    contentType: 'text/csv',
    query: { dryRun: String(options.dryRun) },
  })
  if (context.json) await context.output.json(report)
  else {
    await context.output.table(
      report.changes.map(({ change, day }) =>
        [changeWords[change][language], day.day, kindWord(day.kind, context), day.name].map(safeText),
      ),
    )
    const count = report.changes.length
    const note = report.dryRun
      ? { vi: ' (xem trước, chưa ghi gì)', en: ' (preview, nothing written)' }
      : { vi: '', en: '' }
    context.output.message(
      language === 'vi'
        ? `lịch ${report.year}: ${count} thay đổi, ${report.unchanged} giữ nguyên${note.vi}`
        : `calendar of ${report.year}: ${count} changes, ${report.unchanged} unchanged${note.en}`,
    )
  }
  return 0
}

function yearOfFirstRow(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString('utf8')
  return /^"?(\d{4})-\d{2}-\d{2}\b/m.exec(text)?.[1]
}

const yearForm = z.object({
  year: z.number(),
  version: z.number(),
  complete: z.boolean(),
  importedAt: z.string().nullable(),
  days: z.array(dayForm),
})

async function show(
  year: string,
  options: z.output<typeof nodeOptionsForm>,
  context: CommandContext,
): Promise<number> {
  if (!/^\d{4}$/.test(year)) {
    throw usageError(
      { vi: `năm "${year}" phải có dạng YYYY`, en: `the year "${year}" must be YYYY` },
      context.language,
    )
  }
  const found = await signedInClient(options, context).get(`/calendar/${year}`, yearForm)
  if (context.json) await context.output.json(found)
  else {
    await context.output.table(
      found.days.map((one) =>
        [one.day, kindWord(one.kind, context), one.name, one.counterpart ?? '', one.source].map(safeText),
      ),
    )
    if (!found.complete) {
      context.output.message(
        context.language === 'vi'
          ? `năm ${found.year} chưa nhập lịch: hạn chỉ tính theo cuối tuần`
          : `no calendar was imported for ${found.year}: terms count weekends alone`,
      )
    }
  }
  return 0
}

function kindWord(kind: string, context: CommandContext): string {
  return kindWords[kind]?.[context.language] ?? kind
}
