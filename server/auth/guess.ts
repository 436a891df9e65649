import type { NodeContext } from '../context.ts'
import { CongvanError } from '../errors.ts'
import type { AccountServices } from './account-services.ts'
import { beginAttempt, failAttempt, lockedError, takeBackAttempt } from './attempt.ts'

const WRONG = new Set<string>(['PASSWORD_WRONG', 'OTP_WRONG', 'OTP_USED'])

/** Who is signed in, and where this request of theirs comes from. */
export interface Guesser {
  readonly login: string
  readonly address: string
}

/**
 * Work that asks somebody who is signed in for the password or a code once more. Wrong ones count as failed sign-ins:
 * who finds a session open guesses no more often than who has none. What strangers elsewhere bring about keeps the
 * owner from it no more than from signing in (`attempt.ts`).
 *
 * @throws CongvanError `ACCOUNT_LOCKED`, and what the work throws
 */
export async function withGuess<T>(
  context: NodeContext,
  accounts: AccountServices,
  { login, address }: Guesser,
  work: () => Promise<T>,
): Promise<T> {
  const now = context.clock()
  const guess = { login, address, signedIn: true } as const
  const attempt = await context.db.asNode((trx) => beginAttempt(trx, accounts, guess, now))
  if ('code' in attempt) throw lockedError(attempt, now)
  try {
    const result = await work()
    await context.db.asNode((trx) => takeBackAttempt(trx, attempt))
    return result
  } catch (error) {
    const wrong = error instanceof CongvanError && WRONG.has(error.code)
    await context.db.asNode(async (trx) => {
      if (wrong) await failAttempt(trx, accounts, attempt, now)
      else await takeBackAttempt(trx, attempt)
    })
    throw error
  }
}
