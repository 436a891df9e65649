import type { Role } from './actor.ts'
import type { Database } from './db.ts'
import type { Logger } from './log.ts'
import type { Queue } from './queue.ts'

/** What every use case of a running node is handed. Two contexts, and so two nodes, live in one process. */
export interface NodeContext {
  readonly nodeId: string
  /** Where other nodes reach this one, e.g. `https://truc.example.gov.vn`; the authority of signed requests. */
  readonly publicUrl: string
  readonly clock: () => Date
  readonly db: Database
  readonly queue: Queue
  readonly log: Logger
  readonly limits: Limits
  /** Counts what this process does; left out where nobody reads it. */
  readonly meter?: Meter
}

/** What a process counts of its part of the relay's work (`operations/process-metrics.ts`). */
export interface Meter {
  /** A try to hand a branch or a message on its way back to a peer has ended. */
  sent(peer: string, what: 'branch' | 'return', outcome: string): void
  /** What a peer offered was taken, so many seconds after its offer. */
  committed(peer: string, seconds: number): void
  /** A delivery that began here has ended, so many seconds after its dispatch. */
  delivered(event: string, seconds: number): void
}

/** Bounds on what comes from outside; all of them configuration. */
export interface Limits {
  /** One file, bytes (NB161 art 8.4: 50 MB). */
  readonly fileBytes: number
  /** All files of a document as one message carries them inline, in base64, bytes. */
  readonly messageBytes: number
  /** One JSON body of the API, bytes. */
  readonly jsonBytes: number
  /** One sealed envelope, status or receipt, bytes. */
  readonly envelopeBytes: number
  /** Recipients of one document. */
  readonly recipients: number
  /** Nodes on the way of one envelope. */
  readonly hops: number
  /** Difference allowed between two nodes' clocks, seconds. */
  readonly clockSkewSeconds: number
  /** How long a document may travel before it expires, hours. */
  readonly deliveryHours: number
  /** How long after that the nodes on its way are asked what became of it, hours; urgent documents shorter. */
  readonly statusQueryHours: number
  /** What a guess at a password costs: the binary logarithm of scrypt's N for new passwords (RFC 7914). */
  readonly passwordLogCost: number
}

/** How long and how often, where accounts are concerned; all of it configuration. */
export interface AccountSettings {
  /** The longest life of a session, hours. */
  readonly sessionHours: number
  /** A session that nobody uses ends after so many minutes. */
  readonly idleMinutes: number
  /** Failed sign-ins of a login until it is locked, or one known place of it (`auth/attempt.ts`). */
  readonly attempts: number
  /** Failed sign-ins from one address, or one /64 of IPv6, until it is locked. */
  readonly addressAttempts: number
  /** The first lock, seconds; each further failure doubles it. */
  readonly lockSeconds: number
  readonly longestLockSeconds: number
  /** Who must have a second factor. */
  readonly secondFactorRoles: readonly Role[]
}

/** How often one may ask in a minute; see `http/rate-limit.ts`. */
export interface RateLimits {
  /** Requests of one address, signed in or not; 0 = no limit. */
  readonly perAddress: number
  /** Requests of one user, over all of the sessions and tokens; 0 = no limit. */
  readonly perUser: number
}
