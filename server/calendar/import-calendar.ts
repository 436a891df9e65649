import { createHash } from 'node:crypto'
import type { OperatorActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { operatorClaim } from '../directory/claim.ts'
import { CongvanError } from '../errors.ts'
import { requireVersion } from '../http/route.ts'
import { readCalendarFile } from './calendar-file.ts'
import { findCounterparts, findYear, lockCalendar, readCalendar, saveYear } from './calendar-store.ts'
import type { CalendarDay, CalendarProblem, CalendarRow } from './calendar-year.ts'

export interface CalendarImport {
  readonly year: number
  /** CSV, see `calendar-file.ts`. */
  readonly content: Uint8Array
  /** Says what would change and changes nothing. */
  readonly dryRun: boolean
  /** The version of the year that the file was made from; left out to replace whatever is there. */
  readonly ifMatch?: number
}

export interface CalendarChange {
  readonly change: 'added' | 'changed' | 'removed'
  readonly day: CalendarDay
}

export interface CalendarReport {
  readonly year: number
  readonly dryRun: boolean
  /** Of the year after the import; with `dryRun` or without a change the one it has. */
  readonly version: number
  readonly changes: readonly CalendarChange[]
  readonly unchanged: number
}

/**
 * Takes the calendar of one year in the place of the one that was there, whole or not at all.
 *
 * @throws CongvanError `CALENDAR_GAPS` with every problem of the file; `VERSION_STALE`
 */
export async function importCalendar(
  context: NodeContext,
  actor: OperatorActor,
  input: CalendarImport,
): Promise<CalendarReport> {
  const { year, dryRun } = input
  const sha256 = createHash('sha256').update(input.content).digest('hex')
  const now = context.clock()
  return context.db.asNode(async (trx) => {
    await lockCalendar(trx)
    const before = await findYear(trx, year)
    requireVersion(before.version, input.ifMatch)
    const { completeYears } = await readCalendar(trx)
    const pointing = await findCounterparts(trx, year)
    const file = readCalendarFile(input.content, year, { pointing, completeYears })
    if (file.problems.length > 0) throw gapsOf(year, file.problems)
    const days = file.rows.map(toDay)
    const changes = compare(before.days, days)
    const unchanged = days.length - changes.filter((one) => one.change !== 'removed').length
    if (dryRun || (changes.length === 0 && before.version > 0)) {
      return { year, dryRun, version: before.version, changes, unchanged }
    }
    const version = await saveYear(trx, year, days, now)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, null, {
      kind: 'calendar.imported',
      subject: `calendar:${year}`,
      facts: { sha256, version, days: days.length, changes: changes.length },
    })
    return { year, dryRun, version, changes, unchanged }
  }, operatorClaim(actor))
}

function toDay({ row: _row, ...day }: CalendarRow): CalendarDay {
  return day
}

function compare(before: readonly CalendarDay[], after: readonly CalendarDay[]): CalendarChange[] {
  const old = new Map(before.map((one) => [one.day, one]))
  const days = new Set(after.map((one) => one.day))
  const kept = after.flatMap((day): CalendarChange[] => {
    const was = old.get(day.day)
    if (was === undefined) return [{ change: 'added', day }]
    return same(was, day) ? [] : [{ change: 'changed', day }]
  })
  const removed = before
    .filter((one) => !days.has(one.day))
    .map((day): CalendarChange => ({ change: 'removed', day }))
  return [...kept, ...removed].sort((a, b) => (a.day.day < b.day.day ? -1 : 1))
}

function same(one: CalendarDay, other: CalendarDay): boolean {
  return (['kind', 'occasion', 'name', 'counterpart', 'source'] as const).every(
    (key) => one[key] === other[key],
  )
}

const SHOWN = 100

function gapsOf(year: number, problems: readonly CalendarProblem[]): CongvanError {
  const lines = problems
    .slice(0, SHOWN)
    .map((one) => `  - ${one.row === 0 ? '' : `dòng/row ${one.row}, `}${one.field}: ${one.reason}`)
  if (problems.length > SHOWN) lines.push(`  … +${problems.length - SHOWN}`)
  return new CongvanError('CALENDAR_GAPS', { year, count: problems.length, problems: lines.join('\n') })
}
