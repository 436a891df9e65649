/**
 * Brings the schema up to this program, and refuses one that is newer (design 6.13).
 *
 * Several processes may start together: an advisory lock lets one migrate while the others wait. Killed in the
 * middle, a migration's transaction is rolled back and the next start runs it again.
 */
import { readdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Knex } from 'knex'
import { type DatabaseRoles, openKnex, rolesFor, sqlState } from './db.ts'
import { CongvanError } from './errors.ts'
import { installQueue } from './queue.ts'

/** What a file in `migrations/` exports. The names of the application's roles differ from node to node. */
export interface Migration {
  up(knex: Knex, roles: DatabaseRoles): Promise<void>
  down(knex: Knex, roles: DatabaseRoles): Promise<void>
}

/** How long a migration waits for a table that others use, and they behind it. */
const LOCK_TIMEOUT_MS = 2_000
const MIGRATION_LOCK = '27994411998470511'
const TABLE = 'schema_migrations'
const folder = new URL('../migrations/', import.meta.url)

/** The names of this program's migrations, in order; the last is the schema version it wants. */
export function ownMigrations(): string[] {
  return readdirSync(fileURLToPath(folder))
    .filter((name) => /^\d{4}_[a-z_]+\.ts$/.test(name))
    .sort()
}

function source(roles: DatabaseRoles): Knex.MigrationSource<string> {
  return {
    getMigrations: async () => ownMigrations(),
    getMigrationName: (name) => name,
    async getMigration(name) {
      const migration = (await import(new URL(name, folder).href)) as Migration
      return { up: (knex) => migration.up(knex, roles), down: (knex) => migration.down(knex, roles) }
    },
  }
}

/**
 * Migrates as the owner, installs the queue's schema and grants the application's roles their rights.
 *
 * @param ownerUrl a role that owns the schema and may create roles
 * @param applicationUrl names the application's role, whose `_tenant` and `_node` roles get the grants
 * @returns the migrations that were run now
 */
export async function migrate(ownerUrl: string, applicationUrl: string): Promise<string[]> {
  const roles = rolesFor(applicationUrl)
  const applicationName = 'congvan migrate'
  const knex = openKnex({ url: ownerUrl, poolSize: 3, applicationName, lockTimeoutMs: LOCK_TIMEOUT_MS })
  try {
    return await knex.transaction(async (lock) => {
      await lock.raw('set local lock_timeout = 0')
      await lock.raw('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK])
      // The lock's transaction is idle while others migrate, which may take longer than a server lets it be.
      await lock.raw('set local idle_in_transaction_session_timeout = 0')
      await refuseNewer(knex)
      const names = await migrateBesideOthers(knex, roles)
      await installQueue(ownerUrl, roles)
      return names
    })
  } finally {
    await knex.destroy()
  }
}

/** How often a migration that stood in others' way, or they in its, is begun again. */
const TRIES = 30
const LONGEST_PAUSE_MS = 3_000
/** The server gave up waiting for a lock, or ended one of two that waited for each other. */
const IN_THE_WAY = new Set(['55P03', '40P01'])

/**
 * Migrates while processes of the version before go on working. A migration waits for a table's lock for a short while
 * only, since everybody else waits behind it, and lets them go on before it tries again. What had run stays: each
 * migration is a transaction of its own.
 */
async function migrateBesideOthers(knex: Knex, roles: DatabaseRoles): Promise<string[]> {
  const settings = { migrationSource: source(roles), tableName: TABLE }
  const before = await applied(knex)
  for (let tried = 1; ; tried += 1) {
    try {
      await knex.migrate.latest(settings)
      return (await applied(knex)).filter((name) => !before.includes(name))
    } catch (error) {
      if (tried === TRIES || !IN_THE_WAY.has(sqlState(error) ?? '')) throw error
      await delay(Math.min(100 * 2 ** tried, LONGEST_PAUSE_MS))
    }
  }
}

/** Takes every migration back, newest first; for the test of the `down` halves. */
export async function rollbackAll(ownerUrl: string, applicationUrl: string): Promise<void> {
  const knex = openKnex({ url: ownerUrl, poolSize: 2, applicationName: 'congvan migrate' })
  try {
    await knex.migrate.rollback({ migrationSource: source(rolesFor(applicationUrl)), tableName: TABLE }, true)
  } finally {
    await knex.destroy()
  }
}

/**
 * Whether the schema is the one that this program wants; for a start that has no owner's URL.
 *
 * @throws CongvanError `DATABASE_SCHEMA_OLD`, `DATABASE_SCHEMA_NEW`
 */
export async function checkSchema(applicationUrl: string): Promise<void> {
  const knex = openKnex({ url: applicationUrl, poolSize: 1, applicationName: 'congvan check' })
  try {
    await refuseNewer(knex)
    const own = ownMigrations()
    const done = await applied(knex)
    const missing = own.find((name) => !done.includes(name))
    if (missing !== undefined) {
      throw new CongvanError('DATABASE_SCHEMA_OLD', { found: done.at(-1) ?? '-', wanted: own.at(-1) ?? '-' })
    }
  } finally {
    await knex.destroy()
  }
}

async function refuseNewer(knex: Knex): Promise<void> {
  const own = ownMigrations()
  const unknown = (await applied(knex)).filter((name) => !own.includes(name))
  if (unknown.length > 0) {
    throw new CongvanError('DATABASE_SCHEMA_NEW', { found: unknown.at(-1) ?? '-', wanted: own.at(-1) ?? '-' })
  }
}

async function applied(knex: Knex): Promise<string[]> {
  const { rows } = await knex.raw<{ rows: { present: boolean }[] }>(
    'select to_regclass(?) is not null as present',
    [TABLE],
  )
  if (rows[0]?.present !== true) return []
  return knex(TABLE).orderBy('id').pluck<string[]>('name')
}
