/** The only SQL of `register_series_rules`: how an agency cut its series, year by year, and every change of it. */
import type { AgencyTransaction } from '../db.ts'
import { defaultRules, type SeriesRules, seriesRules } from './series.ts'

export interface StoredRules {
  readonly year: number
  /** One more with every decision; 0 where the agency has decided nothing for the year. */
  readonly version: number
  readonly rules: SeriesRules
  /** The decision of the head of the agency: number, date, who signed; empty where there is none. */
  readonly decision: string
  readonly decidedBy: string | null
  /** ISO 8601. */
  readonly decidedAt: string | null
  /** Why it was changed within the year; null for what was set before the first number. */
  readonly changeReason: string | null
  /** New series begin behind this number. */
  readonly startAfter: number
}

interface Row {
  readonly year: number
  readonly version: number
  readonly rules: unknown
  readonly decision: string
  readonly decided_by: string
  readonly decided_at: Date
  readonly change_reason: string | null
  readonly start_after: number
}

function fromRow(row: Row): StoredRules {
  return {
    year: row.year,
    version: row.version,
    rules: seriesRules.parse(row.rules),
    decision: row.decision,
    decidedBy: row.decided_by,
    decidedAt: row.decided_at.toISOString(),
    changeReason: row.change_reason,
    startAfter: row.start_after,
  }
}

/** What holds in a year: its own decision, or else the latest one for a year before it. */
export async function readSeriesRules(trx: AgencyTransaction, year: number): Promise<StoredRules> {
  const row = await trx('register_series_rules')
    .where('year', '<=', year)
    .orderBy([
      { column: 'year', order: 'desc' },
      { column: 'version', order: 'desc' },
    ])
    .first<Row | undefined>()
  if (row === undefined) return undecided(year)
  const stored = fromRow(row)
  return stored.year === year ? stored : { ...stored, year, version: 0, changeReason: null, startAfter: 0 }
}

function undecided(year: number): StoredRules {
  const none = { decision: '', decidedBy: null, decidedAt: null, changeReason: null }
  return { year, version: 0, rules: defaultRules, ...none, startAfter: 0 }
}

/** Every decision for a year, the oldest first. */
export async function readRuleHistory(trx: AgencyTransaction, year: number): Promise<StoredRules[]> {
  const rows: Row[] = await trx('register_series_rules').where({ year }).orderBy('version').select('*')
  return rows.map(fromRow)
}

export async function insertSeriesRules(
  trx: AgencyTransaction,
  agencyId: string,
  rules: Omit<StoredRules, 'decidedAt' | 'decidedBy'> & {
    readonly decidedBy: string
    readonly decidedAt: Date
  },
): Promise<void> {
  await trx('register_series_rules').insert({
    agency_id: agencyId,
    year: rules.year,
    version: rules.version,
    rules: JSON.stringify(rules.rules),
    decision: rules.decision,
    decided_by: rules.decidedBy,
    decided_at: rules.decidedAt,
    change_reason: rules.changeReason,
    start_after: rules.startAfter,
  })
}

/**
 * The highest number given in a year by any series that documents of the agency take; 0 when none was given. The rows
 * are locked: nobody is given a number until the change is there.
 */
export async function lockSeriesOfYear(trx: AgencyTransaction, year: number): Promise<number> {
  const rows: { last_number: number }[] = await trx('registers')
    .where({ year })
    .whereRaw("split_part(series, ':', 1) = 'outgoing'")
    .orderBy('series')
    .forUpdate()
    .select('last_number')
  return Math.max(0, ...rows.map((row) => row.last_number))
}

/** Lets every outgoing series of a year go on behind a number. */
export async function raiseSeries(trx: AgencyTransaction, year: number, number: number): Promise<void> {
  await trx('registers')
    .where({ year })
    .whereRaw("split_part(series, ':', 1) = 'outgoing'")
    .update({ last_number: number })
}
