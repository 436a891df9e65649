import { basename } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import { forwardDocument } from '../client/deliveries.ts'
import { attachFile, listFiles } from '../client/document-files.ts'
import { type CommandContext, described, type Invoke, repeatable } from '../command.ts'
import { forEachItem } from '../each.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { readInput } from '../read-input.ts'
import { safeText } from '../terminal-text.ts'
import { usageError } from '../usage.ts'

const attachForm = nodeOptionsForm.extend({
  annex: z.boolean().default(false),
  rename: z.boolean().default(false),
  stateSecret: z.boolean(),
})
const removeForm = nodeOptionsForm.extend({ file: z.coerce.number().int().min(2).max(100) })
const forwardForm = nodeOptionsForm.extend({ to: z.array(z.string()), overrideReason: z.string().optional() })

/** `congvan document …` for separate files of a document, and for passing a received one on. */
export function defineFiles(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command
      .command('attach <id> <file...>')
      .description(described('đính kèm tệp vào dự thảo', 'attach files to a draft')),
  )
    .option(
      '--annex',
      described('là phụ lục (PDF, cơ quan ký số)', 'they are annexes (PDF, signed by the agency)'),
    )
    .option(
      '--rename',
      described('đổi tên tệp cho đúng quy định', 'give them names that may be sent where theirs may not'),
    )
    .option(
      '--no-state-secret',
      described('cam kết không có bí mật nhà nước', 'declare that they hold no state secret'),
    )
    .action((id: string, files: string[], options: unknown) =>
      invoke((context) => attach(id, files, parseOptions(attachForm, options, context.language), context)),
    )
  withNodeOptions(
    command
      .command('detach <id...>')
      .description(described('bỏ tệp kèm theo khỏi dự thảo', 'take a separate file away from drafts')),
  )
    .requiredOption('--file <position>', described('vị trí của tệp', 'position of the file'))
    .action((ids: string[], options: unknown) =>
      invoke((context) => detach(ids, parseOptions(removeForm, options, context.language), context)),
    )
  withNodeOptions(
    command.command('files <id...>').description(described('các tệp của văn bản', 'the files of documents')),
  ).action((ids: string[], options: unknown) =>
    invoke((context) => files(ids, parseOptions(nodeOptionsForm, options, context.language), context)),
  )
  withNodeOptions(
    command
      .command('forward <id...>')
      .description(
        described('chuyển tiếp nguyên bản văn bản đến', 'pass received documents on as they came'),
      ),
  )
    .option('--to <code>', described('mã định danh nơi nhận', 'recipient’s code, repeatable'), repeatable, [])
    .option(
      '--override-reason <text>',
      described('lý do chuyển văn bản LƯU HÀNH NỘI BỘ', 'why one for internal circulation is passed on'),
    )
    .action((ids: string[], options: unknown) =>
      invoke((context) => forward(ids, parseOptions(forwardForm, options, context.language), context)),
    )
}

async function attach(
  id: string,
  names: readonly string[],
  options: z.output<typeof attachForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(options, context)
  return forEachItem('file', names, context, async (file) => {
    const bytes = await readInput(file, context)
    const { id: _, ...attached } = await attachFile(client, id, bytes, {
      name: basename(file),
      kind: options.annex ? 'annex' : 'attachment',
      rename: options.rename,
      declaredFreeOfSecrets: !options.stateSecret,
    })
    return { json: attached, text: `${attached.position}\t${safeText(attached.name)}\t${attached.sha256}` }
  })
}

async function detach(
  ids: readonly string[],
  options: z.output<typeof removeForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(options, context)
  const form = z.object({ id: z.uuid(), position: z.int() })
  return forEachItem('id', ids, context, async (id) => {
    const path = `/documents/${encodeURIComponent(id)}/files/${options.file}/removal`
    const { position } = await client.post(path, form, { json: {} })
    return { json: { position }, text: `${id}\t${position}` }
  })
}

async function files(
  ids: readonly string[],
  options: z.output<typeof nodeOptionsForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(options, context)
  return forEachItem('id', ids, context, async (id) => {
    const found = await listFiles(client, id)
    const lines = found.map((one) =>
      [String(one.position), one.kind, one.name, String(one.length), one.sha256, ...one.findings]
        // Senders elsewhere chose these names.
        .map(safeText)
        .join('\t'),
    )
    return { json: { files: found }, text: lines.join('\n') }
  })
}

async function forward(
  ids: readonly string[],
  options: z.output<typeof forwardForm>,
  context: CommandContext,
): Promise<number> {
  if (options.to.length === 0) {
    throw usageError({ vi: 'cần ít nhất một --to', en: 'at least one --to is needed' }, context.language)
  }
  const client = signedInClient(options, context)
  return forEachItem('id', ids, context, async (id) => {
    const { envelope, deliveries } = await forwardDocument(client, id, options.to, options.overrideReason)
    return {
      json: { envelope, deliveries },
      text: `${id} → ${deliveries.map((one) => one.recipient).join(', ')}`,
    }
  })
}
