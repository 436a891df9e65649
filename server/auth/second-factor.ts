import { appendEntryOf, type LogContext } from '../audit/audit-store.ts'
import type { NodeTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import type { AccountKey } from './account-key.ts'
import { recoveryCodeSha256, totpStep } from './totp.ts'
import { takeTotpStep, type User, useRecoveryCode } from './user-store.ts'

export type FactorProblem = 'OTP_REQUIRED' | 'OTP_WRONG' | 'OTP_USED'

/**
 * Takes the code of a person's second factor, so that it is never taken again: six digits of the authenticator, or a
 * recovery code. Says what is wrong with it instead of throwing, since a wrong one is to be logged.
 *
 * @param code `undefined` when none was given
 * @returns `undefined` when all is well, also for an account without a second factor
 */
export async function takeSecondFactor(
  trx: NodeTransaction,
  key: AccountKey,
  log: LogContext,
  user: User,
  code: string | undefined,
): Promise<FactorProblem | undefined> {
  if (user.totp?.confirmed !== true) return undefined
  if (code === undefined) return 'OTP_REQUIRED'
  const plain = code.trim()
  if (/^[\d\s]*$/.test(plain)) {
    const step = totpStep(key.open(user.id, user.totp.sealed), plain.replace(/\s/g, ''), log.now)
    if (step === undefined) return 'OTP_WRONG'
    return (await takeTotpStep(trx, user.id, step)) ? undefined : 'OTP_USED'
  }
  const left = await useRecoveryCode(trx, user.id, recoveryCodeSha256(plain), log.now)
  if (left === undefined) return 'OTP_WRONG'
  await appendEntryOf(trx, log, null, {
    kind: 'user.recovery-code-used',
    subject: `user:${user.id}`,
    facts: { left },
  })
  return undefined
}

export function factorError(problem: FactorProblem): CongvanError {
  return new CongvanError(problem)
}
