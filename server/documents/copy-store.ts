/** The only SQL of `document_copies`: every copy that the agency has made, and of what. */
import type { AgencyTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import type { CopyForm, Medium } from './copy-forms.ts'
import type { Reader } from './document-list-store.ts'
import type { Signer } from './document-store.ts'

/** The document that was copied, as it names itself. */
export interface CopySource {
  readonly kind: string
  readonly subject: string
  /** Số and ký hiệu: `15/QĐ-UBND`. */
  readonly code: string
  /** `YYYY-MM-DD`. */
  readonly date: string
  /** Who issued it. */
  readonly agency: string
  /** DocumentId, of an electronic one. */
  readonly documentCode: string | null
  readonly place: string | null
  readonly signer: Signer
}

export interface CopyRecord {
  readonly id: string
  readonly form: CopyForm
  readonly from: Medium
  readonly to: Medium
  /** The electronic copy; null for one on paper. */
  readonly documentId: string | null
  readonly sourceDocumentId: string | null
  readonly sourceCopyId: string | null
  /** The signed original, of an electronic source. */
  readonly sourceSha256: string | null
  readonly source: CopySource
  /** Of an excerpt. */
  readonly part: string | null
  /** Số lượng bản. */
  readonly copies: number
  readonly authorityId: string
  /** Who decided it: name and position as they were then. */
  readonly decidedBy: string
  /** `YYYY-MM-DD`. */
  readonly decidedOn: string
  readonly madeBy: string
  readonly madeAt: Date
  /** Of a copy on paper: its number in the year's one series, and what follows it (`SY-UBND`). */
  readonly number: { readonly year: number; readonly number: number; readonly notation: string } | null
}

interface Row {
  readonly id: string
  readonly form: CopyForm
  readonly source_medium: Medium
  readonly result_medium: Medium
  readonly document_id: string | null
  readonly source_document_id: string | null
  readonly source_copy_id: string | null
  readonly source_sha256: string | null
  readonly source: CopySource
  readonly part: string | null
  readonly copies: number
  readonly authority_id: string
  readonly decided_by: string
  readonly decided_on: string
  readonly made_by: string
  readonly made_at: Date
  readonly year: number | null
  readonly number: number | null
  readonly notation: string | null
}

export async function insertCopy(trx: AgencyTransaction, agencyId: string, copy: CopyRecord): Promise<void> {
  await trx('document_copies').insert({
    agency_id: agencyId,
    id: copy.id,
    form: copy.form,
    source_medium: copy.from,
    result_medium: copy.to,
    document_id: copy.documentId,
    source_document_id: copy.sourceDocumentId,
    source_copy_id: copy.sourceCopyId,
    source_sha256: copy.sourceSha256,
    source: JSON.stringify(copy.source),
    part: copy.part,
    copies: copy.copies,
    authority_id: copy.authorityId,
    decided_by: copy.decidedBy,
    decided_on: copy.decidedOn,
    made_by: copy.madeBy,
    made_at: copy.madeAt,
    year: copy.number?.year ?? null,
    number: copy.number?.number ?? null,
    notation: copy.number?.notation ?? null,
  })
}

/** The record of an electronic copy; `undefined` for a document that is none. */
export async function findCopyOf(
  trx: AgencyTransaction,
  documentId: string,
): Promise<CopyRecord | undefined> {
  const row = await trx('document_copies').where({ document_id: documentId }).first<Row | undefined>()
  return row === undefined ? undefined : fromRow(row)
}

/**
 * Keeps copies out of what is done with drafts: they are scanned, declared and signed by the agency, and nothing else.
 *
 * @throws CongvanError `IS_A_COPY`
 */
export async function requireNoCopy(trx: AgencyTransaction, documentId: string): Promise<void> {
  if ((await findCopyOf(trx, documentId)) !== undefined) throw new CongvanError('IS_A_COPY')
}

export async function findCopy(trx: AgencyTransaction, id: string): Promise<CopyRecord | undefined> {
  const row = await trx('document_copies').where({ id }).first<Row | undefined>()
  return row === undefined ? undefined : fromRow(row)
}

/** Takes the record of a copy in quarantine away, with the document that is erased; the database refuses any other. */
export async function deleteCopyOf(trx: AgencyTransaction, documentId: string): Promise<void> {
  await trx('document_copies').where({ document_id: documentId }).delete()
}

export interface CopyQuery {
  readonly reader: Reader
  readonly sourceDocumentId?: string
  /** Copies older than this one. */
  readonly after?: { readonly createdAt: Date; readonly id: string }
  readonly limit: number
}

/** Copies of the agency, newest first: none that is made of, or is itself, a document that the reader may not see. */
export async function listCopies(trx: AgencyTransaction, query: CopyQuery): Promise<CopyRecord[]> {
  const { userId, readsAll } = query.reader
  const hidden = trx('documents as d')
    .whereRaw('d.agency_id = c.agency_id and d.id in (c.source_document_id, c.document_id)')
    .whereRaw(
      `(d.state = 'quarantined' and d.created_by is distinct from :userId
        or (d.restricted or not :readsAll) and not exists (
          select from document_access a
          where a.agency_id = d.agency_id and a.document_id = d.id and a.user_id = :userId
            and a.withdrawn_at is null))`,
      { userId, readsAll },
    )
  const select = trx('document_copies as c')
    .whereNotExists(hidden.select(trx.raw('1')))
    .orderBy([
      { column: 'made_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(query.limit)
  if (query.sourceDocumentId !== undefined) select.where('source_document_id', query.sourceDocumentId)
  if (query.after !== undefined) {
    select.whereRaw('(made_at, id) < (?, ?)', [query.after.createdAt, query.after.id])
  }
  const rows: Row[] = await select.select('*')
  return rows.map(fromRow)
}

function fromRow(row: Row): CopyRecord {
  return {
    id: row.id,
    form: row.form,
    from: row.source_medium,
    to: row.result_medium,
    documentId: row.document_id,
    sourceDocumentId: row.source_document_id,
    sourceCopyId: row.source_copy_id,
    sourceSha256: row.source_sha256,
    source: row.source,
    part: row.part,
    copies: row.copies,
    authorityId: row.authority_id,
    decidedBy: row.decided_by,
    decidedOn: row.decided_on,
    madeBy: row.made_by,
    madeAt: row.made_at,
    number:
      row.year === null || row.number === null || row.notation === null
        ? null
        : { year: row.year, number: row.number, notation: row.notation },
  }
}
