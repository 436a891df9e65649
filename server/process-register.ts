/**
 * The processes of one node on one database: who lives, and which of them does what is to be done once.
 *
 * Everything is judged by the database's clock. A process that is killed leaves a row that grows silent, and claims
 * that end by themselves: nobody resets another's work, it becomes free by time alone (design 6.6).
 */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Database, NodeTransaction } from './db.ts'
import type { Logger } from './log.ts'
import { waitForNoStandby } from './standby.ts'

/** How often a process says that it lives. */
const SIGN_OF_LIFE_MS = 5_000
/** A process that was silent for so long is gone; its row is forgotten by the next that starts. */
const FORGOTTEN_AFTER_SECONDS = 24 * 3_600

export interface OwnProcess {
  /** `host/pid/random`: names the owner of a claim to people and to other processes. */
  readonly id: string
  /**
   * Whether this process is the one that does a periodic round now. Of all processes that ask within `everyMs` one
   * gets it; killed in the middle of it, another gets the next.
   */
  claimRound(name: string, everyMs: number): Promise<boolean>
  /** Says that it is gone. */
  leave(): Promise<void>
}

/** Part of the period after which a round is free again: timers of several processes do not beat together. */
const FREE_AFTER = 0.8

/**
 * Enters this process and keeps it entered until `leave`.
 *
 * @param version of the program, so that an operator sees a rolling upgrade's progress
 */
export async function enterProcess(
  db: Database,
  log: Logger,
  version: string,
  signOfLifeMs: number = SIGN_OF_LIFE_MS,
): Promise<OwnProcess> {
  const own = { host: hostname(), pid: process.pid, version }
  const id = `${own.host}/${own.pid}/${randomUUID().slice(0, 8)}`
  const sayAlive = () =>
    db.asNode(async (trx) => {
      await waitForNoStandby(trx)
      await trx('processes')
        .insert({ id, ...own })
        .onConflict('id')
        .merge({ seen_at: trx.fn.now() })
    })
  await sayAlive()
  await db.asNode(forgetSilent)
  let sign = Promise.resolve()
  const timer = setInterval(() => {
    sign = sayAlive().catch((error: unknown) =>
      log.warn({ error: String(error) }, 'no sign of life could be given'),
    )
  }, signOfLifeMs)
  timer.unref()
  return {
    id,
    claimRound: (name, everyMs) => db.asNode((trx) => claimRound(trx, name, id, everyMs * FREE_AFTER)),
    async leave() {
      clearInterval(timer)
      // One on its way would enter this process again.
      await sign
      await db.asNode(async (trx) => {
        await trx('processes').where({ id }).delete()
      })
    },
  }
}

async function forgetSilent(trx: NodeTransaction): Promise<void> {
  await trx.raw('delete from processes where seen_at < now() - make_interval(secs => ?)', [
    FORGOTTEN_AFTER_SECONDS,
  ])
}

async function claimRound(trx: NodeTransaction, name: string, owner: string, ms: number): Promise<boolean> {
  await waitForNoStandby(trx)
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `insert into rounds (name, owner, next_at) values (:name, :owner, now() + make_interval(secs => :seconds))
     on conflict (name) do update
       set owner = excluded.owner, claimed_at = now(), next_at = excluded.next_at
       where rounds.next_at <= now()
     returning name`,
    { name, owner, seconds: ms / 1000 },
  )
  return rows.length > 0
}

/** A process of this node as an operator sees it. */
export interface ListedProcess {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly version: string
  readonly startedAt: Date
  /** Seconds since its last sign of life, by the database's clock. */
  readonly silentSeconds: number
}

/** The processes that have not left in order, the newest first. */
export async function listProcesses(trx: NodeTransaction): Promise<ListedProcess[]> {
  const { rows } = await trx.raw<{ rows: ListedProcess[] }>(
    `select id, host, pid, version, started_at as "startedAt",
       extract(epoch from now() - seen_at)::float8 as "silentSeconds"
     from processes order by started_at desc`,
  )
  return rows
}
