import type { Command } from 'commander'
import { z } from 'zod'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { forEachItem } from '../each.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { stateText } from '../state-words.ts'
import { safeText } from '../terminal-text.ts'

const lateForm = nodeOptionsForm.extend({ list: z.enum(['to-number', 'to-dispatch']) })

/** `congvan document …` for what waits, what is late, and what was done. */
export function defineDocumentLists(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command
      .command('to-sign')
      .description(described('văn bản chờ mình ký', 'documents that wait for my signature')),
  ).action((options: unknown) =>
    invoke((context) => toSign(parseOptions(nodeOptionsForm, options, context.language), context)),
  )
  withNodeOptions(
    command
      .command('late')
      .description(described('văn bản đi quá hạn cấp số hoặc gửi', 'outgoing documents that are late')),
  )
    .option(
      '--list <to-number|to-dispatch>',
      described('quá hạn cấp số hay quá hạn gửi', 'late to be numbered or dispatched'),
      'to-dispatch',
    )
    .action((options: unknown) =>
      invoke((context) => late(parseOptions(lateForm, options, context.language), context)),
    )
  withNodeOptions(
    command.command('history <id...>').description(described('lịch sử văn bản', 'history of documents')),
  ).action((ids: string[], options: unknown) =>
    invoke((context) => history(ids, parseOptions(nodeOptionsForm, options, context.language), context)),
  )
}

const waitingForm = z.object({
  items: z.array(
    z.object({
      id: z.uuid(),
      subject: z.string(),
      urgency: z.int(),
      position: z.int(),
      presentedAt: z.string(),
      presentedByName: z.string(),
      turn: z.boolean(),
    }),
  ),
})

async function toSign(options: z.output<typeof nodeOptionsForm>, context: CommandContext): Promise<number> {
  const { items } = await signedInClient(options, context).get('/documents/to-sign', waitingForm)
  for (const one of items) {
    if (context.json) await context.output.json(one)
    else {
      const mark = one.turn ? '*' : ' '
      await context.output.result([mark, one.id, one.presentedByName, one.subject].map(safeText).join('\t'))
    }
  }
  return 0
}

const lateItem = z.object({
  id: z.uuid(),
  state: z.string(),
  subject: z.string(),
  code: z.object({ number: z.string().nullable(), notation: z.string() }),
  dueOn: z.string(),
  responsible: z.array(z.object({ name: z.string() })),
})
const latePage = z.object({
  items: z.array(lateItem),
  next: z.string().nullable(),
  warning: z.object({ years: z.array(z.int()) }).nullable(),
})

async function late(options: z.output<typeof lateForm>, context: CommandContext): Promise<number> {
  const client = signedInClient(options, context)
  let cursor: string | undefined
  let warned = false
  do {
    const page = await client.get('/documents/late', latePage, { query: { list: options.list, cursor } })
    if (page.warning !== null && !warned) {
      const years = page.warning.years.join(', ')
      context.output.message(
        context.language === 'vi'
          ? `Chưa có lịch ngày làm việc năm ${years}: danh sách có thể sai`
          : `no calendar of working days for ${years}: the list may be wrong`,
      )
      warned = true
    }
    for (const one of page.items) {
      if (context.json) await context.output.json(one)
      else await context.output.result(lateLine(one, context))
    }
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  return 0
}

function lateLine(one: z.output<typeof lateItem>, context: CommandContext): string {
  const code = `${one.code.number ?? '…'}/${one.code.notation}`
  const who = one.responsible.map((person) => person.name).join(', ')
  return [one.dueOn, one.id, code, one.subject, stateText(one.state, context.language), who]
    .map(safeText)
    .join('\t')
}

const historyForm = z.object({
  steps: z.array(
    z.object({
      at: z.string(),
      kind: z.string(),
      by: z.object({ name: z.string() }).nullable(),
      facts: z.record(z.string(), z.unknown()),
    }),
  ),
  next: z.string().nullable(),
})

async function history(
  ids: readonly string[],
  options: z.output<typeof nodeOptionsForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(options, context)
  return forEachItem('id', ids, context, async (id) => {
    const steps: z.output<typeof historyForm>['steps'] = []
    let after: string | undefined
    do {
      const path = `/documents/${encodeURIComponent(id)}/history`
      const page = await client.get(path, historyForm, { query: { after } })
      steps.push(...page.steps)
      after = page.next ?? undefined
    } while (after !== undefined)
    const lines = steps.map(({ at, kind, by }) => [at, kind, by?.name ?? '-'].map(safeText).join('\t'))
    return { json: { steps }, text: [id, ...lines].join('\n') }
  })
}
