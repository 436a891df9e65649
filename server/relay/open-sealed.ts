import { SigningError } from '../../signing/index.ts'
import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { findNode, nodeKeyFingerprints } from '../directory/node-store.ts'
import type { Opened } from '../edxml/sealed-xml.ts'
import { CongvanError } from '../errors.ts'
import type { StoredEnvelope } from './envelope-store.ts'

/**
 * Whether the key that sealed was the node's at the time of sealing, and that time is not in the future. The clock
 * of the sealer is its own: a difference within `limits.clockSkewSeconds` is allowed. An envelope can overtake the
 * part of the directory that tells of its node; that is no judgement on it.
 *
 * @throws CongvanError `RELAY_TOO_EARLY` for a time in the future, `RELAY_DIRECTORY_BEHIND` for a node that is not known
 *   (yet) and for a key that is not (yet) this node's: a key that was registered a moment ago is not a forgery
 */
export async function requireKeyOf(
  trx: NodeTransaction,
  context: NodeContext,
  nodeId: string,
  sealed: Pick<Opened<unknown>, 'sealedAt' | 'keyFingerprint'>,
  now: Date,
): Promise<void> {
  if (sealed.sealedAt.getTime() > now.getTime() + context.limits.clockSkewSeconds * 1000) {
    // No judgement on the sealed thing: a clock that jumped and was set right again has dated it so for good.
    throw new CongvanError('RELAY_TOO_EARLY', {
      sealedAt: sealed.sealedAt.toISOString(),
      now: now.toISOString(),
    })
  }
  const [node, own] = await Promise.all([
    findNode(trx, nodeId),
    nodeKeyFingerprints(trx, nodeId, sealed.sealedAt),
  ])
  if (node === undefined) throw new CongvanError('RELAY_DIRECTORY_BEHIND', { what: `node ${nodeId}` })
  if (!own.includes(sealed.keyFingerprint)) {
    const what = `key ${sealed.keyFingerprint} of node ${nodeId} at ${sealed.sealedAt.toISOString()}`
    throw new CongvanError('RELAY_DIRECTORY_BEHIND', { what })
  }
}

/**
 * Whether evidence may be about an envelope by its times: nothing happened to the envelope before it was sealed. A
 * node that once hosted a recipient could otherwise date evidence back to that time.
 *
 * @throws CongvanError `RELAY_MESSAGE_REJECTED`
 */
export function requireNotBefore(
  { limits }: NodeContext,
  envelope: Pick<StoredEnvelope, 'sealedAt'>,
  times: readonly Date[],
): void {
  const earliest = envelope.sealedAt.getTime() - limits.clockSkewSeconds * 1000
  const early = times.find((time) => time.getTime() < earliest)
  if (early === undefined) return
  const reason = `${early.toISOString()} is before the envelope was sealed`
  throw new CongvanError('RELAY_MESSAGE_REJECTED', { reason })
}

/** What was wrong with sealed XML, for a typed fault; `undefined` when the error is not about the XML at all. */
export function sealProblem(error: unknown): string | undefined {
  if (error instanceof SigningError) return `${error.code}: ${error.message}`
  if (error instanceof CongvanError && error.code === 'INPUT_INVALID') return error.message
  return undefined
}
