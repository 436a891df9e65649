/**
 * All tests in three processes side by side, on a machine of two cores: what computes (the signing library and the
 * labelled files), what waits for others (whole nodes, the command line, relay and directory), and the rest on its
 * own PostgreSQL. Arguments go to all: `npm test -- -g seal`.
 *
 * The totals come from each runner's own end event; a part without them did not end and has failed.
 */
import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Totals {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

const root = join(import.meta.dirname, '../..')
/** The launcher's own: what many processes start with is compiled once. */
const compiled = join(root, 'node_modules/.cache/congvan')
const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js')
const computing = /^test\/(signing|corpora|fixtures)\//
const waiting = /^test\/(exchange\.|faults\/|cli\/|server\/(relay|directory|http)\/)/
const all = globSync('test/**/*.test.ts', { cwd: root }).toSorted()
const parts = [
  all.filter((file) => !computing.test(file) && !waiting.test(file)),
  all.filter((file) => waiting.test(file)),
  all.filter((file) => computing.test(file)),
]

const first = Promise.withResolvers<void>()

/** Runs one part; the first speaks at once, the others when it and they have ended, so that lines do not mix. */
async function runPart(files: readonly string[], folder: string, index: number): Promise<Totals | undefined> {
  const totals = join(folder, `totals-${index}`)
  const reporter = ['--reporter', 'test/support/reporter.ts', '--reporter-option', `totals=${totals}`]
  const child = spawn(process.execPath, [mocha, ...reporter, ...process.argv.slice(2), ...files], {
    cwd: root,
    stdio: index === 0 ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    env: {
      NODE_COMPILE_CACHE: compiled,
      ...process.env,
      ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
    },
  })
  const output: Buffer[] = []
  child.stdout?.on('data', (piece: Buffer) => output.push(piece))
  child.stderr?.on('data', (piece: Buffer) => output.push(piece))
  const code = await new Promise<number | null>((accept, reject) => {
    child.once('error', reject)
    child.once('close', accept)
  })
  if (index === 0) first.resolve()
  await first.promise
  process.stdout.write(Buffer.concat(output))
  const found = existsSync(totals)
    ? /(\d+) passed, (\d+) failed, (\d+) skipped/.exec(readFileSync(totals, 'utf8'))
    : null
  if (found === null) return undefined
  const [passed = 0, failed = 0, skipped = 0] = found.slice(1).map(Number)
  // A hook that fails after the last test shows in the exit code alone.
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed, skipped }
}

const folder = mkdtempSync(join(tmpdir(), 'congvan-totals-'))
try {
  const found = await Promise.all(parts.map((files, index) => runPart(files, folder, index)))
  const sum = (key: keyof Totals) => found.reduce((total, one) => total + (one?.[key] ?? 0), 0)
  if (found.includes(undefined)) process.stdout.write('\na part of the tests did not end\n')
  process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped\n`)
  process.exitCode = found.includes(undefined) || sum('failed') > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}
