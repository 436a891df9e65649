import type { Command } from 'commander'
import { z } from 'zod'
import { readZip } from '../../server/relay/evidence/zip-reader.ts'
import { type Delivery, downloadEvidence, trackDocument } from '../client/deliveries.ts'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { forEachItem } from '../each.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { recallAnswerText } from '../recall-words.ts'
import { stateText } from '../state-words.ts'
import { safeText, tableLines } from '../terminal-text.ts'
import { usageError } from '../usage.ts'
import { writeNewFile } from '../write-new-file.ts'

const optionsForm = nodeOptionsForm.extend({ evidence: z.string().min(1).optional() })
type TrackOptions = z.output<typeof optionsForm>

export function defineTrack(command: Command, invoke: Invoke): void {
  withNodeOptions(command.argument('<id...>', described('văn bản đã gửi', 'documents that were sent')))
    .option(
      '--evidence <file>',
      described(
        'ghi gói chứng cứ (ZIP) của một văn bản; xem lệnh verify-evidence',
        'write the evidence of one document; see verify-evidence',
      ),
    )
    .action((ids: string[], options: unknown) =>
      invoke((context) => track(ids, parseOptions(optionsForm, options, context.language), context)),
    )
}

async function track(
  ids: readonly string[],
  options: TrackOptions,
  context: CommandContext,
): Promise<number> {
  const { evidence } = options
  if (evidence !== undefined && ids.length > 1) {
    const reason = {
      vi: '--evidence chỉ dùng với một văn bản mỗi lần',
      en: '--evidence takes one document at a time',
    }
    throw usageError(reason, context.language)
  }
  const client = signedInClient(options, context)
  return forEachItem('id', ids, context, async (id) => {
    const deliveries = await trackDocument(client, id)
    const rows = deliveries.map((one) => deliveryRow(one, context))
    const text = [id, ...tableLines(rows)].join('\n')
    if (evidence === undefined) return { json: { deliveries }, text }
    const zip = await downloadEvidence(client, id)
    // Cut short on the way, it must not lie there as evidence.
    const files = readZip(zip).size
    await writeNewFile(evidence, zip, context.language)
    const json = { deliveries, evidence: { file: evidence, files, length: zip.length } }
    return { json, text: `${text}\n${evidenceText(evidence, files, context)}` }
  })
}

function evidenceText(file: string, files: number, { language }: CommandContext): string {
  const shown = safeText(file)
  return language === 'vi'
    ? `Gói chứng cứ: ${shown} (${files} tệp); kiểm tra: congvan verify-evidence ${shown} --trust ca.pem`
    : `evidence: ${shown} (${files} files); check it: congvan verify-evidence ${shown} --trust ca.pem`
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
    recallAnswerText(one.recall, context.language),
  ]
  // Recipients elsewhere chose these words.
  return cells.map(safeText)
}
