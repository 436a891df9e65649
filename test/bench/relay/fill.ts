/** Fills a node's tables with deliveries that are done, as years of work leave them. */
import pg from 'pg'

/** Rows for deliveries number `from` to `to` that came from a peer and ended here. */
export async function fillDeliveries(superuserUrl: string, from: number, to: number): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl })
  await client.connect()
  try {
    // Triggers and foreign keys are not what is measured; the indexes are all there.
    await client.query('set session_replication_role = replica')
    await client.query(`set maintenance_work_mem = '512MB'`)
    for (const { table, statement } of statements) {
      // An index is built from sorted rows ten times faster than row by row; while it is not ready nothing enters it.
      await client.query(
        'update pg_index set indisready = false, indisvalid = false where indrelid = $1::regclass',
        [table],
      )
      await client.query(statement, [from, to])
      await client.query(`reindex table ${table}`)
    }
    await client.query('checkpoint')
    await client.query('analyze')
  } finally {
    await client.end()
  }
}

const hash = (salt: string) => `encode(sha256(('${salt}' || n)::bytea), 'hex')`
const id = (salt: string) => `md5('${salt}' || n)::uuid`
const rows = 'from generate_series($1::int, $2::int) n'

const statements = inserts().map((statement) => ({
  table: /^insert into (\w+)/.exec(statement)?.[1] ?? '',
  statement,
}))

function inserts(): string[] {
  return [
    `insert into envelopes (sha256, bytes, origin_node, from_code, document_id, sealed_at, seal_key, not_after, stored_at)
   select ${hash('envelope')}, null, 'tinh', 'H40', 'H40,2024/01/01,' || n || '/UBND-VP', now() - interval '300 days',
     repeat('0', 64), now() - interval '290 days', now() - interval '300 days' ${rows}`,
    `insert into offers (id, peer, branch, series, envelope_sha256, terms_sha256, recipients, path, not_after, offered_at,
     committed_at)
   select ${id('offer')}, 'tinh', ${id('branch')}, 1, ${hash('envelope')}, ${hash('terms')}, '{G22}', '{tinh}',
     now() - interval '290 days', now() - interval '300 days', now() - interval '300 days' ${rows}`,
    `insert into offer_files (offer_id, sha256, length, received, complete)
   select ${id('offer')}, ${hash('file')}, 100000, 100000, true ${rows}`,
    `insert into peer_files (peer, sha256, since) select 'tinh', ${hash('file')}, now() - interval '300 days' ${rows}`,
    `insert into branches (id, envelope_sha256, series, previous_peer, previous_branch, path, not_after, state, run_after,
     created_at, settled_at)
   select ${id('taken')}, ${hash('envelope')}, 1, 'tinh', ${id('branch')}, '{tinh,tw}', now() - interval '290 days', 'done',
     now() - interval '300 days', now() - interval '300 days', now() - interval '300 days' ${rows}`,
    `insert into branch_recipients (envelope_sha256, series, recipient, branch_id)
   select ${hash('envelope')}, 1, 'G22', ${id('taken')} ${rows}`,
    `insert into receipts (sha256, event, node, envelope_sha256, series, occurred_at, stored_at, xml)
   select ${hash('receipt')}, 'ContentConsignment', 'tw', ${hash('envelope')}, 1, now() - interval '300 days',
     now() - interval '300 days', decode(repeat('00', 200), 'hex') ${rows}`,
    `insert into receipt_recipients (receipt_sha256, envelope_sha256, series, recipient, terminal)
   select ${hash('receipt')}, ${hash('envelope')}, 1, 'G22', true ${rows}`,
    `insert into offer_receipts (offer_id, position, receipt_sha256)
   select ${id('offer')}, 0, ${hash('receipt')} ${rows}`,
    `insert into returns (id, peer, kind, message_sha256, state, run_after, give_up_at, created_at, settled_at)
   select ${id('return')}, 'tinh', 'receipt', ${hash('other receipt')}, 'done', now() - interval '300 days',
     now() - interval '290 days', now() - interval '300 days', now() - interval '300 days' ${rows}`,
  ]
}
