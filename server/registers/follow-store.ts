/** The SQL that enters in a book what becomes of a document once it has its number: sent out, handed over, handled. */
import type { AgencyTransaction } from '../db.ts'
import type { Book, Series } from './register.ts'

export interface Dispatch {
  readonly documentId: string
  readonly at: Date
  /** Names of those whom it was sent to, as Nơi nhận shows them. */
  readonly recipients: readonly string[]
  /** Số lượng bản, where copies on paper were made. */
  readonly copies?: number | null
  /** Đơn vị, người nhận bản lưu. */
  readonly keptBy?: string | null
}

/**
 * Enters Ngày chuyển and Nơi nhận of an outgoing document. A document sent again later, to more recipients, keeps its
 * first day. In a closed book nothing changes: the deliveries themselves tell of what was sent since.
 *
 * @returns whether it was entered
 */
export async function recordDispatch(trx: AgencyTransaction, dispatch: Dispatch): Promise<boolean> {
  const entry = await openEntry(trx, dispatch.documentId, ['outgoing'])
  if (entry === undefined) return false
  const known = entry.recipients?.split('; ').filter((one) => one !== '') ?? []
  const recipients = [...new Set([...known, ...dispatch.recipients])].join('; ')
  await trx('register_numbers')
    .where({ document_id: dispatch.documentId, status: 'assigned' })
    .update({
      handed_over_at: entry.handed_over_at ?? dispatch.at,
      recipients: recipients === '' ? null : recipients,
      ...(dispatch.copies === undefined ? {} : { copies: dispatch.copies }),
      ...(dispatch.keptBy === undefined ? {} : { kept_by: dispatch.keptBy }),
    })
  return true
}

export interface Handling {
  readonly documentId: string
  /** Đơn vị hoặc người nhận: who leads; left out, it stays as it was. */
  readonly unit?: string
  /** Thời hạn giải quyết, `YYYY-MM-DD`. */
  readonly deadline?: string | null
  /** Tiến độ giải quyết. */
  readonly progress?: string
  /** Số, ký hiệu văn bản trả lời. */
  readonly answer?: string | null
  readonly handedOverAt?: Date
  /** Ký nhận. */
  readonly receipt?: string
}

/**
 * Enters what becomes of an incoming document, in the incoming book and the one of handling. What belongs to a closed
 * book stays as it was printed; the document itself goes on.
 *
 * @returns whether all of it was entered
 */
export async function recordHandling(trx: AgencyTransaction, handling: Handling): Promise<boolean> {
  const entry = await openEntry(trx, handling.documentId, ['handling'])
  if (entry === undefined) return false
  const incoming = await isOpen(trx, entry.year, 'incoming')
  const columns = {
    deadline: handling.deadline,
    progress: handling.progress,
    answer: handling.answer,
    ...(incoming
      ? { unit: handling.unit, handed_over_at: handling.handedOverAt, receipt: handling.receipt }
      : {}),
  }
  const given = Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined))
  if (Object.keys(given).length > 0) {
    await trx('register_numbers')
      .where({ document_id: handling.documentId, status: 'assigned' })
      .update(given)
  }
  return incoming
}

/**
 * Adds words to Ghi chú of a document's entry, in whichever book it stands; what stood there stays. In a closed book
 * nothing changes: the document itself tells.
 *
 * @returns whether it was entered
 */
export async function addEntryNote(
  trx: AgencyTransaction,
  documentId: string,
  book: Extract<Book, 'outgoing' | 'incoming'>,
  note: string,
): Promise<boolean> {
  if ((await openEntry(trx, documentId, [book])) === undefined) return false
  await trx('register_numbers')
    .where({ document_id: documentId, status: 'assigned' })
    .update({ note: trx.raw("left(concat_ws('; ', note, ?::text), 1000)", [note]) })
  return true
}

interface EntryState {
  readonly year: number
  readonly series: Series
  readonly recipients: string | null
  readonly handed_over_at: Date | null
}

/** The entry of a document, when it has one and every book named is still open. */
async function openEntry(
  trx: AgencyTransaction,
  documentId: string,
  wanted: readonly Book[],
): Promise<EntryState | undefined> {
  const entry = await trx('register_numbers')
    .where({ document_id: documentId, status: 'assigned' })
    .first<EntryState | undefined>('year', 'series', 'recipients', 'handed_over_at')
  if (entry === undefined) return undefined
  for (const book of wanted) if (!(await isOpen(trx, entry.year, book))) return undefined
  return entry
}

/** Holds a book open until the transaction ends: who closes it waits. */
async function isOpen(trx: AgencyTransaction, year: number, book: Book): Promise<boolean> {
  const key = { year, book }
  await trx.raw('select pg_advisory_xact_lock_shared(congvan_book_lock(congvan_agency(), :year, :book))', key)
  return (await trx('register_closures').where(key).first('book')) === undefined
}
