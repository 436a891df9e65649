import { basename } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import { draftDocument } from '../client/draft-document.ts'
import { detailsForm } from '../client/forms.ts'
import { issueDocument, signDocument } from '../client/sign-revision.ts'
import { type CommandContext, described, type Invoke, repeatable } from '../command.ts'
import { forEachItem } from '../each.ts'
import { loadKeyFile } from '../key-file.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { readInput } from '../read-input.ts'
import { stateText } from '../state-words.ts'
import { safeText } from '../terminal-text.ts'
import { writeNewFile } from '../write-new-file.ts'
import { defineIncoming } from './document-incoming.ts'

const draftForm = nodeOptionsForm.extend({
  kind: z.string(),
  subject: z.string(),
  symbol: z.string(),
  place: z.string().optional(),
  urgency: z.coerce.number().int().min(0).max(3),
  signerName: z.string(),
  signerPosition: z.string().optional(),
  signerCompetence: z.string().optional(),
  due: z.string().optional(),
  to: z.array(z.string()),
  stateSecret: z.boolean(),
})
const keyForm = nodeOptionsForm.extend({ key: z.string(), passwordFile: z.string().optional() })
const downloadForm = nodeOptionsForm.extend({ out: z.string().optional() })

export function defineDocument(command: Command, invoke: Invoke): void {
  defineOutgoing(command, invoke)
  defineIncoming(command, invoke)
}

function defineOutgoing(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command
      .command('draft <file...>')
      .description(described('tạo dự thảo từ tệp PDF', 'draft from PDF files')),
  )
    .requiredOption('--kind <text>', described('tên loại (Công văn, Quyết định, …)', 'kind of document'))
    .requiredOption('--subject <text>', described('trích yếu', 'subject'))
    .requiredOption('--symbol <text>', described('ký hiệu, sau số và dấu /', 'symbol after the number'))
    .requiredOption('--signer-name <text>', described('người ký', 'who signs'))
    .option('--signer-position <text>', described('chức vụ', 'position'))
    .option('--signer-competence <text>', described('quyền hạn: TM., KT., …', 'competence'))
    .option('--place <text>', described('địa danh', 'place'))
    .option('--urgency <0-3>', described('0 thường … 3 hỏa tốc', '0 ordinary … 3 most urgent'), '0')
    .option('--due <date>', described('thời hạn trả lời, YYYY-MM-DD', 'deadline of the answer'))
    .option('--to <code>', described('nơi nhận dự kiến', 'intended recipient'), repeatable, [])
    .option(
      '--no-state-secret',
      described('cam kết không có bí mật nhà nước', 'declare that it holds no state secret'),
    )
    .action((files: string[], options: unknown) =>
      invoke((context) => draft(files, parseOptions(draftForm, options, context.language), context)),
    )
  for (const [verb, description] of [
    ['sign', described('ký cá nhân (người có thẩm quyền)', 'sign as the person with authority')],
    ['issue', described('cấp số, ký số cơ quan, phát hành', 'number, sign for the agency, issue')],
  ] as const) {
    withNodeOptions(command.command(`${verb} <id...>`).description(description))
      .requiredOption('--key <file>', described('tệp khóa PKCS#12', 'PKCS#12 key file'))
      .option('--password-file <file>', described('tệp mật khẩu của khóa', 'file with the key’s password'))
      .action((ids: string[], options: unknown) =>
        invoke((context) =>
          signOrIssue(verb, ids, parseOptions(keyForm, options, context.language), context),
        ),
      )
  }
  withNodeOptions(
    command.command('download <id...>').description(described('tải tệp PDF về', 'download the PDF')),
  )
    .option('--out <folder>', described('thư mục', 'folder'))
    .action((ids: string[], options: unknown) =>
      invoke((context) => download(ids, parseOptions(downloadForm, options, context.language), context)),
    )
  withNodeOptions(
    command.command('show <id...>').description(described('xem văn bản', 'show documents')),
  ).action((ids: string[], options: unknown) =>
    invoke((context) => show(ids, parseOptions(nodeOptionsForm, options, context.language), context)),
  )
}

type Context = CommandContext

async function draft(
  files: readonly string[],
  options: z.output<typeof draftForm>,
  context: Context,
): Promise<number> {
  const client = signedInClient(options, context)
  return forEachItem('file', files, context, async (file) => {
    const bytes = await readInput(file, context)
    const { id, state } = await draftDocument(client, bytes, {
      kind: options.kind,
      subject: options.subject,
      symbol: options.symbol,
      urgency: options.urgency,
      recipients: options.to,
      signer: {
        name: options.signerName,
        ...(options.signerPosition === undefined ? {} : { position: options.signerPosition }),
        ...(options.signerCompetence === undefined ? {} : { competence: options.signerCompetence }),
      },
      ...(options.place === undefined ? {} : { place: options.place }),
      ...(options.due === undefined ? {} : { dueDate: options.due }),
      declaredFreeOfSecrets: !options.stateSecret,
    })
    return { json: { id, state }, text: `${basename(file)} → ${id} (${stateText(state, context.language)})` }
  })
}

async function signOrIssue(
  verb: 'sign' | 'issue',
  ids: readonly string[],
  options: z.output<typeof keyForm>,
  context: Context,
): Promise<number> {
  const client = signedInClient(options, context)
  const key = await loadKeyFile(options.key, options.passwordFile, context)
  const sign = verb === 'sign' ? signDocument : issueDocument
  return forEachItem('id', ids, context, async (id) => {
    const { id: _, ...done } = await sign(client, id, key, context.io.now())
    const number = 'number' in done ? ` ${done.number}` : ''
    return { json: done, text: `${id}${number} (${stateText(done.state, context.language)})` }
  })
}

async function download(
  ids: readonly string[],
  options: z.output<typeof downloadForm>,
  context: Context,
): Promise<number> {
  const client = signedInClient(options, context)
  return forEachItem('id', ids, context, async (id) => {
    const file = `${options.out ?? '.'}/${id}.pdf`
    await writeNewFile(
      file,
      await client.getBytes(`/documents/${encodeURIComponent(id)}/file`),
      context.language,
    )
    return { json: { file }, text: file }
  })
}

async function show(
  ids: readonly string[],
  options: z.output<typeof nodeOptionsForm>,
  context: Context,
): Promise<number> {
  const client = signedInClient(options, context)
  return forEachItem('id', ids, context, async (id) => {
    const { id: _, ...details } = await client.get(`/documents/${encodeURIComponent(id)}`, detailsForm)
    const code = `${details.code.number ?? '…'}/${details.code.notation}`
    const state = stateText(details.state, context.language)
    return { json: details, text: [id, code, details.subject, state].map(safeText).join('\t') }
  })
}
