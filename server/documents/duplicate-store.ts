/** Looking up incoming documents in `documents` by what their senders call them. */
import type { AgencyTransaction } from '../db.ts'
import type { DocumentState } from './document.ts'
import { codeKey, symbolKey } from './document-keys.ts'
import { type DocumentRow, documentFromRow, type StoredDocument } from './document-store.ts'

/**
 * Incoming documents with this DocumentId that bring content of their own (new documents and replacements), newest
 * first; of whichever sender.
 */
export async function findByCode(trx: AgencyTransaction, documentCode: string): Promise<DocumentRow[]> {
  const rows: StoredDocument[] = await trx('documents')
    .where({ code_key: codeKey({ documentCode }), direction: 'incoming' })
    .whereIn('business_type', [0, 3])
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .select('*')
  return rows.map(documentFromRow)
}

/** Another document that seems to be the same. */
export interface Duplicate {
  readonly id: string
  /** What is the same: the identifier, or number, symbol, year and sender (both: the identifier). */
  readonly same: 'code' | 'symbol'
  readonly state: DocumentState
  /** Số đến. */
  readonly number: number | null
  readonly year: number | null
}

/**
 * Other incoming documents with the same identifier, or the same number, symbol and sender in the same year (NĐ 30/2020
 * Phụ lục VI, III.1h): the clerk is warned of them.
 */
export async function findDuplicates(trx: AgencyTransaction, document: DocumentRow): Promise<Duplicate[]> {
  if (document.incoming === null) return []
  const keys = {
    code: codeKey(document),
    symbol: symbolKey(document, document.incoming.senderCode),
    id: document.id,
  }
  // Two look-ups, each along its index.
  const { rows } = await trx.raw<{ rows: (Duplicate & { created_at: Date })[] }>(
    `select distinct on (id) * from (
       select id, 'code' as same, state, incoming_number as number, incoming_year as year, created_at
         from documents where code_key = :code and id <> :id
       union all
       select id, 'symbol', state, incoming_number, incoming_year, created_at
         from documents where symbol_key = :symbol and id <> :id
     ) alike order by id, same limit 20`,
    keys,
  )
  return rows
    .toSorted((one, other) => one.created_at.getTime() - other.created_at.getTime())
    .map(({ id, same, state, number, year }) => ({ id, same, state, number, year }))
}
