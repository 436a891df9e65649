/** What is tried with a standby: it is away for a while, and it takes the place of a primary that is gone. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { examineNode } from '../../server/main.ts'
import { type Findings, findings } from '../faults/audit.ts'
import { isClean, untilQuiet } from '../faults/run.ts'
import { openStandbyGround, type StandbyGround } from './ground.ts'

export interface Trial {
  readonly seed: number
  /** Primaries killed, each followed by its standby. */
  readonly killed: number
  /** Clerks' dispatches and neighbours' deliveries answered by the node while its standby was away: none may be. */
  readonly answeredAlone: number
  /** Whether `doctor` and the node's log told that the standby was away, while it was. */
  readonly told: { readonly doctor: boolean; readonly log: boolean }
  /** From the kill to the first dispatch that the node answered on the new primary, milliseconds, each time. */
  readonly awayMs: readonly number[]
  readonly findings: Findings
  readonly passed: boolean
}

/** Load before and after each act, milliseconds. */
const LOAD_MS = 4_000
/** What had both servers' word before the standby went may still be on its way to the asker for so long. */
const UNDER_WAY_MS = 1_500
const PATIENCE_MS = 90_000
const LOOK_EVERY_MS = 100
const CROWD = 40

/** @param kills how many primaries are killed, one after the other */
export async function tryStandby(seed: number, kills: number, say: (text: string) => void): Promise<Trial> {
  const opened = await openStandbyGround(seed, say)
  const { ground, pair } = opened
  try {
    await pair.addStandby()
    ground.load.resume()
    await delay(LOAD_MS)
    const away = await withoutStandby(opened)
    say(`standby away: ${away.answeredAlone} answered, doctor ${away.doctor}, log ${away.log}`)
    const awayMs: number[] = []
    for (let killed = 0; killed < kills; killed += 1) {
      if (pair.standby === undefined) await pair.addStandby()
      await delay(ground.chance.whole(LOAD_MS / 2, LOAD_MS))
      awayMs.push(await killAndPromote(opened))
      say(`primary ${killed + 1} killed; the next dispatch was answered ${awayMs.at(-1)} ms later`)
    }
    await delay(LOAD_MS)
    await ground.load.pause()
    await untilQuiet(ground)
    const found = await findings(ground)
    for (const problem of found.problems) say(`  ${problem}`)
    const { answeredAlone, doctor, log } = away
    const passed = isClean(found) && answeredAlone === 0 && doctor && log && found.documents > kills
    return { seed, killed: kills, answeredAlone, told: { doctor, log }, awayMs, findings: found, passed }
  } finally {
    await opened.close()
  }
}

/** Dispatches of its own clerk, and deliveries of its neighbour, that the node has answered for. */
async function answered({ ground, replicated, neighbour }: StandbyGround): Promise<number> {
  const own = ground.load.sent.filter((one) => ground.nodeOf(one.sender.code) === replicated).length
  const [row] = await ground.rows<{ count: number }>(
    neighbour,
    "select count(*)::int as count from delivery_events where code = 'ContentConsignment' and node = $1",
    [replicated.plan.id],
  )
  return own + (row?.count ?? 0)
}

async function withoutStandby(
  opened: StandbyGround,
): Promise<{ answeredAlone: number; doctor: boolean; log: boolean }> {
  const { pair, replicated } = opened
  const toldBefore = timesTold(opened)
  await pair.stopStandby()
  await until('a commit waits for the standby', async () => (await pair.waiting()) > 0)
  const crowd = askToo(replicated.front.url)
  await delay(UNDER_WAY_MS)
  const before = await answered(opened)
  const { findings: found } = await examineNode(replicated.environment, { language: 'en' })
  const doctor = found.some((one) => one.code === 'STANDBY_MISSING' && one.severity === 'error')
  const log = await within(() => timesTold(opened) > toldBefore)
  const answeredAlone = (await answered(opened)) - before
  await pair.startStandby()
  await crowd
  await until('the node answers again', async () => (await answered(opened)) > before)
  return { answeredAlone, doctor, log }
}

/** More than the node's processes have connections: each writes down its try to sign in, and waits for the standby. */
async function askToo(url: string): Promise<void> {
  const tries = Array.from({ length: CROWD }, (_, index) =>
    fetch(`${url}/api/v1/session`, {
      method: 'POST',
      body: JSON.stringify({ login: `khong.co.${index}`, password: 'không phải mật khẩu' }),
    }).catch(() => {}),
  )
  await Promise.all(tries)
}

/** Lines of the logs of the node's processes that tell of a standby that is away. */
function timesTold({ replicated }: StandbyGround): number {
  const files = replicated.processes.map((_, slot) => join(replicated.folder, `process-${slot}.log`))
  return files.reduce(
    (sum, file) => sum + readFileSync(file, 'utf8').split('"STANDBY_MISSING"').length - 1,
    0,
  )
}

async function killAndPromote({ ground, pair, replicated }: StandbyGround): Promise<number> {
  const own = () => ground.load.sent.filter((one) => ground.nodeOf(one.sender.code) === replicated).length
  await pair.killPrimary()
  const since = Date.now()
  await pair.promote()
  // One that was answered just before the kill may be counted just after it.
  const before = own() + 1
  await until('a dispatch is answered on the new primary', async () => own() > before)
  return Date.now() - since
}

async function within(isSo: () => boolean): Promise<boolean> {
  const deadline = Date.now() + PATIENCE_MS
  while (!isSo() && Date.now() < deadline) await delay(LOOK_EVERY_MS)
  return isSo()
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not within ${PATIENCE_MS / 1_000} s: ${what}`)
    await delay(LOOK_EVERY_MS)
  }
}
