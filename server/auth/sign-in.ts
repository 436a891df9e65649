import { randomUUID } from 'node:crypto'
import { appendEntryOf, appendLogEntry, type LogContext } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { type Agency, findAgencyByCode } from '../directory/agency-store.ts'
import { CongvanError } from '../errors.ts'
import type { AccountServices } from './account-services.ts'
import {
  type Attempt,
  beginAttempt,
  failAttempt,
  lockedError,
  succeedAttempt,
  takeBackAttempt,
} from './attempt.ts'
import { listMemberships } from './membership-store.ts'
import { checkPassword } from './password.ts'
import { factorError, takeSecondFactor } from './second-factor.ts'
import { insertToken } from './token-store.ts'
import { newToken } from './tokens.ts'
import { findUserByLogin, lockUser, noteSignIn, type User } from './user-store.ts'

export interface SignIn {
  readonly login: string
  readonly password: string
  /** The agency to act for, by code; may be left out by a user of exactly one, and by the operator. */
  readonly agencyCode?: string | undefined
  /** The code of the second factor, or a recovery code. */
  readonly otp?: string | undefined
  /** Where the request comes from. */
  readonly address: string
}

export interface Session {
  readonly token: string
  readonly expiresAt: string
  readonly agencyId: string | null
  readonly roles: readonly string[]
  readonly mustChangePassword: boolean
}

/**
 * Checks a password and, where there is one, the second factor, and opens a session for one agency (or for the node,
 * by an operator).
 *
 * @throws CongvanError `ACCOUNT_LOCKED`, `ADDRESS_LOCKED` before anything is looked at; `SIGN_IN_FAILED` for an
 *   unknown login, a wrong password and a disabled account alike; `OTP_REQUIRED`, `OTP_WRONG`, `OTP_USED`,
 *   `PASSWORD_EXPIRED`; `AGENCY_NOT_YOURS`; `INPUT_INVALID` when the agency must be named. A failed try is logged.
 */
export async function signIn(
  context: NodeContext,
  accounts: AccountServices,
  input: SignIn,
): Promise<Session> {
  const now = context.clock()
  const { passwordLogCost } = context.limits
  const log = { nodeId: context.nodeId, actor: { kind: 'node', nodeId: context.nodeId } as const, now }
  // Killed after this, the attempt stands as a failed one.
  const attempt = await context.db.asNode((trx) => beginAttempt(trx, accounts, input, now))
  if ('code' in attempt) {
    if (attempt.slowly) await checkPassword(input.password, null, passwordLogCost)
    throw lockedError(attempt, now)
  }
  let failed = false
  try {
    const user = await context.db.asNode((trx) => findUserByLogin(trx, input.login))
    const matches = await checkPassword(input.password, user?.passwordHash ?? null, passwordLogCost)
    if (user === undefined || !matches || user.disabled) {
      failed = true
      await logFailure(context, accounts, log, input, attempt, user)
      const until = attempt.lockedUntil
      throw until === undefined
        ? new CongvanError('SIGN_IN_FAILED')
        : lockedError({ code: 'ACCOUNT_LOCKED', until }, now)
    }
    if (user.passwordExpiresAt !== null && user.passwordExpiresAt <= now) {
      throw new CongvanError('PASSWORD_EXPIRED')
    }
    const outcome = await context.db.asNode((trx) => openSession(trx, accounts, log, input, attempt, user))
    if ('problem' in outcome) {
      failed = outcome.problem !== 'OTP_REQUIRED'
      if (failed) await logFailure(context, accounts, log, input, attempt, user)
      throw factorError(outcome.problem)
    }
    return outcome
  } catch (error) {
    if (!failed) await context.db.asNode((trx) => takeBackAttempt(trx, attempt))
    throw error
  }
}

