/**
 * Changes of rights on documents and dossiers, written on the agency's alert list, where the person with authority
 * confirms or reverts them (NĐ 30/2020 Phụ lục VI, III.3c). The list itself is kept by `auth`.
 */
import { randomUUID } from 'node:crypto'
import type { AgencyTransaction } from '../db.ts'

export interface RightChange {
  readonly agencyId: string
  readonly kind:
    | 'document-permitted'
    | 'document-withdrawn'
    | 'document-restricted'
    | 'document-unrestricted'
    | 'dossier-permitted'
    | 'dossier-withdrawn'
    | 'dossier-restricted'
    | 'dossier-unrestricted'
  /** `document:<uuid>`, `dossier:<uuid>`. */
  readonly subject: string
  /** Whose right; null where the change concerns everybody. */
  readonly userId: string | null
  readonly reason: string
  readonly by: string
  readonly at: Date
}

export async function recordRightChange(trx: AgencyTransaction, change: RightChange): Promise<void> {
  await trx('right_changes').insert({
    agency_id: change.agencyId,
    id: randomUUID(),
    kind: change.kind,
    subject: change.subject,
    user_id: change.userId,
    right_name: 'document.read',
    reason: change.reason,
    changed_by: change.by,
    changed_at: change.at,
  })
}
