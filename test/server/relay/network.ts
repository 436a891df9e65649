/**
 * Whole nodes in one process: a tree of them, each with its own PostgreSQL database, files, key and HTTP server on
 * loopback. Only time is made by the test: all nodes share one clock, and jobs run when the test says so.
 */
import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import type { Knex } from 'knex'
import pg from 'pg'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import type { UserActor } from '../../../server/actor.ts'
import type { Limits, NodeContext } from '../../../server/context.ts'
import type { Database } from '../../../server/db.ts'
import { foldName } from '../../../server/directory/agency-entry.ts'
import { createPeerRegister, savePeer } from '../../../server/directory/peer-store.ts'
import { insertDocument } from '../../../server/documents/document-store.ts'
import { insertRevision } from '../../../server/documents/revision-store.ts'
import { CongvanError } from '../../../server/errors.ts'
import { holdFile } from '../../../server/files/file-hold-store.ts'
import { openFileStore } from '../../../server/files/file-store.ts'
import { storeFile } from '../../../server/files/store-file.ts'
import { createPeerClient } from '../../../server/http/peer-client.ts'
import { mountPeerRoutes } from '../../../server/http/peer-routes.ts'
import { openLog } from '../../../server/log.ts'
import { pingRoutes } from '../../../server/operations/ping-route.ts'
import { type JobData, openQueue, type Queue, type QueueName } from '../../../server/queue.ts'
import { sealAnnouncement } from '../../../server/relay/announce.ts'
import { askQuestion } from '../../../server/relay/ask-question.ts'
import { consignBranch } from '../../../server/relay/consign-branch.ts'
import { decodeOfferWithFiles } from '../../../server/relay/offer-with-files.ts'
import { wakePeer } from '../../../server/relay/peer-health.ts'
import { relayPeerRoutes } from '../../../server/relay/peer-relay-routes.ts'
import { openPieceStore } from '../../../server/relay/piece-store.ts'
import type { OfferRequest } from '../../../server/relay/protocol.ts'
import type { RelayDeps } from '../../../server/relay/relay-deps.ts'
import { sendReturn } from '../../../server/relay/return.ts'
import { sendBranch } from '../../../server/relay/send.ts'
import { asKeyProvider, type KeyProvider, nodeKeyFingerprint } from '../../../signing/index.ts'
import { cloneDatabase, type TestDatabase } from '../../support/database.ts'
import { sharedPageText } from '../../support/page-text.ts'

export const START = new Date('2025-03-10T09:00:00+07:00')

export interface AgencyPlan {
  readonly code: string
  readonly name: string
  /** The first day on which it no longer exists. */
  readonly closedOn?: string
}

export interface NodePlan {
  readonly id: string
  readonly parent: string | null
  readonly agencies: readonly AgencyPlan[]
}

export interface TestAgency {
  readonly agencyId: string
  readonly code: string
  readonly clerk: UserActor
}

export interface RunJob {
  readonly name: QueueName
  readonly data: JobData
}

export interface WaitingJob extends RunJob {
  readonly id: string
  readonly startAfter: Date
  /** Put without a delay: due by the database's clock, whatever the test's. */
  readonly isPrompt: boolean
}

