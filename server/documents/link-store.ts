/** The only SQL of `document_links`: which document replaces, corrects or updates which. */
import type { AgencyTransaction } from '../db.ts'
import { codeKey } from './document-keys.ts'

/**
 * NĐ 30/2020 art 18.3: `replaces` for an error of content, `corrects` (đính chính) for one of form. `updates`, at the
 * issuer alone, for what was said beside the text; a recipient has a request instead (`request-store.ts`).
 */
export const linkKinds = ['replaces', 'corrects', 'updates'] as const
export type LinkKind = (typeof linkKinds)[number]

export interface DocumentLink {
  /** The newer document. */
  readonly documentId: string
  readonly kind: LinkKind
  /** DocumentId of the older one. */
  readonly targetCode: string
  /** The older one, where this agency has it. */
  readonly targetId: string | null
}

interface Row {
  readonly document_id: string
  readonly kind: LinkKind
  readonly target_code: string
  readonly target_id: string | null
}

function fromRow(row: Row): DocumentLink {
  return {
    documentId: row.document_id,
    kind: row.kind,
    targetCode: row.target_code,
    targetId: row.target_id,
  }
}

/** A link that is there already stays as it is. */
export async function insertLink(
  trx: AgencyTransaction,
  agencyId: string,
  link: DocumentLink,
  now: Date,
): Promise<void> {
  await trx('document_links')
    .insert({
      agency_id: agencyId,
      document_id: link.documentId,
      kind: link.kind,
      target_code: link.targetCode,
      target_key: codeKey({ documentCode: link.targetCode }),
      target_id: link.targetId,
      linked_at: link.targetId === null ? null : now,
    })
    .onConflict(['agency_id', 'document_id', 'kind', 'target_key'])
    .ignore()
}

/** The links of a document to older ones. */
export async function linksFrom(trx: AgencyTransaction, documentId: string): Promise<DocumentLink[]> {
  const rows: Row[] = await trx('document_links')
    .where({ document_id: documentId })
    .orderBy(['kind', 'target_code'])
    .select('*')
  return rows.map(fromRow)
}

/** The links of newer documents to this one. */
export async function linksTo(trx: AgencyTransaction, documentId: string): Promise<DocumentLink[]> {
  const rows: Row[] = await trx('document_links')
    .where({ target_id: documentId })
    .orderBy(['linked_at', 'document_id'])
    .select('*')
  return rows.map(fromRow)
}

/** Links that wait for a document with this DocumentId; of whichever sender. */
export async function waitingLinks(trx: AgencyTransaction, documentCode: string): Promise<DocumentLink[]> {
  const rows: Row[] = await trx('document_links')
    .where({ target_key: codeKey({ documentCode }) })
    .whereNull('target_id')
    .orderBy(['document_id', 'kind'])
    .select('*')
  return rows.map(fromRow)
}

/** The older document is here. @returns whether the link was waiting */
export async function settleLink(
  trx: AgencyTransaction,
  link: DocumentLink,
  targetId: string,
  now: Date,
): Promise<boolean> {
  const changed = await trx('document_links')
    .where({
      document_id: link.documentId,
      kind: link.kind,
      target_key: codeKey({ documentCode: link.targetCode }),
    })
    .whereNull('target_id')
    .update({ target_id: targetId, linked_at: now })
  return changed > 0
}
