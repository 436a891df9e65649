/**
 * A tree of real nodes on loopback, for measuring and for faults: each node has its own data folder, database, key and
 * one or more processes behind a front. Directory, peers and accounts are made the way operators make them.
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ApiClient } from '../../../cli/client/api-client.ts'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { readConfig } from '../../../server/config.ts'
import {
  type EmbeddedPostgres,
  makeNodeKey,
  provisionDatabase,
  startEmbeddedPostgres,
} from '../../../server/main.ts'
import { enterDirectory, openClerk } from './enter.ts'
import { type Front, openFront } from './front.ts'
import { type NodeProcess, startProcess } from './processes.ts'

export interface PlantAgency {
  readonly id: string
  readonly code: string
  readonly name: string
  readonly level: 'central' | 'province' | 'district' | 'commune'
  readonly parentId: string | null
}

export interface NodePlan {
  readonly id: string
  readonly parent: string | null
  readonly agencies: readonly PlantAgency[]
  /** Processes that share its database and folder; 1 by default. */
  readonly processes?: number
}

export interface PlantOptions {
  /** Each node on a PostgreSQL of its own, so that it can be killed alone; else one for all. */
  readonly ownClusters: boolean
  /** A server of the test's own for a node, instead of an embedded one; `folder` is its alone. */
  readonly postgresOf?: (plan: NodePlan, folder: string) => Promise<EmbeddedPostgres> | undefined
  readonly settings?: Readonly<Record<string, string>>
  readonly say?: (text: string) => void
}

export interface PlantNode {
  readonly plan: NodePlan
  readonly folder: string
  readonly front: Front
  readonly postgres: EmbeddedPostgres
  readonly applicationUrl: string
  readonly superuserUrl: string
  readonly environment: Readonly<Record<string, string>>
  readonly fingerprint: string
  readonly processes: NodeProcess[]
  /** The last words of processes that ended by themselves. */
  readonly crashes: string[]
}

export interface Plant {
  readonly folder: string
  readonly pki: TestPki
  readonly nodes: readonly PlantNode[]
  node(id: string): PlantNode
  /** Starts a process of a node, also again after it ended; resolves when it listens. */
  start(node: PlantNode, slot: number, program?: string): Promise<void>
  /** A clerk of an agency, with a session. */
  clerk(code: string): Promise<ApiClient>
  stop(): Promise<void>
}

