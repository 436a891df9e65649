/**
 * What urgency means to the relay, as one table. Pure.
 *
 * QĐ 28/2018 art 6 has urgent documents sent right after signing in priority mode; NĐ 30/2020 art 18.1 has them issued
 * and sent at once. Neither gives hours: the times are this program's, chosen so that the sender of an urgent document
 * learns while another way can still be gone that the node has not got through.
 */
import { isPriority } from '../edxml/codes.ts'

export interface BackOff {
  /** Milliseconds. */
  readonly firstDelayMs: number
  readonly longestDelayMs: number
}

/** 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc (NĐ 30/2020 Phụ lục I III.2b). */
export type Urgency = 0 | 1 | 2 | 3

export interface UrgencyClass {
  /** Between tries of a branch on its way forward. */
  readonly backOff: BackOff
  /** How long a document may travel when its sender says nothing, hours; never longer than `limits.deliveryHours`. */
  readonly hoursToLive: number
  /** Of its jobs in the queue: the higher first. */
  readonly priority: number
}

export const urgencyClasses: Readonly<Record<Urgency, UrgencyClass>> = {
  0: { backOff: { firstDelayMs: 1_000, longestDelayMs: 300_000 }, hoursToLive: 168, priority: 0 },
  1: { backOff: { firstDelayMs: 1_000, longestDelayMs: 120_000 }, hoursToLive: 72, priority: 1 },
  2: { backOff: { firstDelayMs: 1_000, longestDelayMs: 60_000 }, hoursToLive: 48, priority: 2 },
  3: { backOff: { firstDelayMs: 500, longestDelayMs: 30_000 }, hoursToLive: 24, priority: 3 },
}

/**
 * The class of a message's Priority. 4, hỏa tốc hẹn giờ, is read as 3; a code of no table we know, or none, is ordinary.
 */
export function urgencyOf(priority: number | undefined): Urgency {
  if (priority === undefined || !isPriority(priority)) return 0
  return priority === 4 ? 3 : priority
}

export function urgencyClass(priority: number | undefined): UrgencyClass {
  return urgencyClasses[urgencyOf(priority)]
}

/** How long a document of a priority travels by default, hours. */
export function defaultHoursToLive(priority: number | undefined, deliveryHours: number): number {
  return Math.min(urgencyClass(priority).hoursToLive, deliveryHours)
}

/**
 * How long after the time of a document has run out the nodes on its way are asked what became of it, hours. No longer
 * than its class may travel: the sender of an urgent one has to learn soon that nobody can say.
 */
export function hoursToAsk(priority: number, statusQueryHours: number): number {
  return Math.min(urgencyClass(priority).hoursToLive, statusQueryHours)
}
