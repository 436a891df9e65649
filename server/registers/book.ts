/**
 * The books as the law has them: their columns in order and under its headings (NĐ 30/2020 Phụ lục IV, I, VI, VIII).
 * Pure. The columns are a minimum; these are they.
 */
import { type Book, printedCode, printedNumber, type Series } from './register.ts'

/** An entry as stored. Days are `YYYY-MM-DD`. */
export interface Entry {
  readonly series: Series
  readonly year: number
  readonly number: number
  /** The number as printed in its series. */
  readonly printed: string
  readonly symbol: string
  /** Of the number: ngày tháng văn bản of what goes out, ngày đến of what comes in. */
  readonly date: string
  readonly documentId: string
  readonly status: 'assigned' | 'cancelled'
  readonly cancelReason: string | null
  readonly kind: string | null
  readonly subject: string | null
  readonly signer: string | null
  readonly author: string | null
  readonly documentNumber: string | null
  readonly documentSymbol: string | null
  readonly documentDate: string | null
  readonly recipients: string | null
  readonly keptBy: string | null
  readonly copies: number | null
  /** The day in Việt Nam. */
  readonly handedOverOn: string | null
  readonly receipt: string | null
  readonly note: string | null
  readonly unit: string | null
  readonly deadline: string | null
  readonly progress: string | null
  readonly answer: string | null
  /** Whether what the document says, and to whom it goes, is withheld from who reads; see `mask.ts`. */
  readonly masked: boolean
}

export interface Column {
  readonly heading: string
  /** Share of the width of a page. */
  readonly width: number
  readonly cell: (entry: Entry) => string
}

const kindAndSubject = (entry: Entry) => [entry.kind, entry.subject].filter(Boolean).join(' ')

/** A cancelled number stays in its line, with the reason. */
const note = (entry: Entry) => {
  const cancelled = entry.status === 'cancelled' ? `Hủy số: ${entry.cancelReason ?? ''}` : ''
  return [cancelled, entry.note ?? ''].filter((part) => part !== '').join('; ')
}

const documentCode = ({ documentNumber, documentSymbol }: Entry) =>
  documentNumber === null ? (documentSymbol ?? '') : printedCode(documentNumber, documentSymbol ?? '')

const outgoing: readonly Column[] = [
  { heading: 'Số, ký hiệu văn bản', width: 10, cell: (one) => printedCode(one.printed, one.symbol) },
  { heading: 'Ngày tháng văn bản', width: 8, cell: (one) => printedDay(one.date) },
  { heading: 'Tên loại và trích yếu nội dung văn bản', width: 24, cell: kindAndSubject },
  { heading: 'Người ký', width: 10, cell: (one) => one.signer ?? '' },
  { heading: 'Nơi nhận văn bản', width: 15, cell: (one) => one.recipients ?? '' },
  { heading: 'Đơn vị, người nhận bản lưu', width: 9, cell: (one) => one.keptBy ?? '' },
  { heading: 'Số lượng bản', width: 6, cell: (one) => (one.copies === null ? '' : String(one.copies)) },
  { heading: 'Ngày chuyển', width: 8, cell: (one) => printedDay(one.handedOverOn) },
  { heading: 'Ký nhận', width: 6, cell: (one) => one.receipt ?? '' },
  { heading: 'Ghi chú', width: 9, cell: note },
]

const incoming: readonly Column[] = [
  { heading: 'Ngày đến', width: 8, cell: (one) => printedDay(one.date) },
  { heading: 'Số đến', width: 6, cell: (one) => one.printed },
  { heading: 'Tác giả', width: 13, cell: (one) => one.author ?? '' },
  { heading: 'Số, ký hiệu văn bản', width: 10, cell: documentCode },
  { heading: 'Ngày tháng văn bản', width: 8, cell: (one) => printedDay(one.documentDate) },
  { heading: 'Tên loại và trích yếu nội dung văn bản', width: 22, cell: kindAndSubject },
  { heading: 'Đơn vị hoặc người nhận', width: 11, cell: (one) => one.unit ?? '' },
  { heading: 'Ngày chuyển', width: 8, cell: (one) => printedDay(one.handedOverOn) },
  { heading: 'Ký nhận', width: 6, cell: (one) => one.receipt ?? '' },
  { heading: 'Ghi chú', width: 8, cell: note },
]

const handling: readonly Column[] = [
  { heading: 'Số đến', width: 7, cell: (one) => one.printed },
  {
    heading: 'Tên loại, số, ký hiệu, ngày, tháng và tên cơ quan, tổ chức ban hành văn bản',
    width: 32,
    cell: (one) =>
      [one.kind, documentCode(one), one.documentDate && `ngày ${printedDay(one.documentDate)}`, one.author]
        .filter(Boolean)
        .join(' '),
  },
  { heading: 'Đơn vị hoặc người nhận', width: 15, cell: (one) => one.unit ?? '' },
  { heading: 'Thời hạn giải quyết', width: 10, cell: (one) => printedDay(one.deadline) },
  { heading: 'Tiến độ giải quyết', width: 12, cell: (one) => one.progress ?? '' },
  { heading: 'Số, ký hiệu văn bản trả lời', width: 12, cell: (one) => one.answer ?? '' },
  { heading: 'Ghi chú', width: 10, cell: note },
]

/** Copies on paper are entered as outgoing documents are. */
export const bookColumns: Readonly<Record<Book, readonly Column[]>> = {
  outgoing,
  incoming,
  handling,
  copies: outgoing,
}

/** A day as a book writes it: `05/01/2026`. */
export function printedDay(date: string | null): string {
  return date === null ? '' : date.split('-').toReversed().join('/')
}

/** What one series of a book holds: for the cover and the first page (Bìa và trang đầu). */
export interface SeriesExtent {
  readonly series: Series
  /** What the series is called. */
  readonly title: string
  readonly entries: number
  readonly firstNumber: number
  readonly lastNumber: number
  readonly firstDate: string
  readonly lastDate: string
}

/** From which number to which, and from which day to which, as it stands on the first page. */
export function extentLines(extent: SeriesExtent): string[] {
  return [
    `Từ số ${printedNumber(extent.firstNumber)} đến số ${printedNumber(extent.lastNumber)}`,
    `Từ ngày ${printedDay(extent.firstDate)} đến ngày ${printedDay(extent.lastDate)}`,
  ]
}

/** `SỔ ĐĂNG KÝ VĂN BẢN ĐI`, as the cover names it. */
export const bookTitles: Readonly<Record<Book, string>> = {
  outgoing: 'SỔ ĐĂNG KÝ VĂN BẢN ĐI',
  incoming: 'SỔ ĐĂNG KÝ VĂN BẢN ĐẾN',
  handling: 'SỔ THEO DÕI GIẢI QUYẾT VĂN BẢN ĐẾN',
  copies: 'SỔ ĐĂNG KÝ BẢN SAO',
}
