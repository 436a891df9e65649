/**
 * The only SQL of the facts that statistics count. Everything goes through functions that answer sums alone: in an
 * agency's transaction they count that agency, whichever is asked for; in the node's, the agencies that are asked for.
 */
import type { AgencyTransaction, NodeTransaction } from '../db.ts'
import type { FlagCount, UnsettledCount } from './figures.ts'

export type StatisticsTransaction = AgencyTransaction | NodeTransaction

/** What the database tells documents apart by. */
export type CountKey = 'day' | 'agency' | 'kind'

export interface Counted {
  readonly agencies: readonly string[]
  /** `YYYY-MM-DD`, both included. */
  readonly from: string
  readonly to: string
}

export async function countFlags(
  trx: StatisticsTransaction,
  key: CountKey,
  { agencies, from, to }: Counted,
): Promise<FlagCount[]> {
  const { rows } = await trx.raw<{ rows: { key: string; flags: number; documents: string }[] }>(
    `select key, flags, documents from congvan_flags_by_${key}(cast(? as uuid[]), cast(? as date), cast(? as date))`,
    [[...agencies], from, to],
  )
  return rows.map((row) => ({ key: row.key, flags: row.flags, documents: Number(row.documents) }))
}

/** The calendar as far as it is asked about: the last day in time for what began on a day. */
export interface DueDays {
  readonly days: readonly string[]
  readonly due: readonly string[]
  /** Today, `YYYY-MM-DD`. */
  readonly today: string
}

export async function countUnsettled(
  trx: StatisticsTransaction,
  key: CountKey,
  { agencies, from, to }: Counted,
  { days, due, today }: DueDays,
): Promise<UnsettledCount[]> {
  const { rows } = await trx.raw<{
    rows: {
      key: string
      dispatched_in_time: string
      registered_in_time: string
      waiting_late: string
      overdue: string
    }[]
  }>(
    `select * from congvan_unsettled_by_${key}(cast(? as uuid[]), cast(? as date), cast(? as date), cast(? as date),
       cast(? as date[]), cast(? as date[]))`,
    [[...agencies], from, to, today, [...days], [...due]],
  )
  return rows.map((row) => ({
    key: row.key,
    dispatchedInTime: Number(row.dispatched_in_time),
    registeredInTime: Number(row.registered_in_time),
    waitingLate: Number(row.waiting_late),
    overdue: Number(row.overdue),
  }))
}

export interface RefusalCount {
  readonly reason: string
  readonly documents: number
}

/** Refused documents by reason, the most frequent first. */
export async function countRefusals(
  trx: StatisticsTransaction,
  { agencies, from, to }: Counted,
): Promise<RefusalCount[]> {
  const { rows } = await trx.raw<{ rows: { reason: string; refused: string }[] }>(
    `select reason, refused from congvan_refusals(cast(? as uuid[]), cast(? as date), cast(? as date))
     order by refused desc, reason`,
    [[...agencies], from, to],
  )
  return rows.map((row) => ({ reason: row.reason, documents: Number(row.refused) }))
}

/** Distinct certificates that were seen, by whose documents and by kind. */
export interface CertificateCounts {
  readonly own: { readonly individual: number; readonly agency: number }
  readonly received: { readonly individual: number; readonly agency: number }
}

/** In the months that the period touches. */
export async function countCertificates(
  trx: StatisticsTransaction,
  { agencies, from, to }: Counted,
): Promise<CertificateCounts> {
  const { rows } = await trx.raw<{
    rows: { side: 'own' | 'received'; role: 'individual' | 'agency'; certificates: string }[]
  }>('select * from congvan_certificates(cast(? as uuid[]), cast(? as date), cast(? as date))', [
    [...agencies],
    from,
    to,
  ])
  const count = (side: string, role: string) =>
    Number(rows.find((row) => row.side === side && row.role === role)?.certificates ?? 0)
  return {
    own: { individual: count('own', 'individual'), agency: count('own', 'agency') },
    received: { individual: count('received', 'individual'), agency: count('received', 'agency') },
  }
}

export interface CountedAgency {
  readonly id: string
  readonly code: string
  readonly name: string
  readonly level: string
}

/**
 * The agencies of this node that exist in a period, as they were on its last day; with `below`, only that agency and
 * those beneath it then, however deep.
 */
export async function agenciesOfNode(
  trx: StatisticsTransaction,
  nodeId: string,
  { from, to, below }: { readonly from: string; readonly to: string; readonly below?: string },
): Promise<CountedAgency[]> {
  const { rows } = await trx.raw<{ rows: CountedAgency[] }>(
    `with recursive term as (
       select distinct on (agency_id) agency_id, name, level, parent_id, hosting_node
       from agency_terms where valid_from <= :to and (valid_to is null or valid_to > :from)
       order by agency_id, valid_from desc
     ), branch as (
       select agency_id from term where cast(:below as uuid) is null or agency_id = cast(:below as uuid)
       union
       select t.agency_id from term t join branch b on t.parent_id = b.agency_id
     )
     select t.agency_id as id, t.name, t.level,
       coalesce((select c.code from agency_codes c where c.agency_id = t.agency_id and c.valid_from <= :to
                 order by c.valid_from desc, c.generation desc limit 1), '') as code
     from term t join branch b on b.agency_id = t.agency_id
     where t.hosting_node = :nodeId order by code, id`,
    { from, to, below: below ?? null, nodeId },
  )
  return rows
}

/** The level of each agency from each day on, as far as it matters in a period, oldest first. */
export async function levelsOf(
  trx: StatisticsTransaction,
  { agencies, from, to }: Counted,
): Promise<{ readonly agencyId: string; readonly from: string; readonly level: string }[]> {
  const rows: { agency_id: string; valid_from: string; level: string }[] = await trx('agency_terms')
    .whereRaw('agency_id = any(cast(? as uuid[]))', [[...agencies]])
    .where('valid_from', '<=', to)
    .where((still) => still.whereNull('valid_to').orWhere('valid_to', '>', from))
    .orderBy(['agency_id', 'valid_from'])
    .select('agency_id', 'valid_from', 'level')
  return rows.map((row) => ({ agencyId: row.agency_id, from: row.valid_from, level: row.level }))
}
