/** A node's database and roles on the embedded PostgreSQL: owner and application, neither of them superuser. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import pg from 'pg'
import { z } from 'zod'
import type { EmbeddedPostgres } from './embedded-postgres.ts'

export interface DatabaseUrls {
  readonly ownerUrl: string
  readonly applicationUrl: string
}

const passwordsForm = z.strictObject({ owner: z.string().min(20), application: z.string().min(20) })

/**
 * Makes what is missing of a node's database: two login roles and the database, named after it. Asked twice, it
 * changes nothing; killed in between, the next call makes the rest. The passwords are made once and kept in
 * `passwordFile` (mode 600).
 *
 * @param name lower-case letters, digits and `_`; also the name of the application's role
 */
export async function provisionDatabase(
  postgres: Pick<EmbeddedPostgres, 'port' | 'superuserUrl'>,
  name: string,
  passwordFile: string,
): Promise<DatabaseUrls> {
  if (!/^[a-z][a-z0-9_]{0,40}$/.test(name)) throw new RangeError(`no name for a database: ${name}`)
  const passwords = readOrMakePasswords(passwordFile)
  const owner = `${name}_owner`
  const client = new pg.Client({ connectionString: postgres.superuserUrl() })
  // The statement that is under way fails; told a second time, to nobody, it would end the process.
  client.on('error', () => {})
  await client.connect()
  try {
    await ensureRole(client, owner, 'login createrole', passwords.owner)
    await ensureRole(client, name, 'login noinherit', passwords.application)
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name])
    if (rowCount === 0) {
      await client.query(`create database ${pg.escapeIdentifier(name)} owner ${pg.escapeIdentifier(owner)}`)
      await client.query(`revoke connect on database ${pg.escapeIdentifier(name)} from public`)
      await client.query(
        `grant connect on database ${pg.escapeIdentifier(name)} to ${pg.escapeIdentifier(name)}`,
      )
    }
  } finally {
    await client.end()
  }
  const url = (role: string, password: string) =>
    `postgres://${role}:${encodeURIComponent(password)}@127.0.0.1:${postgres.port}/${name}`
  return { ownerUrl: url(owner, passwords.owner), applicationUrl: url(name, passwords.application) }
}

async function ensureRole(
  client: pg.Client,
  role: string,
  attributes: string,
  password: string,
): Promise<void> {
  const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [role])
  const how = rowCount === 0 ? 'create' : 'alter'
  await client.query(
    `${how} role ${pg.escapeIdentifier(role)} ${attributes} password ${pg.escapeLiteral(password)}`,
  )
}

function readOrMakePasswords(file: string): z.output<typeof passwordsForm> {
  mkdirSync(dirname(file), { recursive: true })
  const made = () => randomBytes(24).toString('base64url')
  try {
    writeFileSync(file, JSON.stringify({ owner: made(), application: made() }), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return passwordsForm.parse(JSON.parse(readFileSync(file, 'utf8')))
}
