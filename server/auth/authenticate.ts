import type { Actor, Role } from '../actor.ts'
import type { AccountSettings } from '../context.ts'
import type { Database, NodeTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import type { Access } from '../http/route.ts'
import { listMemberships } from './membership-store.ts'
import { requirePermission } from './permissions.ts'
import { findToken, type StoredToken, touchToken } from './token-store.ts'
import { readBearer, tokenSha256 } from './tokens.ts'
import { findUserById, type User } from './user-store.ts'

/** How exactly the last use of a token is known: who asks a hundred times a second writes once in this time. */
const TOUCH_MS = 60_000

export interface Caller {
  readonly authorization: string | undefined
  /** Where the request came from. */
  readonly address: string
}

/**
 * Who carries this token now. Roles are read afresh each time: a role taken away or an account disabled ends at
 * once, whatever the token's life.
 *
 * @returns `undefined` for no token, an unknown or a revoked one, and one that opens nothing any more
 * @throws CongvanError `TOKEN_EXPIRED`, `SESSION_IDLE`
 */
export async function authenticate(
  db: Database,
  settings: AccountSettings,
  caller: Caller,
  now: Date,
): Promise<Actor | undefined> {
  const token = readBearer(caller.authorization)
  if (token === undefined) return undefined
  return db.asNode(async (trx) => {
    const found = await findToken(trx, tokenSha256(token))
    if (found === undefined) return undefined
    requireLive(found, settings, now)
    const user = await findUserById(trx, found.userId)
    if (user === undefined || user.disabled) return undefined
    const actor = await actorOf(trx, found, user, settings, now)
    const last = found.lastUsedAt?.getTime() ?? 0
    if (actor !== undefined && Math.abs(now.getTime() - last) >= TOUCH_MS) {
      await touchToken(trx, found.id, { at: now, from: caller.address })
    }
    return actor
  })
}

function requireLive(token: StoredToken, settings: AccountSettings, now: Date): void {
  if (token.expiresAt <= now) throw new CongvanError('TOKEN_EXPIRED', { at: token.expiresAt.toISOString() })
  if (token.kind === 'api') return
  const idle = now.getTime() - (token.lastUsedAt ?? token.createdAt).getTime()
  if (idle > settings.idleMinutes * 60_000) {
    throw new CongvanError('SESSION_IDLE', { minutes: settings.idleMinutes })
  }
}

async function actorOf(
  trx: NodeTransaction,
  token: StoredToken,
  user: User,
  settings: AccountSettings,
  now: Date,
): Promise<Actor | undefined> {
  const means = {
    userId: user.id,
    login: user.login,
    tokenId: token.id,
    ...(token.kind === 'api' ? ({ byApiToken: true } as const) : {}),
    ...(token.scopes === null ? {} : { scopes: token.scopes }),
  }
  if (token.agencyId === null) {
    if (!user.isOperator) return undefined
    return { kind: 'operator', ...means, ...restrictionOf(token, user, ['operator'], settings) }
  }
  const memberships = await listMemberships(trx, user.id, now)
  const roles = memberships.find((one) => one.agencyId === token.agencyId)?.roles
  if (roles === undefined) return undefined
  return {
    kind: 'user',
    ...means,
    displayName: user.displayName,
    agencyId: token.agencyId,
    roles,
    ...restrictionOf(token, user, roles, settings),
  }
}

/** An API token was made by somebody who was free to; what binds the person at the keyboard does not stop it. */
function restrictionOf(
  token: StoredToken,
  user: User,
  roles: readonly Role[],
  settings: AccountSettings,
): { readonly restriction?: 'change-password' | 'enrol-second-factor' } {
  if (token.kind === 'api') return {}
  if (user.mustChangePassword) return { restriction: 'change-password' }
  const wanted = roles.some((role) => settings.secondFactorRoles.includes(role))
  return wanted && user.totp?.confirmed !== true ? { restriction: 'enrol-second-factor' } : {}
}

/** @throws CongvanError `PASSWORD_CHANGE_REQUIRED`, `SECOND_FACTOR_REQUIRED`, `NOT_PERMITTED` */
export function authorise(actor: Actor, access: Access): void {
  if (typeof access !== 'object') return
  if (actor.kind !== 'node') {
    if (actor.restriction === 'change-password') throw new CongvanError('PASSWORD_CHANGE_REQUIRED')
    if (actor.restriction === 'enrol-second-factor') throw new CongvanError('SECOND_FACTOR_REQUIRED')
  }
  requirePermission(actor, access.permission)
}
