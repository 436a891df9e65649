/** Questions over the relay's tables for the operator; nothing is changed here. */
import type { NodeTransaction } from '../db.ts'
import type { StuckItem } from './stuck.ts'

/** A stuck item as it stands in the tables. */
export type StuckRow = Omit<StuckItem, 'since' | 'ageSeconds' | 'nextTry' | 'words'> & {
  readonly since: Date
  readonly nextTry: Date | null
}

export interface StuckSpan {
  /** What waits since before. */
  readonly before: Date
  /** What failed after. */
  readonly since: Date
  readonly most: number
}

export async function stuckBranches(trx: NodeTransaction, span: StuckSpan): Promise<StuckRow[]> {
  const { rows } = await trx.raw<{ rows: StuckRow[] }>(
    `select b.id, 'branch' as kind, b.next_hop as peer,
       case b.state when 'committing' then 'asked' else 'waiting' end as state, b.urgency,
       b.envelope_sha256 as envelope, b.series,
       array(select r.recipient from branch_recipients r where r.branch_id = b.id order by 1) as recipients,
       b.created_at as since, b.failures as tries, b.run_after as "nextTry", b.outcome, b.reason
     from branches b
     where b.state in ('queued', 'committing') and b.created_at <= :before
     order by b.urgency desc, b.created_at limit :most`,
    { ...span },
  )
  return rows
}

export async function stuckReturns(trx: NodeTransaction, span: StuckSpan): Promise<StuckRow[]> {
  const { rows } = await trx.raw<{ rows: StuckRow[] }>(
    `select w.id, 'return' as kind, w.peer, case w.state when 'failed' then 'failed' else 'waiting' end as state,
       w.urgency, coalesce(r.envelope_sha256, s.envelope_sha256, '') as envelope, coalesce(r.series, s.series, 1) as series,
       array(select t.recipient from receipt_recipients t where t.receipt_sha256 = w.message_sha256
         union select s.recipient where s.recipient is not null order by 1) as recipients,
       w.created_at as since, w.failures as tries,
       case w.state when 'queued' then w.run_after end as "nextTry", w.outcome, w.reason
     from returns w
     left join receipts r on r.sha256 = w.message_sha256
     left join status_messages s on s.sha256 = w.message_sha256
     where w.state = 'queued' and w.created_at <= :before or w.state = 'failed' and w.settled_at >= :since
     order by w.urgency desc, w.created_at limit :most`,
    { ...span },
  )
  return rows
}

export async function stuckAnnouncements(trx: NodeTransaction, span: StuckSpan): Promise<StuckRow[]> {
  const { rows } = await trx.raw<{ rows: StuckRow[] }>(
    `select a.id, 'announcement' as kind, null as peer, 'waiting' as state, 0 as urgency,
       a.envelope_sha256 as envelope, a.series, array[a.recipient] as recipients, a.occurred_at as since,
       a.failures as tries, a.run_after as "nextTry", null as outcome, a.reason
     from announcements a
     where a.message_sha256 is null and a.occurred_at <= :before
     order by a.occurred_at limit :most`,
    { ...span },
  )
  return rows
}
