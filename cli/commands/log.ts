import type { Command } from 'commander'
import { z } from 'zod'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { requireZonedTime } from '../parse-time.ts'

const exportForm = nodeOptionsForm.extend({
  from: z.string().optional(),
  to: z.string().optional(),
  format: z.literal('jsonl'),
})

export function defineLog(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command
      .command('export')
      .description(described('xuất nhật ký trao đổi của phạm vi mình', 'export the log of one’s own scope')),
  )
    .option('--from <time>', described('từ lúc (kể cả), ISO 8601 có múi giờ', 'from (inclusive), with zone'))
    .option('--to <time>', described('đến trước lúc, ISO 8601 có múi giờ', 'to (exclusive), with zone'))
    .option('--format <jsonl>', described('dạng tệp', 'form of the output'), 'jsonl')
    .action((options: unknown) =>
      invoke((context) => exportLog(parseOptions(exportForm, options, context.language), context)),
    )
}

/** Streams to standard output as it arrives: the log may be far larger than memory. */
async function exportLog(options: z.output<typeof exportForm>, context: CommandContext): Promise<number> {
  const time = (text: string | undefined) =>
    text === undefined ? undefined : requireZonedTime(text, context.language).toISOString()
  const query = { from: time(options.from), to: time(options.to), format: options.format }
  const stream = signedInClient(options, context).getStream('/log', { query })
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of stream) {
    rest += decoder.decode(piece, { stream: true })
    const end = rest.lastIndexOf('\n')
    if (end === -1) continue
    await context.output.result(rest.slice(0, end))
    rest = rest.slice(end + 1)
  }
  return 0
}
