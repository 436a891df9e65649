import type { Command } from 'commander'
import { z } from 'zod'
import { dispatchDocument } from '../client/deliveries.ts'
import { issueDocument } from '../client/sign-revision.ts'
import { type CommandContext, described, type Invoke, repeatable } from '../command.ts'
import { forEachItem } from '../each.ts'
import { loadKeyFile } from '../key-file.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { usageError } from '../usage.ts'

const optionsForm = nodeOptionsForm.extend({
  to: z.array(z.string()),
  key: z.string().optional(),
  passwordFile: z.string().optional(),
})

export function defineSend(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command.argument('<id...>', described('văn bản đã ký hoặc đã phát hành', 'signed or issued documents')),
  )
    .option(
      '--to <code>',
      described('mã định danh nơi nhận, lặp lại được', 'recipient’s code, repeatable'),
      repeatable,
      [],
    )
    .option(
      '--key <file>',
      described('khóa cơ quan PKCS#12: phát hành trước khi gửi', 'agency key: issue first, then send'),
    )
    .option('--password-file <file>', described('tệp mật khẩu của khóa', 'file with the key’s password'))
    .action((ids: string[], options: unknown) =>
      invoke((context) => send(ids, parseOptions(optionsForm, options, context.language), context)),
    )
}

/** Run again after any failure it finishes what is left and sends nothing twice. */
async function send(
  ids: readonly string[],
  options: z.output<typeof optionsForm>,
  context: CommandContext,
): Promise<number> {
  if (options.to.length === 0) {
    throw usageError({ vi: 'cần ít nhất một --to', en: 'at least one --to is needed' }, context.language)
  }
  const client = signedInClient(options, context)
  const key =
    options.key === undefined ? undefined : await loadKeyFile(options.key, options.passwordFile, context)
  return forEachItem('id', ids, context, async (id) => {
    if (key !== undefined) await issueDocument(client, id, key, context.io.now())
    const { envelope, deliveries } = await dispatchDocument(client, id, options.to)
    return {
      json: { envelope, deliveries },
      text: `${id} → ${deliveries.map((one) => one.recipient).join(', ')}`,
    }
  })
}
