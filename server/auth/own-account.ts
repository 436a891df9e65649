/** What people do to their own account; never by an API token. */
import type { Actor } from '../actor.ts'
import { appendEntryOf } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import type { AccountServices } from './account-services.ts'
import { hashesOf } from './attempt.ts'
import { withGuess } from './guess.ts'
import { checkPassword, hashPassword } from './password.ts'
import { agencyOf, asSignedIn, claimOf, type Person } from './person.ts'
import { factorError, takeSecondFactor } from './second-factor.ts'
import { forgetPlaces } from './sign-in-place-store.ts'
import { revokeTokens } from './token-store.ts'
import { describeTotp, newRecoveryCodes, newTotpSecret, recoveryCodeSha256, totpStep } from './totp.ts'
import {
  clearTotp,
  confirmTotp,
  findUserById,
  lockUser,
  replaceRecoveryCodes,
  setPassword,
  setTotpSecret,
  takeTotpStep,
} from './user-store.ts'

/** Asked within `withGuess` only. @throws CongvanError `PASSWORD_WRONG` */
async function requirePassword(context: NodeContext, person: Person, password: string): Promise<void> {
  const user = await context.db.asNode((trx) => findUserById(trx, person.userId))
  const right = await checkPassword(password, user?.passwordHash ?? null, context.limits.passwordLogCost)
  if (user === undefined || !right) throw new CongvanError('PASSWORD_WRONG')
}

/**
 * Chooses another password. All other sessions of the person end; API tokens, which never knew the password, live on.
 * The places that the account was signed in from are forgotten but for this one: a thief may have been there.
 *
 * @throws CongvanError `PASSWORD_WRONG`, `INPUT_INVALID` for one too short, too long or the same as before
 */
export async function changePassword(
  context: NodeContext,
  accounts: AccountServices,
  actor: Actor,
  input: { readonly present: string; readonly password: string; readonly address: string },
): Promise<{ ended: number }> {
  const person = asSignedIn(actor)
  const guesser = { login: person.login, address: input.address }
  await withGuess(context, accounts, guesser, () => requirePassword(context, person, input.present))
  if (input.password.normalize('NFKC') === input.present.normalize('NFKC')) {
    const reason = 'phải khác mật khẩu đang dùng / must differ from the present one'
    throw new CongvanError('INPUT_INVALID', { field: 'password', reason })
  }
  const passwordHash = await hashPassword(input.password, context.limits.passwordLogCost)
  const now = context.clock()
  return context.db.asNode(async (trx) => {
    await setPassword(trx, person.userId, {
      passwordHash,
      mustChangePassword: false,
      passwordExpiresAt: null,
    })
    const ended = await revokeTokens(trx, person.userId, { kind: 'session', keep: person.tokenId }, now)
    await forgetPlaces(trx, person.userId, hashesOf(accounts, guesser)?.place)
    await appendEntryOf(trx, { nodeId: context.nodeId, actor, now }, agencyOf(actor), {
      kind: 'user.password-changed',
      subject: `user:${person.userId}`,
      facts: { ended: ended.length },
    })
    return { ended: ended.length }
  }, claimOf(actor))
}

/**
 * Begins a second factor: a secret for the authenticator, shown once. It is asked for at sign-in only after
 * `confirmSecondFactor`.
 *
 * @throws CongvanError `PASSWORD_WRONG`, `TOTP_ENROLLED`, `SECRET_SHOWN_ALREADY`, `ACCOUNT_KEY_UNUSABLE`
 */
