import type { Command } from 'commander'
import { z } from 'zod'
import { derivedKey } from '../client/api-client.ts'
import { stateForm } from '../client/forms.ts'
import { type CommandContext, described, type Invoke, repeatable } from '../command.ts'
import { forEachItem } from '../each.ts'
import { letterQueryOf, numberBoxOption, placeOption, signOrderOption } from '../letter-options.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { readInput } from '../read-input.ts'
import { stateText } from '../state-words.ts'
import { usageError } from '../usage.ts'

type Context = CommandContext
type NodeOptions = z.output<typeof nodeOptionsForm>

const presentForm = nodeOptionsForm.extend({ signer: z.array(z.string()), note: z.string().optional() })
const remarkForm = nodeOptionsForm.extend({ remark: z.string() })
const checkForm = nodeOptionsForm.extend({
  content: z.boolean().default(false),
  form: z.boolean().default(false),
  failed: z.boolean().default(false),
  remark: z.string().optional(),
})
const commentForm = nodeOptionsForm.extend({
  text: z.string(),
  revision: z.coerce.number().int().min(1).optional(),
})
const editForm = nodeOptionsForm.extend({
  kind: z.string().optional(),
  subject: z.string().optional(),
  symbol: z.string().optional(),
  council: z.union([z.string(), z.literal(false)]).optional(),
  normative: z.boolean().optional(),
  urgency: z.coerce.number().int().min(0).max(3).optional(),
  place: z.string().optional(),
  due: z.string().optional(),
  to: z.array(z.string()),
  replyTo: z.string().optional(),
  keptBy: z.string().optional(),
})
const reviseForm = nodeOptionsForm.extend({
  stateSecret: z.boolean(),
  scanSeen: z.boolean().default(false),
  signOrder: z.array(z.string()),
  placeOf: z.array(z.string()),
  numberBox: z.string().optional(),
})
const cancelForm = nodeOptionsForm.extend({ reason: z.string() })
const paperForm = nodeOptionsForm.extend({
  to: z.array(z.string()),
  copies: z.coerce.number().int().min(1).optional(),
  reason: z.string().optional(),
})

/** The advisory body that issues in its own name; it takes its number from its own series. */
export const councilOption = [
  '--council <name>',
  described('tổ chức tư vấn đứng tên ban hành', 'advisory body in whose name it is issued'),
] as const
/** Of kinds that are administrative or legal normative. */
export const normativeOption = [
  '--normative',
  described('là văn bản quy phạm pháp luật', 'it is a legal normative document'),
] as const

/** `congvan document …` for the way of a draft to its signatures. */
export function defineDrafting(command: Command, invoke: Invoke): void {
  definePresenting(command, invoke)
  defineChanging(command, invoke)
  defineChecking(command, invoke)
}

function definePresenting(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command.command('present <id...>').description(described('trình ký theo thứ tự', 'present for signing')),
  )
    .option(
      '--signer <login>',
      described('người ký, lặp lại theo thứ tự', 'who signs; repeat it in the order of signing'),
      repeatable,
      [],
    )
    .option('--note <text>', described('ý kiến khi trình', 'a note to those who sign'))
    .action((ids: string[], options: unknown) =>
      invoke((context) => {
        const { signer, note, ...node } = parseOptions(presentForm, options, context.language)
        if (signer.length === 0) {
          throw usageError(
            { vi: 'cần ít nhất một --signer', en: 'at least one --signer is needed' },
            context.language,
          )
        }
        const signers = signer.map((user) => ({ user }))
        return post(ids, 'present', { signers, ...given({ note }) }, node, context)
      }),
    )
  withNodeOptions(
    command
      .command('return <id...>')
      .description(
        described('trả lại hoặc rút về dự thảo đã trình', 'return or withdraw what was presented'),
      ),
  )
    .requiredOption('--remark <text>', described('ý kiến', 'what is to be changed'))
    .action((ids: string[], options: unknown) =>
      invoke((context) => {
        const { remark, ...node } = parseOptions(remarkForm, options, context.language)
        return post(ids, 'return', { remark }, node, context)
      }),
    )
}

