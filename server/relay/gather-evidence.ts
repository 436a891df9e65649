/** What the evidence of a document consists of, read in one transaction. */
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import { requirePermission } from '../auth/permissions.ts'
import type { NodeContext } from '../context.ts'
import { type NodeTransaction, withNodeTables } from '../db.ts'
import { provingIssuers } from '../directory/node-store.ts'
import { provingParts, type StoredPart } from '../directory/part-store.ts'
import { requireReadable } from '../documents/document-access-store.ts'
import { insertRead } from '../documents/document-reads-store.ts'
import { requireOpenable } from '../documents/quarantine.ts'
import { CongvanError } from '../errors.ts'
import {
  type Delivery,
  deliveriesOfDocument,
  eventsOfDeliveries,
  type StoredDeliveryEvent,
} from './delivery-store.ts'
import { readEnvelopeBytes } from './envelope-store.ts'
import { readReceipts } from './receipt-store.ts'
import { readStatusMessages } from './status-store.ts'

export interface GatheredEvidence {
  readonly deliveries: readonly (Delivery & { readonly events: readonly StoredDeliveryEvent[] })[]
  /** Sealed bytes by their SHA-256. */
  readonly envelopes: ReadonlyMap<string, Uint8Array>
  readonly receipts: ReadonlyMap<string, Uint8Array>
  readonly statuses: ReadonlyMap<string, Uint8Array>
  readonly parts: readonly StoredPart[]
}

/**
 * Reads what the agency has of a document that it sent or passed on. The document's files go out with it: that is
 * reading them, and stands in the document's history and in the log.
 *
 * @throws CongvanError `NOT_PERMITTED` without the right to read documents; `NOT_FOUND`, `EVIDENCE_NONE`, `DOCUMENT_IN_QUARANTINE`, `VERIFICATION_PENDING`, `SECRET_MARK_HELD`
 */
export async function gatherEvidence(
  context: NodeContext,
  actor: UserActor,
  documentId: string,
  remoteAddress: string | null,
): Promise<GatheredEvidence> {
  requirePermission(actor, 'document.read')
  const { agencyId, userId } = actor
  return context.db.asAgency({ agencyId, userId }, async (trx) => {
    const document = await requireReadable(trx, actor, documentId)
    requireOpenable(document)
    const found = await deliveriesOfDocument(trx, documentId)
    if (found.length === 0) throw new CongvanError('EVIDENCE_NONE', { id: documentId })
    const events = await eventsOfDeliveries(
      trx,
      found.map((one) => one.id),
    )
    const deliveries = found.map((one) => ({ ...one, events: events.get(one.id) ?? [] }))
    const now = context.clock()
    const read = { documentId, userId, at: now, part: 'evidence', revision: null, remoteAddress }
    await insertRead(trx, agencyId, read)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'document.read',
      subject: `document:${documentId}`,
      facts: { part: 'evidence' },
      ...(remoteAddress === null ? {} : { personal: { remoteAddress } }),
    })
    return { deliveries, ...(await withNodeTables(trx, (node) => gatherFromNode(node, context, deliveries))) }
  })
}

async function gatherFromNode(
  node: NodeTransaction,
  context: NodeContext,
  deliveries: GatheredEvidence['deliveries'],
): Promise<Omit<GatheredEvidence, 'deliveries'>> {
  const envelopes = new Map<string, Uint8Array>()
  for (const sha256 of new Set(deliveries.map((one) => one.envelopeSha256))) {
    const bytes = await readEnvelopeBytes(node, sha256)
    if (bytes === undefined) throw new Error(`the envelope ${sha256} is lost`)
    envelopes.set(sha256, bytes)
  }
  const events = deliveries.flatMap((one) => one.events)
  const hashes = (kind: StoredDeliveryEvent['kind']) => [
    ...new Set(events.filter((one) => one.kind === kind).map((one) => one.messageSha256)),
  ]
  const nodes = [...new Set([context.nodeId, ...events.map((one) => one.node)])]
  const codes = [...new Set(deliveries.map((one) => one.recipient))]
  return {
    envelopes,
    receipts: await readReceipts(node, hashes('receipt')),
    statuses: await readStatusMessages(node, hashes('status')),
    parts: await provingParts(node, await provingIssuers(node, nodes, codes)),
  }
}
