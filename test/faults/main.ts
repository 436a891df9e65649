/**
 * `npm run test:faults`: injects faults into real nodes under load and counts what became of every document. Exits 1
 * when anything was lost, doubled, changed or is missing.
 *
 *     npm run test:faults -- [--short] [--seed N] [--only TEXT …] [--json]
 */
import { parseArgs } from 'node:util'
import { runFaults } from './run.ts'
import { faultTable } from './table.ts'

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    seed: { type: 'string' },
    only: { type: 'string', multiple: true },
  },
})
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError('--seed: a whole number is wanted')
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
process.stderr.write(`seed ${seed}\n`)
const run = await runFaults({
  seed,
  short: values.short,
  ...(values.only === undefined ? {} : { only: values.only }),
  say: (text) => process.stderr.write(`${text}\n`),
})
process.stdout.write(values.json ? `${JSON.stringify(run)}\n` : faultTable(run))
process.exitCode = run.clean ? 0 : 1