export interface TestNode {
  readonly id: string
  readonly database: TestDatabase
  readonly context: NodeContext
  readonly deps: RelayDeps
  readonly key: KeyProvider
  readonly agencies: ReadonlyMap<string, TestAgency>
  readonly fuse: Fuse
  /** Takes the jobs that are due out of the queue, as a worker would. */
  takeJobs(): Promise<RunJob[]>
  /** Takes the jobs that are due and runs them; returns what was run. */
  runJobs(): Promise<RunJob[]>
  /** The jobs in the queue, due or not, without running them. */
  waitingJobs(): Promise<WaitingJob[]>
  /** Rows of a table, as the superuser sees them. */
  rows(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

/**
 * Breaks a node's database at one transaction that wrote something: `before` its commit, so that nothing of it is
 * left; or `after`, when it is committed and the caller does not know. The fuse burns once.
 */
export interface Fuse {
  /** Writing transactions since it was armed. */
  count: number
  armed: { readonly at: number; readonly mode: 'before' | 'after' } | undefined
}

function fused(db: Database, fuse: Fuse): Database {
  const guard = async <T>(run: (atEnd: (trx: Knex) => Promise<void>) => Promise<T>): Promise<T> => {
    let breaksAfter = false
    const result = await run(async (trx) => {
      const { rows } = await trx.raw('select pg_current_xact_id_if_assigned() is not null as wrote')
      if (rows[0].wrote !== true) return
      fuse.count += 1
      const { armed } = fuse
      if (armed?.at !== fuse.count) return
      fuse.armed = undefined
      if (armed.mode === 'before') throw new CongvanError('DATABASE_UNAVAILABLE')
      breaksAfter = true
    })
    if (breaksAfter) throw new CongvanError('DATABASE_UNAVAILABLE')
    return result
  }
  return {
    url: db.url,
    asAgency: (actor, work) =>
      guard((atEnd) =>
        db.asAgency(actor, async (trx) => {
          const result = await work(trx)
          await atEnd(trx)
          return result
        }),
      ),
    asNode: (work, claim) =>
      guard((atEnd) =>
        db.asNode(async (trx) => {
          const result = await work(trx)
          await atEnd(trx)
          return result
        }, claim),
      ),
    ping: () => db.ping(),
    pool: () => db.pool(),
    close: () => db.close(),
  }
}

/** What the way to another node does to a request; it may answer, fail before or after, or repeat. */
export type Fault = (
  url: string,
  init: RequestInit,
  forward: (url: string, init: RequestInit) => Promise<Response>,
) => Promise<Response>

export interface Network {
  readonly pki: TestPki
  node(id: string): TestNode
  agency(code: string): TestAgency & { readonly node: TestNode }
  now(): Date
  advance(ms: number): void
  /** A node goes on with another key, as after a restart; what the directory says of it is the test's to enter. */
  rekey(nodeId: string, key: KeyProvider): void
  /** Puts a fault on everything that a node asks of others, until it is taken off by `undefined`. */
  disturb(nodeId: string, fault: Fault | undefined): void
  /** Runs the jobs of all nodes until none is due. */
  settle(): Promise<void>
  close(): Promise<void>
}

const limits: Limits = {
  fileBytes: 30_000_000,
  messageBytes: 40_000_000,
  jsonBytes: 100_000,
  envelopeBytes: 1_000_000,
  recipients: 200,
  hops: 16,
  clockSkewSeconds: 120,
  deliveryHours: 24,
  statusQueryHours: 72,
  passwordLogCost: 10,
}

export async function openNetwork(plans: readonly NodePlan[], own: Partial<Limits> = {}): Promise<Network> {
  let now = START
  const clock = () => now
  const pki = await makeTestPki({ seedTime: START })
  const folder = mkdtempSync(join(tmpdir(), 'congvan-relay-'))
  const faults = new Map<string, Fault>()
  const servers: Server[] = []
  const queues: Queue[] = []
  const keys = new Map(plans.map(({ id }) => [id, asKeyProvider(pki.issueNode({ nodeId: id }))]))
  const agencyIds = new Map(plans.flatMap((plan) => plan.agencies.map((one) => [one.code, randomUUID()])))
  const urls = new Map<string, string>()
  const mounts = new Map<string, express.Express>()
  for (const { id } of plans) {
    const app = express()
    const server = createServer(app).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    urls.set(id, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    servers.push(server)
    mounts.set(id, app)
  }

  const nodes = new Map<string, TestNode>()
  const rekeys = new Map<string, (key: KeyProvider) => void>()
  for (const plan of plans) {
    const database = await cloneDatabase()
    const log = openLog({
      level: process.env.CONGVAN_LOG_LEVEL === 'debug' ? 'debug' : 'silent',
      node: plan.id,
    })
    const queue = await openQueue(database.url, log, { max: 2 })
    queues.push(queue)
    const publicUrl = urls.get(plan.id) ?? ''
    const fuse: Fuse = { count: 0, armed: undefined }
    const context: NodeContext = {
      nodeId: plan.id,
      publicUrl,
      clock,
      db: fused(database.db, fuse),
      queue,
      log,
      limits: { ...limits, ...own },
    }
    const key = found(keys, plan.id)
    await database.db.asNode((trx) => writeDirectory(trx as Knex, plans, keys, agencyIds, urls))
    for (const peer of neighbours(plan, plans)) {
      await database.db.asNode((trx) =>
        savePeer(
          trx,
          {
            nodeId: peer.id,
            url: urls.get(peer.id) ?? '',
            relation: peer.id === plan.parent ? 'parent' : 'child',
            enabled: true,
            pinnedFingerprint: nodeKeyFingerprint(found(keys, peer.id).certificate),
          },
          now,
        ),
      )
    }
    const forward = (url: string, init: RequestInit) => fetch(url, init)
    const disturbed = (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const fault = faults.get(plan.id)
      return fault === undefined
        ? forward(String(input), init ?? {})
        : fault(String(input), init ?? {}, forward)
    }
    const clientWith = (own: KeyProvider) =>
      createPeerClient({
        nodeId: plan.id,
        key: own,
        clock,
        clockSkewSeconds: limits.clockSkewSeconds,
        fetch: disturbed,
      })
    const deps: RelayDeps = {
      context,
      key,
      peers: clientWith(key),
      files: await openFileStore({ folder: join(folder, plan.id), now }),
      pieces: await openPieceStore({ folder: join(folder, `${plan.id}-pieces`), now }),
      pageText: sharedPageText(),
      random: () => 0.5,
    }
    // Authentication is another feature's; its transactions are not counted by the fuse.
    const register = createPeerRegister({ db: database.db })
    const { clockSkewSeconds } = context.limits
    const options = { nodeId: plan.id, publicUrl, key, clock, log, clockSkewSeconds, register }
    found(mounts, plan.id).use(
      '/relay/v1',
      mountPeerRoutes([...relayPeerRoutes(deps), ...pingRoutes(context, key)], options),
    )
    rekeys.set(plan.id, (next) => {
      Object.assign(deps, { key: next, peers: clientWith(next) })
      Object.assign(options, { key: next })
    })
    const node = asTestNode(plan, database, deps, key, fuse, agencyIds)
    // The queue's own housekeeping goes by the real clock: what waits by this network's, years ago, would be swept
    // away as forgotten some seconds after the start.
    await node.rows('update pgboss.queue set retention_seconds = 20 * 366 * 86400')
    nodes.set(plan.id, node)
  }

  return {
    pki,
    node: (id) => found(nodes, id),
    agency(code) {
      const node = [...nodes.values()].find((one) => one.agencies.has(code))
      if (node === undefined) throw new Error(`no agency ${code}`)
      return { ...found(node.agencies, code), node }
    },
    now: clock,
    advance(ms) {
      now = new Date(now.getTime() + ms)
    },
    rekey: (nodeId, key) => found(rekeys, nodeId)(key),
    disturb(nodeId, fault) {
      if (fault === undefined) faults.delete(nodeId)
      else faults.set(nodeId, fault)
    },
    async settle() {
      for (let ran = 1; ran > 0; ) {
        ran = 0
        for (const node of nodes.values()) ran += (await node.runJobs()).length
      }
    },
    async close() {
      for (const queue of queues) await queue.stop(2_000)
      for (const server of servers) {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
      for (const node of nodes.values()) await node.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function asTestNode(
  plan: NodePlan,
  database: TestDatabase,
  deps: RelayDeps,
  key: KeyProvider,
  fuse: Fuse,
  agencyIds: ReadonlyMap<string, string>,
): TestNode {
  const { context } = deps
  const agencies = new Map(
    plan.agencies.map(({ code }): [string, TestAgency] => {
      const agencyId = found(agencyIds, code)
      const clerk: UserActor = {
        kind: 'user',
        userId: randomUUID(),
        login: 'van-thu',
        displayName: 'Văn thư',
        agencyId,
        roles: ['clerk'],
      }
      return [code, { agencyId, code, clerk }]
    }),
  )
  const pool = new pg.Pool({ connectionString: database.superuserUrl, max: 2 })
  const rows = async (sql: string, values: unknown[] = []) =>
    (await pool.query(sql, values)).rows as Record<string, unknown>[]
  const waitingJobs = async () => {
    const found = await rows(
      `select id, name, data, start_after, abs(extract(epoch from start_after - created_on)) < 5 as is_prompt
       from pgboss.job
       where state = 'created' and name in ('relay-send', 'relay-return', 'document-consign')
       order by created_on, id`,
    )
    return found.map((row) => ({
      name: row.name as QueueName,
      data: row.data as JobData,
      startAfter: row.start_after as Date,
      isPrompt: row.is_prompt === true,
      id: String(row.id),
    }))
  }
  const takeJobs = async () => {
    const due = (await waitingJobs()).filter((job) => job.isPrompt || job.startAfter <= context.clock())
    await rows('delete from pgboss.job where id = any($1)', [due.map((job) => job.id)])
    return due
  }
  return {
    id: plan.id,
    database,
    context,
    deps,
    key,
    agencies,
    fuse,
    rows,
    waitingJobs,
    async close() {
      await pool.end()
      await database.drop()
    },
    takeJobs,
    async runJobs() {
      const jobs = await takeJobs()
      for (const job of jobs) await runJob(deps, job)
      return jobs
    },
  }
}

/** The offer that a request makes, in either of its forms; undefined for any other request. */
export function offerIn(url: string, init: RequestInit): OfferRequest | undefined {
  const { pathname } = new URL(url)
  const body = init.body as Uint8Array
  if (pathname === '/relay/v1/offers/with-files') return decodeOfferWithFiles(body).offer
  if (pathname !== '/relay/v1/offers') return undefined
  return JSON.parse(Buffer.from(body).toString()) as OfferRequest
}

export async function runJob(deps: RelayDeps, { name, data }: RunJob): Promise<void> {
  const branch = { branch: String(data.branch), attempt: Number(data.attempt) }
  if (data.wake !== undefined) await wakePeer(deps, String(data.wake))
  else if (name === 'relay-send') await sendBranch(deps, branch)
  else if (name === 'document-consign') await consignBranch(deps, branch)
  else if (data.announcement !== undefined) await sealAnnouncement(deps, String(data.announcement))
  else if (data.question !== undefined) {
    await askQuestion(deps, { question: String(data.question), attempt: Number(data.attempt) })
  } else await sendReturn(deps, { return: String(data.return), attempt: Number(data.attempt) })
}

async function writeDirectory(
  trx: Knex,
  plans: readonly NodePlan[],
  keys: ReadonlyMap<string, KeyProvider>,
  agencyIds: ReadonlyMap<string, string>,
  urls: ReadonlyMap<string, string>,
): Promise<void> {
  for (const { id, parent, agencies } of plans) {
    await trx('directory_nodes').insert({
      node_id: id,
      parent_node_id: parent,
      public_url: urls.get(id) ?? null,
      issuer: id,
    })
    await trx('directory_node_keys').insert({
      node_id: id,
      fingerprint: nodeKeyFingerprint(found(keys, id).certificate),
      valid_from: new Date('2025-01-01T00:00:00Z'),
    })
    for (const one of agencies) {
      const agencyId = found(agencyIds, one.code)
      const dated = {
        agency_id: agencyId,
        valid_from: '2020-09-15',
        valid_to: one.closedOn ?? null,
        issuer: id,
      }
      await trx('agencies').insert({ id: agencyId })
      await trx('agency_codes').insert({ ...dated, code: one.code, generation: 'qd20' })
      await trx('agency_terms').insert({
        ...dated,
        name: one.name,
        name_folded: foldName(one.name),
        level: 'commune',
        hosting_node: id,
      })
      if (one.closedOn !== undefined) {
        await trx('agency_closures').insert({ agency_id: agencyId, closed_on: one.closedOn })
      }
    }
  }
}

function neighbours(plan: NodePlan, plans: readonly NodePlan[]): NodePlan[] {
  return plans.filter((one) => one.id === plan.parent || one.parent === plan.id)
}

function found<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key)
  if (value === undefined) throw new Error(`nothing is known of ${String(key)}`)
  return value
}

let number = 0

/** An issued document of an agency, as the documents feature would have left it. */
export async function issueDocument(
  network: Network,
  code: string,
  bytes: Uint8Array = Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.from(randomUUID().repeat(500))]),
  urgency = 1,
): Promise<{ id: string; sha256: string }> {
  const { node, agencyId, clerk } = network.agency(code)
  const { context, deps } = node
  const id = randomUUID()
  number += 1
  const codeNumber = String(number).padStart(2, '0')
  const file = await storeFile(context, deps.files, bytes)
  await context.db.asNode((trx) => holdFile(trx, deps.files, file, `document:${id}`, network.now()))
  await context.db.asAgency({ agencyId }, async (trx) => {
    await insertDocument(trx, {
      id,
      agencyId,
      direction: 'outgoing',
      state: 'issued',
      kind: 'Công văn',
      subject: 'V/v thử nghiệm liên thông văn bản điện tử',
      codeNumber,
      codeNotation: 'UBND-VP',
      promulgationDate: '2025-03-10',
      place: 'Nơi thử nghiệm',
      urgency,
      dueDate: null,
      signer: { name: 'Người ký 1', position: 'Chủ tịch', competence: 'TM. ỦY BAN NHÂN DÂN' },
      recipients: [],
      documentCode: `${code},2025/03/10,${codeNumber}/UBND-VP`,
      createdBy: clerk.userId,
      createdAt: network.now(),
      incoming: null,
    })
    await insertRevision(trx, agencyId, id, {
      revision: 1,
      kind: 'issued',
      ...file,
      name: 'cong-van.pdf',
      addedBy: clerk.userId,
      addedAt: network.now(),
      signature: null,
    })
  })
  return { id, sha256: createHash('sha256').update(bytes).digest('hex') }
}
