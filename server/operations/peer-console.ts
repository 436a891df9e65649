/** What an operator does about neighbours at the node's own machine, without signing in. */
import { type KeyProvider, type Language, nodeKeyFingerprint } from '../../signing/index.ts'
import type { OperatorActor } from '../actor.ts'
import { acceptInvitation, acceptNextKey, showInvitation } from '../directory/accept-letter.ts'
import type { DirectoryFeed } from '../directory/directory-feed.ts'
import { endNodeKey } from '../directory/end-node-key.ts'
import { type Invitation, writeInvitation } from '../directory/invitation.ts'
import { writeNextKey } from '../directory/next-key.ts'
import { registerNodeKeyAndPublish } from '../directory/operator-acts.ts'
import { isRootNode } from '../directory/own-entries-store.ts'
import { listPeers, type PeerRelation } from '../directory/peer-store.ts'
import type { NodeKeyChange } from '../directory/register-node-key.ts'
import { setPeerEnabled } from '../directory/switch-peer.ts'
import { RELAY_VERSIONS } from '../http/peer-routes.ts'
import type { PeerFacts } from './facts.ts'
import { readPeers } from './figures-store.ts'
import { describeStep, type StepResult } from './peer-steps.ts'
import { type PeerTest, testPeer } from './test-peer.ts'

export interface ListedPeer extends PeerFacts {
  readonly url: string
  readonly keyFingerprints: readonly string[]
  readonly disabledReason: string | null
}

export interface DescribedTest extends PeerTest {
  readonly steps: readonly (StepResult & { readonly text: string; readonly remedy: string })[]
}

export interface PeerConsole {
  list(): Promise<ListedPeer[]>
  /** With each step in words. */
  test(nodeId: string, language: Language): Promise<DescribedTest>
  /** What waits is due at once when a peer is switched on again. */
  setEnabled(nodeId: string, change: { readonly enabled: boolean; readonly reason: string }): Promise<void>
  invite(terms: {
    readonly relation: PeerRelation
    readonly invited: string | null
    readonly days: number
  }): Promise<Uint8Array>
  showInvitation(bytes: Uint8Array): Invitation
  acceptInvitation(
    bytes: Uint8Array,
    expected: { readonly fingerprint: string; readonly relation?: PeerRelation; readonly nodeId?: string },
  ): Promise<Invitation>
  registerKey(change: NodeKeyChange): Promise<{ nodeId: string; fingerprint: string }>
  /** @returns from when on it counts no more: `at`, or now when that is left out */
  endKey(nodeId: string, fingerprint: string, at?: Date): Promise<Date>
  /** @param nodeId whose announcement it should be, where the operator named one */
  acceptNextKey(
    bytes: Uint8Array,
    nodeId?: string,
  ): Promise<{ nodeId: string; fingerprint: string; current: string }>
  /** The announcement of this node's next key, for its parent's operator. */
  announceNextKey(next: KeyProvider, days: number): Promise<Uint8Array>
}

const DAY_MS = 86_400_000

/** @param wake makes due what waits for a peer */
export function openPeerConsole(
  feed: DirectoryFeed,
  operator: OperatorActor,
  wake: (peer: string) => Promise<void>,
): PeerConsole {
  const { context, nodeKey } = feed
  const span = (days: number) => {
    const from = context.clock()
    return { from, to: new Date(from.getTime() + days * DAY_MS) }
  }
  return {
    list: () =>
      context.db.asNode(async (trx) => {
        const facts = new Map((await readPeers(trx)).map((one) => [one.peer, one]))
        const peers = await listPeers(trx, context.clock())
        return peers.flatMap(({ nodeId, url, keyFingerprints, disabledReason = null }) => {
          const known = facts.get(nodeId)
          return known === undefined ? [] : [{ ...known, url, keyFingerprints, disabledReason }]
        })
      }),
    async test(nodeId, language) {
      const found = await testPeer({ context, key: nodeKey, client: feed.client }, nodeId)
      return { ...found, steps: found.steps.map((one) => ({ ...one, ...describeStep(one, language) })) }
    },
    async setEnabled(nodeId, change) {
      await setPeerEnabled(context, operator, nodeId, change)
      if (change.enabled) await wake(nodeId)
    },
    async invite({ relation, invited, days }) {
      const directoryRoot = relation === 'child' ? await rootOf(feed) : null
      return writeInvitation(
        {
          nodeId: context.nodeId,
          publicUrl: context.publicUrl,
          relation,
          invited,
          directoryRoot,
          versions: RELAY_VERSIONS,
          ...span(days),
        },
        nodeKey,
      )
    },
    showInvitation: (bytes) => showInvitation(feed, bytes),
    acceptInvitation: (bytes, expected) => acceptInvitation(feed, operator, bytes, expected),
    registerKey: (change) => registerNodeKeyAndPublish(feed, operator, change),
    endKey: (nodeId, fingerprint, at) => endNodeKey(feed, operator, nodeId, fingerprint, at),
    acceptNextKey: (bytes, nodeId) => acceptNextKey(feed, operator, bytes, nodeId),
    announceNextKey: (next, days) => writeNextKey({ nodeId: context.nodeId, ...span(days) }, nodeKey, next),
  }
}

/** What a node below this one pins: the root that this one has pinned, or its own key where it is the root. */
async function rootOf({ context, nodeKey, rootFingerprint }: DirectoryFeed): Promise<string | null> {
  if (rootFingerprint !== undefined) return rootFingerprint
  const isRoot = await context.db.asNode(isRootNode)
  return isRoot ? nodeKeyFingerprint(nodeKey.certificate) : null
}
