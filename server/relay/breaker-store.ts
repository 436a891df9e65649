import type { NodeTransaction } from '../db.ts'
import { type Breaker, type BreakerState, closedBreaker, PROBE_LEASE_SECONDS } from './breaker.ts'

/** The breaker of a peer as it stands in the database that all processes share. */
export interface StoredBreaker {
  readonly breaker: Breaker
  /** Whether the lease of the probe has run out by the database's clock; false where there is none. */
  readonly isLeaseOver: boolean
  readonly lastFailureAt: Date | null
}

interface BreakerRow {
  readonly state: BreakerState
  readonly failures: number
  readonly opened_at: Date | null
  readonly probe_at: Date | null
  readonly probe_owner: string | null
  readonly last_failure_at: Date | null
  readonly is_lease_over: boolean
}

const SELECT = `
  select state, failures, opened_at, probe_at, probe_owner, last_failure_at,
    coalesce(probe_until <= clock_timestamp(), false) as is_lease_over
  from peer_breakers where peer = ?`

function toBreaker(row: BreakerRow): StoredBreaker {
  return {
    breaker: {
      state: row.state,
      failures: row.failures,
      openedAt: row.opened_at,
      probeAt: row.probe_at,
      probeOwner: row.probe_owner,
    },
    isLeaseOver: row.is_lease_over,
    lastFailureAt: row.last_failure_at,
  }
}

/** One look by primary key, without a lock. @returns undefined for a peer that never failed */
export async function findBreaker(trx: NodeTransaction, peer: string): Promise<StoredBreaker | undefined> {
  const { rows } = await trx.raw<{ rows: BreakerRow[] }>(SELECT, [peer])
  return rows.map(toBreaker)[0]
}

/** The breaker with its row locked until the transaction ends, made where there is none. */
export async function lockBreaker(trx: NodeTransaction, peer: string, now: Date): Promise<StoredBreaker> {
  await trx('peer_breakers').insert({ peer, changed_at: now }).onConflict('peer').ignore()
  const { rows } = await trx.raw<{ rows: BreakerRow[] }>(`${SELECT} for update`, [peer])
  return rows.map(toBreaker)[0] ?? { breaker: closedBreaker, isLeaseOver: false, lastFailureAt: null }
}

/** What was seen of a peer at `now`, beside the state that follows from it. */
export interface Sighting {
  readonly failed?: string
  readonly answered?: true
}

/** Writes a breaker whose row the transaction has locked; a lease that begins now is measured by the database's clock. */
export async function saveBreaker(
  trx: NodeTransaction,
  peer: string,
  { before, after }: { readonly before: Breaker; readonly after: Breaker },
  seen: Sighting,
  now: Date,
): Promise<void> {
  const lease = trx.raw('clock_timestamp() + make_interval(secs => ?)', [PROBE_LEASE_SECONDS])
  await trx('peer_breakers')
    .where({ peer })
    .update({
      state: after.state,
      failures: after.failures,
      opened_at: after.openedAt,
      probe_at: after.probeAt,
      probe_owner: after.probeOwner,
      probe_until: after.state === 'half-open' ? lease : null,
      ...(seen.failed === undefined ? {} : { last_failure_at: now, last_outcome: seen.failed }),
      ...(seen.answered === undefined ? {} : { last_success_at: now }),
      ...(before.state === after.state ? {} : { changed_at: now }),
    })
}

/** Peers whose breaker is not closed although their probe should have been made before a moment. */
export async function overdueProbes(trx: NodeTransaction, before: Date): Promise<string[]> {
  return trx('peer_breakers')
    .where((either) =>
      either
        .where((open) => open.where({ state: 'open' }).where('probe_at', '<', before))
        .orWhere((probing) =>
          probing.where({ state: 'half-open' }).whereRaw('probe_until <= clock_timestamp()'),
        ),
    )
    .orderBy('peer')
    .pluck<string[]>('peer')
}
