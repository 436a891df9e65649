import { readConfig } from '../server/config.ts'
import { type NodeConsole, openConsole } from '../server/main.ts'
import type { CommandContext } from './command.ts'

/** Opens the node's database at its own machine, beside a running `serve` or alone. */
export async function withConsole(
  context: CommandContext,
  work: (node: NodeConsole) => Promise<number>,
): Promise<number> {
  const node = await openConsole(readConfig(context.io.env))
  try {
    return await work(node)
  } finally {
    await node.close()
  }
}