function defineChanging(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command
      .command('edit <id...>')
      .description(described('sửa thông tin dự thảo', 'change a draft’s metadata')),
  )
    .option('--kind <text>', described('tên loại', 'kind of document'))
    .option('--subject <text>', described('trích yếu', 'subject'))
    .option('--symbol <text>', described('ký hiệu', 'symbol'))
    .option(...councilOption)
    .option(
      '--no-council',
      described('cơ quan ban hành, không phải tổ chức tư vấn', 'the agency itself issues it'),
    )
    .option(...normativeOption)
    .option('--no-normative', described('là văn bản hành chính', 'it is an administrative document'))
    .option('--urgency <0-3>', described('độ khẩn', 'urgency'))
    .option('--place <text>', described('địa danh', 'place'))
    .option('--due <date>', described('thời hạn trả lời, YYYY-MM-DD', 'deadline of the answer'))
    .option(
      '--to <code>',
      described('nơi nhận, thay danh sách cũ', 'recipient, replaces the list'),
      repeatable,
      [],
    )
    .option('--reply-to <id>', described('trả lời văn bản đến', 'incoming document that it answers'))
    .option('--kept-by <text>', described('đơn vị, người nhận bản lưu', 'who keeps a copy'))
    .action((ids: string[], options: unknown) =>
      invoke((context) => edit(ids, parseOptions(editForm, options, context.language), context)),
    )
  withNodeOptions(
    command
      .command('revise <id> <file>')
      .description(described('tải bản thảo mới lên thay bản cũ', 'upload a new version of the draft')),
  )
    .option(
      '--no-state-secret',
      described(
        'cam kết không có bí mật nhà nước (bắt buộc)',
        'declare that it holds no state secret (required)',
      ),
    )
    .option('--scan-seen', described('bản quét: đã xem trang đầu', 'a scan: its first page was looked at'))
    .option(...signOrderOption, repeatable, [])
    .option(...placeOption, repeatable, [])
    .option(...numberBoxOption)
    .action((id: string, file: string, options: unknown) =>
      invoke((context) => revise(id, file, parseOptions(reviseForm, options, context.language), context)),
    )
  withNodeOptions(
    command
      .command('cancel <id...>')
      .description(described('hủy văn bản chưa phát hành', 'cancel before issue')),
  )
    .requiredOption('--reason <text>', described('lý do, ghi vào sổ', 'the reason; stands in the register'))
    .action((ids: string[], options: unknown) =>
      invoke((context) => {
        const { reason, ...node } = parseOptions(cancelForm, options, context.language)
        return post(ids, 'cancel', { reason }, node, context)
      }),
    )
  withNodeOptions(
    command
      .command('paper <id...>')
      .description(described('ghi nhận đã gửi bản giấy', 'record that it went out on paper')),
  )
    .option('--to <text>', described('nơi nhận bản giấy', 'who got it on paper'), repeatable, [])
    .option('--copies <count>', described('số lượng bản', 'number of copies'))
    .option('--reason <text>', described('lý do gửi thêm bản giấy', 'why on paper too'))
    .action((ids: string[], options: unknown) =>
      invoke((context) => {
        const { to, copies, reason, ...node } = parseOptions(paperForm, options, context.language)
        const recipients = to.length === 0 ? undefined : to
        return post(ids, 'paper-dispatch', given({ recipients, copies, reason }), node, context)
      }),
    )
}

function defineChecking(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command
      .command('check <id...>')
      .description(described('ghi kết quả kiểm tra bản thảo', 'record a check')),
  )
    .option('--content', described('kiểm tra nội dung', 'the content'))
    .option('--form', described('kiểm tra thể thức', 'the form'))
    .option('--failed', described('không đạt, trả lại', 'it did not pass'))
    .option('--remark <text>', described('ý kiến', 'remark'))
    .action((ids: string[], options: unknown) =>
      invoke((context) => check(ids, parseOptions(checkForm, options, context.language), context)),
    )
  withNodeOptions(
    command.command('comment <id...>').description(described('ghi ý kiến', 'comment on documents')),
  )
    .requiredOption('--text <text>', described('ý kiến', 'what is to be said'))
    .option('--revision <n>', described('phiên bản', 'the version it is about'))
    .action((ids: string[], options: unknown) =>
      invoke((context) => {
        const { text, revision, ...node } = parseOptions(commentForm, options, context.language)
        return comment(ids, { comment: text, ...given({ revision }) }, node, context)
      }),
    )
}

