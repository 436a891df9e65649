/**
 * What may come of sending something to another node, and whether to try again. Pure.
 *
 * Four kinds (design 6.8):
 * - `business`: the peer understood and says no, for good. The recipient or the document is at fault.
 * - `transport`: the two nodes do not agree on the protocol or the route, for good.
 * - `transient`: it did not happen, and may happen later.
 * - `unknown`: nobody here knows whether it happened. It is asked again until the peer answers; because every step
 *   is idempotent, asking again is also the question "what became of it?".
 */

import { type BackOff, urgencyClass, urgencyClasses } from './urgency.ts'

export type OutcomeKind = 'business' | 'transport' | 'transient' | 'unknown'

/** Every outcome of a send that is not a success. */
export const sendOutcomes = {
  'recipients-refused': 'business',
  'envelope-refused': 'business',
  'message-refused': 'business',
  'receipt-contradicts': 'business',
  expired: 'business',
  cancelled: 'business',
  collision: 'transport',
  'off-route': 'transport',
  loop: 'transport',
  'too-many-hops': 'transport',
  'too-large': 'transport',
  'request-refused': 'transport',
  unreachable: 'transient',
  'not-authenticated': 'transient',
  busy: 'transient',
  'offers-too-many': 'transient',
  'storage-full': 'transient',
  'storage-damaged': 'transient',
  'database-away': 'transient',
  'files-missing': 'transient',
  'file-damaged': 'transient',
  'offer-forgotten': 'transient',
  'directory-behind': 'transient',
  'clocks-apart': 'transient',
  'answer-lost': 'unknown',
  'answer-unreadable': 'unknown',
  'peer-defect': 'unknown',
} as const satisfies Record<string, OutcomeKind>

export type SendOutcome = keyof typeof sendOutcomes

export function kindOf(outcome: SendOutcome): OutcomeKind {
  return sendOutcomes[outcome]
}

export function mayRetry(outcome: SendOutcome): boolean {
  const kind = kindOf(outcome)
  return kind === 'transient' || kind === 'unknown'
}

/** The typed faults of the protocol, by code. */
const outcomeByFault: Readonly<Record<string, SendOutcome>> = {
  RELAY_RECIPIENTS_REFUSED: 'recipients-refused',
  RELAY_ENVELOPE_REJECTED: 'envelope-refused',
  RELAY_MESSAGE_REJECTED: 'message-refused',
  PING_REJECTED: 'message-refused',
  RELAY_RECEIPT_CONTRADICTS: 'receipt-contradicts',
  RELAY_EXPIRED: 'expired',
  RELAY_COLLISION: 'collision',
  RELAY_OFF_ROUTE: 'off-route',
  RELAY_LOOP: 'loop',
  RELAY_TOO_MANY_HOPS: 'too-many-hops',
  RELAY_OFFER_UNKNOWN: 'offer-forgotten',
  RELAY_DIRECTORY_BEHIND: 'directory-behind',
  AGENCY_CODE_UNKNOWN: 'directory-behind',
  NO_ROUTE: 'directory-behind',
  RELAY_TOO_EARLY: 'clocks-apart',
  RELAY_FILES_MISSING: 'files-missing',
  RELAY_FILE_MISMATCH: 'file-damaged',
  RELAY_PIECE_MISPLACED: 'files-missing',
  INPUT_TOO_LARGE: 'too-large',
  INPUT_INVALID: 'request-refused',
  STORAGE_FULL: 'storage-full',
  STORAGE_FAILED: 'storage-full',
  STORAGE_DAMAGED: 'storage-damaged',
  DATABASE_UNAVAILABLE: 'database-away',
  RELAY_OFFERS_TOO_MANY: 'offers-too-many',
  TOO_MANY_REQUESTS: 'busy',
  SHUTTING_DOWN: 'busy',
  NODE_UNREACHABLE: 'unreachable',
  PEER_NOT_AUTHENTICATED: 'not-authenticated',
  // A path that the peer does not serve: a program of another version, or not this program at all.
  NOT_FOUND: 'answer-unreadable',
  INTERNAL: 'peer-defect',
}

/** Whether the table names what a code means; any other is judged by its status. */
export function isNamedFault(code: string): boolean {
  return Object.hasOwn(outcomeByFault, code)
}

/**
 * The outcome that an answer other than success means. A code of a later version, which this program does not
 * know, is read by its HTTP status; what cannot be judged is `unknown` and never ends a delivery by itself.
 */
export function outcomeOfFault(code: string | undefined, status: number): SendOutcome {
  // A peer chooses the text: it must not find what every object inherits.
  const known = code !== undefined && Object.hasOwn(outcomeByFault, code) ? outcomeByFault[code] : undefined
  if (known !== undefined) return known
  if (status === 401 || status === 403) return 'not-authenticated'
  if (status === 429 || status === 503) return 'busy'
  if (status === 507) return 'storage-full'
  return status >= 500 ? 'peer-defect' : 'answer-unreadable'
}

/** Of an ordinary document: a restarted peer is found at once, a dead one costs nothing. */
export const relayBackOff: BackOff = urgencyClasses[0].backOff

/** For evidence on its way back, which is offered for weeks. */
export const returnBackOff: BackOff = { firstDelayMs: 1_000, longestDelayMs: 900_000 }

/**
 * When to try next after `attempts` failures: exponential, with jitter between half and the whole of the delay so
 * that a peer which comes back is not met by everyone at once. Never after `deadline`, at which one last try is
 * made.
 *
 * @param attempts failures so far, from 1
 * @param random in [0, 1)
 * @returns null when `deadline` has come
 */
export function nextAttempt(
  attempts: number,
  now: Date,
  deadline: Date,
  random: number,
  backOff: BackOff = relayBackOff,
): Date | null {
  if (now.getTime() >= deadline.getTime()) return null
  return new Date(Math.min(now.getTime() + delayMs(attempts, random, backOff), deadline.getTime()))
}

/** The delay alone, in milliseconds; for what has no deadline. */
export function delayMs(attempts: number, random: number, backOff: BackOff = relayBackOff): number {
  const doubled = backOff.firstDelayMs * 2 ** Math.min(Math.max(attempts, 1) - 1, 30)
  return Math.round(Math.min(doubled, backOff.longestDelayMs) * (0.5 + random / 2))
}

/**
 * Until when something waits for a peer that is left alone. What has never been tried waits for the next probe and may
 * be it; the rest is looked at seldom, since it is made due when the peer is back.
 *
 * @param until when the peer may be asked again
 * @param random in [0, 1)
 */
export function parkedUntil(
  until: Date,
  now: Date,
  waiting: { readonly attempt: number; readonly urgency: number },
  random: number,
): Date {
  if (waiting.attempt === 0) return new Date(until.getTime() + Math.round(random * 2_000))
  const { longestDelayMs } = urgencyClass(waiting.urgency).backOff
  return new Date(Math.max(until.getTime(), now.getTime() + Math.round(longestDelayMs * (0.5 + random / 2))))
}
