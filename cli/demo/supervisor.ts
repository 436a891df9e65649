/**
 * Owns the demo's PostgreSQL and its four node processes: starts them, starts one again that died, and ends all.
 *
 * Each node is a `congvan serve` of its own with its own database, roles, key, data folder and port. An IPC channel
 * ties it to this process: when the supervisor is killed, the channel closes and the node stops by itself.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { CongvanError } from '../../server/errors.ts'
import { type EmbeddedPostgres, provisionDatabase, startEmbeddedPostgres } from '../../server/main.ts'
import { type NodeId, nodeIds, type Places } from './places.ts'

const launcher = fileURLToPath(new URL('../congvan.mjs', import.meta.url))
const READY_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 30_000

export type NodeEnvironment = Readonly<Record<string, string>>

export interface Supervisor {
  /** The settings of a node, as its process gets them; a console command for it takes the same. */
  environment(node: NodeId): NodeEnvironment
  startNodes(): Promise<void>
  /** `kill -9` of a node's process, which is then started again. */
  killNode(node: NodeId): Promise<void>
  /** How often a node had to be started again. */
  restarts(): number
  stop(): Promise<void>
}

export interface SupervisorOptions {
  readonly places: Places
  readonly runAs: string
  /** Fingerprint of the root node's key, to which every node pins the directory. */
  readonly directoryRoot: string
  readonly onMessage: (text: string) => void
}

export async function startSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  const { places } = options
  const postgres = await startEmbeddedPostgres({
    folder: places.databaseFolder,
    runAs: options.runAs,
    onRestart: options.onMessage,
  })
  const environments = {} as Record<NodeId, NodeEnvironment>
  for (const node of nodeIds) environments[node] = await environmentOf(options, postgres, node)
  const children = new Map<NodeId, ChildProcess>()
  let stopping = false
  let restarted = 0

  const launch = (node: NodeId) => {
    const child = startProcess(places.dataFolder(node), environments[node])
    children.set(node, child)
    child.once('exit', (code, signal) => {
      if (stopping) return
      restarted += 1
      options.onMessage(`${node}: ${signal ?? code}, khởi động lại / started again`)
      // At once after a kill; a node that cannot start at all is tried once a second and says why in its log.
      void delay(signal === 'SIGKILL' ? 0 : 1_000).then(() => {
        if (!stopping) launch(node)
      })
    })
  }

  return {
    environment: (node) => environments[node],
    async startNodes() {
      for (const node of nodeIds) if (!children.has(node)) launch(node)
      await Promise.all(nodeIds.map((node) => untilReady(places.url(node))))
    },
    async killNode(node) {
      const child = children.get(node)
      if (child === undefined) throw new Error(`${node} does not run`)
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
    restarts: () => restarted,
    async stop() {
      stopping = true
      await Promise.all([...children.values()].map(stopProcess))
      await postgres.stop()
    },
  }
}

async function environmentOf(
  options: SupervisorOptions,
  postgres: EmbeddedPostgres,
  node: NodeId,
): Promise<NodeEnvironment> {
  const { places } = options
  const folder = places.dataFolder(node)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const urls = await provisionDatabase(postgres, `congvan_${node}`, join(folder, 'database-passwords.json'))
  return {
    CONGVAN_NODE_ID: node,
    CONGVAN_DATA: folder,
    CONGVAN_PORT: String(places.ports[node]),
    CONGVAN_PUBLIC_URL: places.url(node),
    CONGVAN_TRUST: places.trustFolder,
    CONGVAN_DIRECTORY_ROOT: options.directoryRoot,
    DATABASE_URL: urls.applicationUrl,
    CONGVAN_OWNER_DATABASE_URL: urls.ownerUrl,
  }
}

function startProcess(folder: string, environment: NodeEnvironment): ChildProcess {
  const log = openSync(join(folder, 'node.log'), 'a', 0o600)
  const outside = Object.entries(process.env).filter(([name]) => !/^(CONGVAN_|DATABASE_URL$)/.test(name))
  return spawn(process.execPath, [launcher, 'serve'], {
    env: { ...Object.fromEntries(outside), ...environment },
    stdio: ['ignore', 'ignore', log, 'ipc'],
    // Ctrl-C must reach the supervisor first, which then stops the nodes in order.
    detached: true,
  })
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  // A node drains for 20 s at most; one that is still there then is not stopping at all.
  const cut = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await ended
  clearTimeout(cut)
}

async function untilReady(url: string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS
  let last = 'no answer'
  while (Date.now() < deadline) {
    try {
      const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })
      if (response.ok) return
      last = `HTTP ${response.status}`
    } catch (error) {
      last = error instanceof Error ? error.message : String(error)
    }
    await delay(100)
  }
  throw new CongvanError('NODE_UNREACHABLE', { node: url, reason: last })
}
