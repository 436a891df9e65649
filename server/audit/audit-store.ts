import { randomBytes, randomUUID } from 'node:crypto'
import type { Actor } from '../actor.ts'
import { type AgencyTransaction, type NodeTransaction, withAgencyTables } from '../db.ts'
import { type CanonicalValue, canonicalEntry, commitment, type EntryKind, leafHash } from './entry.ts'

/** What a use case says about its act. The store adds the id, the actor and the hash. */
export interface LogAct {
  readonly kind: EntryKind
  readonly subject: string
  readonly facts?: Readonly<Record<string, CanonicalValue>>
  /** Personal data: only salted commitments reach the entry. */
  readonly personal?: Readonly<Record<string, string>>
}

export interface LogContext {
  readonly nodeId: string
  readonly actor: Actor
  readonly now: Date
}

/**
 * Appends an entry in the transaction of the act itself: both are there or neither. In an agency's transaction
 * the entry is that agency's; in the node's, the node's.
 *
 * @returns the entry's id
 */
export async function appendLogEntry(
  trx: AgencyTransaction | NodeTransaction,
  context: LogContext,
  agencyId: string | null,
  act: LogAct,
): Promise<string> {
  const id = randomUUID()
  const salted = Object.entries(act.personal ?? {}).map(([field, value]) => ({
    field,
    value,
    salt: randomBytes(32),
  }))
  const canonical = canonicalEntry({
    id,
    nodeId: context.nodeId,
    agencyId,
    kind: act.kind,
    occurredAt: context.now,
    actor: actorName(context.actor),
    subject: act.subject,
    facts: act.facts ?? {},
    commitments: Object.fromEntries(salted.map((one) => [one.field, commitment(one.salt, one.value)])),
  })
  await trx('log_entries').insert({
    id,
    agency_id: agencyId,
    kind: act.kind,
    occurred_at: context.now,
    entry: Buffer.from(canonical),
    leaf_hash: Buffer.from(leafHash(canonical)),
  })
  if (salted.length > 0) {
    await trx('log_salts').insert(
      salted.map((one) => ({
        entry_id: id,
        field: one.field,
        agency_id: agencyId,
        salt: one.salt,
        value: one.value,
      })),
    )
  }
  return id
}

/**
 * As `appendLogEntry`, out of a transaction of the node: what concerns an agency's people (a sign-in, a role, a token)
 * stands in that agency's own log, where its auditor finds it; without an agency, in the node's.
 */
export function appendEntryOf(
  trx: NodeTransaction,
  context: LogContext,
  agencyId: string | null,
  act: LogAct,
): Promise<string> {
  if (agencyId === null) return appendLogEntry(trx, context, null, act)
  return withAgencyTables(trx, agencyId, (agency) => appendLogEntry(agency, context, agencyId, act))
}

function actorName(actor: Actor): string {
  switch (actor.kind) {
    case 'user':
      return `user:${actor.userId}`
    case 'operator':
      return actor.userId === null ? actor.login : `user:${actor.userId}`
    case 'node':
      return `node:${actor.nodeId}`
  }
}

export interface StoredEntry {
  readonly position: string
  readonly entry: Buffer
  readonly leafHash: Buffer
}

/** Entries that one page of an export holds. */
const PAGE = 500

/**
 * The running transaction's number in the order that PostgreSQL gives to those that write. What is written with a
 * lower number was begun before.
 */
export async function ownTransaction(trx: AgencyTransaction | NodeTransaction): Promise<string> {
  const { rows } = await trx.raw<{ rows: { id: string }[] }>('select pg_current_xact_id()::text as id')
  return rows[0]?.id ?? '0'
}

/** Whether every transaction begun before `boundary` has ended: from then on nothing below it can appear. */
export async function isSettled(
  trx: AgencyTransaction | NodeTransaction,
  boundary: string,
): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: { settled: boolean }[] }>(
    'select pg_snapshot_xmin(pg_current_snapshot()) >= cast(? as xid8) as settled',
    [boundary],
  )
  return rows[0]?.settled === true
}

/**
 * One page of the transaction's own scope, in order of position: what was written before `boundary`. `from` is
 * inclusive, `to` exclusive.
 */
export async function readLogEntries(
  trx: AgencyTransaction | NodeTransaction,
  range: { readonly from?: Date; readonly to?: Date; readonly after: string; readonly boundary: string },
): Promise<StoredEntry[]> {
  const query = trx('log_entries')
    .where('position', '>', range.after)
    .whereRaw('written_by < cast(? as xid8)', [range.boundary])
    .orderBy('position')
    .limit(PAGE)
  if (range.from !== undefined) query.where('occurred_at', '>=', range.from)
  if (range.to !== undefined) query.where('occurred_at', '<', range.to)
  const rows: { position: string; entry: Buffer; leaf_hash: Buffer }[] = await query.select(
    'position',
    'entry',
    'leaf_hash',
  )
  return rows.map((row) => ({ position: row.position, entry: row.entry, leafHash: row.leaf_hash }))
}
