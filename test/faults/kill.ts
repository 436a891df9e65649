/** `kill -9` and the like, and how long it takes until what was in hand is in other hands. */
import { setTimeout as delay } from 'node:timers/promises'
import type { PlantNode } from '../support/plant/plant.ts'
import type { Ground } from './ground.ts'

/** Milliseconds until the work in hand was done or taken over by another process. */
export interface TakeOver {
  readonly what: 'process' | 'database'
  readonly ms: number
}

const LOOK_EVERY_MS = 200
/** Nothing takes so long: a look that ends here stands in the table. */
const LONGEST_MS = 60_000

/**
 * Kills one process of a node and starts it again after a moment.
 *
 * @returns one time for what it may have had in hand: the jobs that were being done at that node; `undefined` when
 *   there was nothing to kill, because the process had ended already
 */
export async function killProcess(ground: Ground, node: PlantNode): Promise<TakeOver[] | undefined> {
  const slot = ground.chance.whole(0, node.processes.length - 1)
  const process = node.processes[slot]
  const pause = ground.chance.whole(0, 1_000)
  if (process === undefined || process.ended || process.port === 0) return undefined
  const inHand = await jobsInHand(ground, node)
  if (process.ended) return undefined
  await process.kill()
  const killedAt = Date.now()
  const [taken] = await Promise.all([
    untilTaken(ground, node, inHand, killedAt),
    delay(pause).then(() => startAgain(ground, node, slot)),
  ])
  return taken === undefined ? [] : [taken]
}

/** A start fails while the node's database is down as well; then it is tried again, as an operator's supervisor does. */
async function startAgain(ground: Ground, node: PlantNode, slot: number): Promise<void> {
  for (let tried = 0; ; tried += 1) {
    try {
      await ground.plant.start(node, slot)
      return
    } catch (error) {
      if (tried === 30) throw error
      await delay(500)
    }
  }
}

interface JobRow {
  readonly id: string
  readonly started_on: Date
  readonly [column: string]: unknown
}

async function jobsInHand(ground: Ground, node: PlantNode): Promise<JobRow[]> {
  return ground.rows<JobRow>(node, "select id, started_on from pgboss.job where state = 'active'")
}

async function untilTaken(
  ground: Ground,
  node: PlantNode,
  inHand: readonly JobRow[],
  since: number,
): Promise<TakeOver | undefined> {
  if (inHand.length === 0) return undefined
  const ids = inHand.map((one) => one.id)
  for (;;) {
    const still = await ground.rows<JobRow>(
      node,
      "select id, started_on from pgboss.job where state = 'active' and id = any($1)",
      [ids],
    )
    const same = still.filter((one) =>
      inHand.some((other) => other.id === one.id && other.started_on.getTime() === one.started_on.getTime()),
    )
    const ms = Date.now() - since
    if (same.length === 0 || ms > LONGEST_MS) return { what: 'process', ms }
    await delay(LOOK_EVERY_MS)
  }
}

/**
 * Ends a node's PostgreSQL at once: SIGKILL, or SIGQUIT, which is `pg_ctl stop -m immediate`. Its owner starts it again.
 *
 * @returns the time until it answers again
 */
export async function killDatabase(
  ground: Ground,
  node: PlantNode,
  signal: 'SIGKILL' | 'SIGQUIT',
): Promise<TakeOver> {
  const pid = await postmaster(ground, node)
  const since = Date.now()
  try {
    process.kill(pid, signal)
  } catch {
    // Another kill was quicker: the next server is the one to end.
    return killDatabase(ground, node, signal)
  }
  // The old server must be gone before an answer counts.
  while (isAlive(pid)) await delay(50)
  await ground.rows(node, 'select 1')
  return { what: 'database', ms: Date.now() - since }
}

async function postmaster(ground: Ground, node: PlantNode): Promise<number> {
  const [row] = await ground.rows<{ text: string }>(node, "select pg_read_file('postmaster.pid') as text")
  const pid = Number(row?.text.split('\n')[0])
  if (!Number.isSafeInteger(pid) || pid < 2) throw new Error(`no postmaster of ${node.plan.id}`)
  return pid
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
