import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Io } from '../../cli/io.ts'
import { run } from '../../cli/main.ts'

export const launcher = fileURLToPath(new URL('../../cli/congvan.mjs', import.meta.url))

export interface Transcript {
  readonly exit: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ProcessOptions {
  readonly cwd?: string
  readonly stdin?: Uint8Array
  /** Another Node than the one that runs the tests. */
  readonly node?: string
  readonly env?: Record<string, string>
}

/** Runs the real launcher in a process of its own. */
export function congvan(args: readonly string[], options: ProcessOptions = {}): Transcript {
  const { status, stdout, stderr, error } = spawnSync(options.node ?? process.execPath, [launcher, ...args], {
    cwd: options.cwd,
    input: options.stdin ?? new Uint8Array(),
    env: { ...process.env, ...options.env },
    encoding: 'utf8',
  })
  if (error !== undefined) throw error
  return { exit: status, stdout, stderr }
}

/** Starts the launcher and closes its standard output after the first bytes, as `| head -c 1` does. */
export function congvanIntoClosedPipe(args: readonly string[], cwd: string): Promise<Transcript> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [launcher, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.once('data', (chunk) => {
      stdout = String(chunk)
      child.stdout.destroy()
    })
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk)
    })
    child.on('error', reject)
    child.on('close', (exit) => resolve({ exit, stdout, stderr }))
  })
}

/** Runs one command line inside the test's process, its terminal being ours to choose. */
export async function runHere(
  args: readonly string[],
  options: {
    stderrIsTerminal?: boolean
    stdin?: Uint8Array
    now?: () => Date
    stdout?: Io['stdout']
    env?: Io['env']
  } = {},
): Promise<Transcript> {
  const stdout = options.stdout ?? new PassThrough()
  const stderr = Object.assign(new PassThrough(), { isTTY: options.stderrIsTerminal === true, columns: 60 })
  const stdin = new PassThrough()
  stdin.end(options.stdin ?? new Uint8Array())
  const exit = await run(args, {
    stdin,
    stdout,
    stderr,
    env: options.env ?? {},
    now: options.now ?? (() => new Date()),
  })
  return { exit, stdout: textOf(stdout), stderr: textOf(stderr) }
}

/** A Node of another major version on the search path, as a machine may have it; undefined without one. */
export function otherNode(): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const node = join(folder, 'node')
    if (!existsSync(node)) continue
    const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout ?? ''
    if (/^v\d+\./.test(version) && !version.startsWith('v24.')) return node
  }
  return undefined
}

/** JSON objects, one a line. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

function textOf(stream: Io['stdout']): string {
  return stream instanceof PassThrough ? String(stream.read() ?? '') : ''
}
