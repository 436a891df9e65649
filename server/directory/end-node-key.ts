import type { OperatorActor } from '../actor.ts'
import { CongvanError } from '../errors.ts'
import type { DirectoryFeed } from './directory-feed.ts'
import { requireNotEnded } from './node-key-end.ts'
import { registerNodeKeyAndPublish } from './operator-acts.ts'
import { ownEntries } from './own-entries-store.ts'

/**
 * Ends a key of a node that this one signs for. A mistyped fingerprint ends nothing, and the last key that counts is not
 * ended: without one the node could not be told apart from strangers. Nor is a key ended in the past, when what it has
 * signed since would lose its worth after others have relied on it; one that has ended stays ended.
 *
 * @param at from when on it counts no more; now when left out
 * @returns that moment
 * @throws CongvanError `NOT_FOUND` (no such node or key here), `NODE_KEY_END_PAST`, `NODE_KEY_ENDED`, `NODE_KEY_IS_LAST`,
 *   `INPUT_INVALID`
 */
export async function endNodeKey(
  feed: DirectoryFeed,
  actor: OperatorActor,
  nodeId: string,
  fingerprint: string,
  at?: Date,
): Promise<Date> {
  const { context } = feed
  const now = context.clock()
  const until = at ?? now
  const { nodes } = await context.db.asNode((trx) => ownEntries(trx, context.nodeId))
  const node = nodes.find((one) => one.id === nodeId)
  if (node === undefined) throw new CongvanError('NOT_FOUND', { what: `node ${nodeId}` })
  const key = node.keys.find((one) => one.fingerprint === fingerprint)
  if (key === undefined) throw new CongvanError('NOT_FOUND', { what: `key ${fingerprint} (${nodeId})` })
  requireNotEnded(nodeId, key, now)
  if (until < now) {
    throw new CongvanError('NODE_KEY_END_PAST', { node: nodeId, fingerprint, at: until.toISOString() })
  }
  const stays = node.keys.some(
    (one) =>
      one.fingerprint !== fingerprint &&
      new Date(one.validFrom) <= until &&
      (one.validTo === null || new Date(one.validTo) > until),
  )
  if (!stays) throw new CongvanError('NODE_KEY_IS_LAST', { node: nodeId, fingerprint })
  const { validFrom } = key
  await registerNodeKeyAndPublish(feed, actor, {
    nodeId,
    fingerprint,
    validFrom,
    validTo: until.toISOString(),
  })
  return until
}
