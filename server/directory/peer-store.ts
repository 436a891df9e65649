/** The neighbours of this node, the keys by which they are known, and the nonces that they have used. */
import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import type { PeerAddress } from '../http/peer-client.ts'
import type { PeerRegister } from '../http/peer-routes.ts'
import { nodeKeyFingerprints } from './node-store.ts'

export type PeerRelation = 'parent' | 'child'

/** A neighbour, ready to be asked: `createPeerClient(…).request(peer, …)`. */
export interface Peer extends PeerAddress {
  readonly relation: PeerRelation
  readonly enabled: boolean
  /** The key that the operator entered. */
  readonly pinnedFingerprint: string
}

interface PeerRow {
  node_id: string
  base_url: string
  relation: PeerRelation
  enabled: boolean
  pinned_fingerprint: string
}

/** @param at the moment whose keys count */
export async function findPeer(trx: NodeTransaction, nodeId: string, at: Date): Promise<Peer | undefined> {
  const row = await trx('peers').where('node_id', nodeId).first<PeerRow | undefined>()
  return row && withKeys(trx, row, at)
}

export async function listPeers(trx: NodeTransaction, at: Date): Promise<Peer[]> {
  const rows = await trx('peers').orderBy('node_id').select<PeerRow[]>()
  const peers: Peer[] = []
  for (const row of rows) peers.push(await withKeys(trx, row, at))
  return peers
}

async function withKeys(trx: NodeTransaction, row: PeerRow, at: Date): Promise<Peer> {
  return {
    nodeId: row.node_id,
    url: row.base_url,
    relation: row.relation,
    enabled: row.enabled,
    pinnedFingerprint: row.pinned_fingerprint,
    keyFingerprints: await peerKeys(trx, row, at),
  }
}

/**
 * The directory's keys of that moment, and the one that the operator entered: before the directory has arrived
 * nothing else is known. Once the directory says when that key ends, its word counts.
 */
async function peerKeys(trx: NodeTransaction, row: PeerRow, at: Date): Promise<string[]> {
  const keys = await nodeKeyFingerprints(trx, row.node_id, at)
  const judged = await trx('directory_node_keys')
    .where({ node_id: row.node_id, fingerprint: row.pinned_fingerprint })
    .andWhere('valid_to', '<=', at)
    .first<object | undefined>('fingerprint')
  const pinned = judged === undefined ? [row.pinned_fingerprint] : []
  return [...new Set([...keys, ...pinned])]
}

export async function savePeer(
  trx: NodeTransaction,
  peer: Omit<Peer, 'keyFingerprints'>,
  now: Date,
): Promise<void> {
  await trx('peers')
    .insert({
      node_id: peer.nodeId,
      base_url: peer.url,
      relation: peer.relation,
      enabled: peer.enabled,
      pinned_fingerprint: peer.pinnedFingerprint,
      added_at: now,
    })
    .onConflict('node_id')
    .merge(['base_url', 'enabled', 'pinned_fingerprint'])
}

/** What the authentication of peers asks of this node's database; shared by all its processes. */
export function createPeerRegister(context: Pick<NodeContext, 'db'>): PeerRegister {
  return {
    keysOf: (nodeId, at) =>
      context.db.asNode(async (trx) => {
        const peer = await findPeer(trx, nodeId, at)
        return peer?.enabled ? peer.keyFingerprints : []
      }),
    claimNonce: (keyFingerprint, nonce, usableUntil) =>
      context.db.asNode(async (trx) => {
        const claimed = await trx('peer_nonces')
          .insert({ key_fingerprint: keyFingerprint, nonce, expires_at: usableUntil })
          .onConflict(['key_fingerprint', 'nonce'])
          .ignore()
          .returning('nonce')
        return claimed.length === 1
      }),
  }
}

/** Forgets nonces of requests that are refused for their age by now. */
export async function sweepNonces(trx: NodeTransaction, now: Date): Promise<number> {
  return trx('peer_nonces').where('expires_at', '<', now).delete()
}
