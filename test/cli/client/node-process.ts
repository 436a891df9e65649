import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { run } from '../../../cli/main.ts'
import { launcher } from '../run-congvan.ts'

export interface Ended {
  readonly exit: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env: Readonly<Record<string, string>>
  readonly stdin?: string
  /** The user that it runs as, where this process may choose. */
  readonly uid?: number
  readonly gid?: number
  readonly cwd?: string
}

/** Settings of this machine's shell that a node of a test must not see. */
function cleanEnvironment(env: Readonly<Record<string, string>>): Record<string, string | undefined> {
  const outside = Object.entries(process.env).filter(([name]) => !/^(CONGVAN_|DATABASE_URL$)/.test(name))
  const postgresUser = process.env.CONGVAN_PG_USER
  return {
    ...Object.fromEntries(outside),
    ...(postgresUser === undefined ? {} : { CONGVAN_PG_USER: postgresUser }),
    ...env,
  }
}

function start(args: readonly string[], options: RunOptions): ChildProcess {
  const { uid, gid, cwd } = options
  return spawn(process.execPath, [launcher, ...args], {
    env: cleanEnvironment(options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  })
}

/** Runs one command in a process of its own to its end. */
export async function runCommand(args: readonly string[], options: RunOptions): Promise<Ended> {
  const child = start(args, options)
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (piece) => {
    stdout += String(piece)
  })
  child.stderr?.on('data', (piece) => {
    stderr += String(piece)
  })
  child.stdin?.on('error', () => {})
  child.stdin?.end(options.stdin ?? '')
  const [exit] = (await once(child, 'close')) as [number | null]
  return { exit, stdout, stderr }
}

/** A `congvan serve` in a process of its own. */
export interface Serving {
  readonly url: string
  readonly child: ChildProcess
  /** What it has written to standard error so far. */
  stderr(): string
  /** Sends a signal and waits for the end: the exit code, or the signal that ended it. */
  stop(signal: NodeJS.Signals): Promise<number | string | null>
}

/** Starts a node and waits until it says where it listens. */
export async function startServe(options: RunOptions): Promise<Serving> {
  const child = start(['serve', '--json'], options)
  let stderr = ''
  child.stderr?.on('data', (piece) => {
    stderr += String(piece)
  })
  if (child.stdout === null) throw new Error('no stdout')
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const lines = createInterface({ input: child.stdout })
  const said = await Promise.race([once(lines, 'line'), ended])
  if (typeof said[0] !== 'string') throw new Error(`serve ended: ${said[0]}\n${stderr}`)
  const { url } = JSON.parse(said[0]) as { url: string }
  return {
    url,
    child,
    stderr: () => stderr,
    async stop(signal) {
      child.kill(signal)
      const [exit, by] = await ended
      return exit ?? by
    },
  }
}

/** Runs one command line inside this process, with settings of its own. */
export async function runWith(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ended> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  stdin.end()
  const pieces = { stdout: '', stderr: '' }
  stdout.on('data', (piece) => {
    pieces.stdout += String(piece)
  })
  stderr.on('data', (piece) => {
    pieces.stderr += String(piece)
  })
  const exit = await run(args, { stdin, stdout, stderr, env: cleanEnvironment(env), now: () => new Date() })
  return { exit, ...pieces }
}
