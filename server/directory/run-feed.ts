import { CongvanError } from '../errors.ts'
import type { DirectoryFeed } from './directory-feed.ts'
import { sweepNonces } from './peer-store.ts'
import { publishOwnPart } from './publish-part.ts'
import { pullParts } from './pull-parts.ts'
import { pushPart } from './push-parts.ts'

export interface RunningFeed {
  /** Resolves when the round in hand has ended; the queue is stopped by who opened it. */
  stop(): Promise<void>
}

/**
 * Keeps the directory of a node current: handles the pushes of the queue, and at the start and then every few
 * minutes publishes what is unsigned, pulls what was missed and forgets old nonces. The first round does not hold up
 * the start: a peer may be away.
 */
export async function runDirectoryFeed(
  feed: DirectoryFeed,
  options: {
    readonly everyMs?: number
    /** Whether this process does the round; of several processes on one database one does. */
    readonly claim?: () => Promise<boolean>
  } = {},
): Promise<RunningFeed> {
  const { context } = feed
  await context.queue.work('directory-push', 2, async (data) => {
    if (data.task === 'publish') await publishOwnPart(feed)
    else await pushPart(feed, String(data.peer), String(data.issuer))
  })
  let round = keepCurrent(feed)
  const timer = setInterval(() => {
    round = round.then(() => keepCurrent(feed, options.claim))
  }, options.everyMs ?? 180_000)
  timer.unref()
  return {
    async stop() {
      clearInterval(timer)
      await round
    },
  }
}

/** One round. What fails is tried again in the next one, so it is only reported. */
async function keepCurrent(feed: DirectoryFeed, claim?: () => Promise<boolean>): Promise<void> {
  const { context } = feed
  // A database that is away answers no claim; the round's own steps would say the same.
  if ((await claim?.().catch(() => false)) === false) return
  for (const step of [
    () => publishOwnPart(feed),
    () => pullParts(feed),
    () => context.db.asNode((trx) => sweepNonces(trx, context.clock(), context.limits.clockSkewSeconds)),
  ]) {
    try {
      await step()
    } catch (error) {
      const code = error instanceof CongvanError ? error.code : String(error)
      context.log.warn({ code }, 'the directory could not be brought up to date')
    }
  }
}
