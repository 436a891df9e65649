import type { Command } from 'commander'
import { z } from 'zod'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { forEachItem } from '../each.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { recallText, updateText } from '../recall-words.ts'

const agreeForm = nodeOptionsForm.extend({ text: z.string().optional() })
const declineForm = nodeOptionsForm.extend({ reason: z.string() })
const answeredForm = z.object({ id: z.uuid(), recall: z.string().optional(), update: z.string().optional() })

/**
 * `congvan inbox recall-agree | recall-decline | update-agree | update-decline`: what a clerk answers to its issuer.
 *
 * The list itself takes `--node` and its like: what stands on the line is looked for in both.
 */
export function defineInboxRecall(command: Command, invoke: Invoke): void {
  const id = described('văn bản đến bị thu hồi', 'incoming documents that are recalled')
  withNodeOptions(
    command
      .command('recall-agree')
      .argument('<id...>', id)
      .description(
        described('đồng ý thu hồi (15): nội dung không còn mở được', 'agree (15): the content opens no more'),
      ),
  )
    .option('--text <text>', described('lời cho nơi gửi', 'words for the sender'))
    .action((ids: string[], _: unknown, verb: Command) =>
      invoke((context) => {
        const { text, ...node } = parseOptions(agreeForm, verb.optsWithGlobals(), context.language)
        return answer(ids, 'recall-agreement', text === undefined ? {} : { text }, node, context)
      }),
    )
  withNodeOptions(
    command
      .command('recall-decline')
      .argument('<id...>', id)
      .description(
        described(
          'từ chối thu hồi (16); NĐ 30/2020 không cho quyền này, yêu cầu vẫn còn mở',
          'decline (16); the law gives no right to, the recall stays open',
        ),
      ),
  )
    .requiredOption('--reason <text>', described('lý do, gửi cho nơi thu hồi', 'why, told to the sender'))
    .action((ids: string[], _: unknown, verb: Command) =>
      invoke((context) => {
        const { reason, ...node } = parseOptions(declineForm, verb.optsWithGlobals(), context.language)
        return answer(ids, 'recall-refusal', { reason }, node, context)
      }),
    )
  defineUpdate(command, invoke)
}

function defineUpdate(command: Command, invoke: Invoke): void {
  const id = described('văn bản đến được cập nhật', 'incoming documents that are updated')
  withNodeOptions(
    command
      .command('update-agree')
      .argument('<id...>', id)
      .description(described('đồng ý cập nhật thời hạn (15)', 'agree to the new deadline (15)')),
  )
    .option('--text <text>', described('lời cho nơi gửi', 'words for the sender'))
    .action((ids: string[], _: unknown, verb: Command) =>
      invoke((context) => {
        const { text, ...node } = parseOptions(agreeForm, verb.optsWithGlobals(), context.language)
        return answer(ids, 'update-agreement', text === undefined ? {} : { text }, node, context)
      }),
    )
  withNodeOptions(
    command
      .command('update-decline')
      .argument('<id...>', id)
      .description(described('từ chối cập nhật (16)', 'decline the update (16)')),
  )
    .requiredOption('--reason <text>', described('lý do, gửi cho nơi cập nhật', 'why, told to the sender'))
    .action((ids: string[], _: unknown, verb: Command) =>
      invoke((context) => {
        const { reason, ...node } = parseOptions(declineForm, verb.optsWithGlobals(), context.language)
        return answer(ids, 'update-refusal', { reason }, node, context)
      }),
    )
}

async function answer(
  ids: readonly string[],
  verb: 'recall-agreement' | 'recall-refusal' | 'update-agreement' | 'update-refusal',
  json: object,
  options: z.output<typeof nodeOptionsForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(options, context)
  return forEachItem('id', ids, context, async (id) => {
    const answered = await client.post(`/documents/${encodeURIComponent(id)}/${verb}`, answeredForm, { json })
    const { recall, update = '' } = answered
    const text =
      recall === undefined ? updateText(update, context.language) : recallText(recall, context.language)
    return { json: recall === undefined ? { update } : { recall }, text: `${id} (${text})` }
  })
}
