import type { Command } from 'commander'
import { z } from 'zod'
import { readConfig } from '../../server/config.ts'
import { makeNodeKey } from '../../server/main.ts'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { parseOptions } from '../parse-options.ts'

const optionsForm = z.object({ years: z.coerce.number().int().min(1).max(10) })

export function defineCert(command: Command, invoke: Invoke): void {
  command
    .command('node-key')
    .description(
      described(
        'tạo khóa và chứng thư tự ký của nút (CONGVAN_NODE_ID); không ghi đè',
        'make the node’s key and self-signed certificate; never overwrites',
      ),
    )
    .option('--years <n>', described('số năm hiệu lực', 'years of validity'), '5')
    .action((options: unknown) =>
      invoke((context) => nodeKey(context, parseOptions(optionsForm, options, context.language).years)),
    )
}

/** Prints the fingerprint that the operators of neighbouring nodes compare before they add this one. */
async function nodeKey(context: CommandContext, years: number): Promise<number> {
  const config = readConfig(context.io.env)
  const made = await makeNodeKey(config, context.io.now(), years)
  if (context.json) await context.output.json(made)
  else await context.output.table(Object.entries(made))
  return 0
}
