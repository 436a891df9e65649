/** Passing parts on: jobs that carry ids only, one for each part and peer. */
import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { peerProblemOf } from '../http/peer-client.ts'
import type { DirectoryFeed } from './directory-feed.ts'
import { mayPassLater, PART_CONTENT_TYPE } from './part.ts'
import { findPart } from './part-store.ts'
import { findPeer, listPeers } from './peer-store.ts'

export interface PartName {
  readonly issuer: string
  readonly version: number
}

/** Puts a push of each part to each enabled peer in the transaction that stores it, except back to its sender. */
export async function putPushes(
  context: NodeContext,
  trx: NodeTransaction,
  parts: readonly PartName[],
  except: string | null,
): Promise<void> {
  const peers = await listPeers(trx, context.clock())
  for (const peer of peers.filter((one) => one.enabled && one.nodeId !== except)) {
    await putPushesTo(context, trx, parts, peer.nodeId)
  }
}

export async function putPushesTo(
  context: NodeContext,
  trx: NodeTransaction,
  parts: readonly PartName[],
  peer: string,
): Promise<void> {
  for (const { issuer, version } of parts) {
    await context.queue.put(trx, 'directory-push', { task: 'send', peer, issuer, version })
  }
}

/** For the peer to answer, beside what the bytes need on the slowest line that is reckoned with: 20 kB/s. */
const TIMEOUT_MS = 30_000
const SLOWEST_BYTES_PER_MS = 20

/**
 * Sends the newest version of an issuer's part to a peer. Sending one that the peer has already does no harm, so a
 * job that was cut off is simply done again.
 *
 * @throws CongvanError when it may go better later: the peer is away, or lacks the parts that this one rests on
 */
export async function pushPart(feed: DirectoryFeed, peerId: string, issuer: string): Promise<void> {
  const { context, client } = feed
  const found = await context.db.asNode(async (trx) => ({
    peer: await findPeer(trx, peerId, context.clock()),
    part: await findPart(trx, issuer),
  }))
  if (found.part === undefined || !found.peer?.enabled) return
  try {
    await client.request(found.peer, {
      method: 'PUT',
      path: `/relay/v1/directory/${issuer}`,
      body: found.part.bytes,
      contentType: PART_CONTENT_TYPE,
      timeoutMs: TIMEOUT_MS + Math.ceil(found.part.bytes.length / SLOWEST_BYTES_PER_MS),
    })
  } catch (error) {
    const problem = peerProblemOf(error)
    if (problem?.code !== 'DIRECTORY_FEED_REJECTED') throw error
    context.log.warn({ peer: peerId, issuer, ...problem.params }, 'a peer rejects this part')
    // Otherwise the peer will not change its mind about these bytes, and the operator must look.
    if (mayPassLater(problem.params.why)) throw error
  }
}
