import { basename } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import { CongvanError } from '../../server/errors.ts'
import type { ApiClient } from '../client/api-client.ts'
import { downloadFile, listFiles } from '../client/document-files.ts'
import { draftDocument } from '../client/draft-document.ts'
import { detailsForm } from '../client/forms.ts'
import { issueDocument, type SealReport, signDocument } from '../client/sign-revision.ts'
import { type CommandContext, described, type Invoke, repeatable } from '../command.ts'
import { forEachItem } from '../each.ts'
import { loadKeyFile } from '../key-file.ts'
import { letterQueryOf, numberBoxOption, placeOption, signOrderOption } from '../letter-options.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { readInput } from '../read-input.ts'
import { relationTexts } from '../recall-words.ts'
import { MOST_IMAGE_BYTES, sealNote, sealOption } from '../seal-option.ts'
import { stateText } from '../state-words.ts'
import { safeText } from '../terminal-text.ts'
import { writeNewFile } from '../write-new-file.ts'
import { defineCopy } from './document-copy.ts'
import { councilOption, defineDrafting, normativeOption } from './document-drafting.ts'
import { defineEvidence } from './document-evidence.ts'
import { defineFiles } from './document-files.ts'
import { defineIncoming } from './document-incoming.ts'
import { defineDocumentLists } from './document-lists.ts'
import { definePaperBack } from './paper-return.ts'

const draftForm = nodeOptionsForm.extend({
  kind: z.string(),
  subject: z.string(),
  symbol: z.string(),
  council: z.string().optional(),
  normative: z.boolean().optional(),
  place: z.string().optional(),
  urgency: z.coerce.number().int().min(0).max(3),
  signerName: z.string(),
  signerPosition: z.string().optional(),
  signerCompetence: z.string().optional(),
  due: z.string().optional(),
  to: z.array(z.string()),
  replyTo: z.string().optional(),
  paper: z.boolean().default(false),
  paperTo: z.array(z.string()),
  paperCopies: z.coerce.number().int().min(1).optional(),
  paperReason: z.string().optional(),
  keptBy: z.string().optional(),
  keptCopies: z.coerce.number().int().min(0).optional(),
  draftingUnit: z.string().optional(),
  assignedBy: z.string().optional(),
  stateSecret: z.boolean(),
  scanSeen: z.boolean().default(false),
  signOrder: z.array(z.string()),
  placeOf: z.array(z.string()),
  numberBox: z.string().optional(),
})
const keyForm = nodeOptionsForm.extend({
  key: z.string(),
  passwordFile: z.string().optional(),
  image: z.string().optional(),
  seal: z.string().optional(),
})
const downloadForm = nodeOptionsForm.extend({
  out: z.string().optional(),
  file: z.coerce.number().int().min(1).max(100).optional(),
})

export function defineDocument(command: Command, invoke: Invoke): void {
  defineOutgoing(command, invoke)
  defineDrafting(command, invoke)
  defineDocumentLists(command, invoke)
  definePaperBack(command, invoke)
  defineIncoming(command, invoke)
  defineFiles(command, invoke)
  defineCopy(command, invoke)
  defineEvidence(command, invoke)
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
    .option(...councilOption)
    .option(...normativeOption)
    .requiredOption('--signer-name <text>', described('người ký', 'who signs'))
    .option('--signer-position <text>', described('chức vụ', 'position'))
    .option('--signer-competence <text>', described('quyền hạn: TM., KT., …', 'competence'))
    .option('--place <text>', described('địa danh', 'place'))
    .option('--urgency <0-3>', described('0 thường … 3 hỏa tốc', '0 ordinary … 3 most urgent'), '0')
    .option('--due <date>', described('thời hạn trả lời, YYYY-MM-DD', 'deadline of the answer'))
    .option('--to <code>', described('nơi nhận dự kiến', 'intended recipient'), repeatable, [])
    .option('--reply-to <id>', described('trả lời văn bản đến', 'incoming document that it answers'))
    .option('--paper', described('gửi song song bản giấy', 'goes out on paper too'))
    .option('--paper-to <text>', described('nơi nhận bản giấy', 'who gets it on paper'), repeatable, [])
    .option('--paper-copies <count>', described('số lượng bản giấy', 'number of paper copies'))
    .option('--paper-reason <text>', described('lý do gửi thêm bản giấy', 'why on paper too'))
    .option('--kept-by <text>', described('đơn vị, người nhận bản lưu', 'who keeps a copy'))
    .option('--kept-copies <count>', described('số bản giấy lưu', 'kept paper copies'))
    .option('--drafting-unit <text>', described('đơn vị, người chủ trì soạn thảo', 'who drafts it'))
    .option('--assigned-by <text>', described('người giao soạn thảo', 'who assigned the drafting'))
    .option(
      '--no-state-secret',
      described('cam kết không có bí mật nhà nước', 'declare that it holds no state secret'),
    )
    .option(
      '--scan-seen',
      described(
        'bản quét: đã xem trang đầu, không có dấu chỉ độ mật',
        'a scan: its first page was looked at and bears no mark of secrecy',
      ),
    )
    .option(...signOrderOption, repeatable, [])
    .option(...placeOption, repeatable, [])
    .option(...numberBoxOption)
    .action((files: string[], options: unknown) =>
      invoke((context) => draft(files, parseOptions(draftForm, options, context.language), context)),
    )
  for (const [verb, description] of [
    ['sign', described('ký cá nhân (người có thẩm quyền)', 'sign as the person with authority')],
    ['issue', described('cấp số, ký số cơ quan, phát hành', 'number, sign for the agency, issue')],
  ] as const) {
    const signing = withNodeOptions(command.command(`${verb} <id...>`).description(description))
      .requiredOption('--key <file>', described('tệp khóa PKCS#12', 'PKCS#12 key file'))
      .option('--password-file <file>', described('tệp mật khẩu của khóa', 'file with the key’s password'))
    signing
      .option(...pictureOptions[verb])
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
    .option('--file <position>', described('tệp thứ mấy, 1 là tệp chính', 'which file; 1 is the main one'))
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

/** What `signDocument` and `issueDocument` answer. */
interface SignedOrIssued {
  readonly id: string
  readonly state: string
  readonly sha256: string
  readonly number?: string
  readonly seal?: SealReport
}

/** A picture of a hand's signature. */
const pictureOptions: Readonly<Record<'sign' | 'issue', readonly [string, string]>> = {
  issue: sealOption,
  sign: [
    '--image <file>',
    described('ảnh chữ ký: PNG nền trong suốt, màu xanh', 'picture of the signature: transparent PNG, blue'),
  ],
}

async function draft(
  files: readonly string[],
  options: z.output<typeof draftForm>,
  context: Context,
): Promise<number> {
  const client = signedInClient(options, context)
  const letter = letterQueryOf(options, context.language)
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
      ...besideThePage(options),
      declaredFreeOfSecrets: !options.stateSecret,
      scanDeclared: options.scanSeen,
      letter,
    })
    return { json: { id, state }, text: `${basename(file)} → ${id} (${stateText(state, context.language)})` }
  })
}

