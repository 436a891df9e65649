/**
 * A real PostgreSQL under the data folder, so that a node runs with no set-up (design 2, "Database").
 *
 * One process owns a cluster at a time: it holds a session-level advisory lock in the cluster's own `postgres`
 * database, which the kernel and the server release when the owner dies, however it dies. The server runs in a
 * process group of its own and so outlives `kill -9` of its owner and a Ctrl-C in the terminal; the next owner
 * finds it by `postmaster.pid`, takes the lock and goes on, or starts it again where it is gone.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { locateCluster, type PostgresPlace } from './embedded-postgres-place.ts'
import { CongvanError } from './errors.ts'

/** The key of the owner's advisory lock: the bytes of "congvan" as a number. */
const OWNER_LOCK = '27994411998470510'
const START_TIMEOUT_MS = 60_000

export interface EmbeddedPostgres {
  readonly port: number
  /** The cluster's own superuser; only for creating roles and databases. */
  superuserUrl(database?: string): string
  /** Stops the server in an orderly way (`fast`) and gives the folder free. */
  stop(): Promise<void>
}

export interface EmbeddedPostgresOptions {
  /** Where the cluster and its small files lie; made when missing. */
  readonly folder: string
  /** The unprivileged user that runs the server when this process is root; must have a passwd entry. */
  readonly runAs: string
  /** `false` gives up durability for speed: for tests only. */
  readonly durable?: boolean
  /** Told when the server ended by itself and had to be started again. */
  readonly onRestart?: (reason: string) => void
}

export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const folder = resolve(options.folder)
  // Others may pass through but not look around: an unprivileged server must reach its cluster within.
  mkdirSync(folder, { recursive: true, mode: 0o711 })
  const place = locateCluster(folder, options.runAs)
  const password = readOrMakePassword(folder)
  if (!existsSync(join(place.cluster, 'PG_VERSION'))) await initialise(place, password)
  checkMajor(place)
  let port = await ensureRunning(place, password, options.durable ?? true)
  let lock = await takeOwnership(folder, port, password)
  let stopping = false
  let restarting: Promise<void> | undefined

  // The lock's connection ends when the server does. Outside of stop() that is a crash of the server: start it
  // again on the same port, so that the URLs handed out stay true.
  const watch = (client: pg.Client) => {
    client.once('end', () => {
      if (!stopping) restarting = restart()
    })
  }
  const restart = async () => {
    options.onRestart?.('the embedded PostgreSQL ended and is started again')
    for (let wait = 100; !stopping; wait = Math.min(wait * 2, 5_000)) {
      try {
        port = await ensureRunning(place, password, options.durable ?? true, port)
        lock = await takeOwnership(folder, port, password)
        watch(lock)
        if (stopping) await lock.end().catch(() => {})
        return
      } catch (error) {
        options.onRestart?.(error instanceof Error ? error.message : String(error))
        await delay(wait)
      }
    }
  }
  watch(lock)

  return {
    get port() {
      return port
    },
    superuserUrl: (database = 'postgres') => superuserUrl(port, password, database),
    async stop() {
      if (stopping) return
      stopping = true
      await lock.end().catch(() => {})
      // A server that is being started again would otherwise come up after the stop, and stay.
      await restarting
      await runTool(place, 'pg_ctl', ['stop', '-D', place.cluster, '-m', 'fast', '-w', '-t', '30'])
      rmSync(join(folder, 'owner.json'), { force: true })
    },
  }
}

/**
 * A running cluster of another process of this machine, for a command at the node's console: it is neither owned
 * nor stopped. `undefined` when no server runs there.
 */
export function attachEmbeddedPostgres(
  options: Pick<EmbeddedPostgresOptions, 'folder' | 'runAs'>,
): Pick<EmbeddedPostgres, 'port' | 'superuserUrl'> | undefined {
  const folder = resolve(options.folder)
  if (!existsSync(join(folder, 'superuser-password'))) return undefined
  const password = readOrMakePassword(folder)
  const port = readPostmaster(locateCluster(folder, options.runAs).cluster)?.port
  if (port === undefined) return undefined
  return { port, superuserUrl: (database = 'postgres') => superuserUrl(port, password, database) }
}

function superuserUrl(port: number, password: string, database: string): string {
  return `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`
}

