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
import { join } from 'node:path'
import { nodeKeyFingerprint } from '../signing/index.ts'
import { createApp, type Health } from './app.ts'
import type { Config } from './config.ts'
import { type Database, openDatabase } from './db.ts'
import { type DatabaseUrls, provisionDatabase } from './embedded-database.ts'
import { attachEmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts'
import { CongvanError } from './errors.ts'
import { type Logger, openLog } from './log.ts'
import { checkSchema, migrate } from './migrate.ts'
import { createNodeKey, loadNodeKey } from './node-key.ts'
import type { Queue } from './queue.ts'
import { openQueue } from './queue.ts'
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
 * @throws CongvanError `CONFIGURATION_INVALID`, `NODE_KEY_UNUSABLE`, `EMBEDDED_POSTGRES_IN_USE`,
 *   `DATABASE_UNAVAILABLE`, `DATABASE_SCHEMA_OLD`, `DATABASE_SCHEMA_NEW`
 */
export async function startNode(config: Config, options: NodeOptions = {}): Promise<RunningNode> {
  const log = options.log ?? openLog({ level: config.logLevel, node: config.nodeId })
  const key = loadNodeKey(config.nodeKeyFile, config.nodeCertificateFile)
  const opened: (() => Promise<void>)[] = []
  const closeAll = async () => {
    for (const close of opened.reverse())
      await close().catch((error: unknown) => log.warn({ error: String(error) }, 'stop'))
  }
  try {
    const place = await openPlace(config, log)
    opened.push(place.close)
    if (place.ownerUrl === undefined) await checkSchema(place.applicationUrl)
    else await migrate(place.ownerUrl, place.applicationUrl)
    const db = openDatabase({ url: place.applicationUrl, poolSize: config.databasePoolSize })
    opened.push(() => db.close())
    const queue = await openQueue(place.applicationUrl, log)
    const listener = await listen(config)
    const url = config.publicUrl ?? `http://${config.host}:${listener.port}`
    const services = await createServices({
      config,
      publicUrl: url,
      db,
      queue,
      log,
      key,
      clock: options.clock ?? (() => new Date()),
    })
    const health: Health = { accepting: true }
    listener.server.on('request', createApp(services, health, version()))
    await services.start()
    log.info({ url, port: listener.port }, 'node started')
    let stopped: Promise<void> | undefined
    return {
      nodeId: config.nodeId,
      url: `http://${config.host === '::1' ? '[::1]' : config.host}:${listener.port}`,
      services,
      stop() {
        stopped ??= stopInOrder(listener.server, health, services, queue, closeAll, log)
        return stopped
      },
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

async function stopInOrder(
  server: Server,
  health: Health,
  services: Services,
  queue: Queue,
  closeAll: () => Promise<void>,
  log: Logger,
): Promise<void> {
  health.accepting = false
  await services.stop()
  const closed = new Promise<void>((accept) => server.close(() => accept()))
  server.closeIdleConnections()
  const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
  await Promise.all([closed, queue.stop(DRAIN_MS)])
  clearTimeout(cut)
  await closeAll()
  log.info({}, 'node stopped')
}

interface Place extends Partial<Pick<DatabaseUrls, 'ownerUrl'>> {
  readonly applicationUrl: string
  close(): Promise<void>
}

const DATABASE_NAME = 'congvan'

async function openPlace(config: Config, log: Logger): Promise<Place> {
  if (config.databaseUrl !== undefined) {
    const { databaseUrl: applicationUrl, ownerDatabaseUrl: ownerUrl } = config
    return { applicationUrl, ...(ownerUrl === undefined ? {} : { ownerUrl }), close: async () => {} }
  }
  const postgres = await startEmbeddedPostgres({
    folder: config.dataFolder,
    runAs: config.postgresUser,
    onRestart: (reason) => log.warn({ reason }, 'embedded PostgreSQL'),
  })
  const urls = await provisionDatabase(postgres, DATABASE_NAME, passwordFile(config))
  return { ...urls, close: () => postgres.stop() }
}

function passwordFile(config: Config): string {
  return join(config.dataFolder, 'database-passwords.json')
}

async function listen(config: Config): Promise<{ server: Server; port: number }> {
  const { createServer } = await import('node:http')
  const server = createServer({ requestTimeout: 120_000, headersTimeout: 15_000, keepAliveTimeout: 15_000 })
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
  const place = await openConsolePlace(config, log)
  try {
    if (place.ownerUrl === undefined) await checkSchema(place.applicationUrl)
    else await migrate(place.ownerUrl, place.applicationUrl)
    const db: Database = openDatabase({
      url: place.applicationUrl,
      poolSize: 3,
      applicationName: 'congvan console',
    })
    const queue = await openQueue(place.applicationUrl, log, { max: 2 })
    const clock = options.clock ?? (() => new Date())
    const publicUrl = config.publicUrl ?? `http://${config.host}:${config.port}`
    const services = await createServices({ config, publicUrl, db, queue, log, key, clock })
    return {
      services,
      async close() {
        await queue.stop(1_000)
        await db.close()
        await place.close()
      },
    }
  } catch (error) {
    await place.close()
    throw error
  }
}

async function openConsolePlace(config: Config, log: Logger): Promise<Place> {
  if (config.databaseUrl === undefined) {
    const running = attachEmbeddedPostgres({ folder: config.dataFolder, runAs: config.postgresUser })
    if (running !== undefined) {
      const urls = await provisionDatabase(running, DATABASE_NAME, passwordFile(config))
      return { applicationUrl: urls.applicationUrl, close: async () => {} }
    }
  }
  return openPlace(config, log)
}

/** Runs the migrations of a node's database and says which ran. */
export async function migrateNode(config: Config, options: NodeOptions = {}): Promise<string[]> {
  const log = options.log ?? openLog({ level: 'warn', node: config.nodeId })
  const place = await openPlace(config, log)
  try {
    if (place.ownerUrl === undefined) {
      throw new CongvanError('CONFIGURATION_INVALID', {
        problems: '  - CONGVAN_OWNER_DATABASE_URL: missing / thiếu',
      })
    }
    return await migrate(place.ownerUrl, place.applicationUrl)
  } finally {
    await place.close()
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

export { provisionDatabase } from './embedded-database.ts'
export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts'