/** What is there of some options. */
function given(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

const path = (id: string, verb = '') => `/documents/${encodeURIComponent(id)}${verb === '' ? '' : `/${verb}`}`

async function post(
  ids: readonly string[],
  verb: string,
  json: object,
  options: NodeOptions,
  context: Context,
): Promise<number> {
  const client = signedInClient(options, context)
  const form = z.looseObject({ state: z.string() })
  return forEachItem('id', ids, context, async (id) => {
    const { id: _, ...done } = await client.post(path(id, verb), form, { json })
    return { json: done, text: `${id} (${stateText(done.state, context.language)})` }
  })
}

async function comment(
  ids: readonly string[],
  json: object,
  options: NodeOptions,
  context: Context,
): Promise<number> {
  const client = signedInClient(options, context)
  return forEachItem('id', ids, context, async (id) => {
    const { commentId } = await client.post(path(id, 'comments'), z.object({ commentId: z.uuid() }), { json })
    return { json: { commentId }, text: id }
  })
}

async function check(
  ids: readonly string[],
  { content, form, failed, remark, ...node }: z.output<typeof checkForm>,
  context: Context,
): Promise<number> {
  if (content === form) {
    throw usageError({ vi: 'chọn --content hoặc --form', en: 'choose --content or --form' }, context.language)
  }
  const verb = content ? 'content-check' : 'form-check'
  return post(ids, verb, { passed: !failed, ...given({ remark }) }, node, context)
}

const versionForm = stateForm.extend({ version: z.int() })

async function edit(
  ids: readonly string[],
  options: z.output<typeof editForm>,
  context: Context,
): Promise<number> {
  const { kind, subject, symbol, council, normative, urgency, place, due, to, replyTo, keptBy, ...node } =
    options
  const recipients = to.length === 0 ? undefined : to
  const json = given({
    kind,
    subject,
    symbol,
    council: council === false ? null : council,
    normative,
    urgency,
    place,
    dueDate: due,
    recipients,
    inReplyTo: replyTo,
    keptBy,
  })
  if (Object.keys(json).length === 0) {
    throw usageError({ vi: 'không có gì để sửa', en: 'nothing to change' }, context.language)
  }
  const client = signedInClient(node, context)
  return forEachItem('id', ids, context, async (id) => {
    const { version: ifMatch } = await client.get(path(id), versionForm)
    const { state, version } = await client.patch(path(id), versionForm, { json, ifMatch })
    return { json: { state, version }, text: `${id} (${stateText(state, context.language)})` }
  })
}

async function revise(
  id: string,
  file: string,
  options: z.output<typeof reviseForm>,
  context: Context,
): Promise<number> {
  if (options.stateSecret) {
    throw usageError(
      {
        vi: 'cần --no-state-secret: bản có bí mật nhà nước không được đưa lên',
        en: '--no-state-secret is needed: what holds a state secret is not uploaded',
      },
      context.language,
    )
  }
  const client = signedInClient(options, context)
  const letter = letterQueryOf(options, context.language)
  return forEachItem('id', [id], context, async () => {
    const bytes = await readInput(file, context)
    const { version } = await client.get(path(id), versionForm)
    const { state, revision, signaturesCancelled } = await client.post(
      path(id, 'versions'),
      z.object({ state: z.string(), revision: z.int(), signaturesCancelled: z.int() }),
      {
        bytes,
        query: { stateSecret: 'false', scanDeclared: String(options.scanSeen), ...letter },
        idempotencyKey: derivedKey('revise', id, bytes, String(version), JSON.stringify(letter)),
        ifMatch: version,
      },
    )
    return {
      json: { state, revision, signaturesCancelled },
      text: `${id} → ${revision} (${stateText(state, context.language)})`,
    }
  })
}
