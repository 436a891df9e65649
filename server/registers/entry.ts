/** What an entry of a book holds beside its number. Pure. */
import { CongvanError } from '../errors.ts'
import { bookOf, type Series } from './register.ts'

/** What stands beside the number from the first moment (NĐ 30/2020 arts 16.1, 22.1); the rest comes with later acts. */
export interface BookEntry {
  /** Tên loại. */
  readonly kind: string
  /** Trích yếu nội dung. */
  readonly subject: string
  /** Người ký; required in the outgoing book. */
  readonly signer?: string | null
  /** Tác giả: the agency that issued what came in; required in the incoming book. */
  readonly author?: string | null
  /** Số, ký hiệu and date that an incoming document bears. */
  readonly documentNumber?: string | null
  readonly documentSymbol?: string | null
  readonly documentDate?: string | null
  /** Nơi nhận, where it is known already. */
  readonly recipients?: readonly string[]
  /** Đơn vị, người nhận bản lưu: the line "Lưu: VT, …" of the document. */
  readonly keptBy?: string | null
  /** Số lượng bản. */
  readonly copies?: number | null
  /** Đơn vị hoặc người nhận, where it is known already. */
  readonly unit?: string | null
  /** Thời hạn giải quyết, `YYYY-MM-DD`. */
  readonly deadline?: string | null
  readonly note?: string | null
  readonly enteredBy?: string | null
}

/**
 * Registration is full and exact (arts 16.1, 22.1).
 *
 * @throws CongvanError `REGISTER_FIELD_MISSING`
 */
export function requireFields(series: Series, entry: BookEntry): void {
  const book = bookOf(series)
  const wanted: [string, string, string | null | undefined][] = [
    ['kind', 'tên loại', entry.kind],
    ['subject', 'trích yếu nội dung', entry.subject],
    book === 'incoming' ? ['author', 'tác giả', entry.author] : ['signer', 'người ký', entry.signer],
  ]
  for (const [field, fieldVi, value] of wanted) {
    if (value === undefined || value === null || value.trim() === '') {
      throw new CongvanError('REGISTER_FIELD_MISSING', { field, fieldVi })
    }
  }
}