export async function enrolSecondFactor(
  context: NodeContext,
  accounts: AccountServices,
  actor: Actor,
  { password, address }: { readonly password: string; readonly address: string },
): Promise<{ secret: string; uri: string }> {
  const { key } = accounts
  const person = asSignedIn(actor)
  const guesser = { login: person.login, address }
  await withGuess(context, accounts, guesser, () => requirePassword(context, person, password))
  const secret = newTotpSecret()
  const sealed = key.seal(person.userId, secret)
  let shown = false
  await context.db.asNode(async (trx) => {
    const user = await lockUser(trx, person.userId)
    if (user?.totp?.confirmed === true) throw new CongvanError('TOTP_ENROLLED')
    await setTotpSecret(trx, person.userId, sealed)
    shown = true
    return {}
  }, claimOf(actor))
  if (!shown) throw new CongvanError('SECRET_SHOWN_ALREADY')
  return describeTotp(secret, `Công Văn ${context.nodeId}`, person.login)
}

/**
 * Turns the second factor on: a code shows that the authenticator has the secret. The recovery codes are shown once.
 *
 * Wrong ones count as failed sign-ins: who found the session open would else try until the recovery codes are theirs.
 *
 * @throws CongvanError `ACCOUNT_LOCKED`, `TOTP_NOT_ENROLLED`, `TOTP_ENROLLED`, `OTP_WRONG`, `SECRET_SHOWN_ALREADY`
 */
export async function confirmSecondFactor(
  context: NodeContext,
  accounts: AccountServices,
  actor: Actor,
  { code, address }: { readonly code: string; readonly address: string },
): Promise<{ recoveryCodes: string[] }> {
  const { key } = accounts
  const person = asSignedIn(actor)
  const now = context.clock()
  const recoveryCodes = newRecoveryCodes()
  let shown = false
  const confirm = async (trx: NodeTransaction) => {
    const user = await lockUser(trx, person.userId)
    if (user?.totp === undefined) throw new CongvanError('TOTP_NOT_ENROLLED')
    if (user.totp.confirmed) throw new CongvanError('TOTP_ENROLLED')
    const step = totpStep(key.open(user.id, user.totp.sealed), code.replace(/\s/g, ''), now)
    if (step === undefined) throw new CongvanError('OTP_WRONG')
    // The code that confirmed opens no session.
    await takeTotpStep(trx, user.id, step)
    await confirmTotp(trx, user.id, now)
    await replaceRecoveryCodes(trx, user.id, recoveryCodes.map(recoveryCodeSha256))
    await appendEntryOf(trx, { nodeId: context.nodeId, actor, now }, agencyOf(actor), {
      kind: 'user.second-factor-on',
      subject: `user:${user.id}`,
    })
    shown = true
    return {}
  }
  const guesser = { login: person.login, address }
  await withGuess(context, accounts, guesser, () => context.db.asNode(confirm, claimOf(actor)))
  if (!shown) throw new CongvanError('SECRET_SHOWN_ALREADY')
  return { recoveryCodes }
}

/**
 * Takes the own second factor off, by password and one more code of it.
 *
 * @throws CongvanError `PASSWORD_WRONG`, `TOTP_NOT_ENROLLED`, `OTP_WRONG`, `OTP_USED`
 */
export async function dropSecondFactor(
  context: NodeContext,
  accounts: AccountServices,
  actor: Actor,
  input: { readonly password: string; readonly code: string; readonly address: string },
): Promise<{ enrolled: boolean }> {
  const { key } = accounts
  const person = asSignedIn(actor)
  const log = { nodeId: context.nodeId, actor, now: context.clock() }
  const guesser = { login: person.login, address: input.address }
  return withGuess(context, accounts, guesser, async () => {
    await requirePassword(context, person, input.password)
    return context.db.asNode(async (trx) => {
      const user = await lockUser(trx, person.userId)
      if (user?.totp?.confirmed !== true) throw new CongvanError('TOTP_NOT_ENROLLED')
      const problem = await takeSecondFactor(trx, key, log, user, input.code)
      if (problem !== undefined) throw factorError(problem)
      await clearTotp(trx, person.userId)
      await appendEntryOf(trx, log, agencyOf(actor), {
        kind: 'user.second-factor-off',
        subject: `user:${person.userId}`,
      })
      return { enrolled: false }
    }, claimOf(actor))
  })
}
