import { randomUUID } from 'node:crypto'
import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import {
  admission,
  afterAnswer,
  afterFailure,
  afterNothing,
  afterSignOfLife,
  type Breaker,
  isAboutThePeer,
  probing,
} from './breaker.ts'
import { findBreaker, lockBreaker, overdueProbes, saveBreaker } from './breaker-store.ts'
import type { RelayDeps } from './relay-deps.ts'
import { putBranchJob, putReturnJob, putWakeJob } from './relay-jobs.ts'
import type { SendOutcome } from './retry.ts'
import { takeWaitingReturns } from './return-store.ts'
import { takeWaitingBranches } from './waiting-branch-store.ts'

/** Leave to ask a peer once, with what was known of it then. */
export interface Pass {
  readonly peer: string
  /** The lease of a probe; undefined for an ordinary try. */
  readonly probe: string | undefined
  /** Nothing is noted against the peer: an answer changes nothing. */
  readonly isClean: boolean
}

export type Leave =
  | { readonly kind: 'go'; readonly pass: Pass }
  /** The next to ask is the probe, for which `takeProbe` gives leave. */
  | { readonly kind: 'probe' }
  | { readonly kind: 'wait'; readonly until: Date }

/** Whether a peer may be asked now: one look at one row, without a lock. */
export async function askLeave(trx: NodeTransaction, peer: string, now: Date): Promise<Leave> {
  const found = await findBreaker(trx, peer)
  if (found === undefined) return { kind: 'go', pass: { peer, probe: undefined, isClean: true } }
  const leave = admission(found.breaker, now, found.isLeaseOver)
  if (leave.kind !== 'go') return leave
  return { kind: 'go', pass: { peer, probe: undefined, isClean: found.breaker.failures === 0 } }
}

/** Of several who would be the probe, in whichever process, one gets the lease. */
export async function takeProbe(
  trx: NodeTransaction,
  peer: string,
  now: Date,
): Promise<Exclude<Leave, { kind: 'probe' }>> {
  const { breaker, isLeaseOver } = await lockBreaker(trx, peer, now)
  const leave = admission(breaker, now, isLeaseOver)
  if (leave.kind === 'wait') return leave
  if (leave.kind === 'go') return { kind: 'go', pass: { peer, probe: undefined, isClean: false } }
  const probe = `${process.pid}/${randomUUID()}`
  await saveBreaker(trx, peer, { before: breaker, after: probing(breaker, probe) }, {}, now)
  return { kind: 'go', pass: { peer, probe, isClean: false } }
}

/**
 * What a try says about the peer: that it answered, whatever it said; that nothing can be handed to it now; or, when
 * this node itself failed (`undefined`), nothing.
 *
 * In a transaction of its own, after the peer was asked and before the outcome of the item is noted. Killed before it,
 * the lease of a probe runs out and the next one probes.
 *
 * @returns for a peer that is left alone now, when the item that failed may be tried: as its next probe, or a little
 *   after another that waits, since the item itself may be what the peer fails on
 */
export async function noteTry(
  deps: RelayDeps,
  pass: Pass,
  outcome: SendOutcome | 'answered' | undefined,
): Promise<Date | null> {
  const failed = outcome !== undefined && outcome !== 'answered' && isAboutThePeer(outcome)
  if (outcome === undefined && pass.probe === undefined) return null
  if (outcome !== undefined && !failed && pass.isClean) return null
  const { context } = deps
  const now = context.clock()
  const after = (breaker: Breaker): Breaker => {
    if (failed) return afterFailure(breaker, pass.probe, now, deps.random())
    return outcome === undefined ? afterNothing(breaker, pass.probe ?? '', now) : afterAnswer()
  }
  const seen = failed ? { failed: outcome } : outcome === undefined ? {} : ({ answered: true } as const)
  const change = await context.db.asNode(async (trx) => {
    const { breaker } = await lockBreaker(trx, pass.peer, now)
    const next = after(breaker)
    await saveBreaker(trx, pass.peer, { before: breaker, after: next }, seen, now)
    if (breaker.state !== 'closed' && next.state === 'closed') await putWakeJob(trx, context, pass.peer)
    const { probeAt } = next
    if (probeAt === null) return { before: breaker, after: next, again: null }
    const woken = breaker.state === 'open' ? 0 : await makeDue(trx, context, pass.peer, 1, now, probeAt)
    const again = woken === 0 ? probeAt : new Date(probeAt.getTime() + AFTER_PROBE_MS)
    return { before: breaker, after: next, again }
  })
  tell(context, pass.peer, change, outcome)
  return change.again
}

/** Time for a probe to be answered before what failed is tried again. */
const AFTER_PROBE_MS = 1_000

