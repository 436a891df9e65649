/**
 * Starting and stopping a node.
 *
 * Order of a start: database, migrations, queue, workers, HTTP last; of a stop: HTTP first, then the workers with
 * what they have in hand, then the database. Killed anywhere in between, the next start finds either nothing or
 * what a running node would have left.
 */
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Express } from 'express'
import { type KeyProvider, nodeKeyFingerprint } from '../signing/index.ts'
import { createApp, type Health } from './app.ts'
import type { Config } from './config.ts'
import { type Database, openDatabase, sqlState, translate } from './db.ts'
import { CongvanError } from './errors.ts'
import { createHttpServer } from './http/arrival.ts'
import { type Logger, openLog } from './log.ts'
import { checkSchema, migrate } from './migrate.ts'
import { createNodeKey, loadNodeKey } from './node-key.ts'
import { openConsolePlace, openPlace, type Place } from './place.ts'
import { type PoolOptions, type ProcessPool, startPool } from './process-pool.ts'
import { enterProcess, type OwnProcess } from './process-register.ts'
import { openQueue, type Queue } from './queue.ts'
import { createServices, type Services } from './services.ts'

/** What a stop waits for at most before the rest goes back to the queue (design 6.13). */
const DRAIN_MS = 20_000

export interface NodeOptions {
  readonly clock?: () => Date
  readonly log?: Logger
}

export interface RunningNode {
  readonly nodeId: string
  /** Where the node listens, e.g. `http://127.0.0.1:8080`. */
  readonly url: string
  readonly services: Services
  stop(): Promise<void>
}

/**
 * Runs one node until `stop()`.
 *
 * @throws CongvanError `NODE_KEY_UNUSABLE`, `EMBEDDED_POSTGRES_IN_USE`, `EMBEDDED_POSTGRES_FAILED`,
 *   `DATABASE_UNAVAILABLE`, `DATABASE_REFUSED`, `DATABASE_SCHEMA_OLD`, `DATABASE_SCHEMA_NEW`, `ADDRESS_UNUSABLE`
 */
export async function startNode(config: Config, options: NodeOptions = {}): Promise<RunningNode> {
  const log = options.log ?? openLog({ level: config.logLevel, node: config.nodeId })
  const key = loadNodeKey(config.nodeKeyFile, config.nodeCertificateFile)
  const opened: Opened = {}
  const app = Promise.withResolvers<Express>()
  app.promise.catch(() => {})
  try {
    const place = await openPlace(config, log)
    opened.place = place
    const { db, queue } = await openDatabaseAndQueue(place, opened, config.databasePoolSize, log)
    // Listening comes before the services: they have to know the port. Who asks so early waits for the answer.
    const { server, port } = await listen(config, app.promise)
    opened.server = server
    const publicUrl = config.publicUrl ?? addressOf(config.host, port)
    const clock = options.clock ?? (() => new Date())
    const watch = openDatabase({ url: place.applicationUrl, ...WATCH_POOL })
    opened.watch = watch
    const own = await enterProcess(watch, log, version())
    opened.own = own
    const common = { config, publicUrl, db, queue, log, key, clock, version: version() }
    const services = await createServices({ ...common, own, watch })
    opened.services = services
    await services.start()
    const health: Health = { accepting: true }
    app.resolve(createApp(services, health, version()))
    log.info({ url: publicUrl, port }, 'node started')
    let stopped: Promise<void> | undefined
    return {
      nodeId: config.nodeId,
      url: addressOf(config.host, port),
      services,
      stop() {
        health.accepting = false
        stopped ??= closeAll(opened, DRAIN_MS, log).then(() => log.info({}, 'node stopped'))
        return stopped
      },
    }
  } catch (error) {
    app.reject(error)
    await closeAll(opened, 1_000, log)
    throw asStartError(error)
  }
}

/**
 * Connections of their own for what tells how the node fares: where commits wait, for a synchronous standby that is away
 * or for disk, the work soon holds all others, and just then somebody has to say so.
 */
const WATCH_POOL = { poolSize: 2, applicationName: 'congvan watch' }

/** What has been opened so far, by a start that may fail at any step. */
interface Opened {
  place?: Place
  db?: Database
  watch?: Database
  queue?: Queue
  server?: Server
  services?: Services
  own?: OwnProcess
}

/** Closes in the order of a stop. One thing that does not close well keeps no other open. */
async function closeAll(opened: Opened, drainMs: number, log: Logger): Promise<void> {
  const deadline = Date.now() + drainMs
  const close = async (closing: Promise<void> | undefined) => {
    await closing?.catch((error: unknown) => log.warn({ error: String(error) }, 'stop'))
  }
  // A round in hand may wait for a peer that does not answer; what it leaves undone, the next start does.
  await close(
    opened.services && Promise.race([opened.services.stop(), delay(drainMs, undefined, { ref: false })]),
  )
  await close(opened.server && closeServer(opened.server, deadline))
  await close(opened.queue?.stop(Math.max(1_000, deadline - Date.now())))
  await close(opened.own?.leave())
  await close(opened.watch?.close())
  await close(opened.db?.close())
  await close(opened.place?.close())
}

/** Takes no more connections, and cuts those that are still busy at the deadline. */
async function closeServer(server: Server, deadline: number): Promise<void> {
  const closed = new Promise<void>((accept) => server.close(() => accept()))
  server.closeIdleConnections()
  const cut = setTimeout(() => server.closeAllConnections(), Math.max(0, deadline - Date.now()))
  await closed
  clearTimeout(cut)
}

