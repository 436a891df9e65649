import type { QueueCount } from '../queue-counts.ts'

/**
 * What an operator would want to know of a node at one moment, as alerts, `/metrics` and `congvan doctor` are all made
 * from it. Plain values; ages are seconds by the database's clock.
 */
export interface NodeFacts {
  readonly now: Date
  readonly queues: readonly QueueFacts[]
  readonly peers: readonly PeerFacts[]
  /** Offers of peers that are neither committed nor refused. */
  readonly offers: readonly { readonly peer: string; readonly count: number }[]
  /** Jobs by queue (`queue-counts.ts`). */
  readonly jobs: readonly QueueCount[]
  readonly certificates: readonly EndingFact[]
  readonly disks: readonly DiskFacts[]
  /** How far the database's clock is ahead of this machine's, seconds. */
  readonly databaseAheadSeconds: number
  /** Synchronous standbys: whether PostgreSQL wants any, and how many are connected. */
  readonly standbys: { readonly wanted: boolean; readonly connected: number }
  /** The last number given to an entry of the log. */
  readonly logPosition: number
}

/** What waits in one queue for one peer; `peer` is empty where it waits for this node itself. */
export interface QueueFacts {
  readonly queue: 'send' | 'consign' | 'return' | 'announcement'
  readonly peer: string
  /** 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc, 4 hỏa tốc hẹn giờ. */
  readonly urgency: number
  readonly depth: number
  readonly oldestSeconds: number
}

export interface PeerFacts {
  readonly peer: string
  readonly relation: 'parent' | 'child'
  readonly enabled: boolean
  readonly breaker: 'closed' | 'open' | 'half-open'
  /** How long it has been failing; null while it is not. */
  readonly failingSeconds: number | null
  readonly lastAnswerAt: Date | null
  readonly lastRequestAt: Date | null
  /** Positive: its clock is ahead of ours. Null: it has not answered yet. */
  readonly clockAheadSeconds: number | null
}

/** Something that ends: a certificate, a key's entry in the directory, a revocation list. */
export interface EndingFact {
  readonly kind:
    | 'node-certificate'
    | 'directory-key'
    | 'trust-anchor'
    | 'trust-certificate'
    | 'crl'
    | 'agency-certificate'
    | 'individual-certificate'
  /** Of an agency's certificates, and of those of its people, the agency's code. */
  readonly name: string
  readonly endsAt: Date
  /** How many of an agency it stands for: `endsAt` is the end of the first. */
  readonly count?: number
}

export interface DiskFacts {
  readonly folder: string
  readonly freeBytes: number
  readonly sizeBytes: number
}
