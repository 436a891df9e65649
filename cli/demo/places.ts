/**
 * The four nodes of the demo and where everything of theirs lies. Ports are chosen once and kept in the folder,
 * because a node's address stands in its neighbours' databases.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { z } from 'zod'

export const nodeIds = ['tw', 'tinh', 'huyen', 'xa'] as const
export type NodeId = (typeof nodeIds)[number]

/** The tree: each node's parent. */
export const parentOf: Readonly<Record<NodeId, NodeId | undefined>> = {
  tw: undefined,
  tinh: 'tw',
  huyen: 'tinh',
  xa: 'huyen',
}

export const nodeTitles: Readonly<Record<NodeId, string>> = {
  tw: 'trung ương',
  tinh: 'tỉnh',
  huyen: 'huyện',
  xa: 'xã',
}

export interface Places {
  readonly folder: string
  readonly ports: Readonly<Record<NodeId, number>>
  dataFolder(node: NodeId): string
  url(node: NodeId): string
  /** Root and CRLs of the test PKI, which every node trusts. */
  readonly trustFolder: string
  /** Keys, passwords and tokens of the demo's people: the clients' side, which no node reads. */
  readonly peopleFolder: string
  readonly databaseFolder: string
}

/** Where the demo's one cluster lies. */
export function databaseFolder(folder: string): string {
  return join(folder, 'database')
}

const portsForm = z.strictObject({
  tw: z.number().int(),
  tinh: z.number().int(),
  huyen: z.number().int(),
  xa: z.number().int(),
})

export async function openPlaces(folder: string): Promise<Places> {
  mkdirSync(folder, { recursive: true, mode: 0o711 })
  const ports = await readOrChoosePorts(join(folder, 'ports.json'))
  return {
    folder,
    ports,
    dataFolder: (node) => join(folder, 'nodes', node),
    url: (node) => `http://127.0.0.1:${ports[node]}`,
    trustFolder: join(folder, 'trust'),
    peopleFolder: join(folder, 'people'),
    databaseFolder: databaseFolder(folder),
  }
}

async function readOrChoosePorts(file: string): Promise<z.output<typeof portsForm>> {
  try {
    return portsForm.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const [tw = 0, tinh = 0, huyen = 0, xa = 0] = await freePorts(4)
  const ports = { tw, tinh, huyen, xa }
  writeFileSync(file, JSON.stringify(ports), { mode: 0o600 })
  return ports
}

/** Held open together while choosing, so that none is chosen twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((accept, reject) => {
        server.once('error', reject)
        server.listen(0, '127.0.0.1', accept)
      })
      return server
    }),
  )
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map((server) => new Promise((accept) => server.close(accept))))
  return ports
}
