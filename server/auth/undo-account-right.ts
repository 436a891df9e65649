/** Undoing changes of roles and accounts that a person with authority does not agree with (`settle-right-change.ts`). */
import { z } from 'zod'
import { type AgencyRole, agencyRoles } from '../actor.ts'
import { appendEntryOf } from '../audit/audit-store.ts'
import {
  type RightChange,
  standingSince,
  type UndoRightChange,
  undoneBeneath,
} from '../audit/right-change-store.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { noteRoleChange, takeRoles } from './grant-role.ts'
import { isAccountReset } from './managed-user.ts'
import { findHeldRole, grantRole, type HeldRole, listHeldRoles } from './membership-store.ts'
import { forgetPlaces } from './sign-in-place-store.ts'
import { revokeTokens } from './token-store.ts'
import { findUserById, setDisabled } from './user-store.ts'

const heldForm = z.object({
  reason: z.string(),
  grantedBy: z.uuid().nullable(),
  grantedAt: z.coerce.date(),
  validFrom: z.coerce.date().nullable(),
  validTo: z.coerce.date().nullable(),
})
type Held = Omit<HeldRole, 'agencyId' | 'role'>

const kinds = ['role-granted', 'role-revoked'] as const

/**
 * A role that was given goes, or is again what it was; one that was taken comes back as it was: from when, until when,
 * on what rule and by whom. What was changed once more in the meantime stands; what was undone in the meantime does
 * not come back.
 */
export const undoRoleChange: UndoRightChange = async (trx, log, change) => {
  const role = agencyRoles.find((one) => one === change.right)
  const { userId } = change
  if (role === undefined || userId === null) return false
  if (!kinds.some((one) => one === change.kind)) return false
  const of = { agencyId: log.actor.agencyId, userId, role }
  const reason = `hoàn nguyên ${change.id}`
  const before = await heldBefore(trx, change)
  const stands = (await standingSince(trx, change, kinds)).length > 0
  await withNodeTables(trx, async (node) => {
    const held = await findHeldRole(node, of)
    if (before === 'none') {
      // Given anew after it had been taken, it is another grant; changed only, it is still this one.
      const isThisGrant = held !== undefined && held.grantedAt <= change.at
      if (change.kind === 'role-granted' && isThisGrant) await takeRoles(node, log, { ...of, reason }, false)
    } else if (!stands && (held === undefined) === (change.kind === 'role-revoked')) {
      const given = before ?? {
        reason,
        grantedBy: log.actor.userId,
        grantedAt: log.now,
        validFrom: null,
        validTo: null,
      }
      await grantRole(node, formOf(of, given))
      await noteRoleChange(node, log, { kind: 'granted', ...formOf(of, given), reason }, false)
    }
  })
  return true
}

/** How the role was held before; `undefined` where that was not kept. */
async function heldBefore(trx: AgencyTransaction, change: RightChange): Promise<Held | 'none' | undefined> {
  const beneath = await undoneBeneath(trx, change, kinds)
  if (beneath !== undefined) return heldBefore(trx, beneath)
  if (change.before === null) return change.kind === 'role-granted' ? 'none' : undefined
  return heldForm.parse(change.before)
}

function formOf(of: { agencyId: string; userId: string; role: AgencyRole }, held: Held) {
  const { reason, grantedBy: by, grantedAt: at } = held
  return { ...of, reason, by, at, validFrom: held.validFrom ?? undefined, validTo: held.validTo ?? undefined }
}

/**
 * A password or second factor that was reset does not come back: its owner may have lost it. What the reset opened is
 * closed instead: the account, or, of one that works for other agencies too, its roles in this one.
 */
export const undoAccountReset: UndoRightChange = async (trx, log, change) => {
  const { userId } = change
  if (!isAccountReset(change.kind) || userId === null) return false
  const { agencyId } = log.actor
  const reason = `hoàn nguyên ${change.id}`
  await withNodeTables(trx, async (node) => {
    const held = (await listHeldRoles(node, [userId])).get(userId) ?? []
    const user = await findUserById(node, userId)
    if (user?.isOperator === true || held.some((one) => one.agencyId !== agencyId)) {
      await takeRoles(node, log, { agencyId, userId, reason }, false)
      return
    }
    await setDisabled(node, userId, log.now)
    await forgetPlaces(node, userId)
    const ended = (await revokeTokens(node, userId, {}, log.now)).length
    const subject = `user:${userId}`
    await appendEntryOf(node, log, agencyId, { kind: 'user.disabled', subject, facts: { reason, ended } })
  })
  return true
}