/** Brings the schema up to date, or checks it where only the application's role is known, and opens what uses it. */
async function openDatabaseAndQueue(
  place: Place,
  opened: Opened,
  poolSize: number,
  log: Logger,
): Promise<{ db: Database; queue: Queue }> {
  if (place.ownerUrl === undefined || place.isOthers) await checkSchema(place.applicationUrl)
  else await migrate(place.ownerUrl, place.applicationUrl)
  const db = openDatabase({ url: place.applicationUrl, poolSize })
  opened.db = db
  const queue = await openQueue(place.applicationUrl, log, { max: Math.min(4, poolSize) })
  opened.queue = queue
  return { db, queue }
}

/** What PostgreSQL says of a URL that names the wrong password, role or database, or a role without rights. */
const REFUSED = /^(28|3D|42501)/

function asStartError(error: unknown): unknown {
  const known = translate(error)
  if (!(known instanceof Error) || !REFUSED.test(sqlState(known) ?? '')) return known
  return new CongvanError('DATABASE_REFUSED', { reason: known.message }, { cause: known })
}

async function listen(config: Config, app: Promise<Express>): Promise<{ server: Server; port: number }> {
  const server = createHttpServer()
  server.on('request', (request, response) => {
    app.then(
      (handle) => handle(request, response),
      () => response.destroy(),
    )
  })
  await new Promise<void>((accept, reject) => {
    server.once('error', (error) =>
      reject(
        new CongvanError('ADDRESS_UNUSABLE', {
          address: `${config.host}:${config.port}`,
          reason: error.message,
        }),
      ),
    )
    server.listen(config.port, config.host, accept)
  })
  return { server, port: (server.address() as AddressInfo).port }
}

function addressOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return manifest.version
}

/** The services of a node for one command at its own machine, without HTTP and without workers. */
export interface NodeConsole {
  readonly services: Services
  close(): Promise<void>
}

/**
 * Opens a node's database for a command at its console, beside a running `serve` or alone.
 */
export async function openConsole(config: Config, options: NodeOptions = {}): Promise<NodeConsole> {
  const log = options.log ?? openLog({ level: 'warn', node: config.nodeId })
  const key = loadNodeKey(config.nodeKeyFile, config.nodeCertificateFile)
  const opened: Opened = {}
  try {
    const place = await openConsolePlace(config, log)
    opened.place = place
    const { db, queue } = await openDatabaseAndQueue(place, opened, CONSOLE_POOL, log)
    const clock = options.clock ?? (() => new Date())
    const publicUrl = config.publicUrl ?? addressOf(config.host, config.port)
    const common = { config, publicUrl, db, queue, log, key, clock, version: version() }
    const services = await createServices(common)
    return { services, close: () => closeAll(opened, 1_000, log) }
  } catch (error) {
    await closeAll(opened, 1_000, log)
    throw asStartError(error)
  }
}

const CONSOLE_POOL = 3

/** Runs the migrations of a node's database and says which ran. */
export async function migrateNode(config: Config, options: NodeOptions = {}): Promise<string[]> {
  const log = options.log ?? openLog({ level: 'warn', node: config.nodeId })
  const opened: Opened = {}
  try {
    opened.place = await openConsolePlace(config, log)
    const { ownerUrl, applicationUrl } = opened.place
    if (ownerUrl === undefined) {
      throw new CongvanError('CONFIGURATION_INVALID', {
        problems: '  - CONGVAN_OWNER_DATABASE_URL: thiếu / missing',
      })
    }
    return await migrate(ownerUrl, applicationUrl)
  } catch (error) {
    throw asStartError(error)
  } finally {
    await closeAll(opened, 1_000, log)
  }
}

/**
 * Makes the node's key and certificate where the configuration says they lie.
 *
 * @throws CongvanError `FILE_EXISTS`: a key is never overwritten
 */
export async function makeNodeKey(
  config: Config,
  now: Date,
  years: number,
): Promise<{ keyFile: string; certificateFile: string; fingerprint: string }> {
  const to = new Date(now)
  to.setUTCFullYear(to.getUTCFullYear() + years)
  createNodeKey(config.nodeKeyFile, config.nodeCertificateFile, config.nodeId, { from: now, to })
  const { certificate } = loadNodeKey(config.nodeKeyFile, config.nodeCertificateFile)
  return {
    keyFile: config.nodeKeyFile,
    certificateFile: config.nodeCertificateFile,
    fingerprint: nodeKeyFingerprint(certificate),
  }
}

/**
 * Runs one node as several processes of this machine until `stop()`: `workers` of them serve, this one keeps them.
 *
 * @throws CongvanError those of `startNode`; `WORKER_FAILED`
 */
export async function startNodePool(
  config: Config,
  options: { readonly workers: number; readonly program: PoolOptions['program'] },
): Promise<ProcessPool> {
  const log = openLog({ level: config.logLevel, node: config.nodeId })
  try {
    return await startPool(config, { ...options, log })
  } catch (error) {
    throw asStartError(error)
  }
}

/** The node's key and certificate as they lie on disk. @throws CongvanError `NODE_KEY_UNUSABLE` */
export function readNodeKey(config: Pick<Config, 'nodeKeyFile' | 'nodeCertificateFile'>): KeyProvider {
  return loadNodeKey(config.nodeKeyFile, config.nodeCertificateFile)
}

export { provisionDatabase } from './embedded-database.ts'
export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts'
export { type Diagnosis, examineNode } from './examine-node.ts'
export type { ReadyMessage } from './process-pool.ts'
