import type { OperatorActor } from '../actor.ts'
import { CongvanError } from '../errors.ts'
import { RELAY_VERSIONS } from '../http/peer-routes.ts'
import type { DirectoryFeed } from './directory-feed.ts'
import { type Invitation, readInvitation } from './invitation.ts'
import { readNextKey } from './next-key.ts'
import { nodeKeyFingerprints } from './node-store.ts'
import { addPeerAndPublish, registerNodeKeyAndPublish } from './operator-acts.ts'
import { findPeer, type PeerRelation } from './peer-store.ts'

/** What an invitation says, to be shown before it is accepted. @throws CongvanError as `readInvitation` */
export function showInvitation({ context }: DirectoryFeed, bytes: Uint8Array): Invitation {
  const { clockSkewSeconds } = context.limits
  const reader = { nodeId: context.nodeId, now: context.clock(), clockSkewSeconds, versions: RELAY_VERSIONS }
  return readInvitation(bytes, reader)
}

/**
 * Enters the node that wrote an invitation.
 *
 * @param expected what the operator wants it to be: its fingerprint as its own operator read it out, and the relation
 *   and name that he had in mind, where he named them
 * @throws CongvanError as `readInvitation`; `INVITATION_DIFFERS` naming what differs
 */
export async function acceptInvitation(
  feed: DirectoryFeed,
  actor: OperatorActor,
  bytes: Uint8Array,
  expected: {
    readonly fingerprint: string
    readonly relation?: PeerRelation
    readonly nodeId?: string
  },
): Promise<Invitation> {
  const invitation = showInvitation(feed, bytes)
  const { nodeId, url, relation, keyFingerprint } = invitation
  const pairs = [
    ['fingerprint', keyFingerprint, expected.fingerprint],
    ['relation', relation, expected.relation ?? relation],
    ['node', nodeId, expected.nodeId ?? nodeId],
  ] as const
  for (const [field, found, wanted] of pairs) {
    if (found !== wanted) throw new CongvanError('INVITATION_DIFFERS', { field, found, wanted })
  }
  await addPeerAndPublish(feed, actor, { nodeId, url, relation, keyFingerprint, enabled: true })
  return invitation
}

/**
 * Enters the next key of a node below this one, by its announcement. Both keys count until the old one is ended.
 *
 * @throws CongvanError as `readNextKey`; `NEXT_KEY_UNPROVEN` when the key that signed it is not the node's;
 *   `NOT_FOUND` when this node does not sign for that one; `NODE_KEY_ENDED` when the next key was ended before
 */
export async function acceptNextKey(
  feed: DirectoryFeed,
  actor: OperatorActor,
  bytes: Uint8Array,
  expectedNode?: string,
): Promise<{ nodeId: string; fingerprint: string; current: string }> {
  const { context } = feed
  const now = context.clock()
  const { clockSkewSeconds } = context.limits
  const { nodeId, current, next } = readNextKey(bytes, { now, clockSkewSeconds })
  if (expectedNode !== undefined && expectedNode !== nodeId) {
    throw new CongvanError('INVITATION_DIFFERS', { field: 'node', found: nodeId, wanted: expectedNode })
  }
  const known = await context.db.asNode(async (trx) =>
    nodeId === context.nodeId
      ? await nodeKeyFingerprints(trx, nodeId, now)
      : (await findPeer(trx, nodeId, now))?.keyFingerprints,
  )
  if (!known?.includes(current)) {
    throw new CongvanError('NEXT_KEY_UNPROVEN', { node: nodeId, fingerprint: current })
  }
  // A little earlier, so that a clock that is behind ours is no reason to refuse it.
  const validFrom = new Date(now.getTime() - clockSkewSeconds * 1000).toISOString()
  const change = { nodeId, fingerprint: next, validFrom, validTo: null, isAnnounced: true }
  const registered = await registerNodeKeyAndPublish(feed, actor, change)
  return { ...registered, current }
}
