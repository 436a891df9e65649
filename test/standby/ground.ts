/**
 * Two nodes under load, one of them on a PostgreSQL with a synchronous standby; counted by the same audit as after
 * faults (`test/faults`).
 */
import pg from 'pg'
import type { Ground } from '../faults/ground.ts'
import { openLoad, type Sender } from '../faults/load.ts'
import { chance } from '../faults/random.ts'
import { openLetterMaker } from '../support/plant/letters.ts'
import { openPlant, type PlantNode } from '../support/plant/plant.ts'
import { openPostgresPair, type PostgresPair } from '../support/plant/postgres-pair.ts'
import { fourLevels } from '../support/plant/tree.ts'

export interface StandbyGround {
  readonly ground: Ground
  readonly pair: PostgresPair
  /** The node on the pair, with two processes. */
  readonly replicated: PlantNode
  /** The other one. */
  readonly neighbour: PlantNode
  close(): Promise<void>
}

/** How long a database that is away is waited for. */
const PATIENCE_MS = 60_000

export async function openStandbyGround(seed: number, say: (text: string) => void): Promise<StandbyGround> {
  const { province, district } = fourLevels()
  const plans = [
    { id: 'tinh', parent: null, agencies: [province] },
    { id: 'huyen', parent: 'tinh', agencies: [district], processes: 2 },
  ]
  let opened: PostgresPair | undefined
  const plant = await openPlant(plans, {
    ownClusters: true,
    say,
    postgresOf(plan, folder) {
      if (plan.id !== 'huyen') return undefined
      return openPostgresPair(folder, process.env.CONGVAN_PG_USER ?? 'nobody').then((pair) => {
        opened = pair
        return pair
      })
    },
  })
  const pools = new Map<string, pg.Pool>()
  const senders: Sender[] = []
  try {
    if (opened === undefined) throw new Error('no pair was opened')
    const pair = opened
    const [replicated, neighbour] = [plant.node('huyen'), plant.node('tinh')]
    const nodeOf = (code: string) => (code === district.code ? replicated : neighbour)
    for (const agency of [province, district]) {
      const maker = await openLetterMaker(plant, nodeOf(agency.code), agency)
      senders.push({ agency, maker, client: await plant.clerk(agency.code) })
    }
    const random = chance(seed)
    const agencies = [province, district]
    const load = openLoad({ senders, agencies, random, clerk: (code) => plant.clerk(code), say })
    const poolOf = ({ plan, superuserUrl }: PlantNode) => {
      const known = pools.get(plan.id)
      if (known !== undefined) return known
      const pool = new pg.Pool({ connectionString: superuserUrl, max: 2 })
      pool.on('error', () => {})
      pool.on('connect', (client) => client.on('error', () => {}))
      pools.set(plan.id, pool)
      return pool
    }
    const close = async () => {
      await load.stop()
      for (const sender of senders) await sender.maker.close()
      for (const pool of pools.values()) await pool.end()
      await plant.stop()
    }
    const ground: Ground = {
      plant,
      chance: random,
      load,
      short: true,
      agencies,
      between: () => 0,
      nodeOf,
      rows: (node, sql, values = []) => patiently(async () => (await poolOf(node).query(sql, values)).rows),
      async heal() {},
      say,
      close,
    }
    return { ground, pair, replicated, neighbour, close }
  } catch (error) {
    await plant.stop()
    throw error
  }
}

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((accept) => setTimeout(accept, 200))
    }
  }
}
