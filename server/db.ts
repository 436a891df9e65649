/**
 * The only door to PostgreSQL.
 *
 * The application's role can do nothing by itself: every statement runs in a transaction that has taken one of
 * two roles. `<app>_tenant` sees an agency's tables through row-level security; `<app>_node` sees what the node
 * owns (envelopes, hops, receipts, files, directory, peers) and, for one agency at a time, that agency's rows.
 * A tenant query outside an actor is therefore an error of PostgreSQL ("permission denied"), never 0 rows.
 */
import knexFactory, { type Knex } from 'knex'
import pg from 'pg'
import type { IdempotencyClaim } from './actor.ts'
import { CongvanError } from './errors.ts'
import { PipelinedConnection } from './pipelined-connection.ts'

declare const scope: unique symbol

/** A transaction in the name of one agency: row-level security shows its rows only. */
export interface AgencyTransaction extends Knex.Transaction {
  readonly [scope]: 'agency'
}

/** A transaction of the node itself: node tables, and no agency's rows. */
export interface NodeTransaction extends Knex.Transaction {
  readonly [scope]: 'node'
}

export interface Database {
  /** One transaction as an agency. With an idempotency claim, the same key answers the same stored result. */
  asAgency<T>(actor: AgencyScope, work: (trx: AgencyTransaction) => Promise<T>): Promise<T>
  /** One transaction as the node. */
  asNode<T>(work: (trx: NodeTransaction) => Promise<T>, claim?: NodeClaim): Promise<T>
  /** Whether the database answers now. */
  ping(): Promise<void>
  /** How many connections of this process are in use now. */
  pool(): PoolUse
  close(): Promise<void>
  readonly url: string
}

/** The connections of one process, and how many pieces of work wait for one. */
export interface PoolUse {
  readonly used: number
  readonly free: number
  readonly waiting: number
}

export interface AgencyScope {
  readonly agencyId: string
  readonly userId?: string
  readonly idempotency?: IdempotencyClaim
}

export interface NodeClaim {
  readonly userId: string | null
  readonly idempotency: IdempotencyClaim
}

export interface DatabaseOptions {
  readonly url: string
  readonly poolSize: number
  /** Milliseconds until a query is given up; 0 = never. */
  readonly statementTimeoutMs?: number
  readonly applicationName?: string
  /** Milliseconds until a wait for a lock is given up; without it, none is. */
  readonly lockTimeoutMs?: number
}

/** What is read of knex's own pool, which its types leave open. */
interface KnexPool {
  numUsed(): number
  numFree(): number
  numPendingAcquires(): number
}

const INT8 = 20
const DATE = 1082

/** `DATE` and `int8` stay strings: a Date would shift the day by the machine's zone, a number would lose digits. */
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === INT8 || oid === DATE) return (value: string) => value
    return pg.types.getTypeParser(oid, format as 'text')
  },
}

/** The names of PostgreSQL roles that belong together. */
export interface DatabaseRoles {
  /** Logs in; owns nothing and may do nothing but take one of the other two. */
  readonly application: string
  readonly tenant: string
  readonly node: string
  /** Owns the few functions that look past row-level security and keep to the agency themselves; nobody takes it. */
  readonly definer: string
}

/** The roles that belong to the application's role that `url` logs in as. */
export function rolesFor(url: string): DatabaseRoles {
  const application = decodeURIComponent(new URL(url).username)
  return {
    application,
    tenant: `${application}_tenant`,
    node: `${application}_node`,
    definer: `${application}_definer`,
  }
}

export function openKnex(options: DatabaseOptions): Knex {
  return knexFactory({
    client: 'pg',
    connection: {
      connectionString: options.url,
      application_name: options.applicationName ?? 'congvan',
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      types,
      ...(options.lockTimeoutMs ? { lock_timeout: options.lockTimeoutMs } : {}),
      ...(options.statementTimeoutMs ? { statement_timeout: options.statementTimeoutMs } : {}),
    } as Knex.PgConnectionConfig,
    pool: { min: 0, max: options.poolSize, acquireTimeoutMillis: 15_000 },
    acquireConnectionTimeout: 15_000,
    // Every failure is thrown, and told where it is caught; knex would print it to the console besides.
    log: { warn: () => {}, error: () => {}, deprecate: () => {}, debug: () => {} },
  })
}

