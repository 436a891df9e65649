/** How statistics look to clients of the API, and as a table of CSV. */
import { z } from 'zod'
import { type Grouping, groupings, type Statistics } from './count-documents.ts'
import type { Figures } from './figures.ts'

const count = z.int().min(0)
const timeliness = z.strictObject({ inTime: count, late: count, percentInTime: z.number().nullable() })

const figuresView = z.strictObject({
  sent: z.strictObject({
    documents: count,
    electronicOnly: count,
    parallelWithPaper: count,
    signedByIndividual: count,
    signedByAgency: count,
    signedByBoth: count,
    percentElectronicOnly: z.number().nullable(),
    percentSignedByBoth: z.number().nullable(),
  }),
  received: z.strictObject({
    documents: count,
    signedByIndividual: count,
    signedByAgency: count,
    signedByBoth: count,
    registered: count,
    refused: count,
    percentSignedByBoth: z.number().nullable(),
  }),
  onTime: z.strictObject({
    dispatch: timeliness,
    registration: timeliness,
    handling: timeliness.extend({ notDueYet: count }),
  }),
})

const certificates = z.strictObject({ individual: count, agency: count })

export const statisticsView = z.strictObject({
  from: z.iso.date(),
  to: z.iso.date(),
  by: z.enum(groupings),
  agencies: count,
  rows: z.array(z.strictObject({ key: z.string(), label: z.string(), figures: figuresView })),
  total: figuresView,
  refusals: z.array(z.strictObject({ reason: z.string(), documents: count })),
  certificates: z.strictObject({ own: certificates, received: certificates }),
  warning: z.strictObject({ code: z.literal('CALENDAR_INCOMPLETE'), years: z.array(z.int()) }).nullable(),
})

/** A share in percent with one decimal; null of nothing. */
function percent(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((1000 * part) / whole) / 10
}

function viewFigures({ sent, received, onTime }: Figures): z.input<typeof figuresView> {
  const rate = <T extends { inTime: number; late: number }>(one: T) => ({
    ...one,
    percentInTime: percent(one.inTime, one.inTime + one.late),
  })
  return {
    sent: {
      ...sent,
      percentElectronicOnly: percent(sent.electronicOnly, sent.documents),
      percentSignedByBoth: percent(sent.signedByBoth, sent.documents),
    },
    received: { ...received, percentSignedByBoth: percent(received.signedByBoth, received.documents) },
    onTime: {
      dispatch: rate(onTime.dispatch),
      registration: rate(onTime.registration),
      handling: rate(onTime.handling),
    },
  }
}

export function viewStatistics(statistics: Statistics): z.input<typeof statisticsView> {
  const { warning, rows, refusals } = statistics
  return {
    ...statistics,
    rows: rows.map((row) => ({ ...row, figures: viewFigures(row.figures) })),
    total: viewFigures(statistics.total),
    refusals: refusals.map((one) => ({ ...one })),
    warning: warning === undefined ? null : { code: warning.code, years: [...warning.years] },
  }
}

type FiguresView = z.output<typeof figuresView>

/** The columns of the table, in the order of the export. */
const columns: readonly (readonly [string, (figures: FiguresView) => number | null])[] = [
  ['Văn bản đi', ({ sent }) => sent.documents],
  ['Chỉ điện tử', ({ sent }) => sent.electronicOnly],
  ['Song song bản giấy', ({ sent }) => sent.parallelWithPaper],
  ['Tỷ lệ chỉ điện tử (%)', ({ sent }) => sent.percentElectronicOnly],
  ['Đi: ký số cá nhân', ({ sent }) => sent.signedByIndividual],
  ['Đi: ký số cơ quan', ({ sent }) => sent.signedByAgency],
  ['Đi: đủ hai chữ ký số (%)', ({ sent }) => sent.percentSignedByBoth],
  ['Gửi đúng hạn', ({ onTime }) => onTime.dispatch.inTime],
  ['Gửi trễ', ({ onTime }) => onTime.dispatch.late],
  ['Gửi đúng hạn (%)', ({ onTime }) => onTime.dispatch.percentInTime],
  ['Văn bản đến', ({ received }) => received.documents],
  ['Đến: ký số cá nhân', ({ received }) => received.signedByIndividual],
  ['Đến: ký số cơ quan', ({ received }) => received.signedByAgency],
  ['Đến: đủ hai chữ ký số (%)', ({ received }) => received.percentSignedByBoth],
  ['Đã vào sổ', ({ received }) => received.registered],
  ['Từ chối', ({ received }) => received.refused],
  ['Vào sổ đúng hạn', ({ onTime }) => onTime.registration.inTime],
  ['Vào sổ trễ', ({ onTime }) => onTime.registration.late],
  ['Vào sổ đúng hạn (%)', ({ onTime }) => onTime.registration.percentInTime],
  ['Giải quyết đúng hạn', ({ onTime }) => onTime.handling.inTime],
  ['Giải quyết trễ', ({ onTime }) => onTime.handling.late],
  ['Chưa đến hạn', ({ onTime }) => onTime.handling.notDueYet],
  ['Giải quyết đúng hạn (%)', ({ onTime }) => onTime.handling.percentInTime],
]

const keyTitles: Readonly<Record<Grouping, string>> = {
  month: 'Tháng',
  level: 'Cấp',
  agency: 'Cơ quan',
  kind: 'Tên loại',
}

/** The rows and their total as CSV (RFC 4180), UTF-8 with a byte order mark, as spreadsheets here expect it. */
export function statisticsCsv(statistics: z.output<typeof statisticsView>): string {
  const { by, rows, total } = statistics
  const lines = [
    [keyTitles[by], ...columns.map(([title]) => title)],
    ...rows.map((row) => [row.label, ...columns.map(([, of]) => String(of(row.figures) ?? ''))]),
    ['Tổng số', ...columns.map(([, of]) => String(of(total) ?? ''))],
  ]
  return `\uFEFF${lines.map((line) => line.map(quoted).join(',')).join('\r\n')}\r\n`
}

/** What a spreadsheet would take for a formula is shown as text. */
function quoted(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
