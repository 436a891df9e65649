/** One run of the suite: each fault under load, then quiet, then everything is counted. */
import { setTimeout as delay } from 'node:timers/promises'
import { type Findings, findings } from './audit.ts'
import { type Fault, faults } from './faults.ts'
import { type Ground, openGround } from './ground.ts'
import type { TakeOver } from './kill.ts'

export interface FaultRow {
  readonly fault: string
  readonly times: number
  readonly findings: Findings
  readonly takeOver: { readonly count: number; readonly p50: number; readonly max: number } | null
  readonly seconds: number
}

export interface FaultRun {
  readonly seed: number
  readonly rows: readonly FaultRow[]
  /** Whether anything at all was lost, doubled, changed or missing. */
  readonly clean: boolean
}

export interface RunOptions {
  readonly seed: number
  readonly short: boolean
  /** Only the faults whose name contains one of these. */
  readonly only?: readonly string[]
  readonly say: (text: string) => void
}

export async function runFaults(options: RunOptions): Promise<FaultRun> {
  const { seed, short, only, say } = options
  const chosen = faults.filter(({ name }) => only === undefined || only.some((text) => name.includes(text)))
  const ground = await openGround(seed, short, say)
  try {
    const rows = short ? await runTogether(ground, chosen) : await runEach(ground, chosen)
    return { seed, rows, clean: rows.every((row) => isClean(row.findings)) }
  } finally {
    await ground.close()
  }
}

/** Each fault by itself: load, fault, quiet, count. */
async function runEach(ground: Ground, chosen: readonly Fault[]): Promise<FaultRow[]> {
  const rows: FaultRow[] = []
  for (const fault of chosen) {
    const injected = await injectUnderLoad(ground, fault)
    rows.push({ ...injected, findings: await countWhenQuiet(ground, fault.laterBy ?? 0) })
  }
  return rows
}

/** One fault after the other without a pause, counted once at the end: what is found then belongs to them all. */
async function runTogether(ground: Ground, chosen: readonly Fault[]): Promise<FaultRow[]> {
  const injected: Injected[] = []
  for (const fault of chosen) injected.push(await injectUnderLoad(ground, fault))
  const found = await countWhenQuiet(ground, Math.max(...chosen.map((one) => one.laterBy ?? 0)))
  return injected.map((one) => ({ ...one, findings: found }))
}

export function isClean(found: Findings): boolean {
  const { lost, doubled, receipts, bytes, numbers, log, crashed } = found
  return lost + doubled + receipts + bytes + numbers + log + crashed === 0
}

type Injected = Omit<FaultRow, 'findings'>

async function injectUnderLoad(ground: Ground, fault: Fault): Promise<Injected> {
  const times = fault.times[ground.short ? 'short' : 'full']
  const startedAt = Date.now()
  ground.say(`${fault.name}: ${times}`)
  ground.load.resume()
  const takeOvers = await fault.inject(ground, times)
  await ground.heal()
  const seconds = Math.round((Date.now() - startedAt) / 1000)
  const takeOver = summary(takeOvers)
  if (takeOver !== null) ground.say(`  taken over in ms: ${takeOver.p50} median, ${takeOver.max} at most`)
  return { fault: fault.name, times, takeOver, seconds }
}

async function countWhenQuiet(ground: Ground, laterBy: number): Promise<Findings> {
  const startedAt = Date.now()
  await ground.load.pause()
  const processes = ground.plant.nodes.flatMap((node) => node.processes)
  for (const process of processes) process.setClock(laterBy)
  await untilQuiet(ground)
  for (const process of processes) process.setClock(0)
  const found = await findings(ground)
  for (const problem of found.problems) ground.say(`  ${problem}`)
  const seconds = Math.round((Date.now() - startedAt) / 1000)
  ground.say(`  ${found.documents} documents, ${found.deliveries} deliveries; quiet after ${seconds} s`)
  return found
}

function summary(takeOvers: readonly TakeOver[]): FaultRow['takeOver'] {
  if (takeOvers.length === 0) return null
  const sorted = takeOvers.map((one) => one.ms).toSorted((a, b) => a - b)
  return {
    count: sorted.length,
    p50: sorted[Math.floor(sorted.length / 2)] ?? 0,
    max: sorted.at(-1) ?? 0,
  }
}

/** How long is waited for the next thing to be done, and at most for all; then it is counted as it stands. */
const STANDSTILL_MS = 120_000
const QUIET_MS = 900_000
const LOOK_EVERY_MS = 500

/**
 * Waits until no node has anything left to do. Back-off is cut short: what waits for its next try gets it now. That
 * is time passing, not help: the try itself is the node's own.
 */
export async function untilQuiet(ground: Ground): Promise<void> {
  const deadline = Date.now() + QUIET_MS
  let [least, since] = [Number.POSITIVE_INFINITY, Date.now()]
  for (;;) {
    let open = 0
    for (const node of ground.plant.nodes) open += await openWork(ground, node)
    if (open < least) [least, since] = [open, Date.now()]
    if (open === 0 || Date.now() > deadline || Date.now() > since + STANDSTILL_MS) return
    for (const node of ground.plant.nodes) {
      await ground.rows(
        node,
        `update pgboss.job set start_after = now() where state in ('created', 'retry') and start_after > now() + interval '1 second'`,
      )
    }
    await delay(LOOK_EVERY_MS)
  }
}

async function openWork(ground: Ground, node: Ground['plant']['nodes'][number]): Promise<number> {
  const [row] = await ground.rows<{ open: string }>(
    node,
    `select (select count(*) from branches where state in ('queued', 'committing'))
       + (select count(*) from returns where state = 'queued')
       + (select count(*) from announcements where message_sha256 is null)
       + (select count(*) from deliveries where transport in ('queued', 'relayed'))
       + (select count(*) from documents where direction = 'incoming' and state = 'arrived') as open`,
  )
  return Number(row?.open ?? 0)
}
