import type { Command } from 'commander'
import { type Delivery, trackDocument } from '../client/deliveries.ts'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { forEachItem } from '../each.ts'
import { type NodeOptions, nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { stateText } from '../state-words.ts'
import { safeText, tableLines } from '../terminal-text.ts'

export function defineTrack(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command.argument('<id...>', described('văn bản đã gửi', 'documents that were sent')),
  ).action((ids: string[], options: unknown) =>
    invoke((context) => track(ids, parseOptions(nodeOptionsForm, options, context.language), context)),
  )
}

async function track(ids: readonly string[], options: NodeOptions, context: CommandContext): Promise<number> {
  const client = signedInClient(options, context)
  return forEachItem('id', ids, context, async (id) => {
    const deliveries = await trackDocument(client, id)
    const rows = deliveries.map((one) => deliveryRow(one, context))
    return { json: { deliveries }, text: [id, ...tableLines(rows)].join('\n') }
  })
}

function deliveryRow(one: Delivery, context: CommandContext): string[] {
  const { reason: code = null, reasonText: words = null } = one.terminal ?? {}
  const ended = [code, words].filter((part) => part !== null).join(': ')
  const reason = one.statuses.find((status) => status.code === '02')?.description ?? ended
  const cells = [
    one.recipient,
    stateText(one.state, context.language),
    one.hops.map((hop) => hop.to).join(' → '),
    one.statuses.map((status) => status.code).join(' '),
    one.terminal?.event ?? '',
    reason,
  ]
  // Recipients elsewhere chose these words.
  return cells.map(safeText)
}
