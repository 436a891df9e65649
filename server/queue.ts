/**
 * The only module that knows pg-boss. Jobs are put in the same transaction as the rows they serve, carry only
 * ids, and are evidence of nothing: what must be remembered stands in our own tables.
 */

import pg from 'pg'
import { type ConstructorOptions, fromKnex, type JobResult, PgBoss } from 'pg-boss'
import { afterCommit } from './after-commit.ts'
import type { AgencyTransaction, DatabaseRoles, NodeTransaction } from './db.ts'
import type { Logger } from './log.ts'

/** A job's data: ids and small numbers only. */
export type JobData = Readonly<Record<string, string | number>>

/**
 * The queues, by name. Retry counts and times of a job are the queue's; whether a delivery is retried at all is
 * decided by `relay/retry.ts`, which puts the next job itself.
 */
export const queueNames = [
  'relay-send',
  'relay-return',
  'directory-push',
  'document-consign',
  'document-verify',
] as const
export type QueueName = (typeof queueNames)[number]

const SCHEMA = 'pgboss'

/**
 * A job whose process gave no sign of life for so long is another's. With one look every few seconds and the first
 * retry's delay a killed process's work is taken over within 20 s.
 */
const HEARTBEAT_SECONDS = 10
const SUPERVISE_SECONDS = 3

/** Creates or upgrades pg-boss' schema and our queues as the owner, and grants the application's roles their use. */
export async function installQueue(ownerUrl: string, roles: DatabaseRoles): Promise<void> {
  const boss = new PgBoss({
    connectionString: ownerUrl,
    schema: SCHEMA,
    supervise: false,
    schedule: false,
    max: 2,
    reindex: false,
  })
  boss.on('error', () => {})
  await boss.start()
  try {
    for (const name of queueNames) {
      const settings = {
        retryLimit: 5,
        retryDelay: 1,
        retryBackoff: true,
        retryDelayMax: 60,
        heartbeatSeconds: HEARTBEAT_SECONDS,
        expireInSeconds: 300,
        // What is done is remembered in our own tables; a table of done jobs only makes the queue slow.
        deleteAfterSeconds: 600,
        notify: false,
        deadLetter: `${name}-dead`,
      }
      await boss.createQueue(`${name}-dead`, { retentionSeconds: 90 * 86_400 })
      await boss.createQueue(name, settings)
      // A queue that is there already keeps its settings when it is created again.
      await boss.updateQueue(name, settings)
    }
  } finally {
    await boss.stop({ graceful: false })
  }
  const client = new Connection({ connectionString: ownerUrl })
  await client.connect()
  try {
    const application = pg.escapeIdentifier(roles.application)
    const producers = [roles.tenant, roles.node].map((role) => pg.escapeIdentifier(role)).join(', ')
    // Only the application's own role, in which no request runs, takes, settles and removes jobs. An agency's and
    // the node's transactions may put them.
    await client.query(`
      grant usage on schema ${SCHEMA} to ${application}, ${producers};
      grant select, insert, update, delete on all tables in schema ${SCHEMA} to ${application};
      grant select, insert on all tables in schema ${SCHEMA} to ${producers};
      grant usage on all sequences in schema ${SCHEMA} to ${application}, ${producers};
      grant execute on all functions in schema ${SCHEMA} to ${application}, ${producers};
    `)
  } finally {
    await client.end()
  }
}

export interface PutOptions {
  readonly startAfter?: Date
  /** Higher goes first. */
  readonly priority?: number
  readonly singletonKey?: string
}

export interface Queue {
  /** Puts a job in the caller's transaction: it is there if and only if the caller's rows are. */
  put(
    trx: AgencyTransaction | NodeTransaction,
    name: QueueName,
    data: JobData,
    options?: PutOptions,
  ): Promise<void>
  /**
   * Starts handling jobs of one queue, `concurrency` at a time, each by itself: a slow one holds up no other. A job
   * whose handler throws is tried again.
   */
  work(
    name: QueueName,
    concurrency: number,
    handle: (data: JobData, signal: AbortSignal) => Promise<void>,
  ): Promise<void>
  /** Takes no new jobs, waits for those in hand at most `timeoutMs`; what is left goes back to the queue. */
  stop(timeoutMs: number): Promise<void>
}

