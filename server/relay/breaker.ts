/**
 * The circuit breaker of a peer: one that fails is left alone for a while, and found again without a human. Pure.
 *
 * ```
 * closed --THRESHOLD failures in a row--> open --probe due--> half-open --answer--> closed
 *                                          ^-------no answer------'  (a longer pause)
 * ```
 *
 * Half-open lets one item of one process through, under a lease: a process that dies with it blocks nobody for longer
 * than `PROBE_LEASE_SECONDS`. Pauses go by the node's clock like all that is due later; the lease is measured by the
 * database's alone. A pause that ends later than any that this table knows was written under a clock that jumped; it
 * counts as over.
 */
import { delayMs, type SendOutcome } from './retry.ts'
import type { BackOff } from './urgency.ts'

export type BreakerState = 'closed' | 'open' | 'half-open'

export interface Breaker {
  readonly state: BreakerState
  /** Failures in a row. */
  readonly failures: number
  readonly openedAt: Date | null
  /** open: when the next probe is due. */
  readonly probeAt: Date | null
  /** half-open: who has the only try. */
  readonly probeOwner: string | null
}

export const closedBreaker: Breaker = {
  state: 'closed',
  failures: 0,
  openedAt: null,
  probeAt: null,
  probeOwner: null,
}

/** So many failures in a row open it. */
export const THRESHOLD = 5

/** Pauses between probes: a peer that returns is found within a minute. */
export const probeBackOff: BackOff = { firstDelayMs: 5_000, longestDelayMs: 60_000 }

/** How long one process has the only try, by the database's clock. */
export const PROBE_LEASE_SECONDS = 20

/**
 * What says that nothing can be handed to the peer at all now, as against one item. A disk that is full there, a
 * database that is away, answers of somebody else: the next item would meet the same.
 */
const aboutThePeer: ReadonlySet<SendOutcome> = new Set([
  'unreachable',
  'answer-lost',
  'busy',
  'database-away',
  'storage-full',
  'peer-defect',
  'not-authenticated',
  'answer-unreadable',
])

export function isAboutThePeer(outcome: SendOutcome): boolean {
  return aboutThePeer.has(outcome)
}

export type Admission =
  | { readonly kind: 'go' }
  /** The caller may be the probe if it gets the lease. */
  | { readonly kind: 'probe' }
  | { readonly kind: 'wait'; readonly until: Date }

/** @param leaseOver whether the lease of a half-open breaker has run out, by the database's clock */
export function admission(breaker: Breaker, now: Date, leaseOver: boolean): Admission {
  if (breaker.state === 'closed') return { kind: 'go' }
  if (breaker.state === 'half-open') {
    if (leaseOver) return { kind: 'probe' }
    return { kind: 'wait', until: new Date(now.getTime() + PROBE_LEASE_SECONDS * 1000) }
  }
  const pause = (breaker.probeAt?.getTime() ?? 0) - now.getTime()
  if (breaker.probeAt === null || pause <= 0 || pause > probeBackOff.longestDelayMs) return { kind: 'probe' }
  return { kind: 'wait', until: breaker.probeAt }
}

/** One caller becomes the probe. */
export function probing(breaker: Breaker, owner: string): Breaker {
  return { ...breaker, state: 'half-open', probeAt: null, probeOwner: owner }
}

/**
 * After a failure that is about the peer. What was under way when it opened says nothing new: only the probe's own
 * failure begins the next pause.
 *
 * @param owner the lease under which it was tried; undefined for an ordinary try
 * @param random in [0, 1)
 */
export function afterFailure(
  breaker: Breaker,
  owner: string | undefined,
  now: Date,
  random: number,
): Breaker {
  if (breaker.state === 'closed') {
    const failures = breaker.failures + 1
    return failures < THRESHOLD ? { ...breaker, failures } : opened(breaker, failures, now, random)
  }
  if (breaker.state === 'half-open' && owner !== undefined && owner === breaker.probeOwner) {
    return opened(breaker, breaker.failures + 1, now, random)
  }
  return breaker
}

function opened(breaker: Breaker, failures: number, now: Date, random: number): Breaker {
  const pause = delayMs(failures - THRESHOLD + 1, random, probeBackOff)
  return {
    state: 'open',
    failures,
    openedAt: breaker.openedAt ?? now,
    probeAt: new Date(now.getTime() + pause),
    probeOwner: null,
  }
}

/** After any answer that the peer gave of its own: it is there, whatever it said and whoever asked. */
export function afterAnswer(): Breaker {
  return closedBreaker
}

/** After a try that said nothing about the peer, such as this node's own database failing: the next may probe at once. */
export function afterNothing(breaker: Breaker, owner: string, now: Date): Breaker {
  if (breaker.state !== 'half-open' || breaker.probeOwner !== owner) return breaker
  return { ...breaker, state: 'open', probeAt: now, probeOwner: null }
}

/**
 * After a request that came from the peer itself: the next probe is due now, unless the last failure is so recent that
 * a peer which asks but does not answer would be probed without end.
 */
export function afterSignOfLife(breaker: Breaker, lastFailureAt: Date | null, now: Date): Breaker {
  if (breaker.state !== 'open' || breaker.probeAt === null || breaker.probeAt <= now) return breaker
  const quiet = lastFailureAt === null ? Number.POSITIVE_INFINITY : now.getTime() - lastFailureAt.getTime()
  return quiet >= 0 && quiet < probeBackOff.firstDelayMs ? breaker : { ...breaker, probeAt: now }
}
