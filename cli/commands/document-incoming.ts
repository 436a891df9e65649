import type { Command } from 'commander'
import { z } from 'zod'
import { acceptedForm, stateForm } from '../client/forms.ts'
import { type CommandContext, described, type Invoke, repeatable } from '../command.ts'
import { forEachItem } from '../each.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { stateText } from '../state-words.ts'
import { defineIncomingLists } from './document-tasks.ts'

const acceptForm = nodeOptionsForm.extend({
  acceptIndeterminate: z.boolean().default(false),
  duplicateReason: z.string().optional(),
  incompleteReason: z.string().optional(),
})
const refuseForm = nodeOptionsForm.extend({ reason: z.string(), text: z.string().default('') })
const assignForm = nodeOptionsForm.extend({
  lead: z.string(),
  with: z.array(z.string()).default([]),
  due: z.string().optional(),
  instruction: z.string().default(''),
  moreAnswers: z.boolean().default(false),
})
const reassignForm = assignForm.extend({ reason: z.string() })
const textForm = nodeOptionsForm.extend({ text: z.string() })
const extendForm = nodeOptionsForm.extend({
  due: z.string(),
  reason: z.string(),
  position: z.coerce.number().int().min(0).max(100).default(0),
})
const remindForm = nodeOptionsForm.extend({
  text: z.string().default(''),
  position: z.coerce.number().int().min(0).max(100).optional(),
})
const completeForm = nodeOptionsForm.extend({
  answer: z.string().optional(),
  withoutAnswer: z.string().optional(),
})

/** `congvan document …` for what clerks, leaders and specialists do with incoming documents. */
export function defineIncoming(command: Command, invoke: Invoke): void {
  defineRegistering(command, invoke)
  defineAssigning(command, invoke)
  defineDirecting(command, invoke)
  defineDoing(command, invoke)
  defineIncomingLists(command, invoke)
}

function defineRegistering(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command
      .command('accept <id...>')
      .description(described('tiếp nhận, vào sổ (03)', 'accept and register (03)')),
  )
    .option(
      '--accept-indeterminate',
      described('tiếp nhận cả khi chưa đủ căn cứ', 'accept though the verdict is indeterminate'),
    )
    .option(
      '--duplicate-reason <text>',
      described('lý do vẫn đăng ký dù trùng', 'why it is registered though it seems a duplicate'),
    )
    .option(
      '--incomplete-reason <text>',
      described('lý do vẫn đăng ký dù thiếu tệp', 'why it is registered though files are missing'),
    )
    .action((ids: string[], options: unknown) =>
      invoke((context) => accept(ids, parseOptions(acceptForm, options, context.language), context)),
    )
  withNodeOptions(
    command.command('refuse <id...>').description(described('từ chối tiếp nhận (02)', 'refuse (02)')),
  )
    .requiredOption('--reason <code>', described('mã lý do', 'reason code'))
    .option('--text <text>', described('lý do bằng lời', 'the reason in words'))
    .action((ids: string[], options: unknown) =>
      invoke((context) => {
        const { reason, text, ...node } = parseOptions(refuseForm, options, context.language)
        return act(ids, 'refuse', { reason, text }, node, context)
      }),
    )
}

/** Who is meant: `user:<login>` for a person, anything else is the name of a unit; `=YYYY-MM-DD` gives a deadline. */
function party(text: string): object {
  const [, name = '', dueDate] = /^(.*?)(?:=(\d{4}-\d{2}-\d{2}))?$/s.exec(text) ?? []
  const due = dueDate === undefined ? {} : { dueDate }
  return name.startsWith('user:') ? { user: name.slice(5), ...due } : { unit: name, ...due }
}

function defineAssigning(command: Command, invoke: Invoke): void {
  const who = described('đơn vị, hoặc user:<tên đăng nhập>', 'a unit, or user:<login>')
  const withOrder = (verb: Command) =>
    withNodeOptions(verb)
      .requiredOption('--lead <party>', described('chủ trì: đơn vị, hoặc user:<tên đăng nhập>', 'who leads'))
      .option('--with <party[=date]>', `${described('phối hợp', 'who co-operates')}: ${who}`, repeatable, [])
      .option('--due <date>', described('thời hạn, YYYY-MM-DD', 'deadline'))
      .option('--instruction <text>', described('ý kiến chỉ đạo', 'instruction'))
      .option('--more-answers', described('còn các văn bản trả lời khác', 'more answers follow'))
  const order = (options: z.output<typeof assignForm>) => ({
    lead: party(options.lead),
    cooperating: options.with.map(party),
    instruction: options.instruction,
    awaitsMoreAnswers: options.moreAnswers,
    ...(options.due === undefined ? {} : { dueDate: options.due }),
  })
  withOrder(command.command('assign <id...>').description(described('phân công (04)', 'assign (04)'))).action(
    (ids: string[], options: unknown) =>
      invoke((context) => {
        const parsed = parseOptions(assignForm, options, context.language)
        return act(ids, 'assign', order(parsed), parsed, context)
      }),
  )
  withOrder(command.command('reassign <id...>').description(described('phân công lại', 'assign to others')))
    .requiredOption('--reason <text>', described('lý do', 'reason'))
    .action((ids: string[], options: unknown) =>
      invoke((context) => {
        const parsed = parseOptions(reassignForm, options, context.language)
        return act(ids, 'reassign', { ...order(parsed), reason: parsed.reason }, parsed, context)
      }),
    )
}