function readOrMakePassword(folder: string): string {
  const file = join(folder, 'superuser-password')
  try {
    writeFileSync(file, randomBytes(24).toString('base64url'), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return readFileSync(file, 'utf8').trim()
}

/**
 * Makes the cluster in a folder beside its final name and renames it: killed half way, the next start finds no
 * cluster and begins anew. Encoding and locale are given, because under `LC_ALL=C` initdb would take SQL_ASCII.
 */
async function initialise(place: PostgresPlace, password: string): Promise<void> {
  const fresh = `${place.cluster}.new`
  rmSync(fresh, { recursive: true, force: true })
  const passwordFile = `${place.cluster}.pw`
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (place.runAs) chownSync(passwordFile, place.runAs.uid, place.runAs.gid)
  try {
    await runTool(place, 'initdb', [
      '-D',
      fresh,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C.UTF-8',
    ])
  } finally {
    rmSync(passwordFile, { force: true })
  }
  renameSync(fresh, place.cluster)
}

function checkMajor(place: PostgresPlace): void {
  const found = readFileSync(join(place.cluster, 'PG_VERSION'), 'utf8').trim()
  if (found !== place.major) {
    throw new CongvanError('EMBEDDED_POSTGRES_FAILED', {
      reason: `${place.cluster} was made by PostgreSQL ${found}, this program brings ${place.major}`,
    })
  }
}

/** Answers the port of a server that accepts connections: the one that runs already, or a new one. */
async function ensureRunning(
  place: PostgresPlace,
  password: string,
  durable: boolean,
  wantedPort?: number,
): Promise<number> {
  const deadline = Date.now() + START_TIMEOUT_MS
  let server: ChildProcess | undefined
  let last = 'no answer'
  for (let pause = 50; Date.now() < deadline; ) {
    const running = readPostmaster(place.cluster)
    if (running === undefined && (server === undefined || hasEnded(server))) {
      // A server whose predecessor was killed ends at once while that one's backends still hold the shared memory,
      // or while its process is not yet reaped. Both pass, so it is tried again.
      if (server !== undefined) {
        last = lastLogLine(place)
        pause = Math.min(pause * 2, 1_000)
      }
      server = await launch(place, durable, wantedPort ?? (await freePort()))
    } else if (running?.port !== undefined) {
      try {
        const client = new pg.Client({ connectionString: superuserUrl(running.port, password, 'postgres') })
        // A server that is killed in this very moment fails the connection outside of any call.
        client.on('error', () => {})
        await client.connect()
        await client.end()
        return running.port
      } catch (error) {
        last = error instanceof Error ? error.message : String(error)
      }
    }
    await delay(pause)
  }
  throw new CongvanError('EMBEDDED_POSTGRES_FAILED', { reason: last })
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** What `postmaster.pid` says, if the process it names is alive. Lines: pid, data folder, start time, port, … */
function readPostmaster(cluster: string): { pid: number; port: number | undefined } | undefined {
  let lines: string[]
  try {
    lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return undefined
  }
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined
  }
  // After a restart of the machine the same pid may belong to something else.
  if (existsSync('/proc/self/cmdline') && !commandLine(pid).includes(cluster)) return undefined
  const port = Number(lines[3])
  return { pid, port: Number.isInteger(port) && port > 0 ? port : undefined }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

async function launch(place: PostgresPlace, durable: boolean, port: number): Promise<ChildProcess> {
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'timezone=UTC',
    'log_timezone=UTC',
    'lc_messages=C',
    'max_connections=200',
    'idle_in_transaction_session_timeout=60s',
    ...(durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
  ]
  const log = openSync(join(place.root, 'postgres.log'), 'a', 0o600)
  const child = spawn(
    place.binaries.postgres,
    ['-D', place.cluster, ...settings.flatMap((one) => ['-c', one])],
    {
      // A process group of its own: Ctrl-C in the terminal must reach us first, not the server.
      detached: true,
      stdio: ['ignore', log, log],
      cwd: place.root,
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      ...(place.runAs ?? {}),
    },
  )
  await new Promise<void>((accept, reject) => {
    child.once('spawn', accept)
    child.once('error', (error) =>
      reject(new CongvanError('EMBEDDED_POSTGRES_FAILED', { reason: error.message }, { cause: error })),
    )
  })
  child.unref()
  return child
}

/**
 * Takes the owner's lock or says who has it. The pid in `owner.json` is only for the message; the lock decides.
 */
async function takeOwnership(folder: string, port: number, password: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: superuserUrl(port, password, 'postgres'),
    application_name: `congvan owner ${process.pid}`,
    keepAlive: true,
  })
  client.on('error', () => {})
  await client.connect()
  const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [
    OWNER_LOCK,
  ])
  if (rows[0]?.taken !== true) {
    await client.end()
    throw new CongvanError('EMBEDDED_POSTGRES_IN_USE', { folder, pid: readOwner(folder) })
  }
  // The lock lives as long as this connection: it must not be ended for being idle.
  await client.query('set idle_session_timeout = 0')
  writeFileSync(join(folder, 'owner.json'), JSON.stringify({ pid: process.pid }), { mode: 0o600 })
  return client
}

function readOwner(folder: string): number | string {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8'))
    if (typeof parsed === 'object' && parsed !== null && 'pid' in parsed && typeof parsed.pid === 'number') {
      return parsed.pid
    }
  } catch {
    // Only a hint for the message.
  }
  return '?'
}

async function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((accept, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => accept(port))
    })
  })
}

function lastLogLine(place: PostgresPlace): string {
  try {
    return readFileSync(join(place.root, 'postgres.log'), 'utf8').trim().split('\n').at(-1) ?? 'no log'
  } catch {
    return 'no log'
  }
}

async function runTool(place: PostgresPlace, tool: 'initdb' | 'pg_ctl', args: string[]): Promise<void> {
  const child = spawn(place.binaries[tool], args, {
    cwd: place.root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    ...(place.runAs ?? {}),
  })
  let output = ''
  child.stdout.on('data', (piece) => (output += String(piece)))
  child.stderr.on('data', (piece) => (output += String(piece)))
  const code = await new Promise<number | null>((accept, reject) => {
    child.once('error', reject)
    child.once('close', accept)
  })
  if (code !== 0) {
    throw new CongvanError('EMBEDDED_POSTGRES_FAILED', {
      reason: `${tool}: ${output.trim().split('\n').at(-1)}`,
    })
  }
}
