/**
 * PostgreSQL servers as an operator runs them by hand, with the programs that the project brings: nobody owns them,
 * nobody starts them again.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, cpSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { locateCluster, type PostgresPlace } from '../../../server/embedded-postgres-place.ts'

export interface BareServer {
  readonly place: PostgresPlace
  readonly port: number
  readonly running: boolean
  /** The superuser's, past any address. */
  url(database?: string): string
  /** Resolves when it answers. */
  start(): Promise<void>
  /** An orderly, fast stop. */
  stop(): Promise<void>
  /** SIGKILL to every process of the server at once, as when its machine loses power. */
  kill(): Promise<void>
}

export const SUPERUSER = 'postgres'
const START_TIMEOUT_MS = 60_000

/** A new cluster in a folder, durable, not yet started. */
export async function newServer(folder: string, runAs: string): Promise<BareServer> {
  const place = locate(folder, runAs)
  const password = randomBytes(12).toString('hex')
  const passwordFile = join(place.root, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  own(place, passwordFile)
  const how = ['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C.UTF-8', `--username=${SUPERUSER}`]
  execFileSync(place.binaries.initdb, ['-D', place.cluster, `--pwfile=${passwordFile}`, ...how], {
    ...place.runAs,
    cwd: place.root,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return bareServer(place, await freePort(), password)
}

/** Left out of a copy of a running cluster (PostgreSQL 17, 25.3.4.3): files by name, and what is inside of folders. */
const LEFT_OUT = { files: /^(postmaster\.(pid|opts)|pg_internal\.init|pgsql_tmp.*)$/ }
const EMPTIED = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
])

/**
 * A standby from a base backup of a running server by the low-level way (PostgreSQL 17, 25.3.4): begin, copy, end in one
 * session, `backup_label` into the copy.
 *
 * @param settings for the copy alone, lines of `postgresql.auto.conf`
 */
export async function copyAsStandby(
  source: BareServer,
  folder: string,
  runAs: string,
  settings: readonly string[],
): Promise<BareServer> {
  const place = locate(folder, runAs)
  const { cluster } = source.place
  const client = await connected(source.url())
  try {
    await client.query("select pg_backup_start('standby', true)")
    cpSync(cluster, place.cluster, {
      recursive: true,
      filter: (file) =>
        !LEFT_OUT.files.test(basename(file)) &&
        !(dirname(dirname(file)) === cluster && EMPTIED.has(basename(dirname(file)))),
    })
    const { rows } = await client.query<{ label: string }>('select labelfile as label from pg_backup_stop()')
    writeFileSync(join(place.cluster, 'backup_label'), rows[0]?.label ?? '')
  } finally {
    await client.end()
  }
  const automatic = join(place.cluster, 'postgresql.auto.conf')
  writeFileSync(automatic, `${[readFileSync(automatic, 'utf8').trimEnd(), ...settings].join('\n')}\n`)
  writeFileSync(join(place.cluster, 'standby.signal'), '')
  if (place.runAs !== undefined) {
    const { uid, gid } = place.runAs
    execFileSync('chown', ['-R', `${uid}:${gid}`, place.cluster])
  }
  execFileSync('chmod', ['700', place.cluster])
  return bareServer(place, await freePort(), new URL(source.url()).password)
}

function locate(folder: string, runAs: string): PostgresPlace {
  mkdirSync(folder, { recursive: true, mode: 0o711 })
  return locateCluster(folder, runAs)
}

function own({ runAs }: PostgresPlace, file: string): void {
  if (runAs !== undefined) chownSync(file, runAs.uid, runAs.gid)
}

function bareServer(place: PostgresPlace, port: number, password: string): BareServer {
  let child: ChildProcess | undefined
  let exited: Promise<unknown> = Promise.resolve()
  const ended = () => child === undefined || child.exitCode !== null || child.signalCode !== null
  const url = (database = 'postgres') => `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`
  // Ended itself, this process leaves no server.
  const endAtOnce = () => {
    if (!ended()) child?.kill('SIGQUIT')
  }
  const forget = () => {
    process.removeListener('exit', endAtOnce)
  }
  return {
    place,
    port,
    get running() {
      return !ended()
    },
    url,
    async start() {
      const log = openSync(join(place.root, 'postgres.log'), 'a', 0o600)
      const settings = [
        'listen_addresses=127.0.0.1',
        `port=${port}`,
        'unix_socket_directories=',
        'timezone=UTC',
        'max_connections=200',
      ]
      child = spawn(
        place.binaries.postgres,
        ['-D', place.cluster, ...settings.flatMap((one) => ['-c', one])],
        {
          detached: true,
          stdio: ['ignore', log, log],
          cwd: place.root,
          env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
          ...place.runAs,
        },
      )
      exited = once(child, 'exit')
      process.once('exit', endAtOnce)
      await untilAnswering(url(), ended, join(place.root, 'postgres.log'))
    },
    async stop() {
      forget()
      if (ended()) return
      child?.kill('SIGINT')
      await exited
    },
    async kill() {
      forget()
      const client = await connected(url())
      client.on('error', () => {})
      // Stopped, it can neither start another process nor tell the others that one has died.
      child?.kill('SIGSTOP')
      const { rows } = await client.query<{ pid: number }>('select pid from pg_stat_activity')
      for (const { pid } of rows) if (pid > 1) process.kill(pid, 'SIGKILL')
      child?.kill('SIGKILL')
      await exited
      await client.end().catch(() => {})
    },
  }
}

export async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return client
}

/** One statement in a session of its own. */
export async function rowsAt<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = await connected(url)
  try {
    return (await client.query<T>(sql)).rows
  } finally {
    await client.end()
  }
}

async function untilAnswering(url: string, ended: () => boolean, log: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS
  for (;;) {
    try {
      await rowsAt(url, 'select 1')
      return
    } catch (error) {
      if (ended() || Date.now() > deadline) {
        throw new Error(readFileSync(log, 'utf8').slice(-2_000), { cause: error })
      }
      await delay(50)
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((accept, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', accept)
  })
  const { port } = server.address() as AddressInfo
  await new Promise((accept) => server.close(accept))
  return port
}

/** The server's files; it must not run. */
export function removeServer(server: BareServer): void {
  rmSync(server.place.root, { recursive: true, force: true })
}
