/**
 * Working days (ngày làm việc): weekends are off, and the days that law and the Prime Minister's yearly decision name
 * are data. Pure; days are `YYYY-MM-DD` in Việt Nam whatever the machine's zone.
 *
 * A year for which no calendar was imported is counted with its weekends alone, and whoever counts is told so by
 * `incompleteYears`: a list that may be wrong says that it may.
 */
import { vietnamDay } from '../directory/agency-entry.ts'

export interface WorkingCalendar {
  /** Days off beside weekends: holidays, compensatory days, weekdays swapped away. */
  readonly off: ReadonlySet<string>
  /** Weekend days on which one works, swapped against a weekday (hoán đổi). */
  readonly working: ReadonlySet<string>
  /** The years for which a whole calendar was imported. */
  readonly completeYears: ReadonlySet<number>
}

/** What a list says when a day that it rests on lies in a year without a calendar. */
export interface CalendarWarning {
  readonly code: 'CALENDAR_INCOMPLETE'
  readonly years: readonly number[]
}

const DAY_MS = 86_400_000

/** @throws RangeError for a text that is no day */
export function isWorkingDay(calendar: WorkingCalendar, day: string): boolean {
  if (calendar.working.has(day)) return true
  return !calendar.off.has(day) && !isWeekend(day)
}

/** The first working day after a day. */
export function nextWorkingDay(calendar: WorkingCalendar, day: string): string {
  let at = addDays(day, 1)
  while (!isWorkingDay(calendar, at)) at = addDays(at, 1)
  return at
}

/**
 * The `count`-th working day after a day; with 0 the day itself, whatever it is.
 *
 * @throws RangeError for a count that is no whole number from 0 on
 */
export function addWorkingDays(calendar: WorkingCalendar, day: string, count: number): string {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`no count of days: ${count}`)
  let at = day
  for (let left = count; left > 0; left -= 1) at = nextWorkingDay(calendar, at)
  return at
}

/** How many working days there are after `from`, up to and including `to`; 0 when `to` is not later. */
export function countWorkingDays(calendar: WorkingCalendar, from: string, to: string): number {
  let count = 0
  for (let at = addDays(from, 1); at <= to; at = addDays(at, 1)) if (isWorkingDay(calendar, at)) count += 1
  return count
}

/**
 * The last day on which it is in time to register, number, dispatch or hand over what was there at a moment: the same
 * day or at the latest the next working day, and urgent things at once, so the same day (NĐ 30/2020 arts 4.2c, 15.2,
 * 18.1, 23.1).
 *
 * @param at e.g. when the last person with authority signed
 * @param urgency 0 thường; 1 khẩn, 2 thượng khẩn, 3 hỏa tốc
 * @returns `YYYY-MM-DD`
 */
export function dueToDispatch(calendar: WorkingCalendar, at: Date, urgency: number): string {
  const day = vietnamDay(at)
  return urgency > 0 ? day : nextWorkingDay(calendar, day)
}

/** The years among those of some days for which no calendar was imported, in order, each once. */
export function incompleteYears(calendar: WorkingCalendar, days: Iterable<string>): number[] {
  const years = new Set([...days].map((day) => Number(day.slice(0, 4))))
  return [...years].filter((year) => !calendar.completeYears.has(year)).sort((a, b) => a - b)
}

/** The warning that goes with a list that rests on these days; `undefined` when every year is complete. */
export function calendarWarning(
  calendar: WorkingCalendar,
  days: Iterable<string>,
): CalendarWarning | undefined {
  const years = incompleteYears(calendar, days)
  return years.length === 0 ? undefined : { code: 'CALENDAR_INCOMPLETE', years }
}

/** Saturday or Sunday. @throws RangeError for a text that is no day */
export function isWeekend(day: string): boolean {
  const weekday = new Date(instantOf(day)).getUTCDay()
  return weekday === 0 || weekday === 6
}

/** @throws RangeError for a text that is no day */
export function addDays(day: string, count: number): string {
  return new Date(instantOf(day) + count * DAY_MS).toISOString().slice(0, 10)
}

/** Midnight of the day in UTC: a stand-in for counting, not a moment in Việt Nam. */
function instantOf(day: string): number {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(at)) throw new RangeError(`no day YYYY-MM-DD: ${day}`)
  return at
}
