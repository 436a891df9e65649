/**
 * Lists of documents: what one user may see, newest first, page after page. Each filter has an index in the order of
 * the list, and a page begins where the last one ended, so that a list costs the same in every agency and on every
 * page.
 */
import type { Knex } from 'knex'
import type { AgencyTransaction } from '../db.ts'
import type { Direction, DocumentState } from './document.ts'
import { type DocumentRow, documentFromRow, type StoredDocument } from './document-store.ts'

/** Who looks. */
export interface Reader {
  readonly userId: string
  /** Whether they see all documents of the agency that are not restricted. */
  readonly readsAll: boolean
}

export interface DocumentFilter {
  readonly direction?: Direction
  readonly state?: DocumentState
  /** Tên loại as it stands in the document. */
  readonly kind?: string
  /** Agency code of the sender of incoming documents. */
  readonly sender?: string
  /** Agency code to which outgoing documents were dispatched. */
  readonly recipient?: string
  readonly urgency?: number
  readonly restricted?: boolean
  /** Arrived or drafted from here on, and before there. */
  readonly from?: Date
  readonly before?: Date
  /** Promulgated on these days or between them, `YYYY-MM-DD`; the list then follows the dates of promulgation. */
  readonly datedFrom?: string
  readonly datedTo?: string
  /** Words of the metadata or the file, with or without diacritics; the list then follows the time of arrival. */
  readonly q?: string
}

/** Where a page ended: the value that the list is ordered by, and the id. */
export type ListPosition =
  | { readonly order: 'created'; readonly at: Date; readonly id: string }
  | { readonly order: 'dated'; readonly at: string; readonly id: string }

export interface DocumentQuery extends DocumentFilter {
  readonly reader: Reader
  readonly after?: ListPosition
  readonly limit: number
}

/** The order that a filter gives to its list. */
export function orderOf(filter: DocumentFilter): ListPosition['order'] {
  const dated = filter.datedFrom !== undefined || filter.datedTo !== undefined
  return dated && filter.q === undefined ? 'dated' : 'created'
}

/** Documents that the reader may see, newest first. */
export async function listDocuments(trx: AgencyTransaction, query: DocumentQuery): Promise<DocumentRow[]> {
  const { created, id } = columnsOf(query.reader)
  const column = orderOf(query) === 'created' ? created : 'd.promulgation_date'
  const select = readableDocuments(trx, query.reader)
    .orderBy([
      { column, order: 'desc' },
      { column: id, order: 'desc' },
    ])
    .limit(query.limit)
  applyFilter(trx, select, query, created)
  if (query.after !== undefined) {
    select.whereRaw(`(${column}, ${id}) < (?, ?)`, [query.after.at, query.after.id])
  }
  const rows: StoredDocument[] = await select.select('d.*')
  return rows.map(documentFromRow)
}

/** Time and id where the walk along the index finds them: in the documents, or in the reader's own rights. */
function columnsOf({ readsAll }: Reader): { readonly created: string; readonly id: string } {
  return readsAll
    ? { created: 'd.created_at', id: 'd.id' }
    : { created: 'a.document_created_at', id: 'a.document_id' }
}

/** The documents of these ids that the reader may see and that the filter lets through, in the order of the ids. */
export async function readReadable(
  trx: AgencyTransaction,
  reader: Reader,
  ids: readonly string[],
  filter: DocumentFilter = {},
): Promise<DocumentRow[]> {
  if (ids.length === 0) return []
  const select = readableDocuments(trx, reader).whereIn('d.id', [...ids])
  applyFilter(trx, select, filter, columnsOf(reader).created)
  const rows: StoredDocument[] = await select.select('d.*')
  const byId = new Map(rows.map((row) => [row.id, documentFromRow(row)]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}

/**
 * Of these documents, or of all, those that are restricted to others than the reader. A copy on paper is no document of
 * its own: it is as hidden as what was copied.
 */
export async function hiddenAmong(
  trx: AgencyTransaction,
  { userId }: Pick<Reader, 'userId'>,
  ids?: readonly string[],
): Promise<Set<string>> {
  const hidden = (from: Knex.QueryBuilder, id: string) => {
    const own = trx('document_access').where('user_id', userId).whereNull('withdrawn_at')
    from
      .whereRaw('d.restricted')
      .whereNotExists(own.whereRaw('document_id = d.id and agency_id = d.agency_id').select(trx.raw('1')))
    if (ids !== undefined) from.whereRaw('?? = any(cast(? as uuid[]))', [id, [...ids]])
    return from.pluck<string[]>(id)
  }
  const copies = trx('document_copies as c').join('documents as d', (on) => {
    on.on('d.agency_id', 'c.agency_id').andOn('d.id', 'c.source_document_id')
  })
  return new Set([...(await hidden(trx('documents as d'), 'd.id')), ...(await hidden(copies, 'c.id'))])
}

/**
 * `documents d` as far as the reader may see it. Who reads all walks the documents and asks for a right only where one
 * is restricted; everybody else walks their own rights, of which one document may have several.
 */
function readableDocuments(trx: AgencyTransaction, { userId, readsAll }: Reader): Knex.QueryBuilder {
  const own = trx('document_access').where('user_id', userId).whereNull('withdrawn_at')
  const select = readsAll
    ? trx('documents as d').where((visible) =>
        visible
          .whereRaw('not d.restricted')
          .orWhereExists(own.whereRaw('document_id = d.id and agency_id = d.agency_id').select(trx.raw('1'))),
      )
    : trx(
        own
          .select('agency_id', 'document_id', 'document_created_at')
          .groupBy('agency_id', 'document_created_at', 'document_id')
          .orderBy([
            { column: 'document_created_at', order: 'desc' },
            { column: 'document_id', order: 'desc' },
          ])
          .as('a'),
      ).join('documents as d', (on) => {
        on.on('d.agency_id', 'a.agency_id').andOn('d.id', 'a.document_id')
      })
  return select.where((open) => open.whereNot('d.state', 'quarantined').orWhere('d.created_by', userId))
}

function applyFilter(
  trx: AgencyTransaction,
  select: Knex.QueryBuilder,
  filter: DocumentFilter,
  created: string,
): void {
  const equal = {
    'd.direction': filter.direction,
    'd.state': filter.state,
    'd.kind': filter.kind,
    'd.sender_code': filter.sender,
    'd.urgency': filter.urgency,
  }
  for (const [column, value] of Object.entries(equal)) if (value !== undefined) select.where(column, value)
  if (filter.restricted !== undefined)
    select.whereRaw(filter.restricted ? 'd.restricted' : 'not d.restricted')
  if (filter.from !== undefined) select.where(created, '>=', filter.from)
  if (filter.before !== undefined) select.where(created, '<', filter.before)
  if (filter.datedFrom !== undefined || filter.datedTo !== undefined) {
    select.whereNotNull('d.promulgation_date')
  }
  if (filter.datedFrom !== undefined) select.where('d.promulgation_date', '>=', filter.datedFrom)
  if (filter.datedTo !== undefined) select.where('d.promulgation_date', '<=', filter.datedTo)
  if (filter.recipient !== undefined) {
    select.whereExists(
      trx('deliveries as r')
        .whereRaw('r.agency_id = d.agency_id and r.document_id = d.id')
        .where('r.recipient', filter.recipient)
        .select(trx.raw('1')),
    )
  }
}
