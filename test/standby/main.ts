/**
 * `npm run test:standby`: a node on a PostgreSQL with a synchronous standby loses the standby for a while, and then its
 * primary, by SIGKILL under load, several times; the standby is promoted and takes over the address. Exits 1 when
 * anything that was acknowledged is lost, doubled or changed, or was acknowledged by the primary alone.
 *
 *     npm run test:standby -- [--kills N] [--seed N]
 */
import { parseArgs } from 'node:util'
import { tryStandby } from './trial.ts'

const { values } = parseArgs({
  options: { seed: { type: 'string' }, kills: { type: 'string', default: '3' } },
})
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const kills = Number(values.kills)
if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError('--seed: a whole number is wanted')
if (!Number.isSafeInteger(kills) || kills < 1)
  throw new RangeError('--kills: a whole number above 0 is wanted')
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
process.stderr.write(`seed ${seed}\n`)
const trial = await tryStandby(seed, kills, (text) => process.stderr.write(`${text}\n`))
process.stdout.write(`${JSON.stringify(trial)}\n`)
process.exitCode = trial.passed ? 0 : 1
