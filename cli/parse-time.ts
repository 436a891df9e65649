import type { Language } from '../signing/index.ts'
import { usageError } from './usage.ts'

const pattern =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/**
 * A point in time from ISO 8601 with its zone (`2025-01-06T08:00:00+07:00`); `undefined` for anything else. A time
 * without a zone would mean another instant on another machine, so it is refused; so is a 30th of February.
 */
export function parseZonedTime(text: string): Date | undefined {
  const parts = pattern.exec(text)
  if (parts === null) return undefined
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? 0))
  const wall = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second))
  if (wall.getUTCMonth() + 1 !== month || wall.getUTCDate() !== day) return undefined
  if (
    wall.getUTCHours() !== hour ||
    wall.getUTCMinutes() !== minute ||
    wall.getUTCSeconds() !== (second ?? 0)
  ) {
    return undefined
  }
  const time = new Date(text)
  return Number.isNaN(time.getTime()) ? undefined : time
}

/** As `parseZonedTime`, for a value that a person gave. @throws CongvanError `USAGE` */
export function requireZonedTime(text: string, language: Language): Date {
  const time = parseZonedTime(text)
  if (time !== undefined) return time
  throw usageError(
    {
      vi: `"${text}" không phải thời điểm ISO 8601 có múi giờ`,
      en: `"${text}" is no ISO 8601 time with a zone`,
    },
    language,
  )
}
