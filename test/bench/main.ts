/** `npm run -s bench -- NAME` prints one JSON object (design 7): each measure beside the raw cost of the same run. */
import { availableParallelism, cpus, totalmem } from 'node:os'
import type { Measure } from './measure.ts'
import { benchRegisters } from './registers.ts'
import { benchRelay } from './relay.ts'
import { benchSign } from './sign.ts'
import { benchVerify } from './verify.ts'

const benches: Readonly<Record<string, () => Promise<Measure[]>>> = {
  sign: benchSign,
  verify: benchVerify,
  registers: benchRegisters,
  relay: benchRelay,
}

const name = process.argv[2] ?? ''
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined
if (bench === undefined) {
  process.stderr.write(`bench: one of ${Object.keys(benches).join(', ')}\n`)
  process.exitCode = 64
} else {
  const measures = await bench()
  const machine = {
    node: process.version,
    openssl: process.versions.openssl,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
  }
  process.stdout.write(`${JSON.stringify({ bench: name, machine, measures })}\n`)
}
