import type { Actor } from '../actor.ts'
import type { Database } from '../db.ts'
import type { Access } from '../http/route.ts'
import { requirePermission } from './permissions.ts'
import { readBearer, tokenSha256 } from './tokens.ts'
import { findLiveToken, findUserById, listMemberships } from './user-store.ts'

/**
 * Who carries this token now. Roles are read afresh each time: a role taken away or an account disabled ends at
 * once, whatever the token's life.
 */
export async function authenticate(
  db: Database,
  authorization: string | undefined,
  now: Date,
): Promise<Actor | undefined> {
  const token = readBearer(authorization)
  if (token === undefined) return undefined
  return db.asNode(async (trx) => {
    const found = await findLiveToken(trx, tokenSha256(token), now)
    if (found === undefined) return undefined
    const user = await findUserById(trx, found.userId)
    if (user === undefined || user.disabled) return undefined
    const means = found.kind === 'api' ? ({ byApiToken: true } as const) : {}
    if (found.agencyId === null) {
      return user.isOperator ? { kind: 'operator', userId: user.id, login: user.login, ...means } : undefined
    }
    const roles = (await listMemberships(trx, user.id)).find((one) => one.agencyId === found.agencyId)?.roles
    if (roles === undefined) return undefined
    return {
      kind: 'user',
      userId: user.id,
      login: user.login,
      displayName: user.displayName,
      agencyId: found.agencyId,
      roles,
      ...means,
    }
  })
}

/** @throws CongvanError `NOT_PERMITTED` */
export function authorise(actor: Actor, access: Access): void {
  if (typeof access === 'object') requirePermission(actor, access.permission)
}
