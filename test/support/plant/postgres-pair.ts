/**
 * A PostgreSQL with a synchronous standby behind one address, and what its operator does with them. Clients know the
 * address only.
 */

import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { EmbeddedPostgres } from '../../../server/main.ts'
import { openAddress } from './address.ts'
import {
  type BareServer,
  connected,
  copyAsStandby,
  newServer,
  removeServer,
  rowsAt,
} from './bare-postgres.ts'

export interface PostgresPair extends EmbeddedPostgres {
  /** The two servers now; the standby is missing between a promotion and the next `addStandby`. */
  readonly primary: BareServer
  readonly standby: BareServer | undefined
  /** Makes a standby from a base backup of the primary; resolves when commits wait for it. */
  addStandby(): Promise<void>
  stopStandby(): Promise<void>
  /** The standby that was stopped runs again and has caught up. */
  startStandby(): Promise<void>
  /** The primary is gone at once, and for good; clients find nobody at the address. */
  killPrimary(): Promise<void>
  /** The standby becomes the primary, and the address leads to it. */
  promote(): Promise<void>
  /** Clients that wait for the standby with a commit. */
  waiting(): Promise<number>
}

/** What the primary calls its standby. */
const STANDBY = 'du_phong'
const PATIENCE_MS = 60_000

/** Starts the primary; the first standby is still to be added. */
export async function openPostgresPair(folder: string, runAs: string): Promise<PostgresPair> {
  const address = await openAddress()
  let made = 1
  let primary = await newServer(join(folder, `server-${made}`), runAs)
  let standby: BareServer | undefined
  await primary.start()
  address.pointTo(primary.port)
  const superuserUrl = (database?: string) => {
    const url = new URL(primary.url(database))
    url.port = String(address.port)
    return url.href
  }
  return {
    port: address.port,
    superuserUrl,
    get primary() {
      return primary
    },
    get standby() {
      return standby
    },
    async addStandby() {
      made += 1
      await rowsAt(
        primary.url(),
        `select pg_create_physical_replication_slot('${STANDBY}', true) where not exists
           (select 1 from pg_replication_slots where slot_name = '${STANDBY}')`,
      )
      standby = await copyAsStandby(primary, join(folder, `server-${made}`), runAs, [
        `primary_conninfo = '${connectionInfo(primary)}'`,
        `primary_slot_name = '${STANDBY}'`,
        // As where both servers are given the same configuration.
        `synchronous_standby_names = '${STANDBY}'`,
      ])
      await standby.start()
      await untilState(primary, 'streaming')
      await setting(primary, `set synchronous_standby_names = '${STANDBY}'`)
      await untilState(primary, 'sync')
    },
    async stopStandby() {
      await standby?.stop()
    },
    async startStandby() {
      await standby?.start()
      await untilState(primary, 'sync')
    },
    killPrimary: () => primary.kill(),
    async promote() {
      if (standby === undefined) throw new Error('there is no standby')
      await rowsAt(standby.url(), 'select pg_promote(true, 60)')
      // It has no standby of its own yet: with the name in its settings every commit would wait for good.
      await setting(standby, 'reset synchronous_standby_names')
      const gone = primary
      primary = standby
      standby = undefined
      removeServer(gone)
      address.pointTo(primary.port)
    },
    async waiting() {
      const rows = await rowsAt<{ waiting: number }>(
        primary.url(),
        "select count(*)::int as waiting from pg_stat_activity where wait_event = 'SyncRep'",
      )
      return rows[0]?.waiting ?? 0
    },
    async stop() {
      // The primary first: a standby takes what is left of its log.
      if (primary.running) await primary.stop()
      await standby?.stop()
      await address.close()
    },
  }
}

function connectionInfo(server: BareServer): string {
  const { username, password, port } = new URL(server.url())
  return `host=127.0.0.1 port=${port} user=${username} password=${password} application_name=${STANDBY}`
}

/** `alter system` writes no log: it waits for no standby. */
async function setting(server: BareServer, change: string): Promise<void> {
  const client = await connected(server.url())
  try {
    await client.query(`alter system ${change}`)
    await client.query('select pg_reload_conf()')
  } finally {
    await client.end()
  }
}

/** @param state of the standby by `pg_stat_replication`: it streams, or commits wait for it as well */
async function untilState(primary: BareServer, state: 'streaming' | 'sync'): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const rows = await rowsAt<{ state: string; sync_state: string }>(
      primary.url(),
      `select state, sync_state from pg_stat_replication where application_name = '${STANDBY}'`,
    )
    const [row] = rows
    if (row?.state === 'streaming' && (state === 'streaming' || row.sync_state === state)) return
    if (Date.now() > deadline) throw new Error(`the standby is ${JSON.stringify(row)}, not ${state}`)
    await delay(50)
  }
}
