/**
 * One year of the calendar and what must hold of it before anything is counted with it. Pure.
 *
 * Days off are those of Bộ luật Lao động 45/2019/QH14 art 112; a holiday on a weekend is made up for by a compensatory
 * day (art 111.3), and the Prime Minister may swap a weekday with a weekend day (hoán đổi). Which days these are is
 * decided every year anew, so they are data; only what every year must have stands here.
 */
import { z } from 'zod'
import { hungKingsDay, lunarNewYear } from './lunar-days.ts'
import { addDays, isWeekend } from './working-days.ts'

export const dayKinds = ['holiday', 'swapped-off', 'swapped-working'] as const
export const occasions = [
  'new-year',
  'tet',
  'hung-kings',
  'reunification',
  'labour',
  'national-day',
  'compensatory',
  'swap',
  'other',
] as const
export type Occasion = (typeof occasions)[number]

const day = z.iso.date('YYYY-MM-DD')

export const calendarDaySchema = z.strictObject({
  day,
  /** `swapped-off`: a weekday without work; `swapped-working`: the weekend day worked for it. */
  kind: z.enum(dayKinds),
  occasion: z.enum(occasions),
  name: z.string().trim().normalize('NFC').min(1).max(200),
  /** Of a swap the other day; of a compensatory day the holiday on a weekend that it makes up for. */
  counterpart: day.nullable(),
  /** The decision or law that names the day. */
  source: z.string().trim().normalize('NFC').min(1).max(300),
})
export type CalendarDay = z.output<typeof calendarDaySchema>

export interface CalendarProblem {
  /** Line of the file; 0 for what is missing from it as a whole. */
  readonly row: number
  readonly field: string
  readonly reason: string
}

export interface CalendarRow extends CalendarDay {
  readonly row: number
}

/** A day of another year that names a day of this one as its counterpart, or is named by one. */
export interface Neighbour {
  readonly day: string
  readonly kind: CalendarDay['kind']
  readonly counterpart: string | null
}

export interface Surroundings {
  /** Days of other years that point into this one. */
  readonly pointing: readonly Neighbour[]
  /** Other years that have a calendar. */
  readonly completeYears: ReadonlySet<number>
}

export const NOTHING_AROUND: Surroundings = { pointing: [], completeYears: new Set() }

/** Everything that is missing from a year or contradicts itself; empty when it may be counted with. */
export function yearProblems(
  year: number,
  rows: readonly CalendarRow[],
  around: Surroundings = NOTHING_AROUND,
): CalendarProblem[] {
  const byDay = new Map(rows.map((row) => [row.day, row]))
  const single = rows.filter((row) => byDay.get(row.day) === row)
  return [
    ...rows.filter((row) => byDay.get(row.day) !== row).map(twice),
    ...rows.flatMap((row) => rowProblems(year, row)),
    ...single.flatMap((row) => swapProblems(year, row, byDay, around)),
    ...around.pointing.flatMap((one) => pointingProblems(one, byDay)),
    ...gaps(year, single),
    ...weekendGaps(single),
  ]
}

function twice(row: CalendarRow): CalendarProblem {
  return problem(row, 'day', `ngày ${row.day} có hai lần / stands twice`)
}

function rowProblems(year: number, row: CalendarRow): CalendarProblem[] {
  const problems: CalendarProblem[] = []
  const { day: date, kind, occasion } = row
  if (Number(date.slice(0, 4)) !== year) {
    problems.push(problem(row, 'day', `${date} không thuộc năm ${year} / is not in ${year}`))
  }
  if ((kind === 'holiday') === (occasion === 'swap')) {
    problems.push(problem(row, 'occasion', `"${occasion}" không hợp với "${kind}" / does not go with it`))
  }
  if (kind === 'swapped-working' && !isWeekend(date)) {
    problems.push(problem(row, 'kind', `${date} vốn là ngày làm việc / is a working day anyway`))
  }
  if (kind === 'swapped-off' && isWeekend(date)) {
    problems.push(problem(row, 'kind', `${date} vốn là ngày nghỉ cuối tuần / is a weekend anyway`))
  }
  if (occasion === 'compensatory' && isWeekend(date)) {
    problems.push(problem(row, 'day', `nghỉ bù rơi vào cuối tuần / a compensatory day on a weekend`))
  }
  const fixed = rules.find((rule) => rule.occasion === occasion)
  if (fixed !== undefined && !fixed.allowed(year).includes(date)) {
    const wanted = fixed.allowed(year).join(', ')
    problems.push(problem(row, 'occasion', `${date} không phải ${fixed.vi} / is not ${fixed.en} (${wanted})`))
  }
  if (kind === 'holiday' && occasion !== 'compensatory' && row.counterpart !== null) {
    problems.push(
      problem(row, 'counterpart', 'chỉ dùng cho hoán đổi, nghỉ bù / only for swaps and compensation'),
    )
  }
  return problems
}

