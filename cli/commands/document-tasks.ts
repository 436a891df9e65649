import type { Command } from 'commander'
import { z } from 'zod'
import { type Document, documentForm } from '../client/forms.ts'
import { type Bilingual, type CommandContext, described, type Invoke } from '../command.ts'
import { forEachItem } from '../each.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { stateText } from '../state-words.ts'
import { safeText } from '../terminal-text.ts'
import { vietnamDateText } from '../vietnam-date-text.ts'

const lists: Readonly<Record<string, Bilingual>> = {
  overdue: { vi: 'quá hạn', en: 'overdue' },
  'due-soon': { vi: 'sắp đến hạn', en: 'due soon' },
  'late-registration': { vi: 'chậm đăng ký', en: 'late to register' },
  'late-handover': { vi: 'chậm chuyển giao', en: 'late to hand over' },
  'paper-to-return': { vi: 'bản giấy phải gửi lại', en: 'paper to be sent back' },
  mine: { vi: 'việc của tôi', en: 'my tasks' },
}

const tasksForm = nodeOptionsForm.extend({
  list: z.enum(Object.keys(lists) as [string, ...string[]]),
  limit: z.coerce.number().int().min(1).max(100_000),
})

const words = z.object({ vi: z.string(), en: z.string() })
const taskForm = z.object({
  document: documentForm,
  urgency: words,
  dueDate: z.string().nullable(),
  overdue: z.boolean(),
  position: z.int().nullable(),
})
const pageForm = z.object({
  items: z.array(taskForm),
  next: z.string().nullable(),
  warning: z.object({ code: z.string(), years: z.array(z.int()) }).nullable(),
})
const reportForm = z.object({
  madeAt: z.string(),
  examination: z
    .object({
      overall: z.string(),
      word: words,
      aspects: z.record(z.string(), z.string()),
      findings: z.array(
        z.object({ aspect: z.string(), code: z.string(), weight: z.string(), message: words }),
      ),
      signatures: z.array(
        z.object({
          id: z.string(),
          role: z.string(),
          name: z.string().nullable(),
          title: z.string().nullable(),
          agencyCode: z.string().nullable(),
          chain: z.array(z.string()),
          signingTime: z.object({ at: z.string(), source: z.string() }).nullable(),
        }),
      ),
    })
    .nullable(),
})

/** `congvan document tasks` and `congvan document report`. */
export function defineIncomingLists(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command
      .command('tasks')
      .description(
        described(
          'văn bản đến quá hạn, sắp đến hạn, chậm đăng ký, chậm chuyển giao, phải gửi lại bản giấy; việc của tôi',
          'incoming documents overdue, due soon, late to register, late to hand over, paper to send back; my tasks',
        ),
      ),
  )
    .option('--list <list>', Object.keys(lists).join(' | '), 'mine')
    .option('--limit <n>', described('nhiều nhất', 'at most'), '50')
    .action((options: unknown) =>
      invoke((context) => tasks(parseOptions(tasksForm, options, context.language), context)),
    )
  withNodeOptions(
    command
      .command('report <id...>')
      .description(described('báo cáo kiểm tra văn bản đến', 'report on an incoming document')),
  ).action((ids: string[], options: unknown) =>
    invoke((context) => report(ids, parseOptions(nodeOptionsForm, options, context.language), context)),
  )
}

async function tasks(options: z.output<typeof tasksForm>, context: CommandContext): Promise<number> {
  const client = signedInClient(options, context)
  const found: z.output<typeof taskForm>[] = []
  let cursor: string | undefined
  while (found.length < options.limit) {
    const page = await client.get('/documents/tasks', pageForm, {
      query: { list: options.list, cursor, limit: String(Math.min(200, options.limit - found.length)) },
    })
    if (cursor === undefined && page.warning !== null) warn(page.warning.years, context)
    found.push(...page.items)
    if (page.next === null) break
    cursor = page.next
  }
  if (context.json) for (const one of found) await context.output.json(one)
  else await context.output.table(found.map((one) => taskRow(one, context)))
  return 0
}

function warn(years: readonly number[], context: CommandContext): void {
  const named = years.join(', ')
  context.output.message(
    context.language === 'vi'
      ? `chưa nhập lịch ngày làm việc năm ${named}: danh sách có thể sai`
      : `the calendar of working days of ${named} was not imported: the list may be wrong`,
  )
}

function taskRow(one: z.output<typeof taskForm>, context: CommandContext): string[] {
  const { document, urgency, dueDate } = one
  const late = one.overdue ? { vi: ' (quá hạn)', en: ' (overdue)' }[context.language] : ''
  const cells = [
    document.id,
    urgency[context.language],
    dueDate === null ? '' : `${vietnamDateText(dueDate)}${late}`,
    numberText(document),
    document.incoming?.senderName ?? document.incoming?.senderCode ?? '',
    document.subject.length > 60 ? `${document.subject.slice(0, 59)}…` : document.subject,
    stateText(document.state, context.language),
  ]
  return cells.map(safeText)
}

function numberText({ code }: Pick<Document, 'code'>): string {
  return `${code.number ?? ''}/${code.notation}`
}

async function report(
  ids: readonly string[],
  options: z.output<typeof nodeOptionsForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(options, context)
  return forEachItem('id', ids, context, async (id) => {
    const found = await client.get(`/documents/${encodeURIComponent(id)}/report`, reportForm)
    return { json: found, text: reportText(id, found, context) }
  })
}

function reportText(
  id: string,
  { examination }: z.output<typeof reportForm>,
  context: CommandContext,
): string {
  const { language } = context
  if (examination === null)
    return `${id}\t${language === 'vi' ? 'báo cáo cũ: dùng --json' : 'an old report: use --json'}`
  const lines = [
    `${id}\t${examination.word[language].toUpperCase()}`,
    ...examination.signatures.map((one) => {
      const who = [one.name, one.title, one.agencyCode].filter((part) => part !== null).join(', ')
      const when = one.signingTime === null ? '' : ` ${one.signingTime.at} (${one.signingTime.source})`
      return `  ${one.id} ${one.role}: ${who}${when} ← ${one.chain.join(' ← ')}`
    }),
    ...examination.findings.map((one) => `  [${one.weight}] ${one.message[language]} (${one.code})`),
  ]
  return lines.map(safeText).join('\n')
}
