/** The only SQL of `dossier_documents`. */
import { randomUUID } from 'node:crypto'
import type { AgencyTransaction } from '../db.ts'
import type { DocumentState } from '../documents/document.ts'
import { shownSubject } from '../documents/document-store.ts'
import type { RecallState } from '../documents/recall.ts'
import type { FiledDocument } from './dossier.ts'

export interface Filing {
  readonly agencyId: string
  readonly dossierId: string
  readonly documentId: string
  readonly note: string | null
  readonly by: string
  readonly at: Date
}

/** @returns false when the dossier holds the document already */
export async function insertFiled(trx: AgencyTransaction, filing: Filing): Promise<boolean> {
  const rows = await trx('dossier_documents')
    .insert({
      agency_id: filing.agencyId,
      id: randomUUID(),
      dossier_id: filing.dossierId,
      document_id: filing.documentId,
      note: filing.note,
      filed_by: filing.by,
      filed_at: filing.at,
    })
    .onConflict(trx.raw('(agency_id, dossier_id, document_id) where removed_at is null'))
    .ignore()
    .returning('id')
  return rows.length > 0
}

/** Takes a document out; that it was in stays known. @returns whether it was in */
export async function removeFiled(
  trx: AgencyTransaction,
  { dossierId, documentId }: { readonly dossierId: string; readonly documentId: string },
  { by, at, reason }: { readonly by: string; readonly at: Date; readonly reason: string },
): Promise<boolean> {
  const changed = await trx('dossier_documents')
    .where({ dossier_id: dossierId, document_id: documentId })
    .whereNull('removed_at')
    .update({ removed_by: by, removed_at: at, remove_reason: reason })
  return changed > 0
}

interface FiledRow {
  readonly document_id: string
  readonly ordinal: string
  readonly code_number: string | null
  readonly code_notation: string
  readonly promulgation_date: string | null
  readonly kind: string
  readonly subject: string
  readonly secret_mark: string | null
  readonly recall: RecallState | null
  readonly author: string | null
  readonly state: DocumentState
  readonly restricted: boolean
  readonly note: string | null
  readonly filed_by: string
  readonly filed_at: Date
  readonly sha256: string | null
}

/**
 * What lies in a dossier, in its order: the fixed one of a closed dossier, or by the dates of the documents and then by
 * the time of filing (art 29.1b).
 */
export async function readFiled(trx: AgencyTransaction, dossierId: string): Promise<FiledDocument[]> {
  const { rows } = await trx.raw<{ rows: FiledRow[] }>(
    `select f.document_id, row_number() over (order by f.ordinal, coalesce(d.promulgation_date,
         (d.created_at at time zone 'Asia/Ho_Chi_Minh')::date), f.filed_at, f.id) as ordinal,
       d.code_number, d.code_notation, d.promulgation_date, d.kind,
       d.subject, d.secret_mark, d.recall,
       coalesce(d.sender_name, d.sender_code) as author, d.state, d.restricted, f.note, f.filed_by, f.filed_at,
       (select r.sha256 from document_revisions r
        where r.agency_id = d.agency_id and r.document_id = d.id order by r.revision desc limit 1) as sha256
     from dossier_documents f
     join documents d on d.agency_id = f.agency_id and d.id = f.document_id
     where f.dossier_id = ? and f.removed_at is null
     order by ordinal`,
    [dossierId],
  )
  return rows.map((row) => ({
    documentId: row.document_id,
    ordinal: Number(row.ordinal),
    code: { number: row.code_number, notation: row.code_notation },
    date: row.promulgation_date,
    kind: row.kind,
    subject: shownSubject(row),
    author: row.author,
    state: row.state,
    restricted: row.restricted,
    note: row.note,
    filedBy: row.filed_by,
    filedAt: row.filed_at,
    sha256: row.sha256,
  }))
}

/** Fixes the order of a dossier that is about to be closed. */
export async function fixOrdinals(
  trx: AgencyTransaction,
  dossierId: string,
  documents: readonly FiledDocument[],
): Promise<void> {
  await trx.raw(
    `update dossier_documents f set ordinal = o.ordinal
     from unnest(?::uuid[], ?::integer[]) as o (document_id, ordinal)
     where f.dossier_id = ? and f.document_id = o.document_id and f.removed_at is null`,
    [documents.map((one) => one.documentId), documents.map((one) => one.ordinal), dossierId],
  )
}
