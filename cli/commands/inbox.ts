import type { Command } from 'commander'
import { z } from 'zod'
import { type Document, pageForm } from '../client/forms.ts'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { stateText } from '../state-words.ts'
import { safeText } from '../terminal-text.ts'

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

function row(one: Document, context: CommandContext): string[] {
  const verdict = one.incoming?.indication ?? ''
  const cells = [
    one.id,
    `${one.code.number ?? ''}/${one.code.notation}`,
    one.incoming?.senderName ?? one.incoming?.senderCode ?? '',
    one.subject.length > 60 ? `${one.subject.slice(0, 59)}…` : one.subject,
    stateText(one.state, context.language),
    verdict,
  ]
  // Senders elsewhere chose these words.
  return cells.map(safeText)
}