/** What was counted ahead stands, and from the limit on it locks. */
async function logFailure(
  { db }: NodeContext,
  accounts: AccountServices,
  log: LogContext,
  input: SignIn,
  attempt: Attempt,
  user: User | undefined,
): Promise<void> {
  const subject = user === undefined ? 'user:unknown' : `user:${user.id}`
  await db.asNode(async (trx) => {
    const { seconds, of } = await failAttempt(trx, accounts, attempt, log.now)
    await appendLogEntry(trx, log, null, {
      kind: 'user.sign-in-failed',
      subject,
      personal: { login: input.login, address: input.address },
    })
    if (seconds > 0 && user !== undefined) {
      await appendLogEntry(trx, log, null, { kind: 'user.locked', subject, facts: { seconds, of } })
    }
  })
}

async function openSession(
  trx: NodeTransaction,
  accounts: AccountServices,
  log: LogContext,
  input: SignIn,
  attempt: Attempt,
  seen: User,
): Promise<Session | { readonly problem: 'OTP_REQUIRED' | 'OTP_WRONG' | 'OTP_USED' }> {
  const user = await requireUnchanged(trx, seen)
  const problem = await takeSecondFactor(trx, accounts.key, log, user, input.otp)
  if (problem !== undefined) return { problem }
  const { now } = log
  const memberships = await listMemberships(trx, user.id, now)
  const wanted = input.agencyCode ? await findAgencyByCode(trx, input.agencyCode, vietnamDay(now)) : undefined
  const place = choosePlace(memberships, wanted, input.agencyCode, user.isOperator)
  const { token, sha256 } = newToken()
  const expiresAt = new Date(now.getTime() + accounts.settings.sessionHours * 3_600_000)
  const id = randomUUID()
  await insertToken(trx, {
    id,
    tokenSha256: sha256,
    userId: user.id,
    agencyId: place.agencyId,
    kind: 'session',
    label: '',
    createdAt: now,
    expiresAt,
    madeFrom: input.address,
    scopes: null,
  })
  await noteSignIn(trx, user.id, now)
  await succeedAttempt(trx, accounts, attempt, { ...input, userId: user.id, now })
  await appendEntryOf(trx, log, place.agencyId, {
    kind: 'user.signed-in',
    subject: `user:${user.id}`,
    facts: { session: id, secondFactor: user.totp?.confirmed === true },
    personal: { address: input.address },
  })
  return {
    token,
    expiresAt: expiresAt.toISOString(),
    agencyId: place.agencyId,
    roles: place.roles,
    mustChangePassword: user.mustChangePassword,
  }
}

/**
 * While the password was looked at, which takes its time, the account may have been closed or its password changed:
 * what that ended is not opened behind it. The account is locked until the session is there.
 *
 * @throws CongvanError `SIGN_IN_FAILED`
 */
async function requireUnchanged(trx: NodeTransaction, seen: User): Promise<User> {
  const user = await lockUser(trx, seen.id)
  if (user === undefined || user.disabled || user.passwordHash !== seen.passwordHash) {
    throw new CongvanError('SIGN_IN_FAILED')
  }
  return user
}

function choosePlace(
  memberships: readonly { readonly agencyId: string; readonly roles: readonly string[] }[],
  wanted: Agency | undefined,
  wantedCode: string | undefined,
  isOperator: boolean,
): { agencyId: string | null; roles: readonly string[] } {
  if (wantedCode !== undefined) {
    const found = memberships.find((one) => one.agencyId === wanted?.id)
    if (found === undefined) {
      throw new CongvanError('AGENCY_NOT_YOURS', { code: wantedCode, codeVi: wantedCode })
    }
    return found
  }
  if (isOperator) return { agencyId: null, roles: ['operator'] }
  const [only, ...others] = memberships
  if (only === undefined) {
    throw new CongvanError('AGENCY_NOT_YOURS', { code: 'any agency', codeVi: 'nào' })
  }
  if (others.length > 0) {
    throw new CongvanError('INPUT_INVALID', {
      field: 'agencyCode',
      reason:
        'tài khoản thuộc nhiều cơ quan, hãy nêu mã của một / the account is of several agencies, name one by its code',
    })
  }
  return only
}
