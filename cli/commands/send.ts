import type { Command } from 'commander'
import { z } from 'zod'
import { dispatchDocument } from '../client/deliveries.ts'
import { listFiles } from '../client/document-files.ts'
import { summaryForm } from '../client/forms.ts'
import { issueDocument } from '../client/sign-revision.ts'
import { type CommandContext, described, type Invoke, repeatable } from '../command.ts'
import { forEachItem } from '../each.ts'
import { loadKeyFile } from '../key-file.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { readInput } from '../read-input.ts'
import { MOST_IMAGE_BYTES, sealNote, sealOption } from '../seal-option.ts'
import { confirmSending } from '../sending-summary.ts'
import { usageError } from '../usage.ts'

const optionsForm = nodeOptionsForm.extend({
  to: z.array(z.string()),
  key: z.string().optional(),
  passwordFile: z.string().optional(),
  seal: z.string().optional(),
  yes: z.boolean().default(false),
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
    .option(...sealOption)
    .option('--yes', described('gửi ngay, không hỏi lại', 'send without asking'))
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
  const picture =
    options.seal === undefined ? undefined : await readInput(options.seal, context, MOST_IMAGE_BYTES)
  return forEachItem('id', ids, context, async (id) => {
    const issued =
      key === undefined ? undefined : await issueDocument(client, id, key, context.io.now(), picture)
    const document = await client.get(`/documents/${encodeURIComponent(id)}`, summaryForm)
    const summary = { document, files: await listFiles(client, id), recipients: options.to }
    if (!(await confirmSending(summary, context, options))) {
      throw usageError(
        { vi: 'chưa gửi: không được xác nhận', en: 'not sent: it was not confirmed' },
        context.language,
      )
    }
    const { envelope, deliveries } = await dispatchDocument(client, id, options.to)
    return {
      json: { envelope, deliveries },
      text: `${id} → ${deliveries.map((one) => one.recipient).join(', ')}${sealNote(issued?.seal, context.language)}`,
    }
  })
}
