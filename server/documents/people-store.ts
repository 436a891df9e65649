/** Who of an agency's people is meant: accounts with a role in the agency now. Read only; accounts are of `auth`. */
import type { AgencyRole } from '../actor.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'

export interface Person {
  readonly userId: string
  readonly login: string
  readonly displayName: string
  readonly roles: readonly AgencyRole[]
}

interface Row {
  readonly id: string
  readonly login: string
  readonly display_name: string
  readonly roles: AgencyRole[]
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const SELECT = `
  select u.id, u.login, u.display_name, array_agg(m.role order by m.role) as roles
  from memberships m
  join users u on u.id = m.user_id
  where m.agency_id = :agencyId and u.disabled_at is null
    and (m.valid_from is null or m.valid_from <= :now) and (m.valid_to is null or m.valid_to > :now)`

/**
 * The person of this login or id who has a role in the agency now; `undefined` when there is none.
 *
 * @param user login, in any case, or id
 */
export async function findPerson(
  trx: AgencyTransaction,
  agencyId: string,
  user: string,
  now: Date,
): Promise<Person | undefined> {
  const condition = UUID.test(user) ? 'u.id = :user' : 'u.login = :user'
  const [found] = await select(trx, `${SELECT} and ${condition} group by u.id`, {
    agencyId,
    now,
    user: user.toLowerCase(),
  })
  return found
}

/** Everybody who has a role in the agency now, by name. */
export async function listPeople(
  trx: AgencyTransaction,
  agencyId: string,
  role: AgencyRole,
  now: Date,
): Promise<Person[]> {
  const sql = `${SELECT} group by u.id having :role = any(array_agg(m.role)) order by u.display_name, u.id`
  return select(trx, sql, { agencyId, now, role })
}

async function select(
  trx: AgencyTransaction,
  sql: string,
  bindings: Readonly<Record<string, string | Date>>,
): Promise<Person[]> {
  const { rows } = await withNodeTables(trx, (node) => node.raw<{ rows: Row[] }>(sql, bindings))
  return rows.map((row) => ({
    userId: row.id,
    login: row.login,
    displayName: row.display_name,
    roles: row.roles,
  }))
}

/** The names of accounts, whether they still have a role or not. */
export async function namesOfUsers(
  trx: AgencyTransaction,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (userIds.length === 0) return new Map()
  const rows: { id: string; display_name: string }[] = await withNodeTables(trx, (node) =>
    node('users')
      .whereIn('id', [...new Set(userIds)])
      .select('id', 'display_name'),
  )
  return new Map(rows.map((row) => [row.id, row.display_name]))
}
