import type { Command } from 'commander'
import { z } from 'zod'
import { readConfig } from '../../server/config.ts'
import { openConsole } from '../../server/main.ts'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { parseOptions } from '../parse-options.ts'
import { usageError } from '../usage.ts'

const addForm = z.object({
  url: z.url({ protocol: /^https?$/ }),
  relation: z.enum(['parent', 'child']),
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/, 'cần 64 chữ số hệ 16 / 64 hexadecimal digits are wanted'),
})

export function definePeer(command: Command, invoke: Invoke): void {
  command
    .command('add <node>')
    .description(
      described('thêm nút láng giềng tại máy của nút', 'add a neighbouring node at the node’s own machine'),
    )
    .requiredOption('--url <url>', described('địa chỉ của nút kia', 'its URL'))
    .requiredOption(
      '--relation <parent|child>',
      described('nút trên hay nút dưới', 'above or below this one'),
    )
    .requiredOption(
      '--fingerprint <hex>',
      described(
        'vân tay khóa, hai người vận hành đối chiếu',
        'fingerprint of its key, compared by both operators',
      ),
    )
    .action((node: string, options: unknown) =>
      invoke((context) => add(node, parseOptions(addForm, options, context.language), context)),
    )
}

async function add(
  nodeId: string,
  options: z.output<typeof addForm>,
  context: CommandContext,
): Promise<number> {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(nodeId)) {
    const reason = {
      vi: `tên nút "${nodeId}" phải gồm chữ thường, chữ số và -`,
      en: `the name of the node "${nodeId}" must be of lower-case letters, digits and -`,
    }
    throw usageError(reason, context.language)
  }
  const node = await openConsole(readConfig(context.io.env))
  try {
    const { url, relation, fingerprint: keyFingerprint } = options
    const added = await node.services.console.addPeer({
      nodeId,
      url,
      relation,
      keyFingerprint,
      enabled: true,
    })
    if (context.json) await context.output.json(added)
    else await context.output.result(`${added.nodeId} ${url} (${relation})`)
    return 0
  } finally {
    await node.close()
  }
}
