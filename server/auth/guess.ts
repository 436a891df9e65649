import type { AccountSettings, NodeContext } from '../context.ts'
import { CongvanError } from '../errors.ts'
import { countAttempt, lockAfterFailure, loginKey, takeBackAttempt } from './failure-store.ts'

const WRONG = new Set<string>(['PASSWORD_WRONG', 'OTP_WRONG', 'OTP_USED'])

/**
 * Work that asks somebody who is signed in for the password or a code once more. Wrong ones count as failed sign-ins:
 * who finds a session open guesses no more often than who has none.
 *
 * @throws CongvanError `ACCOUNT_LOCKED`, and what the work throws
 */
export async function withGuess<T>(
  context: NodeContext,
  settings: AccountSettings,
  login: string,
  work: () => Promise<T>,
): Promise<T> {
  const now = context.clock()
  const key = loginKey(login)
  const until = await context.db.asNode((trx) => countAttempt(trx, key, settings, now))
  if (until !== undefined) {
    throw new CongvanError('ACCOUNT_LOCKED', { seconds: Math.ceil((until.getTime() - now.getTime()) / 1000) })
  }
  try {
    const result = await work()
    await context.db.asNode((trx) => takeBackAttempt(trx, key))
    return result
  } catch (error) {
    const wrong = error instanceof CongvanError && WRONG.has(error.code)
    await context.db.asNode(async (trx) => {
      if (wrong) await lockAfterFailure(trx, key, settings, now)
      else await takeBackAttempt(trx, key)
    })
    throw error
  }
}