/** Each half of a swap names the other; a compensatory day names the holiday on a weekend. */
function swapProblems(
  year: number,
  row: CalendarRow,
  byDay: ReadonlyMap<string, CalendarRow>,
  around: Surroundings,
): CalendarProblem[] {
  const { kind, occasion, counterpart } = row
  if (kind === 'holiday' && occasion !== 'compensatory') return []
  if (counterpart === null) {
    return [problem(row, 'counterpart', 'thiếu ngày đối ứng / the other day is missing')]
  }
  const wrong = (reason: string) => [problem(row, 'counterpart', `${counterpart} ${reason}`)]
  const otherYear = Number(counterpart.slice(0, 4))
  if (otherYear !== year) {
    // The other half belongs to a calendar that may not be there yet; its own import then asks for this one.
    if (Math.abs(otherYear - year) > 1)
      return wrong('không thuộc năm liền kề / is not in a neighbouring year')
    if (!around.completeYears.has(otherYear)) return []
  }
  const other: Neighbour | undefined =
    byDay.get(counterpart) ?? around.pointing.find((one) => one.day === counterpart)
  if (kind === 'holiday') {
    if (!isWeekend(counterpart)) return wrong('không rơi vào cuối tuần / is not on a weekend')
    if (otherYear !== year) return []
    return other?.kind === 'holiday' ? [] : wrong('không phải ngày lễ / is no holiday')
  }
  const wanted = kind === 'swapped-off' ? 'swapped-working' : 'swapped-off'
  if (other?.kind !== wanted) return wrong(`không có dòng ${wanted} / has no such row`)
  return other.counterpart === row.day ? [] : wrong(`đối ứng với ngày khác / goes with another day`)
}

/** Half of a swap stands in another year and names a day of this one. */
function pointingProblems(one: Neighbour, byDay: ReadonlyMap<string, CalendarRow>): CalendarProblem[] {
  if (one.kind === 'holiday' || one.counterpart === null) return []
  const other = byDay.get(one.counterpart)
  const wanted = one.kind === 'swapped-off' ? 'swapped-working' : 'swapped-off'
  if (other?.kind === wanted && other.counterpart === one.day) return []
  return [
    {
      row: other?.row ?? 0,
      field: 'counterpart',
      reason: `thiếu ngày ${one.counterpart} (${wanted}) đối ứng với ${one.day} / is missing, the other half of it`,
    },
  ]
}

interface Rule {
  readonly occasion: Occasion
  readonly vi: string
  readonly en: string
  /** The days that may bear the occasion. */
  readonly allowed: (year: number) => readonly string[]
  /** Days that must stand in the year; every one of `days`, or any `count` of those allowed. */
  readonly days: (year: number) => readonly string[]
  readonly count: number
}

const on =
  (...monthDays: readonly string[]) =>
  (year: number) =>
    monthDays.map((one) => `${year}-${one}`)

/** Two weeks around the first day of the lunar year: Tết is five days that begin before it or on it. */
function aroundTet(year: number): string[] {
  const first = lunarNewYear(year)
  return Array.from({ length: 15 }, (_, index) => addDays(first, index - 5))
}

/** Bộ luật Lao động 45/2019/QH14 art 112.1, in force since 2021-01-01. */
const rules: readonly Rule[] = [
  {
    occasion: 'new-year',
    vi: 'Tết Dương lịch',
    en: 'New Year',
    allowed: on('01-01'),
    days: on('01-01'),
    count: 1,
  },
  {
    occasion: 'tet',
    vi: 'Tết Nguyên đán',
    en: 'the lunar New Year',
    allowed: aroundTet,
    days: (year) => [lunarNewYear(year)],
    count: 5,
  },
  {
    occasion: 'hung-kings',
    vi: 'Giỗ Tổ Hùng Vương (10/3 âm lịch)',
    en: 'the Hùng Kings’ day (10th of the 3rd lunar month)',
    allowed: (year) => [hungKingsDay(year)],
    days: (year) => [hungKingsDay(year)],
    count: 1,
  },
  {
    occasion: 'reunification',
    vi: 'ngày 30/4',
    en: '30 April',
    allowed: on('04-30'),
    days: on('04-30'),
    count: 1,
  },
  { occasion: 'labour', vi: 'ngày 01/5', en: '1 May', allowed: on('05-01'), days: on('05-01'), count: 1 },
  {
    occasion: 'national-day',
    vi: 'Quốc khánh (02/9 và một ngày liền kề)',
    en: 'the National Day (2 September and a day beside it)',
    allowed: on('09-01', '09-02', '09-03'),
    days: on('09-02'),
    count: 2,
  },
]

function gaps(year: number, rows: readonly CalendarRow[]): CalendarProblem[] {
  return rules.flatMap((rule) => {
    const days = rows.filter((row) => row.occasion === rule.occasion).map((row) => row.day)
    const missing = rule.days(year).filter((one) => !days.includes(one))
    const short = missing.length === 0 && days.length < rule.count
    if (missing.length === 0 && !short) return []
    const what = short ? `${days.length}/${rule.count}` : missing.join(', ')
    return [
      {
        row: 0,
        field: rule.occasion,
        reason: `thiếu ${rule.vi}: ${what} / ${rule.en} is missing`,
      },
    ]
  })
}

/** A holiday on a weekend gives a day off on a weekday (Bộ luật Lao động art 111.3). */
function weekendGaps(rows: readonly CalendarRow[]): CalendarProblem[] {
  const madeUpFor = new Set(
    rows.filter((row) => row.occasion === 'compensatory').map((row) => row.counterpart),
  )
  return rows
    .filter((row) => row.kind === 'holiday' && isWeekend(row.day) && !madeUpFor.has(row.day))
    .filter((row) => row.occasion !== 'compensatory')
    .map((row) =>
      problem(
        row,
        'day',
        `${row.day} rơi vào cuối tuần mà không có nghỉ bù / on a weekend, with no day made up`,
      ),
    )
}

function problem(row: CalendarRow, field: string, reason: string): CalendarProblem {
  return { row: row.row, field, reason }
}
