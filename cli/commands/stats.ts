import type { Command } from 'commander'
import { z } from 'zod'
import { type Bilingual, type CommandContext, described, type Invoke } from '../command.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { safeText } from '../terminal-text.ts'

const statsForm = nodeOptionsForm.extend({
  from: z.string(),
  to: z.string(),
  by: z.string(),
  branch: z.string().optional(),
  csv: z.boolean().default(false),
})

const timeliness = z.looseObject({
  inTime: z.number(),
  late: z.number(),
  percentInTime: z.number().nullable(),
})
const figures = z.looseObject({
  sent: z.looseObject({
    documents: z.number(),
    percentElectronicOnly: z.number().nullable(),
    percentSignedByBoth: z.number().nullable(),
  }),
  received: z.looseObject({
    documents: z.number(),
    percentSignedByBoth: z.number().nullable(),
    refused: z.number(),
  }),
  onTime: z.looseObject({ dispatch: timeliness, registration: timeliness, handling: timeliness }),
})
const certificates = z.object({ individual: z.number(), agency: z.number() })
const answerForm = z.looseObject({
  rows: z.array(z.looseObject({ label: z.string(), figures })),
  total: figures,
  refusals: z.array(z.object({ reason: z.string(), documents: z.number() })),
  certificates: z.object({ own: certificates, received: certificates }),
  warning: z.object({ code: z.string(), years: z.array(z.number()) }).nullable(),
})

/** Statistics of one's agency, or for the operator of the node's. */
export function defineStats(command: Command, invoke: Invoke): void {
  withNodeOptions(command)
    .requiredOption('--from <date>', described('từ ngày, YYYY-MM-DD', 'first day'))
    .requiredOption('--to <date>', described('đến hết ngày, YYYY-MM-DD', 'last day'))
    .option('--by <what>', described('month, level, agency, kind', 'month, level, agency or kind'), 'month')
    .option(
      '--branch <code>',
      described(
        'người vận hành: một cơ quan và các cơ quan cấp dưới',
        'operator: one agency and those below',
      ),
    )
    .option('--csv', described('bảng CSV', 'a table in CSV'))
    .action((options: unknown) =>
      invoke((context) => stats(parseOptions(statsForm, options, context.language), context)),
    )
}

async function stats(options: z.output<typeof statsForm>, context: CommandContext): Promise<number> {
  const client = signedInClient(options, context)
  const { from, to, by, branch } = options
  const query = { from, to, by, branch }
  if (options.csv) {
    const csv = await client.getBytes('/statistics/export', { query })
    await context.output.result(
      new TextDecoder('utf-8', { ignoreBOM: true }).decode(csv).replace(/\r\n$/, ''),
    )
    return 0
  }
  const answer = await client.get('/statistics', answerForm, { query })
  if (context.json) await context.output.json(answer)
  else await showTable(answer, context)
  if (answer.warning !== null) {
    const years = answer.warning.years.join(', ')
    context.output.message(
      context.language === 'vi'
        ? `chưa có lịch nghỉ năm ${years}: đúng hạn chỉ tính theo thứ bảy, chủ nhật`
        : `no calendar for ${years}: timeliness counts weekends alone`,
    )
  }
  return 0
}

const titles: readonly Bilingual[] = [
  { vi: '', en: '' },
  { vi: 'đi', en: 'sent' },
  { vi: 'điện tử', en: 'electronic' },
  { vi: 'đủ 2 chữ ký', en: 'both signed' },
  { vi: 'gửi đúng hạn', en: 'sent in time' },
  { vi: 'đến', en: 'received' },
  { vi: 'đủ 2 chữ ký', en: 'both signed' },
  { vi: 'từ chối', en: 'refused' },
  { vi: 'vào sổ đúng hạn', en: 'registered in time' },
  { vi: 'xử lý đúng hạn', en: 'handled in time' },
]

const percent = (value: number | null) => (value === null ? '-' : `${value}%`)

function cells(label: string, { sent, received, onTime }: z.output<typeof figures>): string[] {
  return [
    label,
    String(sent.documents),
    percent(sent.percentElectronicOnly),
    percent(sent.percentSignedByBoth),
    percent(onTime.dispatch.percentInTime),
    String(received.documents),
    percent(received.percentSignedByBoth),
    String(received.refused),
    percent(onTime.registration.percentInTime),
    percent(onTime.handling.percentInTime),
  ].map(safeText)
}

async function showTable(answer: z.output<typeof answerForm>, context: CommandContext): Promise<void> {
  const { language } = context
  const { own, received } = answer.certificates
  await context.output.table([
    titles.map((title) => title[language]),
    ...answer.rows.map((row) => cells(row.label, row.figures)),
    cells(language === 'vi' ? 'Tổng số' : 'Total', answer.total),
  ])
  const reasons = answer.refusals.map((one) => [one.reason, String(one.documents)].map(safeText))
  const used =
    language === 'vi'
      ? `chứng thư đã dùng: ${own.individual} cá nhân, ${own.agency} cơ quan; trên văn bản đến: ${received.individual}, ${received.agency}`
      : `certificates used: ${own.individual} individual, ${own.agency} agency; on received documents: ${received.individual}, ${received.agency}`
  await context.output.table(reasons)
  await context.output.result(used)
}