/** @param plans parents before their children; the first is the root */
export async function openPlant(plans: readonly NodePlan[], options: PlantOptions): Promise<Plant> {
  const folder = mkdtempSync(join(tmpdir(), 'congvan-plant-'))
  chmodSync(folder, 0o711)
  const nodes: PlantNode[] = []
  const clusters: EmbeddedPostgres[] = []
  const places: string[] = []
  const clerks = new Map<string, Promise<ApiClient>>()
  const say = options.say ?? (() => {})
  const nodeOf = (id: string): PlantNode => {
    const node = nodes.find((one) => one.plan.id === id)
    if (node === undefined) throw new Error(`there is no node ${id}`)
    return node
  }
  // Ended by a signal, this process leaves neither servers nor files.
  const endAtOnce = () => {
    for (const node of nodes) for (const one of node.processes) endProcess(one.pid, 'SIGKILL')
    for (const cluster of places) quietly(() => endProcess(postmaster(cluster), 'SIGQUIT'))
    quietly(() => rmSync(folder, { recursive: true, force: true }))
  }
  process.once('exit', endAtOnce)
  const plant: Omit<Plant, 'pki'> = {
    folder,
    nodes,
    node: nodeOf,
    async start(node, slot, program) {
      const started = startProcess(node, slot, program)
      node.processes[slot] = started
      await started.ready
      const listening = node.processes.filter((one) => one.port !== 0 && !one.ended)
      node.front.backends = listening.map((one) => one.port)
    },
    clerk(code) {
      const known = clerks.get(code)
      if (known !== undefined) return known
      const node = nodes.find(({ plan }) => plan.agencies.some((one) => one.code === code))
      if (node === undefined) throw new Error(`no agency ${code}`)
      const made = openClerk(node, code)
      clerks.set(code, made)
      return made
    },
    async stop() {
      process.removeListener('exit', endAtOnce)
      await Promise.all(nodes.flatMap((node) => node.processes.map((one) => one.stop())))
      await Promise.all(nodes.map((node) => node.front.close()))
      await Promise.all(clusters.map((one) => one.stop()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
  try {
    const pki = await makeTestPki({ seedTime: new Date() })
    const trust = writeTrust(join(folder, 'trust'), pki)
    const cluster = async (name: string) => {
      const place = join(folder, name)
      mkdirSync(place, { recursive: true, mode: 0o711 })
      places.push(place)
      const runAs = process.env.CONGVAN_PG_USER ?? 'nobody'
      const started = await startEmbeddedPostgres({ folder: place, runAs, onRestart: say })
      clusters.push(started)
      return started
    }
    const shared = options.ownClusters ? undefined : await cluster('database')
    for (const plan of plans) {
      const given = await options.postgresOf?.(plan, join(folder, `given-${plan.id}`))
      if (given !== undefined) clusters.push(given)
      const postgres = given ?? shared ?? (await cluster(`database-${plan.id}`))
      nodes.push(await makeNode(folder, plan, postgres, { trust, root: nodes[0], ...options.settings }))
    }
    for (const node of nodes) await enterDirectory(node, nodes)
    say('directory and peers are entered')
    await Promise.all(
      nodes.flatMap((node) =>
        Array.from({ length: node.plan.processes ?? 1 }, (_, slot) => plant.start(node, slot)),
      ),
    )
    say('all nodes run')
    return { ...plant, pki }
  } catch (error) {
    await plant.stop()
    throw error
  }
}

/** The server's own file names its process. */
function postmaster(place: string): number {
  const file = join(place, 'postgres/cluster/postmaster.pid')
  return Number(readFileSync(file, 'utf8').split('\n')[0])
}

function endProcess(pid: number, signal: NodeJS.Signals): void {
  // 0 and 1 would be this process's own group, and everybody's parent.
  if (Number.isSafeInteger(pid) && pid > 1) quietly(() => process.kill(pid, signal))
}

function quietly(act: () => void): void {
  try {
    act()
  } catch {
    // Gone already.
  }
}

async function makeNode(
  folder: string,
  plan: NodePlan,
  postgres: EmbeddedPostgres,
  { trust, root, ...settings }: { trust: string; root: PlantNode | undefined } & Record<string, unknown>,
): Promise<PlantNode> {
  const data = join(folder, plan.id)
  mkdirSync(data, { recursive: true, mode: 0o711 })
  const own = { CONGVAN_NODE_ID: plan.id, CONGVAN_DATA: data }
  const { fingerprint } = await makeNodeKey(readConfig(own), new Date(), 1)
  const name = `congvan_${plan.id}`
  const urls = await provisionDatabase(postgres, name, join(data, 'database-passwords.json'))
  const front = await openFront()
  return {
    plan,
    folder: data,
    front,
    postgres,
    applicationUrl: urls.applicationUrl,
    superuserUrl: postgres.superuserUrl(name),
    fingerprint,
    processes: [],
    crashes: [],
    environment: {
      ...own,
      CONGVAN_PORT: '0',
      CONGVAN_PUBLIC_URL: front.url,
      CONGVAN_TRUST: trust,
      CONGVAN_DIRECTORY_ROOT: root?.fingerprint ?? fingerprint,
      CONGVAN_REQUESTS_PER_MINUTE: '0',
      CONGVAN_REQUESTS_PER_MINUTE_PER_ADDRESS: '0',
      DATABASE_URL: urls.applicationUrl,
      CONGVAN_OWNER_DATABASE_URL: urls.ownerUrl,
      ...(settings as Record<string, string>),
    },
  }
}

function writeTrust(folder: string, pki: TestPki): string {
  mkdirSync(folder, { mode: 0o755 })
  const files = { 'root.crt': pki.root, 'government-ca.crt': pki.governmentCa }
  for (const [name, der] of Object.entries(files)) writeFileSync(join(folder, name), der)
  for (const [index, crl] of pki.crls().entries()) writeFileSync(join(folder, `${index}.crl`), crl)
  return folder
}
