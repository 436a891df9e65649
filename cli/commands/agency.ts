import type { Command } from 'commander'
import { z } from 'zod'
import { readConfig } from '../../server/config.ts'
import { openConsole } from '../../server/main.ts'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { readInput } from '../read-input.ts'
import { safeText } from '../terminal-text.ts'
import { usageError } from '../usage.ts'
import { defineAgencyActs } from './agency-acts.ts'
import { defineAgencySettings } from './agency-settings.ts'

const importForm = z.object({
  preview: z.boolean().default(false),
  skipOtherNodes: z.boolean().default(false),
})
const listForm = nodeOptionsForm.extend({
  code: z.string().optional(),
  date: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100_000),
})

export function defineAgency(command: Command, invoke: Invoke): void {
  command
    .command('import <file>')
    .description(
      described(
        'nhập danh bạ từ CSV hoặc JSON tại máy của nút',
        'import a directory at the node’s own machine',
      ),
    )
    .option('--preview', described('chỉ xem sẽ đổi gì', 'only say what would change'))
    .option(
      '--skip-other-nodes',
      described('bỏ qua cơ quan của nút khác', 'leave out agencies of other nodes'),
    )
    .action((file: string, options: unknown) =>
      invoke((context) => importFile(file, parseOptions(importForm, options, context.language), context)),
    )
  withNodeOptions(
    command
      .command('list [words]')
      .description(described('tìm cơ quan theo tên, mã, ngày', 'look agencies up')),
  )
    .option('--code <code>', described('mã định danh', 'agency code'))
    .option('--date <date>', described('vào ngày, YYYY-MM-DD', 'on a day'))
    .option('--limit <n>', described('nhiều nhất', 'at most'), '100')
    .action((words: string | undefined, options: unknown) =>
      invoke((context) => list(words, parseOptions(listForm, options, context.language), context)),
    )
  defineAgencyActs(command, invoke)
  defineAgencySettings(command, invoke)
}

async function importFile(
  file: string,
  options: z.output<typeof importForm>,
  context: CommandContext,
): Promise<number> {
  const format = /\.(csv|json)$/i.exec(file)?.[1]?.toLowerCase()
  if (format !== 'csv' && format !== 'json') {
    throw usageError(
      { vi: 'tệp phải là .csv hoặc .json', en: 'a .csv or .json file is wanted' },
      context.language,
    )
  }
  const content = await readInput(file, context)
  const node = await openConsole(readConfig(context.io.env))
  try {
    const { preview: dryRun, skipOtherNodes } = options
    const report = await node.services.console.importAgencies({ format, content, dryRun, skipOtherNodes })
    if (context.json) await context.output.json(report)
    else {
      await context.output.table(report.changes.map((one) => [one.change, one.code, one.name].map(safeText)))
      context.output.message(
        context.language === 'vi'
          ? `${report.changes.length} thay đổi, ${report.unchanged} giữ nguyên, ${report.skipped} bỏ qua${dryRun ? ' (xem trước, chưa ghi gì)' : ''}`
          : `${report.changes.length} changes, ${report.unchanged} unchanged, ${report.skipped} skipped${dryRun ? ' (preview, nothing written)' : ''}`,
      )
    }
    return 0
  } finally {
    await node.close()
  }
}

const agencyForm = z.object({
  agencies: z.array(
    z.object({
      id: z.string(),
      code: z.string(),
      name: z.string(),
      level: z.string(),
      hostingNode: z.string(),
      closedOn: z.string().nullable(),
    }),
  ),
  next: z.string().nullable(),
})

async function list(
  words: string | undefined,
  options: z.output<typeof listForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(options, context)
  let left = options.limit
  let cursor: string | undefined
  while (left > 0) {
    const query = {
      q: words,
      code: options.code,
      date: options.date,
      cursor,
      limit: String(Math.min(500, left)),
    }
    const { agencies, next } = await client.get('/agencies', agencyForm, { query })
    left -= agencies.length
    if (context.json) for (const one of agencies) await context.output.json(one)
    else
      await context.output.table(
        agencies.map((one) => [one.code, one.name, one.level, one.hostingNode].map(safeText)),
      )
    if (next === null) return 0
    cursor = next
  }
  const more = { vi: 'còn nữa: dùng --limit', en: 'there are more: use --limit' }
  context.output.message(more[context.language])
  return 0
}
