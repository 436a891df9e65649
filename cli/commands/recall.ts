import type { Command } from 'commander'
import { z } from 'zod'
import { fillMessage, type Language } from '../../signing/index.ts'
import { derivedKey } from '../client/api-client.ts'
import { type Bilingual, type CommandContext, described, type Invoke, repeatable } from '../command.ts'
import { forEachItem } from '../each.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { safeText } from '../terminal-text.ts'
import { vietnamDateText } from '../vietnam-date-text.ts'

const optionsForm = nodeOptionsForm.extend({
  notice: z.string().optional(),
  reason: z.string(),
  recipient: z.array(z.string()),
})

const recalledForm = z.object({
  id: z.uuid(),
  recall: z.string(),
  cancelled: z.array(z.string()),
  notified: z.array(z.string()),
  untouched: z.array(
    z.object({
      code: z.string(),
      why: z.string(),
      /** Of one that has closed: since when, and who took over. */
      closedOn: z.string().optional(),
      successors: z.array(z.string()).optional(),
    }),
  ),
  /** Who holds it on paper, by name; they send it back. */
  paper: z.array(z.string()).optional(),
  envelope: z.string().nullable(),
})

export function defineRecall(command: Command, invoke: Invoke): void {
  withNodeOptions(command.argument('<id>', described('văn bản đã gửi', 'a document that was sent')))
    .option(
      '--notice <id>',
      described(
        'thông báo thu hồi đã phát hành; cần khi văn bản đã rời nút',
        'the issued notice of recall, needed once the document has left',
      ),
    )
    .requiredOption('--reason <text>', described('lý do thu hồi', 'why it is recalled'))
    .option(
      '--recipient <code>',
      described('chỉ nơi nhận này, lặp lại được', 'only this recipient, repeatable'),
      repeatable,
      [],
    )
    .action((id: string, options: unknown) =>
      invoke((context) => recall(id, parseOptions(optionsForm, options, context.language), context)),
    )
}

const words = {
  cancelled: { vi: 'đã hủy trước khi gửi', en: 'cancelled before it left' },
  notified: { vi: 'đã gửi thông báo thu hồi', en: 'asked by the notice of recall' },
  'not-delivered': { vi: 'văn bản đã không tới nơi', en: 'it was never delivered' },
  'recalled-before': { vi: 'đã thu hồi từ trước', en: 'recalled before' },
  closed: {
    vi: 'KHÔNG THU HỒI ĐƯỢC: cơ quan đã đóng từ {day}; kế thừa: {successors}',
    en: 'NOT RECALLED: the agency is closed since {day}; successors: {successors}',
  },
  paper: { vi: 'có bản giấy, cần gửi lại', en: 'has it on paper, which is to be sent back' },
} as const satisfies Record<string, Bilingual>

function untouchedText(
  { why, closedOn, successors = [] }: z.output<typeof recalledForm>['untouched'][number],
  language: Language,
): string {
  if (why !== 'closed') {
    return words[why === 'recalled-before' ? 'recalled-before' : 'not-delivered'][language]
  }
  return fillMessage(words.closed[language], {
    day: closedOn === undefined ? '–' : vietnamDateText(closedOn),
    successors: successors.join(', ') || '–',
  })
}

/** Asked again after a failure it finishes what is left and asks nobody twice. */
async function recall(
  id: string,
  { notice, reason, recipient, ...node }: z.output<typeof optionsForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(node, context)
  const recipients = [...recipient].sort()
  const json = {
    reason,
    ...(notice === undefined ? {} : { notice }),
    ...(recipients.length === 0 ? {} : { recipients }),
  }
  return forEachItem('id', [id], context, async () => {
    const answer = await client.post(`/documents/${encodeURIComponent(id)}/recall`, recalledForm, {
      json,
      idempotencyKey: derivedKey('recall', id, JSON.stringify(json)),
    })
    const { cancelled, notified, untouched, paper = [] } = answer
    const { language } = context
    const lines = [
      ...cancelled.map((code) => [code, words.cancelled[language]]),
      ...notified.map((code) => [code, words.notified[language]]),
      ...untouched.map((one) => [one.code, untouchedText(one, language)]),
      ...paper.map((name) => [name, words.paper[language]]),
    ]
    const text = [id, ...lines.map(([who, what]) => safeText(`${who}: ${what}`))].join('\n  ')
    return { json: { ...answer }, text }
  })
}
