/** The only SQL of `document_reads`: who opened what of a document, when and from where. Rows are added, never changed. */
import { randomUUID } from 'node:crypto'
import type { AgencyTransaction } from '../db.ts'

/** What of a document was opened. */
export type ReadPart = 'metadata' | 'file' | 'report'

export interface DocumentRead {
  readonly id: string
  readonly documentId: string
  readonly userId: string
  readonly at: Date
  readonly part: string
  readonly revision: number | null
  /** The address that the request came from; null for one that came from the node itself. */
  readonly remoteAddress: string | null
}

export async function insertRead(
  trx: AgencyTransaction,
  agencyId: string,
  read: Omit<DocumentRead, 'id'>,
): Promise<void> {
  await trx('document_reads').insert({
    agency_id: agencyId,
    id: randomUUID(),
    document_id: read.documentId,
    user_id: read.userId,
    read_at: read.at,
    part: read.part,
    revision: read.revision,
    remote_address: read.remoteAddress,
  })
}

export interface ReadsQuery {
  readonly documentId: string
  readonly after?: { readonly at: Date; readonly id: string }
  readonly limit: number
}

/** How often a document was opened, newest first. */
export async function listReads(trx: AgencyTransaction, query: ReadsQuery): Promise<DocumentRead[]> {
  const select = trx('document_reads')
    .where('document_id', query.documentId)
    .orderBy([
      { column: 'read_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(query.limit)
  if (query.after !== undefined) {
    select.whereRaw('(read_at, id) < (?, ?)', [query.after.at, query.after.id])
  }
  const rows: {
    id: string
    document_id: string
    user_id: string
    read_at: Date
    part: string
    revision: number | null
    remote_address: string | null
  }[] = await select.select('*')
  return rows.map((row) => ({
    id: row.id,
    documentId: row.document_id,
    userId: row.user_id,
    at: row.read_at,
    part: row.part,
    revision: row.revision,
    remoteAddress: row.remote_address,
  }))
}
