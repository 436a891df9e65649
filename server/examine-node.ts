/**
 * `congvan doctor`: looks at a deployment from its configuration to its neighbours and says what to do about each
 * finding. It changes nothing: no migration, no key, no file; an embedded database that stands still is started for the
 * time of the look, one that runs is left running. What cannot be looked at is said so, and the rest is looked at.
 */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type KeyProvider, nodeKeyFingerprint } from '../signing/index.ts'
import { type Config, readConfig } from './config.ts'
import { openDatabase, rolesFor, translate } from './db.ts'
import { CongvanError, describeError, isKnownError } from './errors.ts'
import { createPeerClient } from './http/peer-client.ts'
import { type Logger, openLog } from './log.ts'
import { checkSchema } from './migrate.ts'
import { loadNodeKey } from './node-key.ts'
import { examineConnections, examineDatabase } from './operations/doctor-database.ts'
import {
  type DoctorArea,
  type DoctorFinding,
  describeFinding,
  doctorAreas,
  finding,
  type Severity,
} from './operations/doctor-findings.ts'
import {
  aliveAmong,
  examineAlerts,
  examineDirectory,
  examinePeers,
  examineProcesses,
} from './operations/doctor-node.ts'
import { gatherFacts } from './operations/gather-facts.ts'
import type { PeerTester } from './operations/test-peer.ts'
import { openConsolePlace, type Place } from './place.ts'
import { listProcesses } from './process-register.ts'
import { readMaterial } from './trust-store.ts'

export interface Diagnosis {
  readonly errors: number
  readonly warnings: number
  readonly findings: readonly {
    readonly area: DoctorArea
    readonly severity: Severity
    readonly code: string
    readonly params: Readonly<Record<string, string | number>>
    readonly text: string
    readonly remedy: string
  }[]
}

export interface ExamineOptions {
  readonly language: 'vi' | 'en'
  readonly clock?: () => Date
  readonly log?: Logger
}

export async function examineNode(
  environment: Readonly<Record<string, string | undefined>>,
  options: ExamineOptions,
): Promise<Diagnosis> {
  const found = await look(environment, options)
  const looked = new Set(found.map((one) => one.area))
  const rest = doctorAreas.filter((area) => !looked.has(area))
  const all = [...found, ...rest.map((area) => finding(area, 'skipped', 'NOT_LOOKED_AT'))]
  const inOrder = doctorAreas.flatMap((area) => all.filter((one) => one.area === area))
  return {
    errors: all.filter((one) => one.severity === 'error').length,
    warnings: all.filter((one) => one.severity === 'warning').length,
    findings: inOrder.map((one) => ({
      area: one.area,
      severity: one.severity,
      code: one.code === 'FINE' && one.params.code !== undefined ? String(one.params.code) : one.code,
      params: one.params,
      ...describeFinding(one, options.language),
    })),
  }
}

async function look(
  environment: Readonly<Record<string, string | undefined>>,
  options: ExamineOptions,
): Promise<DoctorFinding[]> {
  const config = attempt(() => readConfig(environment))
  if (config instanceof Error) {
    const problems = config instanceof CongvanError ? String(config.params.problems) : config.message
    return [finding('configuration', 'error', 'SETTINGS_WRONG', { problems }), ...examineProgram()]
  }
  const key = attempt(() => loadNodeKey(config.nodeKeyFile, config.nodeCertificateFile))
  const { material, broken } = readMaterial(config.trustPaths)
  const paths = config.trustPaths.join(':')
  const early = [
    fine('configuration', config.nodeId),
    ...examineProgram(),
    ...orFine('files', config.dataFolder, examineFiles(config)),
    key instanceof Error
      ? finding('key', 'error', 'KEY_UNUSABLE', { reason: key.message })
      : fine('key', nodeKeyFingerprint(key.certificate)),
    ...orFine('trust', `${material.anchors.length} + ${material.crls.length} CRL`, [
      ...broken.map((file) => finding('trust', 'warning', 'TRUST_UNREADABLE', { file })),
      ...(material.anchors.length === 0 ? [finding('trust', 'warning', 'TRUST_EMPTY', { paths })] : []),
      ...(material.anchors.length > 0 && material.crls.length === 0
        ? [finding('trust', 'warning', 'TRUST_NO_LISTS', { paths })]
        : []),
    ]),
  ]
  if (config.databaseUrl === undefined && !existsSync(join(config.dataFolder, 'superuser-password'))) {
    return [...early, finding('database', 'warning', 'DATABASE_NEVER_STARTED')]
  }
  const log = options.log ?? openLog({ level: 'error', node: config.nodeId })
  let place: Place | undefined
  try {
    place = await openConsolePlace(config, log)
    const trusted = key instanceof Error ? undefined : { key, material }
    return [...early, ...(await lookInside(config, place.applicationUrl, trusted, log, options))]
  } catch (error) {
    return [...early, away(error)]
  } finally {
    await place?.close()
  }
}

