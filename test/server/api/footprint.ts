import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { ApiNode } from './node.ts'

/**
 * How much a node holds: the rows of every table of ours, counted by a role that sees all of them, and the files of
 * its data folder, those of unfinished uploads too. Two footprints that are equal mean that nothing was written.
 */
export async function footprintOf(node: Pick<ApiNode, 'database' | 'folder'>): Promise<object> {
  const client = new pg.Client({ connectionString: node.database.superuserUrl })
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select table_name as name from information_schema.tables
       where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`,
    )
    const rows: Record<string, number> = {}
    for (const { name } of tables) {
      const { rows: counted } = await client.query<{ count: number }>(
        `select count(*)::int as count from ${pg.escapeIdentifier(name)}`,
      )
      rows[name] = counted[0]?.count ?? 0
    }
    return { rows, files: filesBelow(join(node.folder, 'data')) }
  } finally {
    await client.end()
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
    .sort()
}
