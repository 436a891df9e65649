import type { Command } from 'commander'
import { readConfig } from '../../server/config.ts'
import { migrateNode } from '../../server/main.ts'
import type { CommandContext, Invoke } from '../command.ts'

export function defineMigrate(command: Command, invoke: Invoke): void {
  command.action(() => invoke((context) => migrateNow(context)))
}

async function migrateNow(context: CommandContext): Promise<number> {
  const names = await migrateNode(readConfig(context.io.env))
  if (context.json) await context.output.json({ migrations: names })
  else for (const name of names) await context.output.result(name)
  return 0
}
