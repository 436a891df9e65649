/** The only SQL of `document_search`. A trigger keeps the words of the metadata; the words of the file come from here. */
import type { AgencyTransaction } from '../db.ts'
import { parseSearch, searchVector } from './search-query.ts'

/** Characters of a file's text that are searched; a longer file is found by its beginning. */
const MAX_CONTENT = 100_000

/**
 * Makes the text of a document's file searchable, in place of what was searchable of it before; an empty text takes
 * it away. The text itself is not kept.
 */
export async function setContentText(
  trx: AgencyTransaction,
  agencyId: string,
  documentId: string,
  text: string,
): Promise<void> {
  const content = text.slice(0, MAX_CONTENT).toWellFormed().replaceAll('\0', ' ')
  // Made here and not by `congvan_words`: the database would make it anew wherever the statement names it.
  const values = { agencyId, documentId, vector: searchVector(content) }
  const added: { rowCount: number | null } = await trx.raw(
    `update document_search s
     set content = made.vector, words = s.words || made.vector
     from (select cast(:vector as tsvector) as vector offset 0) made
     where s.agency_id = :agencyId and s.document_id = :documentId and s.content = ''`,
    values,
  )
  if ((added.rowCount ?? 0) > 0) return
  await trx.raw(
    `update document_search s
     set content = made.vector,
         words = congvan_document_marks(d.agency_id, d.created_at) || congvan_words(congvan_document_text(d))
                 || made.vector
     from documents d, (select cast(:vector as tsvector) as vector offset 0) made
     where d.agency_id = :agencyId and d.id = :documentId
       and s.agency_id = d.agency_id and s.document_id = d.id`,
    values,
  )
}

/** Makes a document be found by no word any more, neither of its file nor of what was said of it. */
export async function removeFromSearch(trx: AgencyTransaction, documentId: string): Promise<void> {
  await trx('document_search').where({ document_id: documentId }).update({ content: '', words: '' })
}

export interface DocumentSearch {
  readonly text: string
  readonly direction?: 'outgoing' | 'incoming'
  readonly state?: string
  /** Created at or after. */
  readonly from?: Date
  /** Created before. */
  readonly to?: Date
  /** The last one seen: what follows is older. */
  readonly after?: { readonly createdAt: Date; readonly id: string }
  readonly limit: number
}

export interface FoundDocument {
  readonly id: string
  readonly createdAt: Date
}

/**
 * Documents of the transaction's agency that match, newest first: by metadata or by the text of their files. Who asks
 * may not be allowed to see all of them: the caller decides that, and asks for more when too few are left.
 *
 * Documents in quarantine are never found.
 *
 * @throws CongvanError `SEARCH_EMPTY`
 */
export async function searchDocuments(
  trx: AgencyTransaction,
  search: DocumentSearch,
): Promise<FoundDocument[]> {
  const { tsquery, hasPrefix } = parseSearch(search.text)
  const { rows } = await trx.raw<{ rows: { id: string; created_at: Date }[] }>(
    `select id, created_at from congvan_search(cast(:tsquery as tsquery), :hasPrefix, :direction, :state,
       :from, :to, :afterTime, :afterId, :limit)`,
    {
      tsquery,
      hasPrefix,
      direction: search.direction ?? null,
      state: search.state ?? null,
      from: search.from ?? null,
      to: search.to ?? null,
      afterTime: search.after?.createdAt ?? null,
      afterId: search.after?.id ?? null,
      limit: search.limit,
    },
  )
  return rows.map((row) => ({ id: row.id, createdAt: row.created_at }))
}

/**
 * Which of some documents match: for one who may see few, it is cheaper to look through those.
 *
 * @throws CongvanError `SEARCH_EMPTY`
 */
export async function matchingDocuments(
  trx: AgencyTransaction,
  text: string,
  ids: readonly string[],
): Promise<Set<string>> {
  const { tsquery } = parseSearch(text)
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    'select id from congvan_matching(cast(:tsquery as tsquery), cast(:ids as uuid[]))',
    { tsquery, ids: [...ids] },
  )
  return new Set(rows.map((row) => row.id))
}
