import type { Command } from 'commander'
import { z } from 'zod'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { forEachItem } from '../each.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { safeText } from '../terminal-text.ts'
import { vietnamDateText } from '../vietnam-date-text.ts'

const copies = (least: number) => z.coerce.number().int().min(least).max(100_000)
const backForm = nodeOptionsForm.extend({ from: z.string(), copies: copies(1), on: z.iso.date().optional() })
const sentForm = nodeOptionsForm.extend({ copies: copies(0), on: z.iso.date().optional() })

const day = described('ngày, YYYY-MM-DD; bỏ trống: hôm nay', 'the day, YYYY-MM-DD; left out: today')

/** `congvan document paper-back`: paper of a recalled document has come back to its issuer. */
export function definePaperBack(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command
      .command('paper-back <id>')
      .description(
        described(
          'ghi nhận bản giấy của văn bản đã thu hồi được gửi trả lại',
          'record that paper of a recalled document came back',
        ),
      ),
  )
    .requiredOption('--from <name>', described('nơi gửi trả, như khi gửi bản giấy', 'who sent it back'))
    .option('--copies <count>', described('số bản', 'how many copies'), '1')
    .option('--on <day>', day)
    .action((id: string, options: unknown) =>
      invoke((context) => paperBack(id, parseOptions(backForm, options, context.language), context)),
    )
}

const returnedForm = z.object({ copies: z.int(), on: z.string(), out: z.int() })

async function paperBack(
  id: string,
  { from, copies, on, ...node }: z.output<typeof backForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(node, context)
  return forEachItem('id', [id], context, async () => {
    const json = { from, copies, ...(on === undefined ? {} : { on }) }
    const done = await client.post(`/documents/${encodeURIComponent(id)}/paper-returns`, returnedForm, {
      json,
    })
    const when = vietnamDateText(done.on)
    const text = {
      vi: `${id}: ${from} đã gửi lại ${done.copies} bản giấy ngày ${when}; còn ${done.out} bản chưa về`,
      en: `${id}: ${from} sent back ${done.copies} paper copies on ${when}; ${done.out} are still out`,
    }
    return { json: done, text: safeText(text[context.language]) }
  })
}

/** `congvan inbox paper-sent-back`: paper of a recalled document has gone back to its issuer, or there was none. */
export function definePaperSentBack(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command
      .command('paper-sent-back')
      .argument('<id...>', described('văn bản đến bị thu hồi', 'incoming documents that are recalled'))
      .description(
        described(
          'ghi nhận đã gửi lại bản giấy của văn bản bị thu hồi (việc chờ: document tasks --list paper-to-return)',
          'record that paper of a recalled document was sent back (open ones: document tasks --list paper-to-return)',
        ),
      ),
  )
    .option(
      '--copies <count>',
      described('số bản; 0: không nhận bản giấy nào', 'how many; 0: none was received'),
      '1',
    )
    .option('--on <day>', day)
    .action((ids: string[], _: unknown, verb: Command) =>
      invoke((context) =>
        sentBack(ids, parseOptions(sentForm, verb.optsWithGlobals(), context.language), context),
      ),
    )
}

const sentBackForm = z.object({ copies: z.int(), on: z.string().nullable() })

async function sentBack(
  ids: readonly string[],
  { copies, on, ...node }: z.output<typeof sentForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(node, context)
  return forEachItem('id', ids, context, async (id) => {
    const json = { copies, ...(on === undefined ? {} : { on }) }
    const done = await client.post(`/documents/${encodeURIComponent(id)}/paper-sent-back`, sentBackForm, {
      json,
    })
    const text =
      done.on === null
        ? { vi: 'không có bản giấy', en: 'there was no paper' }
        : {
            vi: `đã gửi lại ${done.copies} bản giấy ngày ${vietnamDateText(done.on)}`,
            en: `${done.copies} paper copies were sent back on ${vietnamDateText(done.on)}`,
          }
    return { json: done, text: `${id} (${text[context.language]})` }
  })
}
