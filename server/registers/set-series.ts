import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { CongvanError } from '../errors.ts'
import { requireVersion } from '../http/route.ts'
import { isAddition, ruleProblem, type SeriesRules } from './series.ts'
import {
  insertSeriesRules,
  lockSeriesOfYear,
  raiseSeries,
  readSeriesRules,
  type StoredRules,
} from './series-store.ts'

export interface SeriesDecision {
  readonly year: number
  readonly rules: SeriesRules
  /** The decision of the head of the agency: number, date, who signed it. */
  readonly decision: string
  /** Why it changes within the year; needed once numbers were given in it. */
  readonly changeReason?: string
  /** The version that the change is based on. */
  readonly ifMatch: number | undefined
}

/**
 * Decides how the agency's series are cut in a year (NĐ 30/2020 art 15.1c). Once numbers were given in that year it
 * changes only with a reason; then all series go on behind the highest number given, so that no số and ký hiệu is
 * given twice, and the reason says why numbers are missing. A series that is only added begins at 01.
 *
 * @throws CongvanError `SERIES_RULE_INVALID`, `SERIES_IN_USE`, `VERSION_STALE`
 */
export async function setSeries(
  context: NodeContext,
  actor: UserActor,
  { year, rules, decision, changeReason, ifMatch }: SeriesDecision,
): Promise<StoredRules> {
  const problem = ruleProblem(rules)
  if (problem !== undefined) throw new CongvanError('SERIES_RULE_INVALID', { ...problem })
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const { agencyId, userId } = actor
    const highest = await lockSeriesOfYear(trx, year)
    const before = await readSeriesRules(trx, year)
    requireVersion(before.version, ifMatch)
    const cutAnew = highest > 0 && !isAddition(before.rules, rules)
    if (cutAnew && changeReason === undefined) throw new CongvanError('SERIES_IN_USE', { year })
    if (cutAnew) await raiseSeries(trx, year, highest)
    const stored = {
      year,
      version: before.version + 1,
      rules,
      decision,
      decidedBy: userId,
      changeReason: changeReason ?? null,
      startAfter: cutAnew ? highest : before.startAfter,
    }
    await insertSeriesRules(trx, agencyId, { ...stored, decidedAt: now })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'register.series-set',
      subject: `register:series/${year}`,
      facts: {
        year,
        version: stored.version,
        cut: rules.cut,
        decision,
        changeReason: stored.changeReason,
        startAfter: stored.startAfter,
      },
    })
    return { ...stored, decidedAt: now.toISOString() }
  })
}