interface Trusted {
  readonly key: KeyProvider
  readonly material: ReturnType<typeof readMaterial>['material']
}

/** Everything that needs the database. */
async function lookInside(
  config: Config,
  url: string,
  trusted: Trusted | undefined,
  log: Logger,
  options: ExamineOptions,
): Promise<DoctorFinding[]> {
  const db = openDatabase({ url, poolSize: 3, statementTimeoutMs: 10_000, applicationName: 'congvan doctor' })
  try {
    const schema = await checkSchema(url).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (schema !== undefined) return [schemaFinding(schema)]
    const role = rolesFor(url).application
    const processes = await db.asNode(listProcesses)
    const alive = aliveAmong(processes).length
    const each = config.databasePoolSize + OTHER_CONNECTIONS
    const database = await db.asNode(async (trx) => [
      ...(await examineDatabase(trx, role)),
      ...(await examineConnections(trx, each, alive)),
    ])
    const found = [...orFine('database', new URL(url).host, database), ...examineProcesses(processes)]
    if (trusted === undefined) return found
    const { key, material } = trusted
    const clock = options.clock ?? (() => new Date())
    const { nodeId, limits } = config
    const publicUrl = config.publicUrl ?? `http://${config.host}:${config.port}`
    const context = { nodeId, publicUrl, db, clock, limits, log }
    const client = createPeerClient({ nodeId, key, clock, clockSkewSeconds: limits.clockSkewSeconds })
    const tester: PeerTester = { context, key, client }
    const folders = existsSync(config.dataFolder) ? [config.dataFolder] : []
    const facts = await gatherFacts({ context, key, trust: material, folders })
    const fingerprint = nodeKeyFingerprint(key.certificate)
    const directory = await examineDirectory(tester, fingerprint, config.directoryRoot)
    const peers = await examinePeers(tester)
    const alerts = examineAlerts(facts, limits.clockSkewSeconds)
    return [
      ...found,
      ...orFine('directory', nodeId, directory),
      ...orFine('peers', '0', peers),
      ...orFine('alerts', '0', alerts),
    ]
  } catch (error) {
    return [away(error)]
  } finally {
    await db.close()
  }
}

/** What a process opens beside its pool: the queue's connections, the one that listens, and two to watch with. */
const OTHER_CONNECTIONS = 7

const LEAST_RUNTIME = 24

function examineProgram(): DoctorFinding[] {
  const [major = '0'] = process.versions.node.split('.')
  return Number(major) < LEAST_RUNTIME
    ? [finding('program', 'error', 'RUNTIME_OLD', { found: process.version, wanted: LEAST_RUNTIME })]
    : [fine('program', `Node ${process.version}`)]
}

/** Files that only the user who runs the node may read. */
function examineFiles(config: Config): DoctorFinding[] {
  const { dataFolder: folder } = config
  if (!existsSync(folder)) return [finding('files', 'error', 'FOLDER_MISSING', { folder })]
  const writable = attempt(() => accessSync(folder, constants.W_OK))
  const secrets = [
    config.nodeKeyFile,
    config.accountKeyFile,
    join(folder, 'database-passwords.json'),
    join(folder, 'superuser-password'),
    ...(config.metricsTokenFile === undefined ? [] : [config.metricsTokenFile]),
  ]
  const open = secrets.flatMap((file) => {
    const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0
    if (process.platform === 'win32' || (mode & 0o077) === 0) return []
    const told = (mode & 0o777).toString(8)
    return [finding('files', 'error', 'FILE_OPEN_TO_OTHERS', { file, mode: told })]
  })
  return [
    ...(writable instanceof Error ? [finding('files', 'error', 'FOLDER_READ_ONLY', { folder })] : []),
    ...open,
  ]
}

function schemaFinding(error: unknown): DoctorFinding {
  if (!(error instanceof CongvanError)) return away(error)
  if (error.code === 'DATABASE_SCHEMA_OLD') return finding('database', 'error', 'SCHEMA_OLD', error.params)
  if (error.code === 'DATABASE_SCHEMA_NEW') return finding('database', 'error', 'SCHEMA_NEW', error.params)
  return away(error)
}

function away(error: unknown): DoctorFinding {
  const known = translate(error)
  // What the driver said is worth more than that the database is away.
  const cause = known instanceof CongvanError && known.cause instanceof Error ? known.cause.message : ''
  const own = isKnownError(known) ? describeError(known, 'en').message : String(known)
  return finding('database', 'error', 'DATABASE_AWAY', { reason: cause === '' ? own : cause })
}

function fine(area: DoctorArea, what: string): DoctorFinding {
  return finding(area, 'ok', 'FINE', { what })
}

function orFine(area: DoctorArea, what: string, found: readonly DoctorFinding[]): readonly DoctorFinding[] {
  return found.length > 0 ? found : [fine(area, what)]
}

function attempt<T>(work: () => T): T | Error {
  try {
    return work()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}
