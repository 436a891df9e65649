import type { NodeTransaction } from '../db.ts'

export interface User {
  readonly id: string
  readonly login: string
  readonly displayName: string
  readonly passwordHash: string
  readonly isOperator: boolean
  readonly disabled: boolean
  readonly createdAt: Date
  readonly lastSignedInAt: Date | null
  /** The password was given by somebody else. */
  readonly mustChangePassword: boolean
  /** Until when a given password opens anything. */
  readonly passwordExpiresAt: Date | null
  /** The sealed secret of the second factor; begun when not confirmed yet. */
  readonly totp: { readonly sealed: Buffer; readonly confirmed: boolean } | undefined
}

interface UserRow {
  id: string
  login: string
  display_name: string
  password_hash: string
  is_operator: boolean
  disabled_at: Date | null
  created_at: Date
  last_signed_in_at: Date | null
  must_change_password: boolean
  password_expires_at: Date | null
  totp_secret: Buffer | null
  totp_confirmed_at: Date | null
}

function fromRow(row: UserRow): User {
  return {
    id: row.id,
    login: row.login,
    displayName: row.display_name,
    passwordHash: row.password_hash,
    isOperator: row.is_operator,
    disabled: row.disabled_at !== null,
    createdAt: row.created_at,
    lastSignedInAt: row.last_signed_in_at,
    mustChangePassword: row.must_change_password,
    passwordExpiresAt: row.password_expires_at,
    totp:
      row.totp_secret === null
        ? undefined
        : { sealed: row.totp_secret, confirmed: row.totp_confirmed_at !== null },
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

/** As `findUserById`; nobody else changes the account until the transaction ends. */
export async function lockUser(trx: NodeTransaction, id: string): Promise<User | undefined> {
  const row = await trx('users').where({ id }).forUpdate().first<UserRow | undefined>()
  return row === undefined ? undefined : fromRow(row)
}

export interface NewUserRow
  extends Pick<User, 'id' | 'login' | 'displayName' | 'passwordHash' | 'isOperator' | 'createdAt'> {
  readonly mustChangePassword: boolean
  readonly passwordExpiresAt: Date | null
}

/** @returns false when the login is taken, also by a transaction that ran at the same time */
export async function insertUser(trx: NodeTransaction, user: NewUserRow): Promise<boolean> {
  const made = await trx('users')
    .insert({
      id: user.id,
      login: user.login,
      display_name: user.displayName,
      password_hash: user.passwordHash,
      is_operator: user.isOperator,
      created_at: user.createdAt,
      must_change_password: user.mustChangePassword,
      password_expires_at: user.passwordExpiresAt,
    })
    .onConflict('login')
    .ignore()
    .returning('id')
  return made.length > 0
}

export async function setPassword(
  trx: NodeTransaction,
  id: string,
  password: Pick<NewUserRow, 'passwordHash' | 'mustChangePassword' | 'passwordExpiresAt'>,
): Promise<void> {
  await trx('users').where({ id }).update({
    password_hash: password.passwordHash,
    must_change_password: password.mustChangePassword,
    password_expires_at: password.passwordExpiresAt,
  })
}

/** @returns false when it was so already */
export async function setDisabled(trx: NodeTransaction, id: string, at: Date | null): Promise<boolean> {
  const query = trx('users').where({ id })
  if (at === null) query.whereNotNull('disabled_at')
  else query.whereNull('disabled_at')
  return (await query.update({ disabled_at: at })) > 0
}

export async function noteSignIn(trx: NodeTransaction, id: string, at: Date): Promise<void> {
  await trx('users').where({ id }).update({ last_signed_in_at: at })
}

/** Begins a second factor; what was begun before and never confirmed is forgotten. */
export async function setTotpSecret(trx: NodeTransaction, id: string, sealed: Buffer): Promise<void> {
  await trx('users')
    .where({ id })
    .update({ totp_secret: sealed, totp_confirmed_at: null, totp_last_step: null })
}

export async function confirmTotp(trx: NodeTransaction, id: string, at: Date): Promise<void> {
  await trx('users').where({ id }).update({ totp_confirmed_at: at })
}

export async function clearTotp(trx: NodeTransaction, id: string): Promise<void> {
  await trx('users')
    .where({ id })
    .update({ totp_secret: null, totp_confirmed_at: null, totp_last_step: null })
  await trx('user_recovery_codes').where({ user_id: id }).delete()
}

/** Takes the code of a time step. @returns false when it, or a later one, was taken before */
export async function takeTotpStep(trx: NodeTransaction, id: string, step: number): Promise<boolean> {
  const taken = await trx('users')
    .where({ id })
    .where((last) => last.whereNull('totp_last_step').orWhere('totp_last_step', '<', step))
    .update({ totp_last_step: step })
  return taken > 0
}

export async function replaceRecoveryCodes(
  trx: NodeTransaction,
  id: string,
  hashes: readonly string[],
): Promise<void> {
  await trx('user_recovery_codes').where({ user_id: id }).delete()
  await trx('user_recovery_codes').insert(hashes.map((hash) => ({ user_id: id, code_sha256: hash })))
}

/** @returns how many are left, `undefined` when it is none of those that are */
export async function useRecoveryCode(
  trx: NodeTransaction,
  id: string,
  hash: string,
  at: Date,
): Promise<number | undefined> {
  const used = await trx('user_recovery_codes')
    .where({ user_id: id, code_sha256: hash })
    .whereNull('used_at')
    .update({ used_at: at })
  if (used === 0) return undefined
  const [row] = await trx('user_recovery_codes')
    .where({ user_id: id })
    .whereNull('used_at')
    .count<{ count: string }[]>('* as count')
  return Number(row?.count ?? 0)
}

export interface UserQuery {
  readonly id?: string | undefined
  /** The rule or decision behind a role. */
  readonly reason?: string | undefined
  /** Those with a role there; left out: everybody of the node. */
  readonly agencyId?: string | undefined
  readonly role?: string | undefined
  /** Only those whose roles hold at this moment and whose account is open. */
  readonly activeAt?: Date | undefined
  /** A part of login or name. */
  readonly text?: string | undefined
  readonly after?: string | undefined
  readonly limit: number
}

/** People by login, page by page. */
export async function listUsers(trx: NodeTransaction, query: UserQuery): Promise<User[]> {
  const found = trx('users').orderBy('login').limit(query.limit)
  if (query.after !== undefined) found.where('login', '>', query.after)
  if (query.text !== undefined) {
    const pattern = `%${query.text.replace(/[\\%_]/g, '\\$&')}%`
    found.where((one) => one.whereILike('login', pattern).orWhereILike('display_name', pattern))
  }
  if (query.activeAt !== undefined) found.whereNull('disabled_at')
  if (query.id !== undefined) found.where('users.id', query.id)
  const { agencyId, role, reason, activeAt } = query
  if (agencyId !== undefined || role !== undefined || reason !== undefined) {
    found.whereExists((held) => {
      held.from('memberships').whereRaw('memberships.user_id = users.id')
      if (agencyId !== undefined) held.where({ agency_id: agencyId })
      if (role !== undefined) held.where({ role })
      if (reason !== undefined) held.where({ reason })
      if (activeAt === undefined) return
      held.where((time) => time.whereNull('valid_from').orWhere('valid_from', '<=', activeAt))
      held.where((time) => time.whereNull('valid_to').orWhere('valid_to', '>', activeAt))
    })
  }
  return (await found.select<UserRow[]>('users.*')).map(fromRow)
}
