/** Looks at the database as PostgreSQL itself describes it. Reads the catalogue only. */
import type { NodeTransaction } from '../db.ts'
import { type DoctorFinding, finding } from './doctor-findings.ts'

const LEAST_MAJOR = 15

export async function examineDatabase(trx: NodeTransaction, role: string): Promise<DoctorFinding[]> {
  const { rows } = await trx.raw<{ rows: { version: string; encoding: string }[] }>(
    "select current_setting('server_version') as version, current_setting('server_encoding') as encoding",
  )
  const [{ version, encoding } = { version: '0', encoding: '' }] = rows
  const found: DoctorFinding[] = []
  if (Number.parseInt(version, 10) < LEAST_MAJOR) {
    found.push(finding('database', 'error', 'DATABASE_OLD', { found: version, wanted: LEAST_MAJOR }))
  }
  if (encoding !== 'UTF8') found.push(finding('database', 'error', 'DATABASE_ENCODING', { found: encoding }))
  const more = [await durability(trx), await might(trx, role), await unprotected(trx)].flat()
  return [...found, ...more]
}

/** @param each connections that one process may open; @param processes that run now */
export async function examineConnections(
  trx: NodeTransaction,
  each: number,
  processes: number,
): Promise<DoctorFinding[]> {
  const { rows } = await trx.raw<{ rows: { most: number }[] }>(
    `select current_setting('max_connections')::int
       - current_setting('superuser_reserved_connections')::int as most`,
  )
  const most = rows[0]?.most ?? 0
  const wanted = each * Math.max(1, processes)
  return wanted > most ? [finding('database', 'warning', 'CONNECTIONS_FEW', { most, wanted })] : []
}

/** Without these a commit that was answered may be gone after a power cut. */
async function durability(trx: NodeTransaction): Promise<DoctorFinding[]> {
  const { rows } = await trx.raw<{ rows: { name: string; setting: string }[] }>(
    `select name, setting from pg_settings
     where name in ('fsync', 'full_page_writes') and setting = 'off'
        or name = 'synchronous_commit' and setting = 'off' order by name`,
  )
  return rows.map(({ name, setting }) =>
    finding('database', 'error', 'DATABASE_NOT_DURABLE', { setting: name, value: setting }),
  )
}

/** The application's role must be bound by row-level security. */
async function might(trx: NodeTransaction, role: string): Promise<DoctorFinding[]> {
  const { rows } = await trx.raw<{ rows: { superuser: boolean; bypass: boolean; owns: boolean }[] }>(
    `select r.rolsuper as superuser, r.rolbypassrls as bypass,
       exists (select 1 from pg_class c where c.relname = 'documents' and c.relowner = r.oid) as owns
     from pg_roles r where r.rolname = :role`,
    { role },
  )
  const [found] = rows
  const why = found?.superuser ? 'superuser' : found?.bypass ? 'bypassrls' : found?.owns ? 'owner' : undefined
  return why === undefined ? [] : [finding('database', 'error', 'ROLE_TOO_MIGHTY', { role, why })]
}

async function unprotected(trx: NodeTransaction): Promise<DoctorFinding[]> {
  const { rows } = await trx.raw<{ rows: { table: string }[] }>(
    `select distinct c.relname as table from pg_policy p join pg_class c on c.oid = p.polrelid
     where p.polname = 'own_agency' and not (c.relrowsecurity and c.relforcerowsecurity) order by 1`,
  )
  return rows.map(({ table }) => finding('database', 'error', 'TABLE_UNPROTECTED', { table }))
}
