/** What the API shows of the books, as schemas: the answers are checked against them. */
import { z } from 'zod'
import { CongvanError } from '../errors.ts'
import type { Entry } from './book.ts'
import type { EntryPosition } from './book-store.ts'
import { correctableFields } from './correction-store.ts'
import { books, type Series } from './register.ts'
import { seriesRules } from './series.ts'

const SERIES = /^(incoming|copies|(incoming|outgoing):[a-z0-9-]{1,60})$/

export const series = z
  .string()
  .regex(SERIES, 'outgoing:general')
  .transform((text) => text as Series)
export const year = z.coerce.number().int().min(2000).max(9998)
export const book = z.enum(books)
const text = z.string().nullable()
const day = z.iso.date()

export const entryView = z.strictObject({
  series: z.string(),
  year: z.int(),
  number: z.int(),
  printed: z.string(),
  symbol: z.string(),
  date: day,
  documentId: z.uuid(),
  status: z.enum(['assigned', 'cancelled']),
  cancelReason: text,
  kind: text,
  subject: text,
  signer: text,
  author: text,
  documentNumber: text,
  documentSymbol: text,
  documentDate: day.nullable(),
  recipients: text,
  keptBy: text,
  copies: z.int().nullable(),
  handedOverOn: day.nullable(),
  receipt: text,
  note: text,
  unit: text,
  deadline: day.nullable(),
  progress: text,
  answer: text,
  /** Whether the document is restricted to others: subject, recipients and notes are withheld then. */
  masked: z.boolean(),
})

export const entryPage = z.strictObject({ items: z.array(entryView), next: z.string().nullable() })

export const overview = z.strictObject({
  items: z.array(
    z.strictObject({
      book,
      year: z.int(),
      closedAt: z.iso.datetime().nullable(),
      series: z.array(
        z.strictObject({
          series: z.string(),
          lastNumber: z.int(),
          lastDate: day.nullable(),
        }),
      ),
    }),
  ),
})

export const closureView = z.strictObject({
  year: z.int(),
  book,
  closedBy: z.uuid(),
  closedAt: z.iso.datetime(),
  entries: z.int(),
})

export const rulesView = z.strictObject({
  year: z.int(),
  version: z.int(),
  rules: seriesRules,
  decision: z.string(),
  decidedBy: z.uuid().nullable(),
  decidedAt: z.iso.datetime().nullable(),
  changeReason: text,
  startAfter: z.int(),
})

const line = (max: number) => z.string().trim().normalize('NFC').min(1).max(max)

export const rulesBody = z.strictObject({
  year: z.int().min(2000).max(9998),
  rules: seriesRules,
  /** The decision of the head of the agency: number, date, who signed it. */
  decision: line(500),
  changeReason: line(500).optional(),
})

export const correctionBody = z
  .strictObject({
    year: z.int().min(2000).max(9998),
    series,
    number: z.int().min(1).max(2_000_000_000),
    field: z.enum(correctableFields),
    value: z.string().trim().normalize('NFC').max(400).nullable(),
    reason: line(500),
  })
  .superRefine(({ field, value }, issue) => {
    if (value === null) return
    const fits =
      field === 'copies'
        ? /^\d{1,6}$/.test(value)
        : field !== 'deadline' || z.iso.date().safeParse(value).success
    if (!fits) issue.addIssue({ code: 'custom', path: ['value'], message: field })
  })

export const correctionView = z.strictObject({
  id: z.uuid(),
  field: z.string(),
  oldValue: text,
  newValue: text,
  reason: z.string(),
  correctedBy: z.uuid(),
  correctedAt: z.iso.datetime(),
})

export function viewEntry(entry: Entry): z.input<typeof entryView> {
  return { ...entry }
}

/** The place in a book as an opaque text for clients. */
export function writeEntryCursor({ date, series: of, number }: EntryPosition): string {
  return Buffer.from(`${date} ${of} ${number}`).toString('base64url')
}

/** @throws CongvanError `INPUT_INVALID` for a text that `writeEntryCursor` did not make */
export function readEntryCursor(cursor: string): EntryPosition {
  const [date, of, number] = Buffer.from(cursor, 'base64url').toString('latin1').split(' ')
  const parsed = z
    .tuple([
      z.iso.date(),
      series,
      z
        .string()
        .regex(/^\d{1,9}$/)
        .transform(Number),
    ])
    .safeParse([date, of, number])
  if (!parsed.success) {
    throw new CongvanError('INPUT_INVALID', { field: 'query.cursor', reason: 'no cursor of this list' })
  }
  return { date: parsed.data[0], series: parsed.data[1], number: parsed.data[2] }
}
