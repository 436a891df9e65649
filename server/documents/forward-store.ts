/** The only SQL of `document_forwards`: which received document was passed on, to whom and why. */
import type { AgencyTransaction } from '../db.ts'

export interface Forward {
  readonly id: string
  readonly documentId: string
  readonly envelopeSha256: string
  readonly recipients: readonly string[]
  readonly forwardedBy: string
  readonly forwardedAt: Date
  /** Why it was passed on although it is marked for internal circulation. */
  readonly overrideReason: string | null
}

export async function insertForward(
  trx: AgencyTransaction,
  agencyId: string,
  forward: Forward,
): Promise<void> {
  await trx('document_forwards').insert({
    agency_id: agencyId,
    id: forward.id,
    document_id: forward.documentId,
    envelope_sha256: forward.envelopeSha256,
    recipients: JSON.stringify(forward.recipients),
    forwarded_by: forward.forwardedBy,
    forwarded_at: forward.forwardedAt,
    override_reason: forward.overrideReason,
  })
}

/** How often a document was passed on, oldest first. */
export async function listForwards(trx: AgencyTransaction, documentId: string): Promise<Forward[]> {
  const rows: {
    id: string
    document_id: string
    envelope_sha256: string
    recipients: string[]
    forwarded_by: string
    forwarded_at: Date
    override_reason: string | null
  }[] = await trx('document_forwards')
    .where({ document_id: documentId })
    .orderBy(['forwarded_at', 'id'])
    .select('*')
  return rows.map((row) => ({
    id: row.id,
    documentId: row.document_id,
    envelopeSha256: row.envelope_sha256,
    recipients: row.recipients,
    forwardedBy: row.forwarded_by,
    forwardedAt: row.forwarded_at,
    overrideReason: row.override_reason,
  }))
}
