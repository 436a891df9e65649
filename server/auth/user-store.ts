import type { AgencyRole } from '../actor.ts'
import type { NodeTransaction } from '../db.ts'

export interface User {
  readonly id: string
  readonly login: string
  readonly displayName: string
  readonly passwordHash: string
  readonly isOperator: boolean
  readonly disabled: boolean
}

export interface StoredToken {
  readonly id: string
  readonly userId: string
  readonly agencyId: string | null
  readonly kind: 'session' | 'api'
  readonly label: string
  readonly createdAt: Date
  readonly expiresAt: Date
}

interface UserRow {
  id: string
  login: string
  display_name: string
  password_hash: string
  is_operator: boolean
  disabled_at: Date | null
}

function fromRow(row: UserRow): User {
  return {
    id: row.id,
    login: row.login,
    displayName: row.display_name,
    passwordHash: row.password_hash,
    isOperator: row.is_operator,
    disabled: row.disabled_at !== null,
  }
}

export async function findUserByLogin(trx: NodeTransaction, login: string): Promise<User | undefined> {
  const row = await trx('users').where({ login: login.toLowerCase() }).first<UserRow | undefined>()
  return row === undefined ? undefined : fromRow(row)
}

export async function findUserById(trx: NodeTransaction, id: string): Promise<User | undefined> {
  const row = await trx('users').where({ id }).first<UserRow | undefined>()
  return row === undefined ? undefined : fromRow(row)
}

/** @returns false when the login is taken, also by a transaction that ran at the same time */
export async function insertUser(
  trx: NodeTransaction,
  user: Omit<User, 'disabled'> & { readonly createdAt: Date },
): Promise<boolean> {
  const made = await trx('users')
    .insert({
      id: user.id,
      login: user.login,
      display_name: user.displayName,
      password_hash: user.passwordHash,
      is_operator: user.isOperator,
      created_at: user.createdAt,
    })
    .onConflict('login')
    .ignore()
    .returning('id')
  return made.length > 0
}

/** Granting a role twice changes nothing. */
export async function grantRole(
  trx: NodeTransaction,
  grant: { readonly agencyId: string; readonly userId: string; readonly role: AgencyRole; readonly at: Date },
): Promise<void> {
  await trx('memberships')
    .insert({ agency_id: grant.agencyId, user_id: grant.userId, role: grant.role, granted_at: grant.at })
    .onConflict(['agency_id', 'user_id', 'role'])
    .ignore()
}

export interface Membership {
  readonly agencyId: string
  readonly roles: readonly AgencyRole[]
}

export async function listMemberships(trx: NodeTransaction, userId: string): Promise<Membership[]> {
  const rows = await trx('memberships')
    .where({ user_id: userId })
    .orderBy(['agency_id', 'role'])
    .select<{ agency_id: string; role: AgencyRole }[]>('agency_id', 'role')
  const byAgency = new Map<string, AgencyRole[]>()
  for (const row of rows) byAgency.set(row.agency_id, [...(byAgency.get(row.agency_id) ?? []), row.role])
  return [...byAgency].map(([agencyId, roles]) => ({ agencyId, roles }))
}

export async function insertToken(
  trx: NodeTransaction,
  token: StoredToken & { readonly tokenSha256: string },
): Promise<void> {
  await trx('tokens').insert({
    id: token.id,
    token_sha256: token.tokenSha256,
    user_id: token.userId,
    agency_id: token.agencyId,
    kind: token.kind,
    label: token.label,
    created_at: token.createdAt,
    expires_at: token.expiresAt,
  })
}

type LiveToken = Pick<StoredToken, 'id' | 'userId' | 'agencyId' | 'kind'>

interface TokenRow {
  id: string
  user_id: string
  agency_id: string | null
  kind: 'session' | 'api'
}

/** The token with this digest if it is neither expired nor revoked at `now`. */
export async function findLiveToken(
  trx: NodeTransaction,
  tokenSha256: string,
  now: Date,
): Promise<LiveToken | undefined> {
  const row = await trx('tokens')
    .where({ token_sha256: tokenSha256 })
    .whereNull('revoked_at')
    .where('expires_at', '>', now)
    .first<TokenRow | undefined>('id', 'user_id', 'agency_id', 'kind')
  if (row === undefined) return undefined
  return { id: row.id, userId: row.user_id, agencyId: row.agency_id, kind: row.kind }
}

/** @returns the agency of the token; `undefined` when the user has no such token that was not revoked before */
export async function revokeToken(
  trx: NodeTransaction,
  id: string,
  userId: string,
  now: Date,
): Promise<{ agencyId: string | null } | undefined> {
  const [row] = await trx('tokens')
    .where({ id, user_id: userId })
    .whereNull('revoked_at')
    .update({ revoked_at: now })
    .returning<{ agency_id: string | null }[]>('agency_id')
  return row === undefined ? undefined : { agencyId: row.agency_id }
}
