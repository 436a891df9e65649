import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { publicKeyOf } from '../http/node-signature.ts'
import { keyValidAt } from './derive.ts'
import type { DirectoryFeed } from './directory-feed.ts'
import { previewDirectory, writeDirectory } from './directory-store.ts'
import { findNode, nodeKeyFingerprints } from './node-store.ts'
import {
  isRootNode,
  ownEntries,
  saveNodeTombstones,
  saveOwnNode,
  saveOwnNodeKey,
} from './own-entries-store.ts'
import { type PartContent, type PartEntries, readStoredContent, sameEntries, signPart } from './part.ts'
import { findPart, insertPart, lockDirectory, type StoredPart } from './part-store.ts'
import { type PartName, putPushes } from './push-parts.ts'

/** Asks the queue, in the transaction that changes this node's entries, to sign them and pass them on. */
export async function putPublication(context: NodeContext, trx: NodeTransaction): Promise<void> {
  await context.queue.put(trx, 'directory-push', { task: 'publish' })
}

/**
 * Signs this node's own part if its entries have changed, or if its last part does not count any more because its
 * key has changed, and passes it on.
 *
 * The key is asked between two transactions. Killed there, nothing is stored and the next run signs again; two
 * processes at once get the same version number, and the second one stores nothing.
 *
 * @returns the new part, or null when there was nothing to sign
 */
export async function publishOwnPart(feed: DirectoryFeed): Promise<PartName | null> {
  const { context, nodeKey } = feed
  const draft = await context.db.asNode(async (trx) => {
    await lockDirectory(trx)
    if (await isRootNode(trx)) {
      if (!(await isPinnedRoot(feed, trx))) return null
      await enterOwnKey(feed, trx)
    }
    return nextVersion(feed, trx)
  })
  if (draft === null) return null
  const part = await signPart(draft, nodeKey)
  const { issuer, version } = part.content
  return context.db.asNode(async (trx) => {
    await lockDirectory(trx)
    const before = await findPart(trx, issuer)
    if ((before?.sha256 ?? null) !== part.content.previous) return null
    const isRoot = part.content.nodes.some((node) => node.id === issuer)
    const now = context.clock()
    await insertPart(trx, part, { isRoot, receivedFrom: null, now })
    await putPushes(context, trx, [{ issuer, version }], null)
    await appendLogEntry(
      trx,
      { nodeId: context.nodeId, actor: { kind: 'node', nodeId: context.nodeId }, now },
      null,
      {
        kind: 'directory.part-published',
        subject: `node:${issuer}`,
        facts: { version, sha256: part.sha256, key: part.keyFingerprint },
      },
    )
    return { issuer, version }
  })
}

/**
 * A node without a parent peer is the root, unless another key is pinned: then its parent is only not entered yet,
 * and it signs nothing.
 */
async function isPinnedRoot(feed: DirectoryFeed, trx: NodeTransaction): Promise<boolean> {
  const pinned = feed.rootFingerprint
  if (pinned === undefined || pinned === publicKeyOf(feed.nodeKey).fingerprint) return true
  const { nodes } = await ownEntries(trx, feed.context.nodeId)
  const self = nodes.find((node) => node.id === feed.context.nodeId)
  return self?.keys.some((key) => key.fingerprint === pinned) ?? false
}

async function nextVersion(feed: DirectoryFeed, trx: NodeTransaction): Promise<PartContent | null> {
  const { context } = feed
  const last = await findPart(trx, context.nodeId)
  const before = last && readStoredContent(last.bytes)
  if (before !== undefined) await buryNodes(feed, trx, before)
  const own = await ownEntries(trx, context.nodeId)
  if (last === undefined && isEmpty(own)) return null
  if (last !== undefined && before !== undefined && sameEntries(own, before)) {
    if (await stillCounts(feed, trx, last, own)) return null
  }
  const now = context.clock().getTime()
  return {
    issuer: context.nodeId,
    version: (last?.version ?? 0) + 1,
    previous: last?.sha256 ?? null,
    // Never before the last version, even if the clock was set back.
    signedAt: new Date(Math.max(now, last?.signedAt.getTime() ?? 0)).toISOString(),
    ...own,
  }
}

/** A node that this one does not sign for any more: itself, when it has got a parent. No entry goes without a word. */
async function buryNodes(feed: DirectoryFeed, trx: NodeTransaction, before: PartEntries): Promise<void> {
  const { context } = feed
  const { nodes, tombstones } = await ownEntries(trx, context.nodeId)
  const stated = new Set([...nodes.map((node) => node.id), ...tombstones.map((one) => one.id)])
  const gone = before.nodes.map((node) => node.id).filter((id) => !stated.has(id))
  await saveNodeTombstones(trx, gone, context.clock())
}

/** A node without children and agencies has nothing to say, unless it is a root: then it names its own key. */
function isEmpty(own: PartEntries): boolean {
  return own.nodes.length === 0 && own.agencies.length === 0 && own.tombstones.length === 0
}

/** Whether the key that signed the last part was this node's at that time, as its parent's part says now. */
async function stillCounts(
  feed: DirectoryFeed,
  trx: NodeTransaction,
  last: StoredPart,
  own: PartEntries,
): Promise<boolean> {
  const { nodeId, clock } = feed.context
  const self = own.nodes.find((node) => node.id === nodeId)
  if (self !== undefined) return keyValidAt(self.keys, last.keyFingerprint, last.signedAt.toISOString())
  if ((await findNode(trx, nodeId)) === undefined) return true
  if ((await nodeKeyFingerprints(trx, nodeId, last.signedAt)).includes(last.keyFingerprint)) return true
  // Signing again helps only with a key that counts now.
  const { fingerprint } = publicKeyOf(feed.nodeKey)
  return !(await nodeKeyFingerprints(trx, nodeId, clock())).includes(fingerprint)
}

/** A root signs for itself: its key stands in its own part, from its first start on. */
async function enterOwnKey(feed: DirectoryFeed, trx: NodeTransaction): Promise<void> {
  const { context, nodeKey } = feed
  const { fingerprint } = publicKeyOf(nodeKey)
  const { nodes } = await ownEntries(trx, context.nodeId)
  const self = nodes.find((node) => node.id === context.nodeId)
  if (self?.url === context.publicUrl && self.keys.some((key) => key.fingerprint === fingerprint)) return
  await saveOwnNode(trx, context.nodeId, context.publicUrl)
  if (!self?.keys.some((key) => key.fingerprint === fingerprint)) {
    await saveOwnNodeKey(trx, context.nodeId, { fingerprint, validFrom: context.clock(), validTo: null })
  }
  await writeDirectory(trx, await previewDirectory(trx, context.nodeId))
}
