import type { Actor } from '../actor.ts'
import { appendEntryOf, type LogAct, type LogContext } from '../audit/audit-store.ts'
import { recordRightChange } from '../audit/right-change-store.ts'
import { type NodeTransaction, withAgencyTables } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { listHeldRoles } from './membership-store.ts'
import { rolesOf } from './permissions.ts'
import { lockUser, type User } from './user-store.ts'

export interface Managed {
  readonly user: User
  /** The agencies that the account has, had or will have a role in. */
  readonly agencyIds: readonly string[]
}

/**
 * An account, locked until the transaction ends, that an actor may manage: the operator any; an administrator those
 * with a role in the own agency, and no other is so much as known to him.
 *
 * @throws CongvanError `NOT_FOUND`, `RIGHTS_OF_ONESELF`
 */
export async function requireManaged(trx: NodeTransaction, actor: Actor, id: string): Promise<Managed> {
  const user = await lockUser(trx, id)
  const held = (await listHeldRoles(trx, [id])).get(id) ?? []
  const agencyIds = [...new Set(held.map((one) => one.agencyId))]
  if (user === undefined || (actor.kind === 'user' && !agencyIds.includes(actor.agencyId))) {
    throw new CongvanError('NOT_FOUND', { what: `user ${id}` })
  }
  if (actor.kind !== 'node' && actor.userId === id) throw new CongvanError('RIGHTS_OF_ONESELF')
  return { user, agencyIds }
}

/**
 * The account as a whole (its password, whether it is open) belongs to nobody but the agency it works for. One that
 * works elsewhere too is the operator's: an administrator would else take over rights in another agency.
 *
 * @throws CongvanError `ACCOUNT_OF_OTHERS_TOO`
 */
export function requireWhole(actor: Actor, { user, agencyIds }: Managed): void {
  if (actor.kind !== 'user') return
  if (user.isOperator || agencyIds.some((one) => one !== actor.agencyId)) {
    throw new CongvanError('ACCOUNT_OF_OTHERS_TOO')
  }
}

/** An act on an account stands in the log of every agency that it works for; without one, in the node's. */
export async function logOfAccount(
  trx: NodeTransaction,
  log: LogContext,
  agencyIds: readonly string[],
  act: LogAct,
): Promise<void> {
  const facts = { ...act.facts, byRoles: [...rolesOf(log.actor)] }
  for (const agencyId of agencyIds.length === 0 ? [null] : agencyIds) {
    await appendEntryOf(trx, log, agencyId, { ...act, facts })
  }
}

/** What lets somebody else than its owner into an account, as the alert list names it. */
const accountResets = ['account-password-reset', 'account-second-factor-off', 'account-enabled'] as const
export type AccountReset = (typeof accountResets)[number]

export function isAccountReset(kind: string): kind is AccountReset {
  return accountResets.some((one) => one === kind)
}

/** Whose account is a way to the right to sign, or to the decision on rights itself. */
const signing: readonly string[] = ['leader', 'signer']

/**
 * Puts a reset of an account that signs on the alert list of every agency that it signs for: it is a way to take over
 * a right without giving one (NĐ 30/2020, Phụ lục VI, III.3c).
 */
export async function alertOfReset(
  trx: NodeTransaction,
  log: LogContext,
  userId: string,
  { kind, reason }: { readonly kind: AccountReset; readonly reason: string },
): Promise<void> {
  const held = (await listHeldRoles(trx, [userId])).get(userId) ?? []
  const at = log.now
  const rights = new Map<string, string[]>()
  for (const { agencyId, role, validTo } of held) {
    if (!signing.includes(role) || (validTo !== null && validTo <= at)) continue
    rights.set(agencyId, [...(rights.get(agencyId) ?? []), role])
  }
  const by = log.actor.kind === 'node' ? null : log.actor.userId
  const subject = `user:${userId}`
  for (const [agencyId, roles] of rights) {
    const change = { agencyId, kind, subject, userId, right: roles.join(' '), reason, by, at }
    await withAgencyTables(trx, agencyId, (agency) => recordRightChange(agency, change))
  }
}