/** For the operator: a line when a peer is given a rest, when a probe failed, and when it is back. */
function tell(
  context: NodeContext,
  peer: string,
  { before, after }: { readonly before: Breaker; readonly after: Breaker },
  outcome: string | undefined,
): void {
  if (before.state === after.state) return
  const { failures, probeAt } = after
  if (after.state === 'open') {
    const words = before.state === 'closed' ? 'relay: a peer is left alone' : 'relay: a peer is still away'
    context.log.warn({ peer, outcome, failures, probeAt }, words)
    return
  }
  const away = before.openedAt === null ? 0 : context.clock().getTime() - before.openedAt.getTime()
  context.log.info({ peer, awaySeconds: Math.round(away / 1000) }, 'relay: a peer is back')
}

/** How many branches, and as many messages, are made due at a time for a peer that is back; the next follow a second later. */
const AT_A_TIME = 200
const NEXT_MS = 1_000

/** Makes due what waits for a peer, the most urgent first, until nothing waits or it is left alone again. */
export async function wakePeer(deps: RelayDeps, peer: string): Promise<void> {
  const { context } = deps
  const now = context.clock()
  await context.db.asNode(async (trx) => {
    const found = await findBreaker(trx, peer)
    if (found !== undefined && found.breaker.state !== 'closed') return
    const woken = await makeDue(trx, context, peer, AT_A_TIME, now)
    if (woken < AT_A_TIME) return
    await putWakeJob(trx, context, peer, new Date(now.getTime() + NEXT_MS))
  })
}

/**
 * @param at when they are due
 * @returns how many branches or messages were made due, the greater number
 */
async function makeDue(
  trx: NodeTransaction,
  context: NodeContext,
  peer: string,
  most: number,
  now: Date,
  at = now,
): Promise<number> {
  const startAfter = at > now ? at : undefined
  const wait = { peer, laterThan: now, most, runAfter: at }
  const branches = await takeWaitingBranches(trx, wait)
  for (const one of branches) await putBranchJob(trx, context, one, startAfter)
  const messages = await takeWaitingReturns(trx, wait)
  for (const one of messages) await putReturnJob(trx, context, one, startAfter)
  return Math.max(branches.length, messages.length)
}

/** Between looks at one peer's breaker on its own requests, in one process, milliseconds. */
const LOOK_EVERY_MS = 1_000

/**
 * Watches for peers that are left alone and ask by themselves: they are there again, so that the next probe is made
 * at once. For a peer that is not left alone it costs one look a second at most.
 */
export function watchPeers(deps: RelayDeps): (peer: string) => Promise<void> {
  const looked = new Map<string, number>()
  const { context } = deps
  return async (peer) => {
    const now = context.clock()
    const last = looked.get(peer)
    if (last !== undefined && Math.abs(now.getTime() - last) < LOOK_EVERY_MS) return
    looked.set(peer, now.getTime())
    try {
      await context.db.asNode((trx) => noteSignOfLife(trx, context, peer, now))
    } catch (error) {
      // The request itself matters more, and the next one says the same.
      context.log.warn({ peer, error: String(error) }, 'relay: a sign of life could not be noted')
    }
  }
}

async function noteSignOfLife(
  trx: NodeTransaction,
  context: NodeContext,
  peer: string,
  now: Date,
): Promise<void> {
  const seen = await findBreaker(trx, peer)
  if (seen === undefined || afterSignOfLife(seen.breaker, seen.lastFailureAt, now) === seen.breaker) return
  const { breaker, lastFailureAt } = await lockBreaker(trx, peer, now)
  const after = afterSignOfLife(breaker, lastFailureAt, now)
  if (after === breaker) return
  await saveBreaker(trx, peer, { before: breaker, after }, {}, now)
  await makeDue(trx, context, peer, 1, now)
}

/** Lets a peer that is left alone be probed now, because an operator wants it. */
export async function probeNow(trx: NodeTransaction, peer: string, now: Date): Promise<void> {
  const found = await findBreaker(trx, peer)
  if (found === undefined || found.breaker.state !== 'open') return
  const { breaker } = await lockBreaker(trx, peer, now)
  if (breaker.state !== 'open') return
  await saveBreaker(trx, peer, { before: breaker, after: { ...breaker, probeAt: now } }, {}, now)
}

/** A probe that is due for so long has nobody who makes it: what should have been the probe was settled otherwise. */
const OVERDUE_MS = 5_000

/** Finds something that waits for each peer whose probe is overdue, and makes it due. */
export async function makeProbesDue(trx: NodeTransaction, context: NodeContext, now: Date): Promise<void> {
  for (const peer of await overdueProbes(trx, new Date(now.getTime() - OVERDUE_MS))) {
    await makeDue(trx, context, peer, 1, now)
  }
}
