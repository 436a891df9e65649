/** The faults, by name: what each does to the running nodes, how often, and in the short form. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Disturbance } from '../support/plant/front.ts'
import type { Ground } from './ground.ts'
import { killDatabase, killProcess, type TakeOver } from './kill.ts'

export interface Fault {
  readonly name: string
  /** How often, in the whole suite and in its short form. */
  readonly times: { readonly full: number; readonly short: number }
  /** Injects it that often under load. @returns the times until others had taken over, milliseconds */
  inject(ground: Ground, times: number): Promise<TakeOver[]>
  /**
   * What a clock that was ahead has dated is taken when that time has come: for the count all clocks are moved on by so
   * much, milliseconds.
   */
  readonly laterBy?: number
}

const none: TakeOver[] = []

export const faults: readonly Fault[] = [
  {
    name: 'kill -9 of a random process',
    times: { full: 200, short: 4 },
    async inject(ground, times) {
      const found: Promise<TakeOver[]>[] = []
      for (let i = 0; i < times; i += 1) {
        await delay(ground.chance.whole(100, 1_500))
        // One of three is the database's own server.
        if (ground.chance.next() < 0.33) {
          const node = ground.chance.pick(ground.plant.nodes)
          found.push(killDatabase(ground, node, 'SIGKILL').then((ms) => [ms]))
        } else found.push(killAnother(ground))
        // At most some are down at a time; which ones is left to chance.
        if (found.length % 4 === 0) await Promise.all(found)
      }
      return (await Promise.all(found)).flat()
    },
  },
  {
    name: 'connection cut before the peer has committed',
    times: { full: 50, short: 3 },
    inject: (ground, times) => disturb(ground, times, 'cut-before', isCommit),
  },
  {
    name: 'connection cut after the peer has committed',
    times: { full: 50, short: 3 },
    inject: (ground, times) => disturb(ground, times, 'cut-after', isCommit),
  },
  {
    name: 'any request between nodes cut, before or after',
    times: { full: 100, short: 6 },
    async inject(ground, times) {
      await disturb(ground, Math.ceil(times / 2), 'cut-before', isRelay)
      return disturb(ground, Math.floor(times / 2), 'cut-after', isRelay)
    },
  },
  {
    name: 'database restarted (immediate)',
    times: { full: 20, short: 1 },
    async inject(ground, times) {
      const found: TakeOver[] = []
      for (let i = 0; i < times; i += 1) {
        await delay(ground.chance.whole(500, 2_000))
        found.push(await killDatabase(ground, ground.chance.pick(ground.plant.nodes), 'SIGQUIT'))
      }
      return found
    },
  },
  {
    name: 'disk full at the file store',
    times: { full: 20, short: 1 },
    async inject(ground, times) {
      for (let i = 0; i < times; i += 1) {
        const node = ground.chance.pick(ground.plant.nodes)
        for (const process of node.processes) process.limitFiles(1_000)
        await delay(2_500)
        for (const process of node.processes) process.limitFiles()
        await delay(500)
      }
      return none
    },
  },
  {
    name: 'a peer that answers a byte now and then',
    times: { full: 20, short: 2 },
    inject: (ground, times) => disturb(ground, times, 'slow', isRelay),
  },
  {
    name: 'a peer that takes the connection and never answers',
    times: { full: 10, short: 1 },
    inject: (ground, times) => disturb(ground, times, 'hang', isRelay),
  },
  {
    name: 'something that answers garbage in place of a peer',
    times: { full: 50, short: 3 },
    inject: (ground, times) => disturb(ground, times, 'garbage', isRelay),
  },
  {
    name: 'requests doubled (the second is a replay)',
    times: { full: 200, short: 10 },
    inject: (ground, times) => disturb(ground, times, 'double', isRelay),
  },
  {
    name: 'requests out of order',
    times: { full: 100, short: 6 },
    inject: (ground, times) => disturb(ground, times, 'late', isRelay),
  },
  {
    name: 'the tree parted for a minute',
    times: { full: 1, short: 1 },
    async inject(ground, times) {
      for (let i = 0; i < times; i += 1) {
        const parted = [ground.plant.node('huyen'), ground.plant.node('tinh')]
        for (const node of parted)
          node.front.disturb = (_, path) => (isRelay(path) ? 'cut-before' : undefined)
        await delay(ground.short ? 5_000 : 60_000)
        for (const node of parted) node.front.disturb = undefined
      }
      return none
    },
  },
  // The last: what is dated ahead is answered when its time has come, which the faults after it would wait for.
  {
    name: 'clock of a node one hour ahead, one hour behind',
    times: { full: 6, short: 2 },
    laterBy: 3_600_000 + 300_000,
    async inject(ground, times) {
      for (let i = 0; i < times; i += 1) {
        const node = ground.chance.pick(ground.plant.nodes)
        const offset = i % 2 === 0 ? 3_600_000 : -3_600_000
        for (const process of node.processes) process.setClock(offset)
        await delay(4_000)
        for (const process of node.processes) process.setClock(0)
        await delay(1_000)
      }
      return none
    },
  },
]

/** Kills one process that runs: only what was killed counts. */
async function killAnother(ground: Ground): Promise<TakeOver[]> {
  for (;;) {
    const killed = await killProcess(ground, ground.chance.pick(ground.plant.nodes))
    if (killed !== undefined) return killed
    await delay(100)
  }
}

function isRelay(path: string): boolean {
  return path.startsWith('/relay/v1/')
}

function isCommit(path: string): boolean {
  return /^\/relay\/v1\/offers\/[^/]+\/commit$/.test(path)
}

/** How long a disturbance waits for enough requests of its kind. */
const PATIENCE_MS = 120_000

/** Disturbs so many requests, at all nodes, chosen by chance among those of a kind. */
async function disturb(
  ground: Ground,
  times: number,
  disturbance: Disturbance,
  isMeant: (path: string) => boolean,
): Promise<TakeOver[]> {
  let left = times
  const deadline = Date.now() + PATIENCE_MS
  const done = Promise.withResolvers<void>()
  const choose = (_: string, path: string) => {
    if (left === 0 || !isMeant(path) || ground.chance.next() < 0.5) return undefined
    left -= 1
    if (left === 0) done.resolve()
    return disturbance
  }
  for (const node of ground.plant.nodes) node.front.disturb = choose
  await Promise.race([done.promise, delay(deadline - Date.now(), undefined, { ref: false })])
  for (const node of ground.plant.nodes) node.front.disturb = undefined
  if (left > 0)
    throw new Error(`only ${times - left} of ${times} requests could be disturbed: ${disturbance}`)
  return none
}
