import type { AgencyTransaction } from '../db.ts'
import { type DocumentState, stateNames } from '../documents/document.ts'
import { recordHandling } from '../registers/follow-store.ts'

/**
 * Carries what became of an incoming document into the incoming book and the book of handling: "Đơn vị hoặc người
 * nhận", "Ngày chuyển", "Thời hạn giải quyết", "Tiến độ giải quyết", "Số, ký hiệu văn bản trả lời" (NĐ 30/2020 Phụ lục IV).
 *
 * @param parties who handles it, the lead first; none leaves unit and deadline as they are
 */
export async function followInBook(
  trx: AgencyTransaction,
  documentId: string,
  state: DocumentState,
  parties: readonly { readonly name: string; readonly dueDate: string | null }[],
  more: { readonly handedOverAt?: Date; readonly answer?: string; readonly remark?: string } = {},
): Promise<void> {
  const [lead, ...others] = parties
  const unit = [lead?.name ?? '', ...others.map((one) => `${one.name} (phối hợp)`)].join('; ')
  const progress = more.remark === undefined ? stateNames[state] : `${stateNames[state]}: ${more.remark}`
  await recordHandling(trx, {
    documentId,
    progress: progress.slice(0, PROGRESS),
    ...(lead === undefined ? {} : { unit: unit.slice(0, UNIT) }),
    ...(lead?.dueDate == null ? {} : { deadline: lead.dueDate }),
    ...(more.answer === undefined ? {} : { answer: more.answer }),
    ...(more.handedOverAt === undefined ? {} : { handedOverAt: more.handedOverAt }),
  })
}

/** What the columns hold, characters; the whole stands in the assignment and the notes. */
const PROGRESS = 400
const UNIT = 800
