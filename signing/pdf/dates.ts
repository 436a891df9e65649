/** Dates of PDF (ISO 32000-2, 7.9.4). */

const hanoiOffsetMinutes = 7 * 60

/** `D:20260105142516+07'00'`: the local time of Việt Nam with its offset, which has no daylight saving time. */
export function pdfDate(time: Date): string {
  const local = new Date(time.getTime() + hanoiOffsetMinutes * 60_000)
  const digits = local
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace(/\D/g, '')
  return `D:${digits}+07'00'`
}

/**
 * The date in ISO 8601 with zone (`2026-01-05T14:25:16+07:00`); undefined when it is no date or names no zone,
 * because a time without one is no moment.
 */
export function isoDate(text: string): string | undefined {
  const match =
    /^D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)(?:00'?00'?)?|([+-])(\d\d)'?(\d\d)?'?)$/.exec(text)
  if (match === null) return undefined
  const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00'] = match
  const [utc, sign, zoneHour, zoneMinute = '00'] = match.slice(7)
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  const iso = `${local}${utc === 'Z' ? 'Z' : `${sign}${zoneHour}:${zoneMinute}`}`
  const asUtc = new Date(`${local}Z`)
  // A day that the month does not have rolls over instead of failing.
  if (Number.isNaN(asUtc.getTime()) || !asUtc.toISOString().startsWith(local)) return undefined
  return Number.isNaN(new Date(iso).getTime()) ? undefined : iso
}
