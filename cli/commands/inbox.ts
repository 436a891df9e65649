import type { Command } from 'commander'
import { z } from 'zod'
import type { Language } from '../../signing/index.ts'
import { type Document, pageForm } from '../client/forms.ts'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { recallText } from '../recall-words.ts'
import { stateText } from '../state-words.ts'
import { safeText } from '../terminal-text.ts'
import { urgencyText } from '../urgency-text.ts'
import { vietnamDateText, vietnamTimeText } from '../vietnam-date-text.ts'
import { defineInboxRecall } from './inbox-recall.ts'
import { definePaperSentBack } from './paper-return.ts'

const optionsForm = nodeOptionsForm.extend({
  state: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100_000),
})

export function defineInbox(command: Command, invoke: Invoke): void {
  withNodeOptions(command)
    .option('--state <state>', described('chỉ trạng thái này', 'only this state'))
    .option('--limit <n>', described('nhiều nhất', 'at most'), '50')
    .action((options: unknown) =>
      invoke((context) => inbox(parseOptions(optionsForm, options, context.language), context)),
    )
  defineInboxRecall(command, invoke)
  definePaperSentBack(command, invoke)
}

/** Incoming documents of one's agency, newest first. */
async function inbox(options: z.output<typeof optionsForm>, context: CommandContext): Promise<number> {
  const client = signedInClient(options, context)
  const found: Document[] = []
  let cursor: string | undefined
  while (found.length < options.limit) {
    const page = await client.get('/documents', pageForm, {
      query: {
        direction: 'incoming',
        state: options.state,
        cursor,
        limit: String(Math.min(200, options.limit - found.length)),
      },
    })
    found.push(...page.items)
    if (page.next === null) break
    cursor = page.next
  }
  if (context.json) for (const one of found) await context.output.json(one)
  else await context.output.table(found.map((one) => row(one, context)))
  return 0
}

/** Ngày đến, số đến, cơ quan gửi, số ký hiệu, trích yếu, mức độ khẩn, thời hạn, trạng thái, and what to beware of. */
function row(one: Document, context: CommandContext): string[] {
  const { incoming } = one
  const due = incoming?.handlingDue ?? one.dueDate ?? null
  const cells = [
    one.id,
    vietnamTimeText(one.createdAt),
    incoming?.number == null ? '-' : String(incoming.number),
    incoming?.senderName ?? incoming?.senderCode ?? '',
    `${one.code.number ?? ''}/${one.code.notation}`,
    one.subject.length > 60 ? `${one.subject.slice(0, 59)}…` : one.subject,
    urgencyText(one.urgency ?? 0, context.language),
    due === null ? '' : vietnamDateText(due),
    stateText(one.state, context.language),
    warningsOf(one, context.language),
  ]
  // Senders elsewhere chose these words.
  return cells.map(safeText)
}

const warnings = {
  secret: { vi: 'CÓ DẤU MẬT', en: 'MARKED SECRET' },
  replaced: { vi: 'đã được thay thế', en: 'replaced' },
  stranger: { vi: 'cơ quan ký khác cơ quan gửi', en: 'signed by another agency' },
} as const

function warningsOf(document: Document, language: Language): string {
  const { incoming, state, recall, replacedBy } = document
  const found = [
    recall == null ? '' : recallText(recall, language),
    replacedBy == null ? '' : warnings.replaced[language],
    incoming?.secretMark == null ? '' : warnings.secret[language],
    incoming?.senderMatches === false ? warnings.stranger[language] : '',
    state === 'verified' || state === 'failed-verification' ? (incoming?.indication ?? '') : '',
  ]
  return found.filter((one) => one !== '').join('; ')
}
