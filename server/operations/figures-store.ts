/**
 * Figures of the whole node, read from the tables of others and never written. Each statement is bounded by a partial
 * index over what is open, however much has been settled, and by a time after which it is given up.
 */
import type { NodeTransaction } from '../db.ts'
import type { PeerFacts, QueueFacts } from './facts.ts'

/** Milliseconds for one statement. A database so busy that a count takes longer has better things to do. */
const PATIENCE_MS = 3_000

export async function limitPatience(trx: NodeTransaction): Promise<void> {
  await trx.raw(`set local statement_timeout = ${PATIENCE_MS}`)
}

/** What waits, by queue, peer and urgency. */
export async function readQueues(trx: NodeTransaction): Promise<QueueFacts[]> {
  const { rows } = await trx.raw<{ rows: QueueFacts[] }>(`
    select case when next_hop is null then 'consign' else 'send' end as queue, coalesce(next_hop, '') as peer,
      urgency, count(*)::int as depth, ${ageOf('min(created_at)')} as "oldestSeconds"
    from branches where state in ('queued', 'committing') group by next_hop, urgency
    union all
    select 'return', peer, urgency, count(*)::int, ${ageOf('min(created_at)')}
    from returns where state = 'queued' group by peer, urgency
    union all
    select 'announcement', '', 0, count(*)::int, ${ageOf('min(occurred_at)')}
    from announcements where message_sha256 is null having count(*) > 0
    order by 1, 2, 3`)
  return rows
}

/** Seconds since a moment. Times in these tables are the node's; a difference of clocks makes no age negative. */
function ageOf(moment: string): string {
  return `greatest(0, extract(epoch from now() - ${moment}))::float8`
}

export async function readPeers(trx: NodeTransaction): Promise<PeerFacts[]> {
  const { rows } = await trx.raw<{ rows: (PeerFacts & { aheadMs: number | null })[] }>(`
    select p.node_id as peer, p.relation, p.enabled, coalesce(b.state, 'closed') as breaker,
      case when coalesce(b.state, 'closed') = 'closed' then null else ${ageOf('b.opened_at')} end as "failingSeconds",
      c.last_answer_at as "lastAnswerAt", c.last_request_at as "lastRequestAt",
      c.clock_ahead_ms::float8 / 1000 as "clockAheadSeconds"
    from peers p left join peer_breakers b on b.peer = p.node_id left join peer_contacts c on c.peer = p.node_id
    order by p.node_id`)
  return rows
}

export async function readOpenOffers(trx: NodeTransaction): Promise<{ peer: string; count: number }[]> {
  const { rows } = await trx.raw<{ rows: { peer: string; count: number }[] }>(
    'select peer, count(*)::int as count from offers where envelope is not null group by peer order by peer',
  )
  return rows
}

/** The last position given in the log; some numbers below it belong to transactions that did not commit. */
export async function readLogPosition(trx: NodeTransaction): Promise<number> {
  const { rows } = await trx.raw<{ rows: { position: string | null }[] }>(
    "select pg_sequence_last_value('log_entries_position_seq') as position",
  )
  return Number(rows[0]?.position ?? 0)
}

/** What the database says of itself: its clock, and the standbys that a commit waits for. */
export async function readDatabase(
  trx: NodeTransaction,
): Promise<{ now: Date; standbysWanted: boolean; standbysConnected: number }> {
  const { rows } = await trx.raw<{ rows: { now: Date; names: string; connected: number }[] }>(`
    select clock_timestamp() as now, current_setting('synchronous_standby_names') as names,
      (select count(*)::int from pg_stat_get_wal_senders()) as connected`)
  const [row] = rows
  return {
    now: row?.now ?? new Date(Number.NaN),
    standbysWanted: (row?.names ?? '') !== '',
    standbysConnected: row?.connected ?? 0,
  }
}

/** Stored files and their size. Reads the whole table, so it is not for every look. */
export async function readFileUse(trx: NodeTransaction): Promise<{ count: number; bytes: number }> {
  const { rows } = await trx.raw<{ rows: { count: string; bytes: string }[] }>(
    'select count(*) as count, coalesce(sum(length), 0) as bytes from files',
  )
  return { count: Number(rows[0]?.count ?? 0), bytes: Number(rows[0]?.bytes ?? 0) }
}

/**
 * With how many certificates each agency and its people have signed here of late, and when the first of them ends. By
 * the code that the agency has now, or had last; nothing else of an agency is told to the node.
 */
export async function readSigningCertificates(
  trx: NodeTransaction,
  now: Date,
): Promise<{ agency: string; role: 'individual' | 'agency'; count: number; firstEnd: Date }[]> {
  const { rows } = await trx.raw<{
    rows: { agency: string; role: 'individual' | 'agency'; count: number; firstEnd: Date }[]
  }>(
    `select coalesce((
         select a.code from agency_codes a
         where a.agency_id = c.agency_id and a.valid_from <= (cast(:now as timestamptz) at time zone 'Asia/Ho_Chi_Minh')::date
         order by a.valid_from desc, a.generation desc limit 1), c.agency_id::text) as agency,
       c.role, c.certificates as count, c.first_end as "firstEnd"
     from congvan_certificate_ends(:now) c order by 1, 2`,
    { now },
  )
  return rows
}

/** The keys of this node by the directory in force, with the moment at which each ends. */
export async function readOwnKeyEntries(
  trx: NodeTransaction,
  nodeId: string,
): Promise<{ fingerprint: string; validFrom: Date; validTo: Date | null }[]> {
  const rows = await trx('directory_node_keys')
    .where('node_id', nodeId)
    .orderBy('valid_from')
    .select<{ fingerprint: string; valid_from: Date; valid_to: Date | null }[]>(
      'fingerprint',
      'valid_from',
      'valid_to',
    )
  return rows.map((row) => ({
    fingerprint: row.fingerprint,
    validFrom: row.valid_from,
    validTo: row.valid_to,
  }))
}
