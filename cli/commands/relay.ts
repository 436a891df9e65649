import type { Command } from 'commander'
import { z } from 'zod'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { withConsole } from '../console.ts'
import { forEachItem } from '../each.ts'
import { parseOptions } from '../parse-options.ts'
import { safeText, tableLines } from '../terminal-text.ts'
import { urgencyText } from '../urgency-text.ts'

const stuckForm = z.object({ olderThan: z.coerce.number().int().min(0).max(525_600).default(10) })
const cancelForm = z.object({ reason: z.string().trim().min(1).max(500) })

export function defineRelay(command: Command, invoke: Invoke): void {
  command
    .command('stuck')
    .description(
      described(
        'những gì chờ lâu hoặc đã hỏng hẳn, theo nút; chạy tại máy của nút',
        'what has waited for long or failed for good, by peer; at the node’s own machine',
      ),
    )
    .option(
      '--older-than <minutes>',
      described('chờ lâu hơn số phút này', 'waiting for longer than this'),
      '10',
    )
    .action((options: unknown) =>
      invoke((context) => stuck(parseOptions(stuckForm, options, context.language), context)),
    )
  command
    .command('redrive <id...>')
    .description(
      described(
        'thử lại ngay: nhánh, biên nhận, trạng thái; lượt gửi đã hỏng được gửi lại thành lần mới',
        'try again at once; a delivery that has failed gets a new attempt series',
      ),
    )
    .action((ids: string[]) => invoke((context) => redrive(ids, context)))
  command
    .command('cancel <id>')
    .description(
      described(
        'hủy một nhánh chưa nút nào được yêu cầu nhận; nơi gửi nhận biên nhận kèm lý do',
        'end a branch that no peer was asked to take; the sender gets a receipt with the reason',
      ),
    )
    .requiredOption('--reason <text>', described('lý do, nơi gửi đọc được', 'why; the sender reads it'))
    .action((id: string, options: unknown) =>
      invoke((context) => cancel(id, parseOptions(cancelForm, options, context.language), context)),
    )
}

const kindWords = {
  branch: { vi: 'nhánh', en: 'branch' },
  return: { vi: 'biên nhận', en: 'receipt' },
  announcement: { vi: 'chờ đóng dấu', en: 'to be sealed' },
  delivery: { vi: 'lượt gửi', en: 'delivery' },
} as const

const stateWords = {
  waiting: { vi: 'chờ', en: 'waiting' },
  asked: { vi: 'đã hỏi', en: 'asked' },
  failed: { vi: 'HỎNG', en: 'FAILED' },
} as const

/** As many recipients as a line shows. */
const SHOWN = 3

async function stuck({ olderThan }: z.output<typeof stuckForm>, context: CommandContext): Promise<number> {
  const { language, output } = context
  return withConsole(context, async ({ services }) => {
    const items = await services.console.relay.stuck({ olderThanSeconds: olderThan * 60 })
    if (context.json) {
      for (const { words, ...item } of items) await output.json({ ...item, text: words[language] })
      return 0
    }
    const rows = items.map((one) =>
      [
        one.peer ?? '–',
        kindWords[one.kind][language],
        stateWords[one.state][language],
        urgencyText(one.urgency, language),
        ageText(one.ageSeconds),
        `${one.tries}×`,
        one.words[language],
        one.recipients.slice(0, SHOWN).join(' ') +
          (one.recipients.length > SHOWN ? ` +${one.recipients.length - SHOWN}` : ''),
        one.id,
      ].map(safeText),
    )
    await output.table(rows)
    if (rows.length === 0) output.message(language === 'vi' ? 'không có gì mắc lại' : 'nothing is stuck')
    else output.message('→ congvan relay redrive ID…')
    return 0
  })
}

/** `3d 4h`, `25m`: the two largest parts say enough. */
function ageText(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  const [days, hours] = [Math.floor(minutes / 1_440), Math.floor((minutes % 1_440) / 60)]
  if (days > 0) return `${days}d ${hours}h`
  return hours > 0 ? `${hours}h ${minutes % 60}m` : `${minutes}m`
}

async function redrive(ids: readonly string[], context: CommandContext): Promise<number> {
  const { language } = context
  return withConsole(context, ({ services }) =>
    forEachItem('id', ids, context, async (id) => {
      const done = await services.console.relay.redrive(id)
      const again = done.series === undefined ? '' : ` → ${done.delivery} (${done.series})`
      return { json: done, text: safeText(`${kindWords[done.kind][language]} ${id}${again}`) }
    }),
  )
}

async function cancel(
  id: string,
  { reason }: z.output<typeof cancelForm>,
  context: CommandContext,
): Promise<number> {
  return withConsole(context, async ({ services }) => {
    const done = await services.console.relay.cancel({ id, reason })
    if (context.json) await context.output.json(done)
    else
      await context.output.result(
        tableLines([[id, ...done.recipients]].map((row) => row.map(safeText))).join('\n'),
      )
    return 0
  })
}
