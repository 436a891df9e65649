import type { OperatorActor, UserActor } from '../actor.ts'
import { readCalendar } from '../calendar/calendar-store.ts'
import {
  addDays,
  type CalendarWarning,
  calendarWarning,
  nextWorkingDay,
  type WorkingCalendar,
} from '../calendar/working-days.ts'
import type { NodeContext } from '../context.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { findAgencyByCode } from '../directory/agency-store.ts'
import { CongvanError } from '../errors.ts'
import { addUp, type Figures, type FlagCount, totalOf, type UnsettledCount } from './figures.ts'
import {
  agenciesOfNode,
  type CertificateCounts,
  type CountedAgency,
  type CountKey,
  countCertificates,
  countFlags,
  countRefusals,
  countUnsettled,
  type DueDays,
  levelsOf,
  type RefusalCount,
  type StatisticsTransaction,
} from './statistics-store.ts'

export const groupings = ['month', 'level', 'agency', 'kind'] as const
export type Grouping = (typeof groupings)[number]

/** The longest period of one question, years. */
const MAX_YEARS = 10
/** No series of days off is as long: what waited longer was late whatever the calendar says. */
const LONGEST_REST_DAYS = 60

export interface StatisticsQuery {
  /** Days in Việt Nam, `YYYY-MM-DD`, both included. */
  readonly from: string
  readonly to: string
  readonly by: Grouping
  /** For the operator: the agency whose branch is counted; left out, all agencies of the node. */
  readonly branch?: string
}

export interface StatisticsRow {
  /** `YYYY-MM`, a level, an agency's id, or a kind of document. */
  readonly key: string
  /** For an agency its code and name; otherwise the key. */
  readonly label: string
  readonly figures: Figures
}

export interface Statistics {
  readonly from: string
  readonly to: string
  readonly by: Grouping
  /** How many agencies of this node were counted; documents of agencies on other nodes are counted there. */
  readonly agencies: number
  readonly rows: readonly StatisticsRow[]
  readonly total: Figures
  readonly refusals: readonly RefusalCount[]
  readonly certificates: CertificateCounts
  readonly warning: CalendarWarning | undefined
}

/**
 * Counts the documents that were sent and received in a period: for a user those of their own agency and never
 * another's, for the operator those of the node's agencies together, and no content of any.
 *
 * @throws CongvanError `STATISTICS_PERIOD_WRONG`, `AGENCY_CODE_UNKNOWN`, `NOT_PERMITTED` for a user who asks for a branch
 */
export async function countDocuments(
  context: NodeContext,
  actor: UserActor | OperatorActor,
  query: StatisticsQuery,
): Promise<Statistics> {
  requirePeriod(query)
  const today = vietnamDay(context.clock())
  const { from, to, branch } = query
  if (actor.kind === 'user') {
    if (branch !== undefined) {
      throw new CongvanError('INPUT_INVALID', { field: 'query.branch', reason: 'operator' })
    }
    const { agencyId, userId } = actor
    return context.db.asAgency({ agencyId, userId }, async (trx) => {
      const known = await agenciesOfNode(trx, context.nodeId, { from, to, below: agencyId })
      const own = known.find((one) => one.id === agencyId) ?? { id: agencyId, code: '', name: '', level: '' }
      return count(trx, query, [own], today)
    })
  }
  return context.db.asNode(async (trx) => {
    const top = branch === undefined ? undefined : await findAgencyByCode(trx, branch, to)
    if (branch !== undefined && top === undefined) {
      throw new CongvanError('AGENCY_CODE_UNKNOWN', { code: branch, date: to })
    }
    const below = top === undefined ? {} : { below: top.id }
    const agencies = await agenciesOfNode(trx, context.nodeId, { from, to, ...below })
    return count(trx, query, agencies, today)
  })
}

