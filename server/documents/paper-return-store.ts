/** The only SQL of `paper_returns`: paper copies of recalled documents that came back, or were sent back. */
import type { AgencyTransaction } from '../db.ts'

export interface PaperReturn {
  /** Of an own document: who has sent it back. Of a received one: the code of its sender. */
  readonly party: string
  /** 0: none was received on paper. */
  readonly copies: number
  /** `YYYY-MM-DD`, the day on which it came or went; null where there was none. */
  readonly on: string | null
  readonly by: { readonly userId: string; readonly name: string }
  readonly at: Date
}

export async function insertPaperReturn(
  trx: AgencyTransaction,
  agencyId: string,
  documentId: string,
  returned: PaperReturn,
): Promise<void> {
  await trx('paper_returns').insert({
    agency_id: agencyId,
    document_id: documentId,
    party: returned.party,
    copies: returned.copies,
    returned_on: returned.on,
    recorded_by: returned.by.userId,
    recorded_by_name: returned.by.name,
    recorded_at: returned.at,
  })
}

interface Row {
  readonly party: string
  readonly copies: number
  readonly returned_on: string | null
  readonly recorded_by: string
  readonly recorded_by_name: string
  readonly recorded_at: Date
}

/** The first one first. */
export async function readPaperReturns(trx: AgencyTransaction, documentId: string): Promise<PaperReturn[]> {
  const rows: Row[] = await trx('paper_returns')
    .where({ document_id: documentId })
    .orderBy('position')
    .select('*')
  return rows.map((row) => ({
    party: row.party,
    copies: row.copies,
    on: row.returned_on,
    by: { userId: row.recorded_by, name: row.recorded_by_name },
    at: row.recorded_at,
  }))
}
