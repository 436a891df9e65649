import type { Command } from 'commander'
import { z } from 'zod'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { withConsole } from '../console.ts'
import { fingerprintForm, spokenFingerprint } from '../fingerprint.ts'
import { parseOptions } from '../parse-options.ts'
import { requireZonedTime } from '../parse-time.ts'
import { readInput } from '../read-input.ts'
import { usageError } from '../usage.ts'

const addForm = z.object({
  announcement: z.string().optional(),
  fingerprint: fingerprintForm.optional(),
  from: z.string().optional(),
  until: z.string().optional(),
})
const endForm = z.object({ fingerprint: fingerprintForm, at: z.string().optional() })

/** How a key is changed without losing anything on the way; the same words stand in the README. */
const guidance = `
Đổi khóa của một nút, không mất văn bản nào / Changing the key of a node, losing nothing:
  1. nút đó / that node:     congvan cert next-key --key KEY --certificate CERT --out FILE
  2. nút trên / its parent:  congvan peer key add --announcement FILE       (hai khóa cùng hiệu lực / both count)
  3. nút đó / that node:     CONGVAN_NODE_KEY_FILE=KEY CONGVAN_NODE_CERTIFICATE_FILE=CERT, khởi động lại / restart
  4. nút trên / its parent:  congvan peer test NODE; congvan peer key end NODE --fingerprint OLD
Nút gốc làm bước 2 và 4 cho chính nó / the root does 2 and 4 for itself.`

export function definePeerKey(command: Command, invoke: Invoke): void {
  command
    .description(described('khóa của các nút phía dưới', 'the keys of the nodes below this one'))
    .addHelpText('after', guidance)
  command
    .command('add [node]')
    .description(
      described(
        'ghi khóa tiếp theo của một nút; khóa cũ vẫn dùng được',
        'enter the next key of a node beside the old',
      ),
    )
    .option('--announcement <file>', described('thông báo do khóa cũ và mới cùng ký', 'signed by both keys'))
    .option(
      '--fingerprint <hex>',
      described('vân tay khóa mới, đã đối chiếu', 'of the new key, compared by voice'),
    )
    .option('--from <time>', described('có hiệu lực từ, ISO 8601 kèm múi giờ', 'from when on it counts'))
    .option('--until <time>', described('tới lúc', 'until when it counts'))
    .action((node: string | undefined, options: unknown) =>
      invoke((context) => add(node, parseOptions(addForm, options, context.language), context)),
    )
  command
    .command('end <node>')
    .description(
      described(
        'chấm dứt một khóa: những gì nó ký sau đó không còn giá trị',
        'end a key: what it signs from then on counts no more',
      ),
    )
    .requiredOption('--fingerprint <hex>', described('vân tay khóa cũ', 'of the old key'))
    .option(
      '--at <time>',
      described(
        'từ lúc, mặc định ngay bây giờ; không lùi về trước',
        'from when on, not in the past; now by default',
      ),
    )
    .action((node: string, options: unknown) =>
      invoke((context) => end(node, parseOptions(endForm, options, context.language), context)),
    )
}

async function add(
  nodeId: string | undefined,
  options: z.output<typeof addForm>,
  context: CommandContext,
): Promise<number> {
  const { language } = context
  const { announcement, fingerprint } = options
  if (announcement !== undefined) {
    const bytes = await readInput(announcement, context, 100_000)
    return withConsole(context, async ({ services }) => {
      const taken = await services.console.peers.acceptNextKey(bytes, nodeId)
      await tell({ node: taken.nodeId, fingerprint: taken.fingerprint, beside: taken.current }, context)
      return 0
    })
  }
  if (nodeId === undefined || fingerprint === undefined) {
    const missing = {
      vi: 'cần --announcement FILE, hoặc tên nút với --fingerprint',
      en: 'either --announcement FILE is wanted, or the node’s name with --fingerprint',
    }
    throw usageError(missing, language)
  }
  const from = options.from === undefined ? context.io.now() : requireZonedTime(options.from, language)
  const until = options.until === undefined ? null : requireZonedTime(options.until, language)
  return withConsole(context, async ({ services }) => {
    const change = {
      nodeId,
      fingerprint,
      validFrom: from.toISOString(),
      validTo: until?.toISOString() ?? null,
    }
    await services.console.peers.registerKey(change)
    await tell({ node: nodeId, fingerprint, from: change.validFrom, until: change.validTo }, context)
    return 0
  })
}

async function end(
  nodeId: string,
  { fingerprint, at }: z.output<typeof endForm>,
  context: CommandContext,
): Promise<number> {
  const wanted = at === undefined ? undefined : requireZonedTime(at, context.language)
  return withConsole(context, async ({ services }) => {
    const until = await services.console.peers.endKey(nodeId, fingerprint, wanted)
    await tell({ node: nodeId, fingerprint, until: until.toISOString() }, context)
    return 0
  })
}

async function tell(
  change: { readonly node: string; readonly fingerprint: string } & Readonly<Record<string, string | null>>,
  { json, output }: CommandContext,
): Promise<void> {
  if (json) await output.json(change)
  else {
    const { node, fingerprint, ...rest } = change
    const more = Object.entries(rest).flatMap(([name, value]) => (value === null ? [] : [`${name} ${value}`]))
    await output.result([node, spokenFingerprint(fingerprint), ...more].join('\n  '))
  }
}
