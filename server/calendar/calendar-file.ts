/** Reads a CSV file of one year's calendar. Pure; every problem is found in one pass, with its line and column. */
import { parseCsv } from '../directory/csv.ts'
import {
  type CalendarProblem,
  type CalendarRow,
  calendarDaySchema,
  type Surroundings,
  yearProblems,
} from './calendar-year.ts'

/** A year has fewer than thirty rows. */
export const MAX_CALENDAR_BYTES = 200_000

const columns = ['day', 'kind', 'occasion', 'name', 'counterpart', 'source'] as const

export interface CalendarFile {
  readonly rows: readonly CalendarRow[]
  readonly problems: readonly CalendarProblem[]
}

/**
 * The rows of a file for a year, and all that is wrong with them: form first, and if the form holds, gaps and
 * contradictions.
 *
 * Columns `day,kind,occasion,name,counterpart,source` in any order; `occasion` may be empty for a swap, `counterpart`
 * where there is none. Lines that begin with `#` and empty lines are left out.
 */
export function readCalendarFile(bytes: Uint8Array, year: number, around: Surroundings): CalendarFile {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return failed({ row: 1, field: 'file', reason: 'không phải UTF-8 / is not UTF-8' })
  }
  const { lines, numbers } = withoutRemarks(text)
  const { records, problems: broken } = parseCsv(lines)
  const line = (number: number) => numbers[number - 1] ?? number
  const problems: CalendarProblem[] = broken.map((one) => ({
    row: line(one.line),
    field: 'row',
    reason: one.reason,
  }))
  const [header, ...body] = records
  const wrong = headerProblems(header?.fields ?? [], line(header?.line ?? 1))
  if (header === undefined || wrong.length > 0) return failed(...problems, ...wrong)
  const rows: CalendarRow[] = []
  for (const record of body) {
    const cell = (name: (typeof columns)[number]) => record.fields[header.fields.indexOf(name)]?.trim() ?? ''
    const kind = cell('kind')
    const parsed = calendarDaySchema.safeParse({
      day: cell('day'),
      kind,
      occasion: cell('occasion') || (kind.startsWith('swapped-') ? 'swap' : ''),
      name: cell('name'),
      counterpart: cell('counterpart') || null,
      source: cell('source'),
    })
    const row = line(record.line)
    if (parsed.success) rows.push({ row, ...parsed.data })
    else {
      problems.push(
        ...parsed.error.issues.map((issue) => ({
          row,
          field: String(issue.path[0] ?? 'row'),
          reason: issue.message,
        })),
      )
    }
  }
  if (problems.length > 0) return { rows, problems }
  return { rows, problems: yearProblems(year, rows, around) }
}

/** The text without remarks, and for each of its lines the number it had. */
function withoutRemarks(text: string): { lines: string; numbers: readonly number[] } {
  const kept = text
    .replace(/^\ufeff/, '')
    .split('\n')
    .map((line, index) => ({ line, number: index + 1 }))
    .filter(({ line }) => !line.startsWith('#') && line.trim() !== '')
  return { lines: kept.map((one) => one.line).join('\n'), numbers: kept.map((one) => one.number) }
}

function headerProblems(fields: readonly string[], row: number): CalendarProblem[] {
  const known: readonly string[] = columns
  return [
    ...columns
      .filter((name) => !fields.includes(name))
      .map((field) => ({ row, field, reason: 'thiếu cột / missing column' })),
    ...fields
      .filter((name, index) => !known.includes(name) || fields.indexOf(name) !== index)
      .map((field) => ({ row, field: field || '?', reason: 'cột lạ hoặc lặp / unknown or repeated column' })),
  ]
}

function failed(...problems: CalendarProblem[]): CalendarFile {
  return { rows: [], problems }
}