function requirePeriod({ from, to }: StatisticsQuery): void {
  const latest = `${String(Number(from.slice(0, 4)) + MAX_YEARS).padStart(4, '0')}${from.slice(4)}`
  if (from <= to && to < latest) return
  throw new CongvanError('STATISTICS_PERIOD_WRONG', { from, to, years: MAX_YEARS })
}

async function count(
  trx: StatisticsTransaction,
  { from, to, by }: StatisticsQuery,
  agencies: readonly CountedAgency[],
  today: string,
): Promise<Statistics> {
  const calendar = await readCalendar(trx)
  const dueDays = daysDue(calendar, from, to, today)
  const period = { agencies: agencies.map((one) => one.id), from, to }
  const counts = await countBy(trx, by, period, dueDays)
  const names = new Map(agencies.map((one) => [one.id, `${one.code} ${one.name}`.trim()]))
  return {
    from,
    to,
    by,
    agencies: agencies.length,
    rows: [...addUp(counts.flags, counts.unsettled, by === 'month' ? monthOf : (key) => key)].map(
      ([key, figures]) => ({ key, label: names.get(key) ?? key, figures }),
    ),
    total: totalOf(counts.flags, counts.unsettled),
    refusals: await countRefusals(trx, period),
    certificates: await countCertificates(trx, period),
    warning: calendarWarning(calendar, [from, to < today ? to : today]),
  }
}

const monthOf = (day: string) => day.slice(0, 7)

interface Counts {
  readonly flags: readonly FlagCount[]
  readonly unsettled: readonly UnsettledCount[]
}

type Period = Parameters<typeof countFlags>[2]

async function countBy(
  trx: StatisticsTransaction,
  by: Grouping,
  period: Period,
  dueDays: DueDays,
): Promise<Counts> {
  if (by === 'level') return countByLevel(trx, period, dueDays)
  const key: CountKey = by === 'month' ? 'day' : by
  return {
    flags: await countFlags(trx, key, period),
    unsettled: await countUnsettled(trx, key, period, dueDays),
  }
}

/**
 * By the level that each agency had on the day of the document. Levels change on few days: between two of them the
 * agencies are counted and each put to its level of then.
 */
async function countByLevel(trx: StatisticsTransaction, period: Period, dueDays: DueDays): Promise<Counts> {
  const levels = await levelsOf(trx, period)
  const starts = [...new Set([period.from, ...changesOf(levels).filter((day) => day > period.from)])].sort()
  const flags: FlagCount[] = []
  const unsettled: UnsettledCount[] = []
  for (const [index, from] of starts.entries()) {
    const next = starts[index + 1]
    const part = { ...period, from, to: next === undefined ? period.to : addDays(next, -1) }
    const levelThen = levelsOn(levels, part.from)
    const toLevel = <T extends { readonly key: string }>(row: T): T => ({
      ...row,
      key: levelThen.get(row.key) ?? 'unknown',
    })
    flags.push(...(await countFlags(trx, 'agency', part)).map(toLevel))
    unsettled.push(...(await countUnsettled(trx, 'agency', part, dueDays)).map(toLevel))
  }
  return { flags, unsettled }
}

type Levels = Awaited<ReturnType<typeof levelsOf>>

/** The days on which an agency got another level than before. */
function changesOf(levels: Levels): string[] {
  return levels.flatMap((one, index) => {
    const before = levels[index - 1]
    return before?.agencyId === one.agencyId && before.level !== one.level ? [one.from] : []
  })
}

/** The level of each agency on a day; of one that is founded later its first. */
function levelsOn(levels: Levels, day: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const { agencyId, from, level } of levels) {
    if (from <= day || !found.has(agencyId)) found.set(agencyId, level)
  }
  return found
}

/** For every day on which something may have begun that a period counts: the last day on which it was in time. */
function daysDue(calendar: WorkingCalendar, from: string, to: string, today: string): DueDays {
  const days: string[] = []
  for (let day = addDays(from, -LONGEST_REST_DAYS); day <= to; day = addDays(day, 1)) days.push(day)
  return { days, due: days.map((day) => nextWorkingDay(calendar, day)), today }
}
