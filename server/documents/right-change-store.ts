/**
 * Changes of rights on documents and dossiers, written on the agency's alert list, where the person with authority
 * confirms or reverts them (NĐ 30/2020 Phụ lục VI, III.3c).
 */
import * as alerts from '../audit/right-change-store.ts'
import type { AgencyTransaction } from '../db.ts'

export interface RightChange extends Omit<alerts.NewRightChange, 'right'> {
  readonly kind:
    | 'document-permitted'
    | 'document-withdrawn'
    | 'document-restricted'
    | 'document-unrestricted'
    | 'document-filed'
    | 'dossier-permitted'
    | 'dossier-withdrawn'
    | 'dossier-restricted'
    | 'dossier-unrestricted'
}

export async function recordRightChange(trx: AgencyTransaction, change: RightChange): Promise<void> {
  await alerts.recordRightChange(trx, { ...change, right: 'document.read' })
}
