import type { Command } from 'commander'
import { z } from 'zod'
import {
  type Delivery,
  dispatchDocument,
  type Redispatched,
  redispatchDelivery,
  type Superseding,
  trackDocument,
} from '../client/deliveries.ts'
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
  replaces: z.array(z.string()),
  corrects: z.string().optional(),
  updates: z.string().optional(),
  reason: z.string().optional(),
  addRecipient: z.array(z.string()),
  removeRecipient: z.array(z.string()),
  yes: z.boolean().default(false),
  again: z.boolean().default(false),
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
    .option(
      '--replaces <id>',
      described('thay thế văn bản này của cơ quan, lặp lại được', 'replaces this own document, repeatable'),
      repeatable,
      [],
    )
    .option(
      '--corrects <id>',
      described('công văn đính chính văn bản này', 'a letter that corrects this own document'),
    )
    .option(
      '--again',
      described(
        'gửi lại những lượt đã hỏng hoặc hết hạn; không có --to: tất cả',
        'send again what ended undeliverable or expired; without --to: all of it',
      ),
    )
    .option(
      '--updates <id>',
      described(
        'cập nhật thời hạn, nơi nhận của văn bản này; thời hạn mới là của văn bản gửi đi',
        'updates deadline or recipients of this own document; the new deadline is that of the one sent',
      ),
    )
    .option(
      '--add-recipient <code>',
      described('nơi nhận được thêm, với --updates', 'recipient added, with --updates'),
      repeatable,
      [],
    )
    .option(
      '--remove-recipient <code>',
      described('nơi nhận bị bỏ, với --updates', 'recipient removed, with --updates'),
      repeatable,
      [],
    )
    .option('--reason <text>', described('lý do cập nhật', 'why it is updated'))
    .option('--yes', described('gửi ngay, không hỏi lại', 'send without asking'))
    .action((ids: string[], options: unknown) =>
      invoke((context) => send(ids, parseOptions(optionsForm, options, context.language), context)),
    )
}

function superseding(options: z.output<typeof optionsForm>, context: CommandContext): Superseding {
  const { replaces, corrects, updates, reason } = options
  if (updates !== undefined && reason === undefined) {
    throw usageError({ vi: '--updates cần --reason', en: '--updates needs --reason' }, context.language)
  }
  return {
    ...(replaces.length === 0 ? {} : { replaces: [...replaces].sort() }),
    ...(corrects === undefined ? {} : { corrects }),
    ...(updates === undefined || reason === undefined
      ? {}
      : {
          updates: {
            document: updates,
            reason,
            added: [...options.addRecipient].sort(),
            removed: [...options.removeRecipient].sort(),
          },
        }),
  }
}

/** Run again after any failure it finishes what is left and sends nothing twice. */
async function send(
  ids: readonly string[],
  options: z.output<typeof optionsForm>,
  context: CommandContext,
): Promise<number> {
  if (options.again) return sendAgain(ids, options, context)
  if (options.to.length === 0) {
    throw usageError({ vi: 'cần ít nhất một --to', en: 'at least one --to is needed' }, context.language)
  }
  const supersedes = superseding(options, context)
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
    const { envelope, deliveries } = await dispatchDocument(client, id, options.to, supersedes)
    return {
      json: { envelope, deliveries },
      text: `${id} → ${deliveries.map((one) => one.recipient).join(', ')}${sealNote(issued?.seal, context.language)}`,
    }
  })
}

/** Of each recipient the newest attempt counts: one that is under way or has arrived is left alone. */
async function sendAgain(
  ids: readonly string[],
  options: z.output<typeof optionsForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(options, context)
  return forEachItem('id', ids, context, async (id) => {
    const newest = new Map<string, Delivery>()
    for (const one of await trackDocument(client, id)) {
      if (one.series >= (newest.get(one.recipient)?.series ?? 1)) newest.set(one.recipient, one)
    }
    const named =
      options.to.length === 0 ? [...newest.values()].filter(hasFailed) : options.to.map(ofRecipient)
    function ofRecipient(code: string): Delivery {
      const found = newest.get(code)
      if (found !== undefined) return found
      throw usageError(
        { vi: `chưa từng gửi tới ${code}`, en: `it was never sent to ${code}` },
        context.language,
      )
    }
    const again: Redispatched[] = []
    for (const one of named) again.push(await redispatchDelivery(client, one.id))
    const nothing =
      context.language === 'vi' ? 'không có lượt nào phải gửi lại' : 'nothing is to be sent again'
    const shown = again.map((one) => `${one.recipient} (${one.series})`).join(', ')
    return { json: { deliveries: again }, text: `${id} → ${again.length === 0 ? nothing : shown}` }
  })
}

function hasFailed({ state }: Delivery): boolean {
  return state === 'undeliverable' || state === 'expired'
}
