import type { UserActor } from '../actor.ts'
import { usersInWaiting } from '../audit/right-change-store.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { listUsers } from './user-store.ts'

/** Who confirms changes of rights; see `permissions.ts`. */
const CONFIRMING = 'leader'
/** More leaders than an agency has. */
const MOST = 500

/**
 * Whoever is to confirm changes does so by a right that stands itself: an administrator could else make two leaders
 * who confirm each other, or let somebody into a leader's account who confirms the rest. Where nobody else is there to
 * confirm it, the right counts as it is; so does what was given at the node's own console.
 *
 * @throws CongvanError `RIGHT_UNCONFIRMED`
 */
export async function requireConfirmed(trx: AgencyTransaction, actor: UserActor, now: Date): Promise<void> {
  const granted = await usersInWaiting(trx, { grantOf: CONFIRMING, now })
  const reset = await usersInWaiting(trx, { accounts: true })
  const own = actor.userId
  if (!granted.has(own) && !reset.has(own)) return
  const { agencyId } = actor
  const leaders = await withNodeTables(trx, (node) =>
    listUsers(node, { agencyId, role: CONFIRMING, activeAt: now, limit: MOST }),
  )
  // A leader whose account was reset still comes before one who was only just made a leader.
  const confirms = (id: string) => id !== own && !granted.has(id) && (granted.has(own) || !reset.has(id))
  if (leaders.some((one) => confirms(one.id))) throw new CongvanError('RIGHT_UNCONFIRMED')
}
