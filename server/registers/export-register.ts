import { Readable } from 'node:stream'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { CongvanError } from '../errors.ts'
import type { RawResponse } from '../http/route.ts'
import { openBook } from './book-content.ts'
import { bookCsv } from './book-csv.ts'
import { type BookFonts, bookPdf } from './book-pdf.ts'
import { holdsAny } from './book-store.ts'
import { bookXlsx } from './book-xlsx.ts'
import { type HiddenAmong, maskEntries, seesWhole } from './mask.ts'
import { type Book, bookNames, type Series } from './register.ts'

export const exportFormats = ['csv', 'xlsx', 'pdf'] as const
export type ExportFormat = (typeof exportFormats)[number]

export const exportTypes: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pdf: 'application/pdf',
}

export interface ExportRequest {
  readonly book: Book
  readonly year: number
  readonly series?: Series
  readonly format: ExportFormat
}

/**
 * Writes a book of a year out: all its columns, with cover and first page (NĐ 30/2020 Phụ lục IV). CSV and PDF are
 * made while they are read. The act stands in the log. What is withheld from the reader (`mask.ts`) is withheld here;
 * the PDF, which is what is signed and kept as the closed book, is made for somebody who sees all of it or not at all.
 *
 * @throws CongvanError `REGISTER_NOT_WHOLE` for a PDF with lines that are withheld
 */
export async function exportRegister(
  context: NodeContext,
  { fonts, hiddenAmong }: { readonly fonts: BookFonts; readonly hiddenAmong: HiddenAmong },
  actor: UserActor,
  { book, year, series, format }: ExportRequest,
): Promise<RawResponse> {
  const { agencyId, userId } = actor
  const which = { book, year, ...(series && { series }) }
  const whole =
    seesWhole(actor) ||
    (await context.db.asAgency({ agencyId, userId }, async (trx) => {
      const hidden = await hiddenAmong(trx, actor)
      return !(await holdsAny(trx, which, [...hidden]))
    }))
  const notWhole = () => new CongvanError('REGISTER_NOT_WHOLE', { book: bookNames[book], year })
  if (format === 'pdf' && !whole) throw notWhole()
  const content = await openBook(context, { agencyId, userId }, which, async (trx, entries) => {
    const seen = await maskEntries(trx, actor, hiddenAmong, entries)
    // Restricted since the export began.
    if (format === 'pdf' && seen.some((one) => one.masked)) throw notWhole()
    return seen
  })
  const now = context.clock()
  await context.db.asAgency({ agencyId, userId }, (trx) =>
    appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'register.exported',
      subject: `register:${book}/${year}`,
      facts: { book, year, series: series ?? null, format, ...(whole ? {} : { whole }) },
    }),
  )
  const name = ['so', book, String(year), ...(series === undefined ? [] : [series.replace(':', '-')])].join(
    '-',
  )
  return {
    contentType: exportTypes[format],
    headers: { 'Content-Disposition': `attachment; filename="${name}.${format}"` },
    body:
      format === 'csv'
        ? Readable.from(bookCsv(content))
        : format === 'xlsx'
          ? await bookXlsx(content)
          : bookPdf(content, fonts),
  }
}
