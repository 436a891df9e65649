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
}

/** Bounds on what comes from outside; all of them configuration. */
export interface Limits {
  /** One file, bytes (NB161 art 8.4: 50 MB). */
  readonly fileBytes: number
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
}
