import type { Command } from 'commander'
import { z } from 'zod'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { forEachItem } from '../each.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { recallText } from '../recall-words.ts'

const agreeForm = nodeOptionsForm.extend({ text: z.string().optional() })
const declineForm = nodeOptionsForm.extend({ reason: z.string() })
const answeredForm = z.object({ id: z.uuid(), recall: z.string() })

/** `congvan inbox recall-agree | recall-decline`: what a clerk answers when the issuer takes a document back. */
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
    .action((ids: string[], options: unknown) =>
      invoke((context) => {
        const { text, ...node } = parseOptions(agreeForm, options, context.language)
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
    .action((ids: string[], options: unknown) =>
      invoke((context) => {
        const { reason, ...node } = parseOptions(declineForm, options, context.language)
        return answer(ids, 'recall-refusal', { reason }, node, context)
      }),
    )
}

async function answer(
  ids: readonly string[],
  verb: 'recall-agreement' | 'recall-refusal',
  json: object,
  options: z.output<typeof nodeOptionsForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(options, context)
  return forEachItem('id', ids, context, async (id) => {
    const { recall } = await client.post(`/documents/${encodeURIComponent(id)}/${verb}`, answeredForm, {
      json,
    })
    return { json: { recall }, text: `${id} (${recallText(recall, context.language)})` }
  })
}
