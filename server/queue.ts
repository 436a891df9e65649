/**
 * The only module that knows pg-boss. Jobs are put in the same transaction as the rows they serve, carry only
 * ids, and are evidence of nothing: what must be remembered stands in our own tables.
 */

import pg from 'pg'
import { fromKnex, type JobResult, PgBoss } from 'pg-boss'
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
        heartbeatSeconds: 10,
        expireInSeconds: 300,
        notify: true,
      }
      await boss.createQueue(`${name}-dead`, { retentionSeconds: 90 * 86_400 })
      await boss.createQueue(name, { ...settings, deadLetter: `${name}-dead` })
    }
  } finally {
    await boss.stop({ graceful: false })
  }
  const client = new pg.Client({ connectionString: ownerUrl })
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

export interface Queue {
  /** Puts a job in the caller's transaction: it is there if and only if the caller's rows are. */
  put(
    trx: AgencyTransaction | NodeTransaction,
    name: QueueName,
    data: JobData,
    options?: { readonly startAfter?: Date; readonly priority?: number; readonly singletonKey?: string },
  ): Promise<void>
  /** Starts handling jobs of one queue, `concurrency` at a time. A job whose handler throws is tried again. */
  work(
    name: QueueName,
    concurrency: number,
    handle: (data: JobData, signal: AbortSignal) => Promise<void>,
  ): Promise<void>
  /** Takes no new jobs, waits for those in hand at most `timeoutMs`; what is left goes back to the queue. */
  stop(timeoutMs: number): Promise<void>
}

export async function openQueue(
  url: string,
  log: Logger,
  options?: { readonly max?: number },
): Promise<Queue> {
  const boss = new PgBoss({
    connectionString: url,
    schema: SCHEMA,
    application_name: 'congvan queue',
    migrate: false,
    createSchema: false,
    max: options?.max ?? 4,
    reindex: false,
    monitorVacuum: false,
    schedule: false,
    useListenNotify: true,
    superviseIntervalSeconds: 10,
    monitorIntervalSeconds: 10,
  })
  // Without a listener an error of the queue's own housekeeping would end the process.
  boss.on('error', (error) => log.warn({ error: String(error) }, 'queue'))
  boss.on('warning', (warning) => log.warn({ warning }, 'queue'))
  await boss.start()
  return {
    async put(trx, name, data, putOptions = {}) {
      await boss.send(name, data, { db: fromKnex(trx), ...putOptions })
    },
    async work(name, concurrency, handle) {
      await boss.work(
        name,
        {
          // Two workers, each with a batch: a full batch is followed by the next at once, a notification wakes them
          // otherwise, and every second they look for jobs that have become due, which nothing notifies of.
          localConcurrency: 2,
          batchSize: concurrency,
          burstWhenBatchFull: concurrency > 1,
          perJobResults: true,
          pollingIntervalSeconds: 0.5,
          notifyPollingIntervalSeconds: 1,
          heartbeatRefreshSeconds: 4,
        },
        (jobs) => Promise.all(jobs.map((job) => settle(name, job, handle, log))),
      )
    },
    stop: (timeoutMs) => boss.stop({ graceful: true, timeout: timeoutMs, close: true }),
  }
}

/** One job's outcome: a failure is that job's own and never its neighbours' in the batch. */
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
