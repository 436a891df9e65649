/**
 * What became of everything that was sent, read from the databases and files of all nodes: nothing that a process says
 * of itself is believed.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { leafHash } from '../../server/audit/entry.ts'
import type { PlantNode } from '../support/plant/plant.ts'
import type { Ground } from './ground.ts'
import type { SentLetter } from './load.ts'

export interface Findings {
  readonly documents: number
  readonly deliveries: number
  /** Deliveries whose recipient has no document, or that did not end as consigned. */
  readonly lost: number
  /** Documents that lie before a clerk more than once. */
  readonly doubled: number
  /** Receipts and statuses that are missing, or stand more than once. */
  readonly receipts: number
  /** Files whose bytes are not the issued ones. */
  readonly bytes: number
  /** Numbers of registers that are missing or doubled. */
  readonly numbers: number
  /** Log entries that are missing, doubled or no longer have their hash. */
  readonly log: number
  /** Processes of nodes that ended by themselves. */
  readonly crashed: number
  readonly problems: readonly string[]
}

export type Count = Exclude<keyof Findings, 'documents' | 'deliveries' | 'problems'>

class Tally {
  readonly problems: string[] = []
  readonly counts: Record<Count, number> = {
    lost: 0,
    doubled: 0,
    receipts: 0,
    bytes: 0,
    numbers: 0,
    log: 0,
    crashed: 0,
  }

  note(count: Count, problem: string): void {
    this.counts[count] += 1
    if (this.problems.length < 40) this.problems.push(`${count}: ${problem}`)
  }
}

/** Looks at everything that was sent since the ground was opened. */
export async function findings(ground: Ground): Promise<Findings> {
  const tally = new Tally()
  const { sent } = ground.load
  for (const one of sent) await auditLetter(ground, one, tally)
  for (const node of ground.plant.nodes) {
    await auditRegisters(ground, node, tally)
    await auditLog(ground, node, tally)
  }
  for (const node of ground.plant.nodes) {
    for (const last of node.crashes) tally.note('crashed', `${node.plan.id}: ${last}`)
  }
  const deliveries = sent.reduce((sum, one) => sum + one.recipients.length, 0)
  return { documents: sent.length, deliveries, ...tally.counts, problems: tally.problems }
}

interface EventRow {
  readonly recipient: string
  readonly transport: string
  readonly code: string
  readonly node: string
  readonly message_sha256: string
  readonly [column: string]: unknown
}

async function auditLetter(ground: Ground, { letter, sender, recipients }: SentLetter, tally: Tally) {
  const home = ground.nodeOf(sender.code)
  const events = await ground.rows<EventRow>(
    home,
    `select d.recipient, d.transport, e.code, e.node, e.message_sha256 from deliveries d
     left join delivery_events e on e.delivery_id = d.id and e.agency_id = d.agency_id
     where d.document_id = $1`,
    [letter.id],
  )
  for (const code of recipients) {
    const what = `${letter.documentCode} ${letter.id} to ${code}`
    const own = events.filter((one) => one.recipient === code)
    if (own[0]?.transport !== 'consigned') tally.note('lost', `${what} is ${own[0]?.transport ?? 'unknown'}`)
    const there = ground.nodeOf(code)
    const arrived = await auditArrival(ground, there, code, letter, what, tally)
    auditEvents(ground, { own, home: home.plan.id, there: there.plan.id, arrived, what }, tally)
  }
}

interface ArrivalRow {
  readonly id: string
  readonly state: string
  readonly sha256: string
  readonly [column: string]: unknown
}

async function auditArrival(
  ground: Ground,
  there: PlantNode,
  code: string,
  letter: SentLetter['letter'],
  what: string,
  tally: Tally,
): Promise<ArrivalRow | undefined> {
  const arrived = await ground.rows<ArrivalRow>(
    there,
    `select d.id, d.state, r.sha256 from documents d
     join document_revisions r on r.document_id = d.id and r.agency_id = d.agency_id
     where d.direction = 'incoming' and d.document_code = $1 and d.recipient_code = $2 and r.revision = 1`,
    [letter.documentCode, code],
  )
  const [first] = arrived
  if (first === undefined) {
    tally.note('lost', `${what}: nothing arrived`)
    return undefined
  }
  if (arrived.length > 1) tally.note('doubled', `${what}: arrived ${arrived.length} times`)
  const { sha256 } = letter
  const place = join(there.folder, 'store', 'files', sha256.slice(0, 2), sha256.slice(2, 4), sha256)
  const bytes = await readFile(place).catch(() => undefined)
  const found = bytes === undefined ? 'no file' : createHash('sha256').update(bytes).digest('hex')
  if (first.sha256 !== sha256 || found !== sha256) tally.note('bytes', `${what}: ${found}`)
  return first
}

