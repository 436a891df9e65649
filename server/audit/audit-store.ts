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
 * One page of the transaction's own scope, in order of position. `from` is inclusive, `to` exclusive; `before`
 * bounds the export by its own moment, so that an export never chases the entries written while it runs.
 */
export async function readLogEntries(
  trx: AgencyTransaction | NodeTransaction,
  range: { readonly from?: Date; readonly to?: Date; readonly after: string; readonly before: Date },
): Promise<StoredEntry[]> {
  const query = trx('log_entries')
    .where('position', '>', range.after)
    .where('occurred_at', '<', range.before)
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
