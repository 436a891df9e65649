/** Processes of the nodes of a plant: started, killed, stopped, and their clocks set. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PlantNode } from './plant.ts'

export interface NodeProcess {
  /** 0 until it listens. */
  readonly port: number
  readonly pid: number
  /** Resolves when it listens; rejects when it ends before. */
  readonly ready: Promise<void>
  /** Whether it has ended. */
  readonly ended: boolean
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>
  /** An orderly stop; what does not end within half a minute is killed. */
  stop(): Promise<void>
  setClock(offsetMs: number): void
  /** Lets no file of the process grow past so many bytes, as a full disk does; without a number, any size again. */
  limitFiles(bytes?: number): void
}

const runner = fileURLToPath(new URL('./node-process.ts', import.meta.url))
/** The same folder as the launcher's: a process that starts often reads its program compiled. */
const compiled = fileURLToPath(new URL('../../../node_modules/.cache/congvan', import.meta.url))
const STOP_TIMEOUT_MS = 30_000

/** @param program another version's `node-process.ts` */
export function startProcess(node: PlantNode, slot: number, program = runner): NodeProcess {
  const logFile = join(node.folder, `process-${slot}.log`)
  const outside = Object.entries(process.env).filter(([name]) => !/^(CONGVAN_|DATABASE_URL$)/.test(name))
  const child = spawn(process.execPath, [program], {
    env: { ...Object.fromEntries(outside), NODE_COMPILE_CACHE: compiled, ...node.environment },
    // Through this process: a fault that fills the node's disk is not to end its log as well.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (piece: Buffer) => appendFileSync(logFile, piece))
  }
  let port = 0
  let ended = false
  let expected = false
  const exited = once(child, 'exit').then(() => {
    ended = true
  })
  const ready = Promise.withResolvers<void>()
  ready.promise.catch(() => {})
  child.once('message', (message: { readonly url: string }) => {
    port = Number(new URL(message.url).port)
    ready.resolve()
  })
  void exited.then(() => {
    const last = existsSync(logFile) ? readFileSync(logFile, 'utf8').slice(-2_000) : ''
    // One that cannot start, because its database is down as well, is no crash.
    if (!expected && port !== 0) node.crashes.push(last)
    ready.reject(new Error(`a process of ${node.plan.id} ended:\n${last}`))
  })
  return {
    get port() {
      return port
    },
    get ended() {
      return ended
    },
    pid: child.pid ?? 0,
    ready: ready.promise,
    async kill() {
      expected = true
      child.kill('SIGKILL')
      await exited
    },
    async stop() {
      if (ended) return
      expected = true
      child.kill('SIGTERM')
      const cut = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
      await exited
      clearTimeout(cut)
    },
    setClock(offsetMs) {
      if (child.connected) child.send({ offsetMs })
    },
    limitFiles(bytes) {
      // Changes the limit of a running process (RLIMIT_FSIZE); it answers EFBIG, which the stores take for a full disk.
      if (!ended)
        execFileSync('prlimit', ['--pid', String(child.pid), `--fsize=${bytes ?? 'unlimited'}:unlimited`])
    },
  }
}