/** What is said of a draft beside what stands on the page; nothing where no option says it. */
function besideThePage(options: z.output<typeof draftForm>) {
  const { paperTo, paperCopies, paperReason } = options
  const onPaper =
    options.paper || paperTo.length > 0 || paperCopies !== undefined || paperReason !== undefined
  const paper = {
    recipients: paperTo,
    ...(paperCopies === undefined ? {} : { copies: paperCopies }),
    ...(paperReason === undefined ? {} : { reason: paperReason }),
  }
  return {
    ...(options.council === undefined ? {} : { council: options.council }),
    ...(options.normative === undefined ? {} : { normative: options.normative }),
    ...(options.replyTo === undefined ? {} : { inReplyTo: options.replyTo }),
    ...(onPaper ? { paper } : {}),
    ...(options.keptBy === undefined ? {} : { keptBy: options.keptBy }),
    ...(options.keptCopies === undefined ? {} : { keptCopies: options.keptCopies }),
    ...(options.draftingUnit === undefined ? {} : { draftingUnit: options.draftingUnit }),
    ...(options.assignedBy === undefined ? {} : { draftingAssignedBy: options.assignedBy }),
  }
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
  const file = verb === 'sign' ? options.image : options.seal
  const picture = file === undefined ? undefined : await readInput(file, context, MOST_IMAGE_BYTES)
  return forEachItem('id', ids, context, async (id) => {
    const { id: _, ...done }: SignedOrIssued = await sign(client, id, key, context.io.now(), picture)
    const number = done.number === undefined ? '' : ` ${done.number}`
    const note = sealNote(done.seal, context.language)
    return { json: done, text: `${id}${number} (${stateText(done.state, context.language)})${note}` }
  })
}

async function download(
  ids: readonly string[],
  options: z.output<typeof downloadForm>,
  context: Context,
): Promise<number> {
  const client = signedInClient(options, context)
  return forEachItem('id', ids, context, async (id) => {
    if (options.file !== undefined) return downloadOne(client, id, options.file, options.out, context)
    const file = `${options.out ?? '.'}/${id}.pdf`
    await writeNewFile(
      file,
      await client.getBytes(`/documents/${encodeURIComponent(id)}/file`),
      context.language,
    )
    return { json: { file }, text: file }
  })
}

/** Under a name of ours: the sender's may be anything. Only its extension is kept. */
async function downloadOne(
  client: ApiClient,
  id: string,
  position: number,
  out: string | undefined,
  context: Context,
): Promise<{ json: object; text: string }> {
  const found = (await listFiles(client, id)).find((one) => one.position === position)
  if (found === undefined) throw new CongvanError('NOT_FOUND', { what: `file ${position} of document ${id}` })
  const extension = /\.([A-Za-z0-9]{1,10})$/.exec(found.name)?.[1]?.toLowerCase() ?? 'bin'
  const file = `${out ?? '.'}/${id}-${position}.${extension}`
  await writeNewFile(file, await downloadFile(client, id, found), context.language)
  return { json: { file, name: found.name }, text: file }
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
    const { council } = details.outgoing ?? {}
    const cells = [
      id,
      code,
      details.subject,
      state,
      ...(council == null ? [] : [council]),
      ...relationTexts(details, context.language),
    ]
    return { json: details, text: cells.map(safeText).join('\t') }
  })
}
