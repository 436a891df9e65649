import { spawnSync } from 'node:child_process'
import type { Context } from 'mocha'

/**
 * Makes sure that an independent checker is installed. Elsewhere the test is skipped with a message that names
 * the program; under `CI` a missing program is a failure, because `.ci/run` installs it.
 */
export function requireProgram(test: Context, program: string): void {
  const found = spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0
  if (found) return
  if (process.env.CI) throw new Error(`${program} is not installed, though .ci/run should have installed it`)
  process.stderr.write(`      skipped: the program "${program}" is not installed\n`)
  test.skip()
}
