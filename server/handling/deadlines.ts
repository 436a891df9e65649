/**
 * Deadlines of incoming documents (NĐ 30/2020 arts 4.2c, 23.1, 24.2). Pure; days are `YYYY-MM-DD` in Việt Nam.
 */
import { addDays, addWorkingDays, nextWorkingDay, type WorkingCalendar } from '../calendar/working-days.ts'
import type { AgencySettings } from '../documents/agency-settings.ts'
import { findKind } from '../registers/document-kinds.ts'

/** Where a deadline comes from: whoever assigned it, the sender's message, or the agency's own rule. */
export type DeadlineSource = 'given' | 'message' | 'default'

export interface Deadline {
  readonly dueDate: string | null
  /** Null where there is none. */
  readonly source: DeadlineSource | null
}

type DeadlineSettings = Pick<AgencySettings, 'handlingDays' | 'handlingDaysOtherwise' | 'urgentHandlingDays'>

/**
 * The deadline of an assignment: the one given, else the sender's if it has not passed, else the agency's default for
 * the kind; an urgent document has the shorter default, and a sender's later date does not lengthen it.
 *
 * @param today the day of the assignment
 */
export function deadlineOf(
  calendar: WorkingCalendar,
  settings: DeadlineSettings,
  document: { readonly kind: string; readonly urgency: number; readonly dueDate: string | null },
  given: string | null,
  today: string,
): Deadline {
  if (given !== null) return { dueDate: given, source: 'given' }
  const days = defaultDays(settings, document)
  const usual = days === null ? null : addWorkingDays(calendar, today, days)
  const asked = document.dueDate !== null && document.dueDate >= today ? document.dueDate : null
  const urgent = document.urgency > 0 && usual !== null
  if (asked !== null && !(urgent && usual < asked)) return { dueDate: asked, source: 'message' }
  return { dueDate: usual, source: usual === null ? null : 'default' }
}

function defaultDays(
  settings: DeadlineSettings,
  { kind, urgency }: { readonly kind: string; readonly urgency: number },
): number | null {
  const named = Object.entries(settings.handlingDays).find(([name]) => sameKind(name, kind))
  const usual = named?.[1] ?? settings.handlingDaysOtherwise
  if (urgency === 0) return usual
  return Math.min(settings.urgentHandlingDays, usual ?? Number.POSITIVE_INFINITY)
}

function sameKind(one: string, other: string): boolean {
  const plain = (name: string) => findKind(name)?.name ?? name.normalize('NFC').trim().toLowerCase()
  return plain(one) === plain(other)
}

/**
 * The last day of which everything is late now that had to be done by the end of the next working day: what came in
 * later than it still has time.
 */
export function lastLateDay(calendar: WorkingCalendar, today: string): string {
  let day = addDays(today, -1)
  while (nextWorkingDay(calendar, day) >= today) day = addDays(day, -1)
  return day
}

/** Midnight in Việt Nam at the beginning of a day (+07:00 all year). */
export function beginningOf(day: string): Date {
  return new Date(`${day}T00:00:00+07:00`)
}