export function openDatabase(options: DatabaseOptions): Database {
  const knex = openKnex(options)
  const roles = rolesFor(options.url)

  knex.client.driver = { ...knex.client.driver, Client: PipelinedConnection }
  enterAtBegin(knex)

  const transact = async <T>(agencyId: string, work: (trx: Knex.Transaction) => Promise<T>): Promise<T> => {
    const entering: Entering = { congvanEntry: { roles, agencyId, steps: [] } }
    const { steps } = entering.congvanEntry
    try {
      return await knex.transaction(async (trx) => {
        entered.set(trx, entering.congvanEntry)
        const result = await work(trx)
        // PostgreSQL answers COMMIT after a failed statement with a rollback and no error: none may go unheard.
        await Promise.all(steps)
        return result
      }, entering)
    } catch (error) {
      // Where a step into a role has failed, what came after it failed for that; a step that was itself only refused
      // after something else had failed tells nothing.
      const settled = await Promise.allSettled(steps)
      const failed = settled.find((step) => step.status === 'rejected' && !isAftermath(step.reason))
      throw translate(failed?.status === 'rejected' ? failed.reason : error)
    }
  }

  return {
    url: options.url,
    asAgency: (actor, work) =>
      transact(actor.agencyId, async (trx) => {
        if (actor.idempotency === undefined) return work(trx as AgencyTransaction)
        const owner = { agencyId: actor.agencyId, userId: actor.userId ?? null }
        return withClaim(trx, owner, actor.idempotency, () => work(trx as AgencyTransaction))
      }),
    asNode: (work, claim) =>
      transact(NODE, async (trx) => {
        if (claim === undefined) return work(trx as NodeTransaction)
        const owner = { agencyId: null, userId: claim.userId }
        return withClaim(trx, owner, claim.idempotency, () => work(trx as NodeTransaction))
      }),
    async ping() {
      try {
        await knex.raw('select 1')
      } catch (error) {
        throw translate(error)
      }
    },
    pool() {
      const pool: KnexPool = knex.client.pool
      return { used: pool.numUsed(), free: pool.numFree(), waiting: pool.numPendingAcquires() }
    },
    close: () => knex.destroy(),
  }
}

/** Whether a statement was refused because its transaction had failed (`in_failed_sql_transaction`) or had ended. */
export function isAftermath(error: unknown): boolean {
  return (
    sqlState(error) === '25P02' || /^Transaction query already complete/.test(String(Object(error).message))
  )
}

interface Entered {
  readonly roles: { readonly tenant: string; readonly node: string }
  readonly agencyId: string
  /** The answers to the statements that begin the transaction and change its role; nobody waits for them in between. */
  readonly steps: Promise<unknown>[]
}

/** Which role and agency a transaction stands in now, so that a part of it can step out and back. */
const entered = new WeakMap<Knex.Transaction, Entered>()

interface Entering extends Knex.TransactionConfig {
  readonly congvanEntry: Entered
}

/** Lets a transaction take its role in the statement that begins it: one answer of the server less to wait for. */
function enterAtBegin(knex: Knex): void {
  interface Beginning {
    begin(connection: unknown): Promise<unknown>
  }
  type Begin = (work: unknown, config: Partial<Entering>, outer: unknown) => Beginning
  const make: Begin = knex.client.transaction.bind(knex.client)
  const begin: Begin = (work, config, outer) => {
    const transaction = make(work, config, outer)
    const entry = config.congvanEntry
    // Inside of another transaction knex sets a savepoint and calls no `begin`.
    if (entry !== undefined) transaction.begin = (connection) => enterFirst(knex, connection, entry)
    return transaction
  }
  knex.client.transaction = begin
}

/**
 * Sends the statement that begins, and lets the transaction's own follow at once. A connection whose transaction has
 * taken no role is good for nothing: the pool drops it. What follows on it is refused: by the transaction, which has
 * failed, or by the role of the application, which may do nothing.
 */
async function enterFirst(knex: Knex, connection: unknown, entry: Entered): Promise<void> {
  const begun = knex.client.query(connection, beginAs(entry)).catch((error: unknown) => {
    Object.assign(connection as object, { __knex__disposed: error })
    throw error
  })
  begun.catch(() => {})
  entry.steps.push(begun)
}

function beginAs({ roles, agencyId }: Entered): string {
  const role = agencyId === NODE ? roles.node : roles.tenant
  // Several statements in one message take no parameters.
  const [as, of] = [pg.escapeLiteral(role), pg.escapeLiteral(agencyId)]
  return `begin; select set_config('role', ${as}, true), set_config('congvan.agency_id', ${of}, true)`
}

