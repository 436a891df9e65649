/**
 * Lists of open work on incoming documents: not registered, not handed over, being handled, and what one person has to
 * do. Each walks an index that holds open work alone, the most urgent first, and a page begins where the last one ended.
 */
import type { Knex } from 'knex'
import type { AgencyTransaction } from '../db.ts'
import type { Reader } from '../documents/document-list-store.ts'
import { type DocumentRow, documentFromRow, type StoredDocument } from '../documents/document-store.ts'

/** Where a page ended. `at` is what the list is ordered by after urgency: ISO 8601, or a day. */
export interface TaskPosition {
  readonly rank: number
  readonly at: string
  readonly id: string
}

export interface Task {
  readonly document: DocumentRow
  /** What one person has to do: their own deadline and whether they lead. */
  readonly own: { readonly position: number; readonly dueDate: string | null } | null
  readonly position: TaskPosition
}

interface TaskRow extends StoredDocument {
  readonly urgency_rank: number
  readonly own_position?: number
  readonly own_due?: string | null
  readonly own_order?: string
}

export interface TaskQuery {
  readonly reader: Reader
  readonly after: TaskPosition | undefined
  readonly limit: number
}

/** What was given up to its issuer is nobody's work any more. */
const NOT_GIVEN_UP = "d.recall is distinct from 'agreed'"

/**
 * Documents that wait to be registered since before a moment, urgent ones since before another.
 *
 * @param since ordinary documents that came in before it
 * @param urgentSince urgent ones
 */
export async function listUnregistered(
  trx: AgencyTransaction,
  query: TaskQuery,
  since: Date,
  urgentSince: Date,
): Promise<Task[]> {
  const select = readable(trx, query).whereRaw(
    `d.direction = 'incoming' and d.state in ('arrived', 'verified', 'failed-verification') and ${NOT_GIVEN_UP}`,
  )
  return waiting(trx, select, 'd.created_at', query, since, urgentSince)
}

/** Documents that were registered before a moment and are in nobody's hands. */
export async function listNotHandedOver(
  trx: AgencyTransaction,
  query: TaskQuery,
  since: Date,
  urgentSince: Date,
): Promise<Task[]> {
  const select = readable(trx, query).whereRaw(
    `d.direction = 'incoming' and d.state = 'accepted' and ${NOT_GIVEN_UP}`,
  )
  return waiting(trx, select, 'd.registered_at', query, since, urgentSince)
}

async function waiting(
  trx: AgencyTransaction,
  select: Knex.QueryBuilder,
  column: 'd.created_at' | 'd.registered_at',
  { after, limit }: TaskQuery,
  since: Date,
  urgentSince: Date,
): Promise<Task[]> {
  select.where((late) =>
    late
      .where(column, '<', since)
      .orWhere((urgent) => urgent.where('d.urgency', '>', 0).where(column, '<', urgentSince)),
  )
  if (after !== undefined) {
    select.whereRaw(`(d.urgency_rank, ${column}, d.id) > (?, ?::timestamptz, ?)`, [
      after.rank,
      after.at,
      after.id,
    ])
  }
  const rows: (TaskRow & { readonly waits_since: Date })[] = await select
    .orderBy(['d.urgency_rank', column, 'd.id'])
    .limit(limit)
    .select('d.*', trx.ref(column).as('waits_since'))
  return rows.map((row) => taskOf(row, row.waits_since.toISOString()))
}

/**
 * Documents in handling whose lead's deadline lies in a range of days.
 *
 * @param from the first day, inclusive; null: from the beginning
 * @param to the last day, inclusive
 */
export async function listDue(
  trx: AgencyTransaction,
  query: TaskQuery,
  from: string | null,
  to: string,
): Promise<Task[]> {
  const { after, limit } = query
  const select = readable(trx, query)
    .whereRaw("d.direction = 'incoming' and d.state in ('assigned', 'processing')")
    .where('d.handling_due', '<=', to)
  if (from !== null) select.where('d.handling_due', '>=', from)
  if (after !== undefined) {
    select.whereRaw('(d.urgency_rank, d.handling_due, d.id) > (?, ?::date, ?)', [
      after.rank,
      after.at,
      after.id,
    ])
  }
  const rows: TaskRow[] = await select
    .orderBy(['d.urgency_rank', 'd.handling_due', 'd.id'])
    .limit(limit)
    .select('d.*')
  return rows.map((row) => taskOf(row, row.handling_due ?? ''))
}

/** Recalled documents whose issuer speaks of paper and of which nobody has recorded that it went back, or that there is none. */
export async function listPaperToReturn(trx: AgencyTransaction, query: TaskQuery): Promise<Task[]> {
  const { after, limit } = query
  const select = readable(trx, query).whereRaw(
    `d.id in (
       select r.target_id from incoming_requests r
       where r.asks_paper and r.target_id is not null and not exists (
         select 1 from paper_returns p where p.agency_id = r.agency_id and p.document_id = r.target_id))`,
  )
  if (after !== undefined) {
    select.whereRaw('(d.urgency_rank, d.created_at, d.id) > (?, ?::timestamptz, ?)', [
      after.rank,
      after.at,
      after.id,
    ])
  }
  const rows: (TaskRow & { readonly waits_since: Date })[] = await select
    .orderBy(['d.urgency_rank', 'd.created_at', 'd.id'])
    .limit(limit)
    .select('d.*', trx.ref('d.created_at').as('waits_since'))
  return rows.map((row) => taskOf(row, row.waits_since.toISOString()))
}

/** What the reader leads or co-operates in, may still see and has not done yet. */
export async function listOwn(trx: AgencyTransaction, query: TaskQuery): Promise<Task[]> {
  const { after, limit, reader } = query
  const select = onlyReadable(trx, trx('handling_parties as p'), query)
    .join('documents as d', (on) => {
      on.on('d.agency_id', 'p.agency_id').andOn('d.id', 'p.document_id')
    })
    .where('p.user_id', reader.userId)
    .whereNull('p.ended_at')
  if (after !== undefined) {
    select.whereRaw('(p.urgency_rank, p.due_order, p.document_id) > (?, ?::date, ?)', [
      after.rank,
      after.at,
      after.id,
    ])
  }
  const rows: TaskRow[] = await select
    .orderBy(['p.urgency_rank', 'p.due_order', 'p.document_id'])
    .limit(limit)
    .select('d.*', 'p.position as own_position', 'p.due_date as own_due', 'p.due_order as own_order')
  return rows.map((row) => taskOf(row, row.own_order ?? ''))
}

/** What the reader may see: everything that is not restricted, or what they have a right to. */
function readable(trx: AgencyTransaction, query: TaskQuery): Knex.QueryBuilder {
  return onlyReadable(trx, trx('documents as d'), query)
}

function onlyReadable(
  trx: AgencyTransaction,
  select: Knex.QueryBuilder,
  { reader }: TaskQuery,
): Knex.QueryBuilder {
  const own = trx('document_access as a')
    .whereRaw('a.document_id = d.id and a.agency_id = d.agency_id')
    .where('a.user_id', reader.userId)
    .whereNull('a.withdrawn_at')
    .select(trx.raw('1'))
  if (!reader.readsAll) return select.whereExists(own)
  return select.where((visible) => visible.whereRaw('not d.restricted').orWhereExists(own))
}

function taskOf(row: TaskRow, at: string): Task {
  return {
    document: documentFromRow(row),
    own: row.own_position === undefined ? null : { position: row.own_position, dueDate: row.own_due ?? null },
    position: { rank: row.urgency_rank, at, id: row.id },
  }
}
