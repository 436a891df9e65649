/** The only SQL of `pending_verifications`: which documents have arrived and are not verified yet. */
import type { NodeTransaction } from '../db.ts'

/** The ids in a job of the queue `document-verify`. */
export interface IncomingDocument {
  readonly agencyId: string
  readonly documentId: string
}

export interface PendingVerification extends IncomingDocument {
  readonly since: Date
  /** How often a lost job was put again, this time included. */
  readonly rounds: number
}

/** Notes a document that has just arrived; its job counts as lost from `nextAt` on. */
export async function addPending(
  trx: NodeTransaction,
  { agencyId, documentId }: IncomingDocument,
  since: Date,
  nextAt: Date,
): Promise<void> {
  await trx('pending_verifications').insert({
    agency_id: agencyId,
    document_id: documentId,
    since,
    next_at: nextAt,
  })
}

/** Strikes a document that is verified; no error when it was struck before. */
export async function removePending(
  trx: NodeTransaction,
  { agencyId, documentId }: IncomingDocument,
): Promise<void> {
  await trx('pending_verifications').where({ agency_id: agencyId, document_id: documentId }).delete()
}

/** Documents whose job counts as lost at `now`, the longest due first, locked; those in other hands are left out. */
export async function lockOverdue(
  trx: NodeTransaction,
  now: Date,
  limit: number,
): Promise<PendingVerification[]> {
  const rows: { agency_id: string; document_id: string; since: Date; rounds: number }[] = await trx(
    'pending_verifications',
  )
    .where('next_at', '<=', now)
    .orderBy(['next_at', 'document_id'])
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .select('agency_id', 'document_id', 'since', 'rounds')
  return rows.map((row) => ({
    agencyId: row.agency_id,
    documentId: row.document_id,
    since: row.since,
    rounds: row.rounds + 1,
  }))
}

export async function postpone(
  trx: NodeTransaction,
  { agencyId, documentId, rounds }: PendingVerification,
  nextAt: Date,
): Promise<void> {
  await trx('pending_verifications')
    .where({ agency_id: agencyId, document_id: documentId })
    .update({ rounds, next_at: nextAt })
}
