import type { UserActor } from '../actor.ts'
import { readCalendar } from '../calendar/calendar-store.ts'
import { type CalendarWarning, calendarWarning, dueToDispatch } from '../calendar/working-days.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import type { DocumentState } from '../documents/document.ts'
import { readerOf } from '../documents/document-access-store.ts'
import { readReadable } from '../documents/document-list-store.ts'
import { listNotDispatched, type OpenDocument } from '../documents/outgoing-store.ts'
import { listPeople, namesOfUsers } from '../documents/people-store.ts'

/** Which duty is late: a number after the signature (art 15.2), or the dispatch (arts 4.2c, 18.1). */
export const lateLists = ['to-number', 'to-dispatch'] as const
export type LateList = (typeof lateLists)[number]

const openStates: Readonly<Record<LateList, readonly DocumentState[]>> = {
  'to-number': ['signed'],
  'to-dispatch': ['signed', 'numbered', 'issued'],
}

export interface LateQuery {
  readonly list: LateList
  readonly after?: { readonly at: Date; readonly id: string }
  readonly limit: number
}

export interface Responsible {
  readonly userId: string
  readonly name: string
}

export interface LateDocument extends OpenDocument {
  /** Last day on which it would have been in time, `YYYY-MM-DD`. */
  readonly dueOn: string
  /** The clerk who numbered it; before, every clerk of the agency. */
  readonly responsible: readonly Responsible[]
}

export interface LatePage {
  readonly items: readonly LateDocument[]
  readonly next: LateQuery['after'] | null
  /** The list may be wrong: days that it rests on lie in years without a calendar. */
  readonly warning: CalendarWarning | undefined
}

/** Documents read in one step; most of those that wait longest are late. */
const STEP = 200

/**
 * Outgoing documents that were signed and should have been numbered or dispatched by yesterday at the latest: the same
 * day or the next working day, urgent ones the same day (NĐ 30/2020 arts 15.2, 18.1). The longest waiting first.
 */
export async function listLate(context: NodeContext, actor: UserActor, query: LateQuery): Promise<LatePage> {
  const now = context.clock()
  const today = vietnamDay(now)
  const { agencyId, userId } = actor
  return context.db.asAgency({ agencyId, userId }, async (trx) => {
    const calendar = await readCalendar(trx)
    const days = new Set<string>([today])
    const late: Omit<LateDocument, 'responsible'>[] = []
    let { after } = query
    for (let more = true; more && late.length <= query.limit; ) {
      const found = await listNotDispatched(trx, {
        states: openStates[query.list],
        limit: STEP,
        ...(after === undefined ? {} : { after }),
      })
      const shown = await readableAmong(trx, actor, found)
      for (const one of shown) {
        const dueOn = dueToDispatch(calendar, one.signedAt, one.urgency)
        days.add(vietnamDay(one.signedAt)).add(dueOn)
        if (dueOn < today) late.push({ ...one, dueOn })
      }
      const last = found.at(-1)
      if (last !== undefined) after = { at: last.signedAt, id: last.id }
      // Nothing that was signed today is late; what follows was signed later still.
      more = found.length === STEP && last !== undefined && vietnamDay(last.signedAt) < today
    }
    const items = await withResponsible(trx, agencyId, late.slice(0, query.limit), now)
    const last = items.at(-1)
    const hasMore = late.length > query.limit && last !== undefined
    return {
      items,
      next: hasMore ? { at: last.signedAt, id: last.id } : null,
      warning: calendarWarning(calendar, days),
    }
  })
}

/** The list tells of documents: it shows those that its reader may read anyway. */
async function readableAmong(
  trx: AgencyTransaction,
  actor: UserActor,
  found: readonly OpenDocument[],
): Promise<OpenDocument[]> {
  const restricted = found.filter((one) => one.restricted).map((one) => one.id)
  if (restricted.length === 0) return [...found]
  const readable = new Set((await readReadable(trx, readerOf(actor), restricted)).map((one) => one.id))
  return found.filter((one) => !one.restricted || readable.has(one.id))
}

async function withResponsible(
  trx: AgencyTransaction,
  agencyId: string,
  items: readonly Omit<LateDocument, 'responsible'>[],
  now: Date,
): Promise<LateDocument[]> {
  if (items.length === 0) return []
  const names = await namesOfUsers(
    trx,
    items.flatMap((one) => one.numberedBy ?? []),
  )
  const clerks = (await listPeople(trx, agencyId, 'clerk', now)).map(({ userId, displayName }) => ({
    userId,
    name: displayName,
  }))
  return items.map((one) => {
    const { numberedBy } = one
    const responsible =
      numberedBy === null ? clerks : [{ userId: numberedBy, name: names.get(numberedBy) ?? numberedBy }]
    return { ...one, responsible }
  })
}