interface Expected {
  readonly own: readonly EventRow[]
  readonly home: string
  readonly there: string
  readonly arrived: ArrivalRow | undefined
  readonly what: string
}

/** Every event of a delivery has one receipt: of each node on the way, and one status for each act of the clerk. */
function auditEvents(ground: Ground, { own, home, there, arrived, what }: Expected, tally: Tally) {
  const expected = new Map([
    ['SubmissionAcceptance', 1],
    ['RelayAcceptance', Math.max(0, ground.between(home, there))],
    ['ContentConsignment', 1],
  ])
  if (arrived?.state === 'accepted') {
    expected.set('ContentHandover', 1)
    expected.set('03', 1)
  }
  const counts = new Map<string, number>()
  const nodes = new Set<string>()
  for (const { code, node } of own) {
    if (code === null) continue
    counts.set(code, (counts.get(code) ?? 0) + 1)
    const key = `${code} ${node}`
    if (nodes.has(key)) tally.note('receipts', `${what}: ${key} twice`)
    nodes.add(key)
  }
  for (const code of new Set([...expected.keys(), ...counts.keys()])) {
    const [wanted, found] = [expected.get(code) ?? 0, counts.get(code) ?? 0]
    if (wanted !== found) tally.note('receipts', `${what}: ${found} ${code}, ${wanted} expected`)
  }
}

/** The numbers of each series are 1 to the last, each once. */
async function auditRegisters(ground: Ground, node: PlantNode, tally: Tally) {
  const series = await ground.rows<{ series: string; last: number; count: string; distinct: string }>(
    node,
    `select s.series, s.last_number as last, count(n.number) as count, count(distinct n.number) as distinct
     from registers s left join register_numbers n
       on n.agency_id = s.agency_id and n.year = s.year and n.series = s.series
     group by s.agency_id, s.year, s.series, s.last_number`,
  )
  for (const one of series) {
    if (Number(one.count) === one.last && Number(one.distinct) === one.last) continue
    tally.note('numbers', `${node.plan.id} ${one.series}: ${one.count} numbers up to ${one.last}`)
  }
  const accepted = await ground.rows<{ count: string }>(
    node,
    `select count(*) from documents d where direction = 'incoming' and state = 'accepted' and not exists
       (select 1 from register_numbers n where n.document_id = d.id and n.status = 'assigned')`,
  )
  if (Number(accepted[0]?.count) > 0) tally.note('numbers', `${node.plan.id}: accepted without a number`)
}

/** Every act that left a row has its entry, once, and every entry has its hash. */
async function auditLog(ground: Ground, node: PlantNode, tally: Tally) {
  const entries = await ground.rows<{ id: string; entry: Buffer; leaf_hash: Buffer }>(
    node,
    'select id, entry, leaf_hash from log_entries order by position',
  )
  for (const { id, entry, leaf_hash: hash } of entries) {
    if (!Buffer.from(leafHash(entry)).equals(hash))
      tally.note('log', `${node.plan.id}: entry ${id} has another hash`)
  }
  for (const { what, sql } of logged) {
    const wrong = await ground.rows<{ id: string; count: string }>(node, sql)
    for (const one of wrong) tally.note('log', `${node.plan.id}: ${what} ${one.id} has ${one.count} entries`)
  }
}

/** What must have been logged, and how its entry is found. */
const logged = [
  {
    what: 'arrival of',
    sql: `select d.id, count(l.id) from documents d left join log_entries l
            on l.kind = 'document.arrived' and l.agency_id = d.agency_id
              and convert_from(l.entry, 'UTF8')::jsonb ->> 'subject' = 'document:' || d.id
          where d.direction = 'incoming' group by d.id having count(l.id) <> 1`,
  },
  {
    what: 'committed offer',
    sql: `select o.id, count(l.id) from offers o left join log_entries l
            on l.kind = 'relay.accepted'
              and convert_from(l.entry, 'UTF8')::jsonb -> 'facts' ->> 'branch' = o.branch::text
          where o.committed_at is not null group by o.id having count(l.id) <> 1`,
  },
] as const