function defineDirecting(command: Command, invoke: Invoke): void {
  const whose = described('0: chủ trì; từ 1: phối hợp', '0: who leads; from 1: who co-operates')
  withNodeOptions(
    command.command('instruct <id...>').description(described('thêm ý kiến chỉ đạo', 'add an instruction')),
  )
    .requiredOption('--text <text>', described('ý kiến', 'the instruction'))
    .action((ids: string[], options: unknown) =>
      invoke((context) => {
        const parsed = parseOptions(textForm, options, context.language)
        return act(ids, 'instructions', { text: parsed.text }, parsed, context)
      }),
    )
  withNodeOptions(
    command.command('extend <id...>').description(described('gia hạn giải quyết', 'extend the deadline')),
  )
    .requiredOption('--due <date>', described('thời hạn mới, YYYY-MM-DD', 'the new deadline'))
    .requiredOption('--reason <text>', described('lý do', 'reason'))
    .option('--position <n>', whose)
    .action((ids: string[], options: unknown) =>
      invoke((context) => {
        const parsed = parseOptions(extendForm, options, context.language)
        const { due: dueDate, reason, position } = parsed
        return act(ids, 'deadline', { dueDate, reason, position }, parsed, context)
      }),
    )
  withNodeOptions(command.command('remind <id...>').description(described('đôn đốc', 'remind')))
    .option('--text <text>', described('nội dung đôn đốc', 'what to say'))
    .option('--position <n>', whose)
    .action((ids: string[], options: unknown) =>
      invoke((context) => {
        const parsed = parseOptions(remindForm, options, context.language)
        const { text, position } = parsed
        return act(
          ids,
          'reminders',
          { text, ...(position === undefined ? {} : { position }) },
          parsed,
          context,
        )
      }),
    )
}

function defineDoing(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command
      .command('process <id...>')
      .alias('processing')
      .description(described('bắt đầu xử lý (05)', 'start processing (05)')),
  ).action((ids: string[], options: unknown) =>
    invoke((context) =>
      act(ids, 'processing', {}, parseOptions(nodeOptionsForm, options, context.language), context),
    ),
  )
  withNodeOptions(
    command
      .command('contribute <id...>')
      .description(described('người phối hợp báo xong phần mình', 'one’s part as co-operating is done')),
  )
    .requiredOption('--text <text>', described('kết quả phần phối hợp', 'what was done'))
    .action((ids: string[], options: unknown) =>
      invoke((context) => {
        const parsed = parseOptions(textForm, options, context.language)
        return act(ids, 'contribution', { text: parsed.text }, parsed, context)
      }),
    )
  withNodeOptions(
    command.command('complete <id...>').description(described('hoàn thành (06)', 'complete (06)')),
  )
    .option('--answer <id>', described('văn bản đi trả lời, đã gửi', 'the answering document, sent already'))
    .option('--without-answer <reason>', described('lý do không cần trả lời', 'why no answer is needed'))
    .action((ids: string[], options: unknown) =>
      invoke((context) => {
        const { answer, withoutAnswer, ...node } = parseOptions(completeForm, options, context.language)
        const json = {
          ...(answer === undefined ? {} : { answer }),
          ...(withoutAnswer === undefined ? {} : { noAnswerReason: withoutAnswer }),
        }
        return act(ids, 'complete', json, node, context)
      }),
    )
}

async function accept(
  ids: readonly string[],
  options: z.output<typeof acceptForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(options, context)
  const { acceptIndeterminate, duplicateReason, incompleteReason } = options
  const json = {
    acceptIndeterminate,
    ...(duplicateReason === undefined ? {} : { duplicateReason }),
    ...(incompleteReason === undefined ? {} : { incompleteReason }),
  }
  return forEachItem('id', ids, context, async (id) => {
    const { state, incomingNumber } = await client.post(
      `/documents/${encodeURIComponent(id)}/accept`,
      acceptedForm,
      { json },
    )
    return {
      json: { state, incomingNumber },
      text: `${id} (${stateText(state, context.language)}, số đến ${incomingNumber})`,
    }
  })
}

async function act(
  ids: readonly string[],
  verb: string,
  json: object,
  options: z.output<typeof nodeOptionsForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(options, context)
  return forEachItem('id', ids, context, async (id) => {
    const { state } = await client.post(`/documents/${encodeURIComponent(id)}/${verb}`, stateForm, { json })
    return { json: { state }, text: `${id} (${stateText(state, context.language)})` }
  })
}
