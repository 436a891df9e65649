import type { OperatorActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { operatorClaim } from './claim.ts'
import { previewDirectory, writeDirectory } from './directory-store.ts'
import { findNode } from './node-store.ts'
import { endOtherNodeKeys, saveOwnNode, saveOwnNodeKey } from './own-entries-store.ts'
import { listParts, lockDirectory } from './part-store.ts'
import { findPeer, listPeers, type Peer, type PeerRelation, savePeer } from './peer-store.ts'
import { putPublication } from './publish-part.ts'
import { putPushesTo } from './push-parts.ts'

export interface NewPeer {
  readonly nodeId: string
  /** Public URL of the node: `http` or `https`, authority only. */
  readonly url: string
  readonly relation: PeerRelation
  /** SHA-256 of the SPKI of its node key, learned from its operator by another way than the network. */
  readonly keyFingerprint: string
  readonly enabled: boolean
}

/**
 * Enters a neighbour, or changes the address, key or state of one. A child with its key enters this node's part of
 * the directory; either kind is sent all parts that are here. Another key for a child replaces all that it has: they
 * end now. Two keys at a time are entered by `registerNodeKey`.
 *
 * @throws CongvanError `INPUT_INVALID` naming the field
 */
export async function addPeer(
  context: NodeContext,
  actor: OperatorActor,
  input: NewPeer,
): Promise<{ nodeId: string }> {
  const url = originOf(input.url)
  const now = context.clock()
  return context.db.asNode(async (trx) => {
    await lockDirectory(trx)
    const known = await checkPlace(context, trx, input, now)
    await savePeer(trx, { ...input, url, pinnedFingerprint: input.keyFingerprint }, now)
    if (input.relation === 'child') {
      await enterChild(context, trx, input, url, now)
      const replaced = known !== undefined && known.pinnedFingerprint !== input.keyFingerprint
      if (replaced) await endOtherNodeKeys(trx, input.nodeId, input.keyFingerprint, now)
    }
    await writeDirectory(trx, await previewDirectory(trx, context.nodeId))
    await putPublication(context, trx)
    if (input.enabled) await putPushesTo(context, trx, await listParts(trx), input.nodeId)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, null, {
      kind: 'peer.added',
      subject: `node:${input.nodeId}`,
      facts: { relation: input.relation, url, key: input.keyFingerprint, enabled: input.enabled },
    })
    return { nodeId: input.nodeId }
  }, operatorClaim(actor))
}

/** A tree: one parent, no node twice, no node its own neighbour. Yields the peer as it is entered already. */
async function checkPlace(
  context: NodeContext,
  trx: NodeTransaction,
  input: NewPeer,
  now: Date,
): Promise<Peer | undefined> {
  if (input.nodeId === context.nodeId) throw invalid('nodeId', 'chính nút này / this very node')
  const known = await findPeer(trx, input.nodeId, now)
  if (known !== undefined && known.relation !== input.relation) {
    throw invalid('relation', `nút đang là / the node is a ${known.relation}`)
  }
  if (input.relation === 'parent') {
    const parent = (await listPeers(trx, now)).find(
      (one) => one.relation === 'parent' && one.nodeId !== input.nodeId,
    )
    if (parent !== undefined) {
      throw invalid('relation', `đã có nút cha ${parent.nodeId} / there is a parent already`)
    }
    return known
  }
  const listed = await findNode(trx, input.nodeId)
  if (listed !== undefined && listed.parentNodeId !== context.nodeId) {
    throw invalid(
      'nodeId',
      `nút thuộc / the node is below ${listed.parentNodeId ?? 'no other: it is the root'}`,
    )
  }
  return known
}

/** Its key counts from a little earlier, so that a clock that is behind ours is no reason to refuse it. */
async function enterChild(
  context: NodeContext,
  trx: NodeTransaction,
  input: NewPeer,
  url: string,
  now: Date,
): Promise<void> {
  const validFrom = new Date(now.getTime() - context.limits.clockSkewSeconds * 1000)
  await saveOwnNode(trx, input.nodeId, url)
  await saveOwnNodeKey(trx, input.nodeId, { fingerprint: input.keyFingerprint, validFrom, validTo: null })
}

function originOf(text: string): string {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw invalid('url', 'cần một URL / a URL is wanted')
  }
  const isOrigin = url.href === `${url.origin}/` && (url.protocol === 'http:' || url.protocol === 'https:')
  if (!isOrigin) throw invalid('url', 'chỉ giao thức, tên máy và cổng / scheme, host and port only')
  return url.origin
}

function invalid(field: string, reason: string): CongvanError {
  return new CongvanError('INPUT_INVALID', { field, reason })
}
