/**
 * The calendar of the node: every agency that it hosts reads it, its operator changes it, a whole year at a time.
 */
import type { AgencyTransaction, NodeTransaction } from '../db.ts'
import type { CalendarDay } from './calendar-year.ts'
import type { WorkingCalendar } from './working-days.ts'

export type CalendarTransaction = AgencyTransaction | NodeTransaction

interface DayRow {
  readonly day: string
  readonly kind: CalendarDay['kind']
  readonly occasion: CalendarDay['occasion']
  readonly name: string
  readonly counterpart: string | null
  readonly source: string
}

const columns = ['day', 'kind', 'occasion', 'name', 'counterpart', 'source'] as const

/** All that was imported; works in an agency's and in the node's transaction. */
export async function readCalendar(trx: CalendarTransaction): Promise<WorkingCalendar> {
  const days: Pick<DayRow, 'day' | 'kind'>[] = await trx('calendar_days').select('day', 'kind')
  const years = await trx('calendar_years').pluck<number[]>('year')
  const isWork = (row: Pick<DayRow, 'kind'>) => row.kind === 'swapped-working'
  return {
    off: new Set(days.filter((row) => !isWork(row)).map((row) => row.day)),
    working: new Set(days.filter(isWork).map((row) => row.day)),
    completeYears: new Set(years),
  }
}

export interface StoredYear {
  readonly year: number
  /** 1 with the first import, one more with each that changed something; 0 for a year never imported. */
  readonly version: number
  /** ISO 8601; null for a year never imported. */
  readonly importedAt: string | null
  readonly days: readonly CalendarDay[]
}

/** One year as it stands, in order of days. */
export async function findYear(trx: CalendarTransaction, year: number): Promise<StoredYear> {
  const row = await trx('calendar_years')
    .where('year', year)
    .first<{ version: number; imported_at: Date } | undefined>('version', 'imported_at')
  const days: DayRow[] = await trx('calendar_days')
    .where('year', year)
    .orderBy('day')
    .select(...columns)
  return {
    year,
    version: row?.version ?? 0,
    importedAt: row?.imported_at.toISOString() ?? null,
    days,
  }
}

/** Lets one transaction at a time change the calendar, until its end. */
export async function lockCalendar(trx: NodeTransaction): Promise<void> {
  await trx.raw("select pg_advisory_xact_lock(hashtext('congvan calendar'))")
}

/** The days of other years whose counterpart lies in this one, by the day that they name. */
export async function findCounterparts(
  trx: NodeTransaction,
  year: number,
): Promise<{ readonly day: string; readonly kind: CalendarDay['kind']; readonly counterpart: string }[]> {
  return trx('calendar_days')
    .whereNot('year', year)
    .whereRaw('counterpart >= ? and counterpart < ?', [`${year}-01-01`, `${year + 1}-01-01`])
    .select('day', 'kind', 'counterpart')
}

/** Puts the days of a year in the place of those that were there. */
export async function saveYear(
  trx: NodeTransaction,
  year: number,
  days: readonly CalendarDay[],
  now: Date,
): Promise<number> {
  const { rows } = await trx.raw<{ rows: { version: number }[] }>(
    `insert into calendar_years (year, version, imported_at) values (:year, 1, :now)
     on conflict (year) do update set version = calendar_years.version + 1, imported_at = excluded.imported_at
     returning version`,
    { year, now },
  )
  await trx('calendar_days').where('year', year).delete()
  await trx.raw(
    `insert into calendar_days (year, day, kind, occasion, name, counterpart, source)
     select ?, day, kind, occasion, name, counterpart, source
     from jsonb_to_recordset(?::jsonb)
       as rows (day date, kind text, occasion text, name text, counterpart date, source text)`,
    [year, JSON.stringify(days)],
  )
  return rows[0]?.version ?? 1
}
