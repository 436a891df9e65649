/**
 * How many requests in a minute one address and one user may make. Counted in the memory of the process: a node of
 * several processes lets through as many times more. Failed sign-ins are another matter, counted in the database
 * (`auth/failure-store.ts`).
 */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { Actor } from '../actor.ts'
import type { RateLimits } from '../context.ts'
import { CongvanError } from '../errors.ts'

export interface RateLimiter {
  /** @throws CongvanError `TOO_MANY_REQUESTS` with the seconds to wait */
  admitAddress(address: string): Promise<void>
  /** @throws CongvanError `TOO_MANY_REQUESTS` */
  admitUser(actor: Actor): Promise<void>
}

export function openRateLimiter(limits: RateLimits): RateLimiter {
  const counter = (keyPrefix: string, points: number) =>
    points === 0 ? undefined : new RateLimiterMemory({ keyPrefix, points, duration: 60 })
  const addresses = counter('address', limits.perAddress)
  const users = counter('user', limits.perUser)
  return {
    admitAddress: (address) => consume(addresses, address),
    async admitUser(actor) {
      if (actor.kind !== 'node' && actor.userId !== null) await consume(users, actor.userId)
    },
  }
}

/**
 * As above, for one operation that peers ask for: each peer by itself.
 *
 * @returns admits a peer, or throws CongvanError `TOO_MANY_REQUESTS`
 */
export function openPeerLimiter(operation: string, perMinute: number): (peer: string) => Promise<void> {
  const counter = new RateLimiterMemory({ keyPrefix: operation, points: perMinute, duration: 60 })
  return (peer) => consume(counter, peer)
}

async function consume(counter: RateLimiterMemory | undefined, key: string): Promise<void> {
  try {
    await counter?.consume(key)
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error
    throw new CongvanError('TOO_MANY_REQUESTS', {
      seconds: Math.max(1, Math.ceil(error.msBeforeNext / 1000)),
    })
  }
}
