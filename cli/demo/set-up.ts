/**
 * Prepares the demo's folder: test PKI, node keys, directory, neighbours, accounts. Done once; a mark written last
 * says that all of it is there, and without the mark the folder is begun anew.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { agencyFiles } from '../../fixtures/agencies/read.ts'
import { makeTestPki, type TestPki } from '../../fixtures/pki/make-pki.ts'
import { readConfig } from '../../server/config.ts'
import { CongvanError } from '../../server/errors.ts'
import { makeNodeKey, openConsole, startEmbeddedPostgres } from '../../server/main.ts'
import { agencies, type PersonKey, people, readSecrets, writeSecrets } from './people.ts'
import { databaseFolder, type NodeId, nodeIds, openPlaces, type Places, parentOf } from './places.ts'
import type { Supervisor } from './supervisor.ts'

/** CRLs and certificates of the test PKI grow old; a folder older than this is made anew. */
const USABLE_DAYS = 5

const markFile = (places: Places) => join(places.folder, 'ready.json')

/** Written first into an empty folder: only a folder with this file is the demo's own, to be emptied again. */
const OWN_MARK = '.congvan-demo'

/**
 * The demo's places, with what an earlier run left there if it may be used again.
 *
 * Only a folder that the demo made itself is ever emptied, and only while no demo runs in it: the cluster's owner
 * holds a lock that tells.
 *
 * @throws CongvanError `DEMO_FOLDER_FOREIGN`, `EMBEDDED_POSTGRES_IN_USE`
 */
export async function openDemoFolder(
  folder: string,
  options: { readonly reset: boolean; readonly runAs: string },
  now: Date,
): Promise<Places> {
  const entries = existsSync(folder) ? readdirSync(folder) : []
  if (entries.length > 0 && !entries.includes(OWN_MARK))
    throw new CongvanError('DEMO_FOLDER_FOREIGN', { folder })
  if (entries.length > 0 && (options.reset || !isUsable(folder, now))) {
    await emptyFolder(folder, entries, options.runAs)
  }
  mkdirSync(folder, { recursive: true, mode: 0o711 })
  writeFileSync(join(folder, OWN_MARK), '')
  return openPlaces(folder)
}

/** Taking and leaving the cluster proves that nobody else holds it, and stops a server that outlived its owner. */
async function emptyFolder(folder: string, entries: readonly string[], runAs: string): Promise<void> {
  const database = databaseFolder(folder)
  if (existsSync(database)) await (await startEmbeddedPostgres({ folder: database, runAs })).stop()
  // The mark goes last: killed before that, the folder is still known as the demo's.
  for (const entry of [...entries.filter((one) => one !== OWN_MARK), OWN_MARK]) {
    rmSync(join(folder, entry), { recursive: true, force: true })
  }
}

function isUsable(folder: string, now: Date): boolean {
  try {
    const mark = JSON.parse(readFileSync(join(folder, 'ready.json'), 'utf8')) as { madeAt: string }
    const days = (now.getTime() - new Date(mark.madeAt).getTime()) / 86_400_000
    return days >= 0 && days < USABLE_DAYS
  } catch {
    return false
  }
}

export function isReady(places: Places): boolean {
  return existsSync(markFile(places))
}

/** Fingerprint of the root node's key; the keys of all nodes are made where they are missing. */
export async function makeNodeKeys(places: Places, now: Date): Promise<Readonly<Record<NodeId, string>>> {
  const file = join(places.folder, 'node-keys.json')
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Record<NodeId, string>
  const made = {} as Record<NodeId, string>
  for (const node of nodeIds) {
    mkdirSync(places.dataFolder(node), { recursive: true, mode: 0o700 })
    const config = readConfig({ CONGVAN_NODE_ID: node, CONGVAN_DATA: places.dataFolder(node) })
    made[node] = (await makeNodeKey(config, now, 1)).fingerprint
  }
  writeFileSync(file, JSON.stringify(made))
  return made
}

/** Everything that operators and the PKI do before the first document: directory, neighbours, people. */
export async function setUp(
  places: Places,
  supervisor: Pick<Supervisor, 'environment'>,
  fingerprints: Readonly<Record<NodeId, string>>,
  now: Date,
): Promise<void> {
  const pki = await makeTestPki({ seedTime: now })
  writeTrust(places, pki)
  for (const key of Object.keys(people) as PersonKey[]) writeSecrets(places, key, pki)
  await Promise.all(nodeIds.map((node) => setUpNode(node, places, supervisor, fingerprints)))
}

/** Says that set-up and accounts are complete; written last. */
export function markReady(places: Places, now: Date): void {
  writeFileSync(markFile(places), JSON.stringify({ madeAt: now.toISOString() }))
}

function writeTrust(places: Places, pki: TestPki): void {
  mkdirSync(places.trustFolder, { recursive: true, mode: 0o755 })
  const files = { 'root.crt': pki.root, 'government-ca.crt': pki.governmentCa }
  for (const [name, der] of Object.entries(files)) writeFileSync(join(places.trustFolder, name), der)
  for (const [index, crl] of pki.crls().entries())
    writeFileSync(join(places.trustFolder, `${index}.crl`), crl)
}

async function setUpNode(
  node: NodeId,
  places: Places,
  supervisor: Pick<Supervisor, 'environment'>,
  fingerprints: Readonly<Record<NodeId, string>>,
): Promise<void> {
  const opened = await openConsole(readConfig(supervisor.environment(node)))
  try {
    const { console } = opened.services
    const neighbours = nodeIds.filter((other) => parentOf[node] === other || parentOf[other] === node)
    for (const other of neighbours) {
      await console.addPeer({
        nodeId: other,
        url: places.url(other),
        relation: parentOf[node] === other ? 'parent' : 'child',
        keyFingerprint: fingerprints[other],
        enabled: true,
      })
    }
    // A parent signs the part below it: each node imports what its children host, the root also what it hosts itself.
    for (const file of Object.values(agencyFiles)) {
      await console.importAgencies({
        format: 'csv',
        content: readFileSync(file),
        dryRun: false,
        skipOtherNodes: true,
      })
    }
  } finally {
    await opened.close()
  }
}

/**
 * Accounts need the directory, which the nodes exchange among each other; so they come after the nodes run, and an
 * agency that a node has not heard of yet is waited for.
 */
export async function addPeople(places: Places, supervisor: Pick<Supervisor, 'environment'>): Promise<void> {
  await Promise.all(nodeIds.map((node) => addPeopleOf(node, places, supervisor)))
}

async function addPeopleOf(
  node: NodeId,
  places: Places,
  supervisor: Pick<Supervisor, 'environment'>,
): Promise<void> {
  const opened = await openConsole(readConfig(supervisor.environment(node)))
  try {
    for (const [key, person] of Object.entries(people)) {
      const agency = agencies[person.agency]
      if (agency.node !== node) continue
      const { login, password } = readSecrets(places, key as PersonKey)
      const displayName = `${person.title} ${agency.name}`
      const grants = [{ agencyCode: agency.code, role: person.role }]
      await whenKnown(() =>
        opened.services.console.addUser({ login, displayName, password, operator: false, grants }),
      )
    }
  } finally {
    await opened.close()
  }
}

const DIRECTORY_TIMEOUT_MS = 30_000

async function whenKnown<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + DIRECTORY_TIMEOUT_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const early =
        error instanceof CongvanError && error.code === 'AGENCY_CODE_UNKNOWN' && Date.now() < deadline
      if (!early) throw error
      await delay(100)
    }
  }
}
