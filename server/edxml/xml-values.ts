/** How values of messages are written in XML, and read back: each has exactly one form. */

/** Our own additions to edXML, which the standard has no element for. */
export const CONGVAN_EDXML = 'urn:congvan:edxml:1'

const VIETNAM_OFFSET_MS = 7 * 60 * 60 * 1000

/** `YYYY-MM-DD` → `YYYY/MM/DD`. */
export function writeDate(date: string): string {
  return date.replaceAll('-', '/')
}

/** Undefined for anything but `YYYY/MM/DD`; whether the day exists is judged by the schema. */
export function readDate(text: string): string | undefined {
  return /^\d{4}\/\d{2}\/\d{2}$/.test(text) ? text.replaceAll('/', '-') : undefined
}

/** `YYYY/MM/DD HH:mm:ss` as clocks in Việt Nam show it (UTC+7, no daylight saving); milliseconds are cut. */
export function writeTimestamp(time: Date): string {
  const local = new Date(time.getTime() + VIETNAM_OFFSET_MS).toISOString()
  return `${writeDate(local.slice(0, 10))} ${local.slice(11, 19)}`
}

export function readTimestamp(text: string): Date | undefined {
  const found = /^(\d{4}\/\d{2}\/\d{2}) (\d{2}:\d{2}:\d{2})$/.exec(text)
  if (found === null) return undefined
  const time = new Date(`${found[1]?.replaceAll('/', '-')}T${found[2]}+07:00`)
  return Number.isNaN(time.getTime()) || writeTimestamp(time) !== text ? undefined : time
}

/** ISO 8601 in UTC with milliseconds. */
export function writeInstant(time: Date): string {
  return time.toISOString()
}

export function readInstant(text: string): Date | undefined {
  const time = new Date(text)
  return Number.isNaN(time.getTime()) || time.toISOString() !== text ? undefined : time
}

/** Decimal digits without leading zeros or sign. */
export function readInteger(text: string): number | undefined {
  const value = Number(text)
  return /^(0|[1-9]\d{0,15})$/.test(text) && Number.isSafeInteger(value) ? value : undefined
}

export function readBoolean(text: string): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined
}
