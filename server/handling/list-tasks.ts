import type { UserActor } from '../actor.ts'
import { readCalendar } from '../calendar/calendar-store.ts'
import {
  addDays,
  addWorkingDays,
  type CalendarWarning,
  calendarWarning,
  type WorkingCalendar,
} from '../calendar/working-days.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import type { AgencySettings } from '../documents/agency-settings.ts'
import { readSettings } from '../documents/agency-settings-store.ts'
import { readerOf } from '../documents/document-access-store.ts'
import { beginningOf, lastLateDay } from './deadlines.ts'
import {
  listDue,
  listNotHandedOver,
  listOwn,
  listPaperToReturn,
  listUnregistered,
  type Task,
  type TaskPosition,
  type TaskQuery,
} from './task-store.ts'

/**
 * - `overdue`: in handling, the lead's deadline has passed.
 * - `due-soon`: the deadline is today or within the agency's number of working days.
 * - `late-registration`: came in and has no number by the end of the next working day; urgent: at once (art 4.2c).
 * - `late-handover`: registered and in nobody's hands by then (art 23.1).
 * - `paper-to-return`: recalled, its issuer wants the paper back, and no return is recorded (art 18.4a).
 * - `mine`: what the user leads or co-operates in.
 */
export const taskLists = [
  'overdue',
  'due-soon',
  'late-registration',
  'late-handover',
  'paper-to-return',
  'mine',
] as const
export type TaskList = (typeof taskLists)[number]

export interface TaskPage {
  readonly items: readonly Task[]
  readonly next: TaskPosition | null
  /** `YYYY-MM-DD`: the day that the list was made for. */
  readonly today: string
  /** The list may be wrong: days that it rests on lie in years without a calendar. */
  readonly warning: CalendarWarning | undefined
}

/** Open work on incoming documents that the user may see, the most urgent first, then what is due first. */
export async function listTasks(
  context: NodeContext,
  actor: UserActor,
  list: TaskList,
  page: { readonly after: TaskPosition | undefined; readonly limit: number },
): Promise<TaskPage> {
  const now = context.clock()
  const { agencyId, userId } = actor
  return context.db.asAgency({ agencyId, userId }, async (trx) => {
    const calendar = await readCalendar(trx)
    const settings = await readSettings(trx)
    const query = { reader: readerOf(actor), after: page.after, limit: page.limit + 1 }
    const { found, days } = await select(trx, list, query, calendar, settings, now)
    const items = found.slice(0, page.limit)
    return {
      items,
      next: found.length > page.limit ? (items.at(-1)?.position ?? null) : null,
      today: vietnamDay(now),
      warning: calendarWarning(calendar, days),
    }
  })
}

/** @returns with the days that the list rests on */
async function select(
  trx: AgencyTransaction,
  list: TaskList,
  query: TaskQuery,
  calendar: WorkingCalendar,
  settings: AgencySettings,
  now: Date,
): Promise<{ found: Task[]; days: readonly string[] }> {
  const today = vietnamDay(now)
  if (list === 'mine') return { found: await listOwn(trx, query), days: [] }
  if (list === 'paper-to-return') return { found: await listPaperToReturn(trx, query), days: [] }
  if (list === 'overdue') return { found: await listDue(trx, query, null, addDays(today, -1)), days: [] }
  if (list === 'due-soon') {
    const last = addWorkingDays(calendar, today, settings.dueSoonDays)
    return { found: await listDue(trx, query, today, last), days: [today, last] }
  }
  const late = lastLateDay(calendar, today)
  const since = beginningOf(addDays(late, 1))
  const urgentSince = new Date(now.getTime() - settings.urgentMinutes * 60_000)
  const waiting = list === 'late-registration' ? listUnregistered : listNotHandedOver
  return { found: await waiting(trx, query, since, urgentSince), days: [late, today] }
}
