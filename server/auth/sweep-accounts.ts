import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { sweepFailures } from './failure-store.ts'
import { sweepPlaces } from './sign-in-place-store.ts'
import { sweepTokens } from './token-store.ts'

const DAY_MS = 86_400_000
/** For so long the owner of an expired token is told that it expired, and not that it is unknown. */
const ENDED_TOKENS_MS = 30 * DAY_MS

export interface Swept {
  readonly tokens: number
  readonly failures: number
  readonly places: number
  readonly idempotencyKeys: number
}

/** Removes what nobody asks for any more: ended tokens, forgotten failures and places, keys of thirty days ago. */
export async function sweepAccounts(context: NodeContext): Promise<Swept> {
  const now = context.clock()
  return context.db.asNode(async (trx) => ({
    tokens: await sweepTokens(trx, new Date(now.getTime() - ENDED_TOKENS_MS)),
    failures: await sweepFailures(trx, now),
    places: await sweepPlaces(trx, now),
    idempotencyKeys: await sweepIdempotencyKeys(trx),
  }))
}

/** Which keys are old enough is the database's own rule (`migrations/0010_accounts.ts`): there is no condition here. */
async function sweepIdempotencyKeys(trx: NodeTransaction): Promise<number> {
  return trx('idempotency_keys').delete()
}
