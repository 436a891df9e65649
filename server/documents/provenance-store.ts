/**
 * Where a received document comes from: what its envelope says of its way, of its kind as a copy and of its files. The
 * only SQL of `document_provenance`.
 */
import type { AgencyTransaction } from '../db.ts'
import type { CopyForm } from './copy-forms.ts'

/** Who had the document, and when; the first is who sent it first. */
export interface TraceStep {
  readonly organId: string | null
  /** ISO 8601. */
  readonly timestamp: string
}

export interface Provenance {
  readonly trace: readonly TraceStep[]
  /** Who sent it first, where the agency that sent it here has only passed it on; null otherwise. */
  readonly originCode: string | null
  readonly copyForm: CopyForm | null
  /** Of an excerpt: the part that was taken. */
  readonly copyPart: string | null
  /** DocumentId of what was copied, where the message says it. */
  readonly sourceDocumentCode: string | null
  /** Annexes that the message lists and brings no file for. */
  readonly missing: readonly string[]
}

export async function insertProvenance(
  trx: AgencyTransaction,
  agencyId: string,
  documentId: string,
  provenance: Provenance,
): Promise<void> {
  await trx('document_provenance').insert({
    agency_id: agencyId,
    document_id: documentId,
    trace: JSON.stringify(provenance.trace),
    origin_code: provenance.originCode,
    copy_form: provenance.copyForm,
    copy_part: provenance.copyPart,
    source_document_code: provenance.sourceDocumentCode,
    missing: JSON.stringify(provenance.missing),
  })
}

/** `undefined` for a document that did not come in, or came before this was recorded. */
export async function findProvenance(
  trx: AgencyTransaction,
  documentId: string,
): Promise<Provenance | undefined> {
  const row = await trx('document_provenance').where({ document_id: documentId }).first<
    | {
        trace: TraceStep[]
        origin_code: string | null
        copy_form: CopyForm | null
        copy_part: string | null
        source_document_code: string | null
        missing: string[]
      }
    | undefined
  >()
  return row === undefined
    ? undefined
    : {
        trace: row.trace,
        originCode: row.origin_code,
        copyForm: row.copy_form,
        copyPart: row.copy_part,
        sourceDocumentCode: row.source_document_code,
        missing: row.missing,
      }
}
