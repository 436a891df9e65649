/**
 * Nodes of the program that lies here are upgraded, process by process and under load, to another: what `upgrade-main.ts`
 * runs inside a copy of the version before, with `CONGVAN_UPGRADE_TO` naming the runner of the version after.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { findings } from './audit.ts'
import { openGround } from './ground.ts'
import { isClean, untilQuiet } from './run.ts'

const program = process.env.CONGVAN_UPGRADE_TO
if (program === undefined) throw new Error('CONGVAN_UPGRADE_TO names no program')
const seed = Number(process.env.CONGVAN_FAULT_SEED ?? Math.floor(Math.random() * 2 ** 31))
const say = (text: string) => process.stderr.write(`${text}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
/** Load before the first, between two, and after the last, milliseconds. */
const LOAD_MS = 5_000

const ground = await openGround(seed, true, say)
try {
  ground.load.resume()
  await delay(LOAD_MS)
  say(`seed ${seed}; ${ground.load.sent.length} documents sent with the version before`)
  for (const node of ground.plant.nodes) {
    const old = [...node.processes]
    for (const [slot, process] of old.entries()) {
      // The new one runs beside the old ones before the first of them stops: the node is never away.
      await ground.plant.start(node, old.length + slot, program)
      await process.stop()
      node.front.backends = node.processes.filter((one) => !one.ended).map((one) => one.port)
      say(`${node.plan.id}: process ${slot + 1} of ${old.length} is new`)
      await delay(1_000)
    }
  }
  await delay(LOAD_MS)
  await ground.load.pause()
  await untilQuiet(ground)
  const found = await findings(ground)
  for (const problem of found.problems) say(`  ${problem}`)
  process.stdout.write(`${JSON.stringify({ seed, ...found })}\n`)
  process.exitCode = isClean(found) ? 0 : 1
} finally {
  await ground.close()
}
