/** What the faults are injected into: four levels of nodes under load, and what was sent through them. */
import pg from 'pg'
import { openLetterMaker } from '../support/plant/letters.ts'
import { openPlant, type Plant, type PlantAgency, type PlantNode } from '../support/plant/plant.ts'
import { fourLevels } from '../support/plant/tree.ts'
import { type Load, openLoad, type Sender } from './load.ts'
import { type Chance, chance } from './random.ts'

/** The nodes between two nodes of the tree, ends excluded: each gives a RelayAcceptance. */
export type Between = (from: string, to: string) => number

export interface Ground {
  readonly plant: Plant
  readonly chance: Chance
  readonly load: Load
  /** Whether this is the short form, in which nothing takes long. */
  readonly short: boolean
  readonly agencies: readonly PlantAgency[]
  readonly between: Between
  nodeOf(code: string): PlantNode
  /** Rows of a node's database, as its superuser sees them; tried again while the database is away. */
  rows<T extends pg.QueryResultRow>(node: PlantNode, sql: string, values?: unknown[]): Promise<T[]>
  /** All processes run again, clocks and disks and lines are as they should be. */
  heal(): Promise<void>
  say(text: string): void
  close(): Promise<void>
}

/** Two processes where a killed one is to be taken over by another. */
const PROCESSES = { huyen: 2, tinh: 2 }
const order = ['tw', 'tinh', 'huyen', 'xa']

export async function openGround(seed: number, short: boolean, say: (text: string) => void): Promise<Ground> {
  const tree = fourLevels(PROCESSES)
  const plant = await openPlant(tree.plans, { ownClusters: true, say })
  const agencies = [tree.central, tree.province, tree.district, tree.commune]
  const pools = new Map<string, pg.Pool>()
  const poolOf = ({ plan, superuserUrl }: PlantNode) => {
    const known = pools.get(plan.id)
    if (known !== undefined) return known
    const pool = new pg.Pool({ connectionString: superuserUrl, max: 3 })
    // Its server is killed now and then; a connection may fail twice, and the pool listens once.
    pool.on('error', () => {})
    pool.on('connect', (client) => client.on('error', () => {}))
    pools.set(plan.id, pool)
    return pool
  }
  const nodeOf = (code: string): PlantNode => {
    const found = plant.nodes.find(({ plan }) => plan.agencies.some((one) => one.code === code))
    if (found === undefined) throw new Error(`no node hosts ${code}`)
    return found
  }
  try {
    const random = chance(seed)
    const senders: Sender[] = []
    for (const agency of [tree.commune, tree.central]) {
      const maker = await openLetterMaker(plant, nodeOf(agency.code), agency)
      senders.push({ agency, maker, client: await plant.clerk(agency.code) })
    }
    for (const agency of [tree.province, tree.district]) await plant.clerk(agency.code)
    const load = openLoad({ senders, agencies, random, clerk: (code) => plant.clerk(code), say })
    return {
      plant,
      chance: random,
      load,
      short,
      agencies,
      between: (from, to) => Math.abs(order.indexOf(from) - order.indexOf(to)) - 1,
      nodeOf,
      rows: (node, sql, values = []) => patiently(async () => (await poolOf(node).query(sql, values)).rows),
      async heal() {
        for (const node of plant.nodes) {
          node.front.disturb = undefined
          for (const [slot, process] of node.processes.entries()) {
            process.setClock(0)
            process.limitFiles()
            if (process.ended) await plant.start(node, slot)
          }
        }
      },
      say,
      async close() {
        await load.stop()
        for (const sender of senders) await sender.maker.close()
        for (const pool of pools.values()) await pool.end()
        await plant.stop()
      },
    }
  } catch (error) {
    await plant.stop()
    throw error
  }
}

/** How long a database that was killed is waited for. */
const PATIENCE_MS = 60_000

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
