import type { Command } from 'commander'
import { z } from 'zod'
import { acceptedForm, stateForm } from '../client/forms.ts'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { forEachItem } from '../each.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { stateText } from '../state-words.ts'

const acceptForm = nodeOptionsForm.extend({ acceptIndeterminate: z.boolean().default(false) })
const refuseForm = nodeOptionsForm.extend({ reason: z.string(), text: z.string().default('') })
const assignForm = nodeOptionsForm.extend({ lead: z.string(), due: z.string().optional() })

type Context = CommandContext

/** `congvan document …` for what clerks, leaders and specialists do with incoming documents. */
export function defineIncoming(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command
      .command('accept <id...>')
      .description(described('tiếp nhận, vào sổ (03)', 'accept and register (03)')),
  )
    .option(
      '--accept-indeterminate',
      described('tiếp nhận cả khi chưa đủ căn cứ', 'accept though the verdict is indeterminate'),
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
  withNodeOptions(command.command('assign <id...>').description(described('phân công (04)', 'assign (04)')))
    .requiredOption('--lead <text>', described('đơn vị, người chủ trì', 'who leads'))
    .option('--due <date>', described('thời hạn, YYYY-MM-DD', 'deadline'))
    .action((ids: string[], options: unknown) =>
      invoke((context) => {
        const { lead, due, ...node } = parseOptions(assignForm, options, context.language)
        return act(ids, 'assign', { lead, ...(due === undefined ? {} : { dueDate: due }) }, node, context)
      }),
    )
  for (const [verb, description] of [
    ['processing', described('bắt đầu xử lý (05)', 'start processing (05)')],
    ['complete', described('hoàn thành (06)', 'complete (06)')],
  ] as const) {
    withNodeOptions(command.command(`${verb} <id...>`).description(description)).action(
      (ids: string[], options: unknown) =>
        invoke((context) =>
          act(ids, verb, {}, parseOptions(nodeOptionsForm, options, context.language), context),
        ),
    )
  }
}

async function accept(
  ids: readonly string[],
  options: z.output<typeof acceptForm>,
  context: Context,
): Promise<number> {
  const client = signedInClient(options, context)
  const json = { acceptIndeterminate: options.acceptIndeterminate }
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
  context: Context,
): Promise<number> {
  const client = signedInClient(options, context)
  return forEachItem('id', ids, context, async (id) => {
    const { state } = await client.post(`/documents/${encodeURIComponent(id)}/${verb}`, stateForm, { json })
    return { json: { state }, text: `${id} (${stateText(state, context.language)})` }
  })
}
