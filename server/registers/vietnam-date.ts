/** Dates as they stand on paper. The day in Việt Nam at a moment is `vietnamDay` of the directory. */

/**
 * The year of a register: a number belongs to the year of its date (NĐ 30/2020 art 15.1).
 *
 * @param date `YYYY-MM-DD`
 */
export function yearOf(date: string): number {
  return Number(date.slice(0, 4))
}

/**
 * The date line without the place: a leading zero for days below 10 and for months 1 and 2 only
 * (NĐ 30/2020 Phụ lục I, Phần I, II.4).
 *
 * @param date `YYYY-MM-DD`
 * @returns e.g. `ngày 05 tháng 01 năm 2026`, `ngày 29 tháng 6 năm 2019`
 */
export function dateLine(date: string): string {
  const { day, month, year } = printedDate(date)
  return `ngày ${day} tháng ${month} năm ${year}`
}

/**
 * Day, month and year as the date line prints them.
 *
 * @param date `YYYY-MM-DD`
 */
export function printedDate(date: string): { day: string; month: string; year: string } {
  const [year, month, day] = partsOf(date)
  return { day: twoDigits(day), month: month <= 2 ? twoDigits(month) : String(month), year: String(year) }
}

/** The date as edXML writes it: `YYYY/MM/DD`. */
export function slashedDate(date: string): string {
  return date.replaceAll('-', '/')
}

function partsOf(date: string): [number, number, number] {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date)
  if (match === null) throw new RangeError(`no date YYYY-MM-DD: ${date}`)
  return [Number(match[1]), Number(match[2]), Number(match[3])]
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
