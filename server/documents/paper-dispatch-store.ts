/** The only SQL of `paper_dispatches`: each time that a document went out on paper. */
import type { AgencyTransaction } from '../db.ts'

export interface PaperDispatch {
  readonly recipients: readonly string[]
  /** Số lượng bản of this time. */
  readonly copies: number
  readonly reason: string | null
  /** null: recorded before it was kept who did. */
  readonly by: { readonly userId: string; readonly name: string } | null
  readonly at: Date
}

export async function insertPaperDispatch(
  trx: AgencyTransaction,
  agencyId: string,
  documentId: string,
  dispatch: PaperDispatch,
): Promise<void> {
  await trx('paper_dispatches').insert({
    agency_id: agencyId,
    document_id: documentId,
    recipients: JSON.stringify(dispatch.recipients),
    copies: dispatch.copies,
    reason: dispatch.reason,
    dispatched_by: dispatch.by?.userId ?? null,
    dispatched_by_name: dispatch.by?.name ?? null,
    dispatched_at: dispatch.at,
  })
}

/** The first one first. */
export async function readPaperDispatches(
  trx: AgencyTransaction,
  documentId: string,
): Promise<PaperDispatch[]> {
  const rows: {
    recipients: string[]
    copies: number
    reason: string | null
    dispatched_by: string | null
    dispatched_by_name: string | null
    dispatched_at: Date
  }[] = await trx('paper_dispatches').where({ document_id: documentId }).orderBy('position').select('*')
  return rows.map((row) => ({
    recipients: row.recipients,
    copies: row.copies,
    reason: row.reason,
    by: row.dispatched_by === null ? null : { userId: row.dispatched_by, name: row.dispatched_by_name ?? '' },
    at: row.dispatched_at,
  }))
}