/**
 * A connection to a server that was killed may fail twice: when it is written to, and when the server's last words are
 * read. The pool listens to the first failure only; the second, heard by nobody, would end the process.
 */
class Connection extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config)
    this.on('error', () => {})
  }
}

export async function openQueue(
  url: string,
  log: Logger,
  options?: { readonly max?: number },
): Promise<Queue> {
  const pooled: ConstructorOptions & Pick<pg.PoolConfig, 'Client'> = {
    Client: Connection,
    connectionString: url,
    schema: SCHEMA,
    application_name: 'congvan queue',
    migrate: false,
    createSchema: false,
    max: options?.max ?? 4,
    reindex: false,
    monitorVacuum: false,
    schedule: false,
    superviseIntervalSeconds: SUPERVISE_SECONDS,
    monitorIntervalSeconds: SUPERVISE_SECONDS,
  }
  const boss = new PgBoss(pooled)
  // Without a listener an error of the queue's own housekeeping would end the process.
  // Some of what it tells is no Error.
  boss.on('error', (error) => log.warn({ error: error?.message ?? String(error) }, 'queue'))
  boss.on('warning', (warning) => log.warn({ warning }, 'queue'))
  await boss.start()
  const slots = new Map<QueueName, Slot[]>()
  /** One slot of this process that waits looks now; those of other processes look by themselves before long. */
  const wake = (name: QueueName) => {
    const now = performance.now()
    const waiting = slots.get(name)?.filter((slot) => !slot.busy) ?? []
    // Rather one that does not look just now; but where all do, one of them has to look once more.
    const idle = waiting.find((slot) => now - slot.wokenAt > WAKING_MS) ?? waiting[0]
    if (idle === undefined) return
    idle.wokenAt = now
    boss.notifyWorker(idle.id)
  }
  return {
    async put(trx, name, data, putOptions = {}) {
      await boss.send(name, data, { db: fromKnex(trx), ...putOptions })
      // Not the database's own notifications: they wake every slot of every process for each job, and they let
      // commits wait for each other.
      if (putOptions.startAfter === undefined) afterCommit(trx, () => wake(name))
    },
    async work(name, concurrency, handle) {
      const own: Slot[] = []
      slots.set(name, own)
      for (let index = 0; index < concurrency; index++) {
        const settings = {
          batchSize: 1,
          perJobResults: true,
          // Not all at the same time.
          pollingIntervalSeconds: (index < LOOKING ? IDLE_SECONDS : RARELY_SECONDS) + index / 10,
          heartbeatRefreshSeconds: 4,
        } as const
        const slot: Slot = { id: '', busy: false, wokenAt: Number.NEGATIVE_INFINITY }
        slot.id = await boss.work(name, settings, async (jobs) => {
          slot.busy = true
          // What it found by itself may have come with others.
          if (index < LOOKING) wake(name)
          const results = await Promise.all(jobs.map((job) => settle(name, job, handle, log)))
          slot.busy = false
          // Where there was one there may be more: this slot looks again at once.
          boss.notifyWorker(slot.id)
          return results
        })
        own.push(slot)
      }
    },
    stop: (timeoutMs) => boss.stop({ graceful: true, timeout: timeoutMs, close: true }),
  }
}

/** One job at a time. */
interface Slot {
  id: string
  busy: boolean
  /** When it was told to look, by the process's own clock. */
  wokenAt: number
}

/** A slot that was told to look so long ago has looked; what is put meanwhile is told to another, if there is one. */
const WAKING_MS = 50

/**
 * How often a slot without work looks whether a job is due: one whose time has come, or of another process. Some look
 * often, and wake the others when they have found one; looking costs the database more than many a job.
 */
const [IDLE_SECONDS, RARELY_SECONDS] = [2, 10]
const LOOKING = 2

/** One job's outcome: a failure is that job's own. */
async function settle(
  name: QueueName,
  job: { readonly id: string; readonly data: unknown; readonly signal: AbortSignal },
  handle: (data: JobData, signal: AbortSignal) => Promise<void>,
  log: Logger,
): Promise<JobResult> {
  try {
    await handle(job.data as JobData, job.signal)
    return { id: job.id, status: 'completed' }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    log.info({ queue: name, job: job.id, error: message }, 'a job failed and is tried again')
    return { id: job.id, status: 'failed', output: { message } }
  }
}
