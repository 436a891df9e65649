/**
 * Where a document stands when its issuer takes it back (NĐ 30/2020 art 18.4, Phụ lục VI, III.8). Pure.
 *
 * At the issuer it is `ordered`: frozen, to be seen but neither changed nor sent (III.8a). At the recipient it is
 * `requested` until the clerk has answered and held until then; `agreed`: its content opens to nobody any more, while
 * the row, its số đến and the history of the recall stay (III.8b, c); or `declined`, to which the law gives no right
 * (art 18.4b): it can be worked with, the recall stays open, and can still be agreed to.
 */
import { CongvanError } from '../errors.ts'

export const recallStates = ['ordered', 'requested', 'agreed', 'declined'] as const
export type RecallState = (typeof recallStates)[number]

/** What stands in place of the subject of a document whose recall was agreed to. */
export const RECALLED_SUBJECT = '(không hiển thị: văn bản đã bị thu hồi)'

/** What stands in place of the names of its files. */
export const RECALLED_FILE = 'van-ban-da-thu-hoi'

/** Whether what it said may be shown to nobody any more. */
export function isSealed({ recall }: { readonly recall: RecallState | null }): boolean {
  return recall === 'agreed'
}

/**
 * Refuses every act on a document that is frozen, sealed, or held until the recall is answered.
 *
 * @throws CongvanError `DOCUMENT_FROZEN`, `DOCUMENT_RECALLED`, `RECALL_PENDING`
 */
export function requireNotRecalled({ recall }: { readonly recall: RecallState | null }): void {
  if (recall === 'ordered') throw new CongvanError('DOCUMENT_FROZEN')
  if (recall === 'requested') throw new CongvanError('RECALL_PENDING')
  if (recall === 'agreed') throw new CongvanError('DOCUMENT_RECALLED')
}

/**
 * Refuses what shows the content of a document whose recall was agreed to.
 *
 * @throws CongvanError `DOCUMENT_RECALLED`
 */
export function requireNotSealed(document: { readonly recall: RecallState | null }): void {
  if (isSealed(document)) throw new CongvanError('DOCUMENT_RECALLED')
}
