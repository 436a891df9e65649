import type { OperatorActor } from '../actor.ts'
import { CongvanError } from '../errors.ts'
import type { DirectoryFeed } from './directory-feed.ts'
import { registerNodeKeyAndPublish } from './operator-acts.ts'
import { ownEntries } from './own-entries-store.ts'

/**
 * Ends a key of a node that this one signs for. A mistyped fingerprint ends nothing, and the last key that counts is not
 * ended: without one the node could not be told apart from strangers.
 *
 * @throws CongvanError `NOT_FOUND` (no such node or key here), `NODE_KEY_IS_LAST`, `INPUT_INVALID`
 */
export async function endNodeKey(
  feed: DirectoryFeed,
  actor: OperatorActor,
  nodeId: string,
  fingerprint: string,
  until: Date,
): Promise<void> {
  const { context } = feed
  const { nodes } = await context.db.asNode((trx) => ownEntries(trx, context.nodeId))
  const node = nodes.find((one) => one.id === nodeId)
  if (node === undefined) throw new CongvanError('NOT_FOUND', { what: `node ${nodeId}` })
  const key = node.keys.find((one) => one.fingerprint === fingerprint)
  if (key === undefined) throw new CongvanError('NOT_FOUND', { what: `key ${fingerprint} (${nodeId})` })
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
}
