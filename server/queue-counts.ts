import type { NodeTransaction } from './db.ts'
import { queueNames } from './queue.ts'

export interface QueueCount {
  readonly queue: string
  /** Ready or not yet due. */
  readonly waiting: number
  readonly active: number
  /** Given up in the last day, after all tries. What they served is looked for and put again (`relay/recover.ts`). */
  readonly dead: number
}

/**
 * Jobs by queue. Waiting and active are as the queue's own housekeeping last counted them, some seconds ago: counting
 * them anew would read every job.
 */
export async function queueCounts(trx: NodeTransaction): Promise<QueueCount[]> {
  const { rows } = await trx.raw<{ rows: QueueCount[] }>(
    `select q.name as queue, q.queued_count as waiting, q.active_count as active,
       (select count(*)::int from pgboss.job j
        where j.name = q.dead_letter and j.state = 'created' and j.created_on > now() - interval '1 day') as dead
     from pgboss.queue q where q.name = any(?) order by q.name`,
    [[...queueNames]],
  )
  return rows
}
