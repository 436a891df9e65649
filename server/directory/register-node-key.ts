import type { OperatorActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { CongvanError } from '../errors.ts'
import { operatorClaim } from './claim.ts'
import { previewDirectory, writeDirectory } from './directory-store.ts'
import { requireNoEnd, requireNotEnded } from './node-key-end.ts'
import { ownEntries, saveOwnNodeKey } from './own-entries-store.ts'
import { lockDirectory } from './part-store.ts'
import { putPublication } from './publish-part.ts'

/** What it may take from the moment that somebody means until it is entered here. */
const ENTERED_WITHIN_MS = 60_000

export interface NodeKeyChange {
  /** A child of this node; at the root also the root itself. */
  readonly nodeId: string
  readonly fingerprint: string
  /** ISO 8601; for a key that is known already its beginning stays. */
  readonly validFrom: string
  /** From then on nothing that the key signs counts; null while it is in use. What it signed before stays valid. */
  readonly validTo: string | null
  /** By an announcement of the node, which may not take away an end that an operator has set. */
  readonly isAnnounced?: boolean
}

/**
 * Enters a node's next key, or ends one. A change of keys goes: enter the new key here, let the node switch to it,
 * end the old key. The root enters its next key while it still signs with the old one.
 *
 * @throws CongvanError `INPUT_INVALID`; `NOT_FOUND` when this node does not sign for that one; `NODE_KEY_ENDED` for a key
 *   that has ended; `NODE_KEY_END_PAST`
 */
export async function registerNodeKey(
  context: NodeContext,
  actor: OperatorActor,
  input: NodeKeyChange,
): Promise<{ nodeId: string; fingerprint: string }> {
  const now = context.clock()
  return context.db.asNode(async (trx) => {
    await lockDirectory(trx)
    const { nodes } = await ownEntries(trx, context.nodeId)
    const node = nodes.find((one) => one.id === input.nodeId)
    if (node === undefined) throw new CongvanError('NOT_FOUND', { what: `node ${input.nodeId}` })
    const known = node.keys.find((key) => key.fingerprint === input.fingerprint)
    if (known !== undefined && input.isAnnounced) requireNoEnd(input.nodeId, known)
    if (known !== undefined) requireNotEnded(input.nodeId, known, now)
    const validFrom = new Date(known?.validFrom ?? input.validFrom)
    const validTo = input.validTo === null ? null : new Date(input.validTo)
    if (validTo !== null && validTo <= validFrom) {
      throw new CongvanError('INPUT_INVALID', {
        field: 'validTo',
        reason: 'phải sau validFrom / must be after validFrom',
      })
    }
    // A new key may be entered with an end that is past, for what it signed before; one in use has been relied on.
    if (known !== undefined && validTo !== null && validTo.getTime() < now.getTime() - ENTERED_WITHIN_MS) {
      const { nodeId: node, fingerprint } = input
      throw new CongvanError('NODE_KEY_END_PAST', { node, fingerprint, at: validTo.toISOString() })
    }
    await saveOwnNodeKey(trx, input.nodeId, { fingerprint: input.fingerprint, validFrom, validTo })
    await writeDirectory(trx, await previewDirectory(trx, context.nodeId))
    await putPublication(context, trx)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, null, {
      kind: 'directory.node-key-registered',
      subject: `node:${input.nodeId}`,
      facts: { key: input.fingerprint, validFrom: input.validFrom, validTo: input.validTo },
    })
    return { nodeId: input.nodeId, fingerprint: input.fingerprint }
  }, operatorClaim(actor))
}
