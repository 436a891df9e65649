/** The neighbours of this node, the keys by which they are known, and the nonces that they have used. */
import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import type { PeerAddress } from '../http/peer-client.ts'
import type { PeerRegister } from '../http/peer-routes.ts'

export type PeerRelation = 'parent' | 'child'

/** A neighbour, ready to be asked: `createPeerClient(…).request(peer, …)`. */
export interface Peer extends PeerAddress {
  readonly relation: PeerRelation
  readonly enabled: boolean
  /** Why the operator has switched it off. */
  readonly disabledReason?: string | null
  /** The key that the operator entered. */
  readonly pinnedFingerprint: string
}

interface PeerRow {
  node_id: string
  base_url: string
  relation: PeerRelation
  enabled: boolean
  disabled_reason: string | null
  pinned_fingerprint: string
  fingerprints: string[]
}

/**
 * The keys of a peer at a moment: the directory's, and the one that the operator entered, since before the directory
 * has arrived nothing else is known. Once the directory says when that key ends, its word counts.
 */
const SELECT_PEER = `
  select p.*, array(
    select k.fingerprint from directory_node_keys k
    where k.node_id = p.node_id and k.valid_from <= :at and (k.valid_to is null or k.valid_to > :at)
    union
    select p.pinned_fingerprint where not exists (
      select 1 from directory_node_keys e
      where e.node_id = p.node_id and e.fingerprint = p.pinned_fingerprint and e.valid_to <= :at)
    order by 1) as fingerprints
  from peers p`

/** @param at the moment whose keys count */
export async function findPeer(trx: NodeTransaction, nodeId: string, at: Date): Promise<Peer | undefined> {
  const { rows } = await trx.raw<{ rows: PeerRow[] }>(`${SELECT_PEER} where p.node_id = :nodeId`, {
    nodeId,
    at,
  })
  return rows.map(toPeer)[0]
}

export async function listPeers(trx: NodeTransaction, at: Date): Promise<Peer[]> {
  const { rows } = await trx.raw<{ rows: PeerRow[] }>(`${SELECT_PEER} order by p.node_id`, { at })
  return rows.map(toPeer)
}

function toPeer(row: PeerRow): Peer {
  return {
    nodeId: row.node_id,
    url: row.base_url,
    relation: row.relation,
    enabled: row.enabled,
    disabledReason: row.disabled_reason,
    pinnedFingerprint: row.pinned_fingerprint,
    keyFingerprints: row.fingerprints,
  }
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
      disabled_reason: null,
      disabled_at: null,
    })
    .onConflict('node_id')
    .merge(['base_url', 'enabled', 'pinned_fingerprint', 'disabled_reason', 'disabled_at'])
}

/** Switches a peer off with the reason, or on again. @returns false when there is no such peer */
export async function switchPeer(
  trx: NodeTransaction,
  nodeId: string,
  off: { readonly reason: string; readonly at: Date } | undefined,
): Promise<boolean> {
  const changed = await trx('peers')
    .where({ node_id: nodeId })
    .update({
      enabled: off === undefined,
      disabled_reason: off?.reason ?? null,
      disabled_at: off?.at ?? null,
    })
  return changed > 0
}

/** What the authentication of peers asks of this node's database; shared by all its processes. */
export function createPeerRegister(context: Pick<NodeContext, 'db'>): PeerRegister {
  return {
    prove: (work) =>
      context.db.asNode((trx) =>
        work({
          async keysOf(nodeId, at) {
            const peer = await findPeer(trx, nodeId, at)
            return peer?.enabled ? peer.keyFingerprints : []
          },
          async claimNonce(keyFingerprint, nonce, usableUntil) {
            const claimed = await trx('peer_nonces')
              .insert({ key_fingerprint: keyFingerprint, nonce, expires_at: usableUntil })
              .onConflict(['key_fingerprint', 'nonce'])
              .ignore()
              .returning('nonce')
            return claimed.length === 1
          },
        }),
      ),
  }
}

/**
 * Forgets nonces of requests that every process of this node refuses for their age by now. Their clocks may differ
 * among each other as those of nodes do, so a nonce is kept for longer than by the clock of who sweeps.
 */
export async function sweepNonces(
  trx: NodeTransaction,
  now: Date,
  clockSkewSeconds: number,
): Promise<number> {
  const before = new Date(now.getTime() - 2 * clockSkewSeconds * 1000)
  return trx('peer_nonces').where('expires_at', '<', before).delete()
}
