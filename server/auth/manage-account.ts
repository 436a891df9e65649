/** What an administrator or the operator does to somebody's account as a whole. */
import type { Actor } from '../actor.ts'
import type { LogAct } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { ONE_TIME_MS } from './add-user.ts'
import { forgetFailures } from './failure-store.ts'
import {
  type AccountReset,
  alertOfReset,
  logOfAccount,
  type Managed,
  requireManaged,
  requireWhole,
} from './managed-user.ts'
import { hashPassword, newOneTimePassword } from './password.ts'
import { claimOf } from './person.ts'
import { forgetPlaces } from './sign-in-place-store.ts'
import { revokeTokens } from './token-store.ts'
import { clearTotp, setDisabled, setPassword } from './user-store.ts'

/** Runs one act on an account as a whole; `act` says what to log, `undefined` when nothing changed. */
async function onAccount<T>(
  context: NodeContext,
  actor: Actor,
  userId: string,
  work: (
    trx: NodeTransaction,
    managed: Managed,
    now: Date,
  ) => Promise<{ result: T; act?: Omit<LogAct, 'subject'>; alert?: AccountReset }>,
  reason = '',
): Promise<T> {
  const log = { nodeId: context.nodeId, actor, now: context.clock() }
  return context.db.asNode(async (trx) => {
    const managed = await requireManaged(trx, actor, userId)
    requireWhole(actor, managed)
    const { result, act, alert } = await work(trx, managed, log.now)
    if (act !== undefined) {
      await logOfAccount(trx, log, managed.agencyIds, { ...act, subject: `user:${userId}` })
    }
    if (alert !== undefined) await alertOfReset(trx, log, userId, { kind: alert, reason })
    return result
  }, claimOf(actor))
}

/**
 * Closes an account: its sessions and tokens end at once, and it is known nowhere; its history stays.
 *
 * @throws CongvanError `NOT_FOUND`, `RIGHTS_OF_ONESELF`, `ACCOUNT_OF_OTHERS_TOO`
 */
export function disableAccount(
  context: NodeContext,
  actor: Actor,
  userId: string,
  reason: string,
): Promise<{ disabled: boolean; ended: number }> {
  return onAccount(context, actor, userId, async (trx, _managed, now) => {
    const changed = await setDisabled(trx, userId, now)
    const ended = (await revokeTokens(trx, userId, {}, now)).length
    await forgetPlaces(trx, userId)
    const result = { disabled: true, ended }
    return changed ? { result, act: { kind: 'user.disabled', facts: { reason, ended } } } : { result }
  })
}

/**
 * Opens it again; nothing that ended comes back. An account that signs waits on the alert list.
 *
 * @throws CongvanError as `disableAccount`
 */
export function enableAccount(
  context: NodeContext,
  actor: Actor,
  userId: string,
  reason: string,
): Promise<{ disabled: boolean }> {
  const work = async (trx: NodeTransaction) => {
    const changed = await setDisabled(trx, userId, null)
    const result = { disabled: false }
    if (!changed) return { result }
    return { result, act: { kind: 'user.enabled', facts: { reason } }, alert: 'account-enabled' } as const
  }
  return onAccount(context, actor, userId, work, reason)
}

/** Lifts the lock that failed sign-ins brought. @throws CongvanError as `disableAccount` */
export function unlockAccount(
  context: NodeContext,
  actor: Actor,
  userId: string,
): Promise<{ unlocked: boolean }> {
  return onAccount<{ unlocked: boolean }>(context, actor, userId, async (trx, { user }) => {
    const unlocked = await forgetFailures(trx, user.login)
    return unlocked ? { result: { unlocked }, act: { kind: 'user.unlocked' } } : { result: { unlocked } }
  })
}

/**
 * Takes somebody's second factor off, for a phone that was lost: the next sign-in asks for the password only. Of an
 * account that signs it waits on the alert list.
 *
 * @throws CongvanError as `disableAccount`, `TOTP_NOT_ENROLLED`
 */
export function resetSecondFactor(
  context: NodeContext,
  actor: Actor,
  userId: string,
  reason: string,
): Promise<{ reset: boolean }> {
  const work = async (trx: NodeTransaction, { user }: Managed, now: Date) => {
    if (user.totp === undefined) throw new CongvanError('TOTP_NOT_ENROLLED')
    await clearTotp(trx, userId)
    const ended = (await revokeTokens(trx, userId, { kind: 'session' }, now)).length
    await forgetPlaces(trx, userId)
    const act = { kind: 'user.second-factor-off', facts: { reason, ended } } as const
    return { result: { reset: true }, act, alert: 'account-second-factor-off' } as const
  }
  return onAccount(context, actor, userId, work, reason)
}

/**
 * Gives an account a new password that its owner has to change; all of its sessions and tokens end. Of an account
 * that signs it waits on the alert list.
 *
 * @returns the password, shown once, and until when it opens the account
 * @throws CongvanError as `disableAccount`, `SECRET_SHOWN_ALREADY` for a repeated request
 */
export async function resetPassword(
  context: NodeContext,
  actor: Actor,
  userId: string,
  reason: string,
): Promise<{ oneTimePassword: string; expiresAt: string }> {
  const oneTimePassword = newOneTimePassword()
  const passwordHash = await hashPassword(oneTimePassword, context.limits.passwordLogCost)
  let shown = false
  const work = async (trx: NodeTransaction, { user }: Managed, now: Date) => {
    const passwordExpiresAt = new Date(now.getTime() + ONE_TIME_MS)
    await setPassword(trx, userId, { passwordHash, mustChangePassword: true, passwordExpiresAt })
    const ended = (await revokeTokens(trx, userId, {}, now)).length
    await forgetPlaces(trx, userId)
    await forgetFailures(trx, user.login)
    shown = true
    const result = { expiresAt: passwordExpiresAt.toISOString() }
    const act = { kind: 'user.password-reset', facts: { reason, ended } } as const
    return { result, act, alert: 'account-password-reset' } as const
  }
  const { expiresAt } = await onAccount(context, actor, userId, work, reason)
  if (!shown) throw new CongvanError('SECRET_SHOWN_ALREADY')
  return { oneTimePassword, expiresAt }
}
