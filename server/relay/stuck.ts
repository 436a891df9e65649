import type { NodeContext } from '../context.ts'
import { withAgencyTables } from '../db.ts'
import { endedDeliveries } from './delivery-store.ts'
import { sendingAgencies } from './envelope-store.ts'
import { outcomeWords } from './outcome-words.ts'
import { stuckAnnouncements, stuckBranches, stuckReturns } from './stuck-store.ts'

/** Something that has waited for long or has failed for good, as the operator sees it: nothing of the document. */
export interface StuckItem {
  /** For `redrive` and `cancel`. */
  readonly id: string
  readonly kind: 'branch' | 'return' | 'announcement' | 'delivery'
  /** Whom it waits for; null: this node itself. */
  readonly peer: string | null
  /** `asked`: the peer was asked to commit, and only it knows whether it did. */
  readonly state: 'waiting' | 'asked' | 'failed'
  /** 0 thường, 1 khẩn, 2 thượng khẩn, 3 and 4 hỏa tốc. */
  readonly urgency: number
  readonly envelope: string
  readonly series: number
  /** Agency codes. */
  readonly recipients: readonly string[]
  /** ISO 8601. */
  readonly since: string
  readonly ageSeconds: number
  /** Tries that came to nothing. */
  readonly tries: number
  readonly nextTry: string | null
  readonly outcome: string | null
  /** The last try's reason, in the words of who gave it. */
  readonly reason: string | null
  readonly words: { readonly vi: string; readonly en: string }
}

/** What waits for longer counts as stuck. */
export const STUCK_AFTER_SECONDS = 600
/** How long what has failed for good is shown, days. */
const SHOWN_DAYS = 30
/** Of each kind. */
const MOST = 500

/**
 * What is stuck at this node, by peer, the most urgent and then the oldest first: branches and receipts that wait, what
 * clerks did here and could not be sealed, receipts that were given up, and deliveries sent from here that ended
 * undeliverable or expired and were not tried again.
 */
export async function listStuck(
  context: NodeContext,
  { olderThanSeconds = STUCK_AFTER_SECONDS }: { readonly olderThanSeconds?: number } = {},
): Promise<StuckItem[]> {
  const now = context.clock()
  const span = {
    before: new Date(now.getTime() - olderThanSeconds * 1000),
    since: new Date(now.getTime() - SHOWN_DAYS * 86_400_000),
    most: MOST,
  }
  return context.db.asNode(async (trx) => {
    const found = [
      ...(await stuckBranches(trx, span)),
      ...(await stuckReturns(trx, span)),
      ...(await stuckAnnouncements(trx, span)),
    ]
    for (const agencyId of await sendingAgencies(trx)) {
      found.push(...(await withAgencyTables(trx, agencyId, (agency) => endedDeliveries(agency, span))))
    }
    return found
      .map(
        (one): StuckItem => ({
          ...one,
          since: one.since.toISOString(),
          ageSeconds: Math.round((now.getTime() - one.since.getTime()) / 1000),
          nextTry: one.nextTry?.toISOString() ?? null,
          words: one.outcome === null ? NOT_TRIED : outcomeWords(one.outcome),
        }),
      )
      .sort(byPeerAndUrgency)
  })
}

const NOT_TRIED = { vi: 'chưa đến lượt', en: 'not tried yet' }

function byPeerAndUrgency(a: StuckItem, b: StuckItem): number {
  const [peerA, peerB] = [a.peer ?? '', b.peer ?? '']
  if (peerA !== peerB) return peerA < peerB ? -1 : 1
  return b.urgency - a.urgency || b.ageSeconds - a.ageSeconds
}
