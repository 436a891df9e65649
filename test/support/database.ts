import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type Database, openDatabase } from '../../server/db.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../server/embedded-postgres.ts'
import { migrate } from '../../server/migrate.ts'

/**
 * One PostgreSQL for the whole test run, started when the first test asks for it; a template database in it is
 * migrated once and cloned for each test file.
 */
interface Cluster {
  readonly postgres: EmbeddedPostgres
  readonly folder: string
  /** For making databases, which a test run does by the hundred. */
  readonly superuser: pg.Client
}

let cluster: Promise<Cluster> | undefined
const open = new Set<string>()

export const OWNER = 'congvan_test_owner'
export const APPLICATION = 'congvan_test'
const PASSWORD = 'only-for-tests'
const TEMPLATE = 'congvan_template'

async function startCluster(): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'congvan-test-'))
  chmodSync(folder, 0o711)
  const postgres = await startEmbeddedPostgres({
    folder,
    runAs: process.env.CONGVAN_PG_USER ?? 'nobody',
    durable: false,
  })
  const superuser = new pg.Client({ connectionString: postgres.superuserUrl() })
  try {
    await superuser.connect()
    // Thousands of connections are opened, and the password protects nothing.
    await superuser.query('set scram_iterations = 1')
    await superuser.query(`create role ${OWNER} login createrole password '${PASSWORD}'`)
    await superuser.query(`create role ${APPLICATION} login noinherit password '${PASSWORD}'`)
    await superuser.query(`create database ${TEMPLATE} owner ${OWNER}`)
    await migrate(url(postgres.port, OWNER, TEMPLATE), url(postgres.port, APPLICATION, TEMPLATE))
  } catch (error) {
    // Its connections and its process would keep the test run from ending.
    await superuser.end().catch(() => {})
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
  return { postgres, folder, superuser }
}

function url(port: number, role: string, database: string): string {
  return `postgres://${role}:${PASSWORD}@127.0.0.1:${port}/${database}`
}

export interface TestDatabase {
  readonly name: string
  /** Under the application's role: what production uses. */
  readonly db: Database
  readonly url: string
  readonly ownerUrl: string
  readonly superuserUrl: string
  drop(): Promise<void>
}

/** A fresh clone of the migrated template. Call `drop()` in `after`. */
export async function cloneDatabase(): Promise<TestDatabase> {
  // Files copied: by half the work of the default, which writes the whole copy to the log as well.
  return newDatabase(`template ${TEMPLATE} owner ${OWNER} strategy file_copy`)
}

/** An empty database without any table, for tests of the migrations themselves. */
export async function emptyDatabase(): Promise<TestDatabase> {
  return newDatabase(`owner ${OWNER}`)
}

async function newDatabase(how: string): Promise<TestDatabase> {
  cluster ??= startCluster()
  const { postgres, superuser } = await cluster
  const name = `test_${randomBytes(6).toString('hex')}`
  await superuser.query(`create database ${name} ${how}`)
  open.add(name)
  const applicationUrl = url(postgres.port, APPLICATION, name)
  const db = openDatabase({ url: applicationUrl, poolSize: 8 })
  return {
    name,
    db,
    url: applicationUrl,
    ownerUrl: url(postgres.port, OWNER, name),
    superuserUrl: postgres.superuserUrl(name),
    async drop() {
      await db.close()
      // By a connection of its own: while it is made, those that were just closed end by themselves.
      const client = new pg.Client({ connectionString: postgres.superuserUrl() })
      await client.connect()
      try {
        await client.query(`drop database ${name} with (force)`)
      } finally {
        await client.end()
      }
      open.delete(name)
    },
  }
}

/** Ends the cluster; fails when a test file forgot to drop its database. */
export async function stopCluster(): Promise<void> {
  // Where it could not be started, the tests that asked for it have failed and nothing is left of it.
  const started = await cluster?.catch(() => undefined)
  if (started === undefined) return
  const { postgres, folder, superuser } = started
  await superuser.end()
  await postgres.stop()
  rmSync(folder, { recursive: true, force: true })
  if (open.size > 0) throw new Error(`databases left by tests: ${[...open].join(', ')}`)
}
