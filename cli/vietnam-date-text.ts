/** Days as clerks read them, whatever the zone of the machine. */

/**
 * @param date `YYYY-MM-DD`
 * @returns `DD/MM/YYYY`
 */
export function vietnamDateText(date: string): string {
  return date.split('-').reverse().join('/')
}

/**
 * The day and minute of a moment in Việt Nam (+07:00 all year): `DD/MM/YYYY HH:MM`.
 *
 * @param time ISO 8601
 */
export function vietnamTimeText(time: string): string {
  const local = new Date(Date.parse(time) + 7 * 3_600_000).toISOString()
  return `${vietnamDateText(local.slice(0, 10))} ${local.slice(11, 16)}`
}