/** Sends the statement that takes a role; what is sent after it runs in that role. */
function enter(trx: Knex.Transaction, { roles, steps }: Entered, agencyId: string): void {
  const role = agencyId === NODE ? roles.node : roles.tenant
  const step = trx
    .raw("select set_config('role', ?, true), set_config('congvan.agency_id', ?, true)", [role, agencyId])
    .then(() => {})
  step.catch(() => {})
  steps.push(step)
  entered.set(trx, { roles, agencyId, steps })
}

/** No agency: the node itself. */
const NODE = ''

/**
 * One after the other: while a part stands in another role, nothing else of its transaction may be sent. Within a part,
 * statements that need not each other's answers may be sent together. An async function sends its first statement when
 * it is called, a builder by itself when it is waited for.
 */
async function stepInto<T>(trx: Knex.Transaction, agencyId: string, work: () => Promise<T>): Promise<T> {
  const before = entered.get(trx)
  if (before === undefined) throw new Error('this transaction was not opened by db.ts')
  // An agency's part begins where the node stands and the other way round; anywhere else, a part is under way already.
  if ((before.agencyId === NODE) === (agencyId === NODE)) {
    throw new Error('a part of this transaction stands in another role already')
  }
  enter(trx, before, agencyId)
  const result = await work()
  // Not in a `finally`: after an error PostgreSQL takes no statement but the rollback, which restores both anyway.
  enter(trx, before, before.agencyId)
  return result
}

/** A part of an agency's transaction that touches what the node owns; the agency's eyes are restored after it. */
export function withNodeTables<T>(
  trx: AgencyTransaction,
  work: (node: NodeTransaction) => Promise<T>,
): Promise<T> {
  return stepInto(trx, NODE, () => work(trx as unknown as NodeTransaction))
}

/** A part of the node's transaction that reads or writes rows of one agency that it hosts. */
export function withAgencyTables<T>(
  trx: NodeTransaction,
  agencyId: string,
  work: (agency: AgencyTransaction) => Promise<T>,
): Promise<T> {
  return stepInto(trx, agencyId, () => work(trx as unknown as AgencyTransaction))
}

/**
 * Runs `work` at most once for a key: the claim, the effect and the stored answer commit together. A second
 * request with the same key waits on the first one's row and then gets its answer; killed before the commit,
 * nothing of it is left and the key is free.
 */
async function withClaim<T>(
  trx: Knex.Transaction,
  owner: { agencyId: string | null; userId: string | null },
  claim: IdempotencyClaim,
  work: () => Promise<T>,
): Promise<T> {
  const key = { scope: `${owner.agencyId ?? 'node'}/${owner.userId ?? 'console'}`, key: claim.key }
  const claimed = await trx('idempotency_keys')
    .insert({ ...key, agency_id: owner.agencyId, request_sha256: claim.requestSha256 })
    .onConflict(['scope', 'key'])
    .ignore()
    .returning('key')
  if (claimed.length === 0) {
    const stored = await trx('idempotency_keys')
      .where(key)
      .first<{ request_sha256: string; response: T } | undefined>('request_sha256', 'response')
    if (stored?.request_sha256 !== claim.requestSha256) throw new CongvanError('IDEMPOTENCY_KEY_REUSED')
    return stored.response
  }
  const result = await work()
  await trx('idempotency_keys')
    .where(key)
    .update({ response: JSON.stringify(result ?? null) })
  return result
}

/** SQLSTATE classes that mean "the database is away or gave up" (also one of two that waited for each other), not "the statement is wrong". */
const AWAY = /^(08|57P|53|55P03|58|40001|40P01)/
const AWAY_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EHOSTUNREACH'])

/** Turns a lost or refused connection into `DATABASE_UNAVAILABLE`; everything else stays what it is. */
export function translate(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof CongvanError) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const lost =
    AWAY.test(code) ||
    AWAY_CODES.has(code) ||
    error.name === 'KnexTimeoutError' ||
    /Connection terminated|timeout expired|Client has encountered a connection error/.test(error.message)
  return lost ? new CongvanError('DATABASE_UNAVAILABLE', {}, { cause: error }) : error
}

/** The SQLSTATE of an error of PostgreSQL, e.g. `23505` for a unique violation. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

export const UNIQUE_VIOLATION = '23505'
