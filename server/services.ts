/** The one composition root: what a running node is made of, put together from its parts. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Router } from 'express'
import { type KeyProvider, nodeKeyFingerprint } from '../signing/index.ts'
import type { OperatorActor } from './actor.ts'
import { appendLogEntry } from './audit/audit-store.ts'
import { auditRoutes } from './audit/routes.ts'
import { openAccountKey } from './auth/account-key.ts'
import type { AccountServices } from './auth/account-services.ts'
import { addUser, type MadeUser, type NewUser } from './auth/add-user.ts'
import { countMembers } from './auth/membership-store.ts'
import { authRoutes } from './auth/routes.ts'
import { sweepAccounts } from './auth/sweep-accounts.ts'
import { calendarRoutes } from './calendar/routes.ts'
import type { Config } from './config.ts'
import type { NodeContext, RateLimits } from './context.ts'
import { copyRoutes } from './copies/copy-routes.ts'
import type { Database } from './db.ts'
import type { NewPeer } from './directory/add-peer.ts'
import { directoryPeerRoutes } from './directory/feed-routes.ts'
import type { ImportInput, ImportReport } from './directory/import-agencies.ts'
import { addPeerAndPublish, importAndPublish } from './directory/operator-acts.ts'
import { createPeerRegister } from './directory/peer-store.ts'
import { reorganiseRoutes } from './directory/reorganise-routes.ts'
import { directoryRoutes } from './directory/routes.ts'
import { type RunningFeed, runDirectoryFeed } from './directory/run-feed.ts'
import { hiddenAmong } from './documents/document-list-store.ts'
import type { DocumentServices, FillFonts } from './documents/document-services.ts'
import { documentRoutes } from './documents/routes.ts'
import { undoDocumentRight } from './documents/undo-document-right.ts'
import { dossierRoutes } from './dossiers/routes.ts'
import { undoDossierRight } from './dossiers/undo-dossier-right.ts'
import { openFileStore } from './files/file-store.ts'
import { sweepFiles } from './files/sweep-files.ts'
import { taskRoutes } from './handling/task-routes.ts'
import { createPeerClient } from './http/peer-client.ts'
import { mountPeerRoutes } from './http/peer-routes.ts'
import type { Route } from './http/route.ts'
import { incomingRoutes } from './incoming/incoming-routes.ts'
import { recoverLostVerifications } from './incoming/recover-verifications.ts'
import { verifyIncoming } from './incoming/verify-incoming.ts'
import type { Logger } from './log.ts'
import { openContacts } from './operations/contacts.ts'
import type { FactSources } from './operations/gather-facts.ts'
import type { MetricsAccess } from './operations/metrics-access.ts'
import { type MetricsPage, openMetricsPage } from './operations/metrics-page.ts'
import { openPeerConsole, type PeerConsole } from './operations/peer-console.ts'
import { pingRoutes } from './operations/ping-route.ts'
import { openProcessMetrics, type ProcessMetrics } from './operations/process-metrics.ts'
import { watchAlerts } from './operations/watch-alerts.ts'
import { outgoingRoutes } from './outgoing/routes.ts'
import { openPageTextReader } from './pages/page-text.ts'
import type { OwnProcess } from './process-register.ts'
import type { Queue } from './queue.ts'
import type { BookFonts } from './registers/book-pdf.ts'
import { registerRoutes } from './registers/routes.ts'
import { readAgencyWork } from './relay/agency-work.ts'
import { statusAnnouncer } from './relay/announce.ts'
import { wakePeer } from './relay/peer-health.ts'
import { relayPeerRoutes } from './relay/peer-relay-routes.ts'
import { openPieceStore } from './relay/piece-store.ts'
import { type RelayConsole, relayConsole } from './relay/relay-console.ts'
import type { RelayDeps } from './relay/relay-deps.ts'
import { relayRoutes } from './relay/routes.ts'
import { type RelayWorkers, startRelayWorkers } from './relay/workers.ts'
import { statisticsRoutes } from './statistics/routes.ts'
import { openTrustStore } from './trust-store.ts'

/** Jobs of one kind that a process handles at a time. */
const CONCURRENCY = 8
const SWEEP_EVERY_MS = 60 * 60 * 1000
const RECOVER_EVERY_MS = 60 * 1000
const FEED_EVERY_MS = 180 * 1000
const ALERTS_EVERY_MS = 30 * 1000
const FIGURES_EVERY_MS = 15 * 1000

export interface Services {
  readonly context: NodeContext
  readonly accounts: AccountServices
  readonly rates: RateLimits
  /** Whether requests come through a proxy that says where from. */
  readonly behindProxy: boolean
  /** Everything below `/api/v1`. */
  readonly apiRoutes: readonly Route[]
  /** Everything below `/relay/v1`. */
  readonly peerRouter: Router
  /** What `/metrics` tells, who may read it, and where requests are counted. */
  readonly metrics: {
    readonly page: MetricsPage
    readonly access: MetricsAccess
    readonly answered: ProcessMetrics['answered']
  }
  /** What an operator does at the node's own machine, without signing in. */
  readonly console: {
    addUser(user: NewUser): Promise<MadeUser>
    addPeer(peer: NewPeer): Promise<{ nodeId: string }>
    readonly peers: PeerConsole
    importAgencies(input: ImportInput): Promise<ImportReport>
    /** What the relay cannot get rid of, and what to do about it. */
    readonly relay: RelayConsole
  }
  /** Starts the workers. */
  start(): Promise<void>
  /** Stops what is not the queue's: timers and rounds in hand. */
  stop(): Promise<void>
}

export interface ServiceOptions {
  readonly config: Config
  readonly publicUrl: string
  readonly db: Database
  readonly queue: Queue
  readonly log: Logger
  readonly key: KeyProvider
  readonly clock: () => Date
  /** Of the program. */
  readonly version: string
  /** This process among those of the node; a console command is none of them. */
  readonly own?: OwnProcess
  /** The database by connections that the work cannot take; what looks at the node goes by them. */
  readonly watch?: Database
}

export async function createServices(options: ServiceOptions): Promise<Services> {
  const { config, db, queue, log, key, clock, publicUrl } = options
  const { limits } = config
  const metrics = openProcessMetrics({
    node: config.nodeId,
    version: options.version,
    process: options.own?.id ?? 'console',
    pool: () => db.pool(),
  })
  const { meter } = metrics
  const context: NodeContext = { nodeId: config.nodeId, publicUrl, clock, db, queue, log, limits, meter }
  const contacts = openContacts(context)
  const { clockSkewSeconds } = limits
  const onAnswer = contacts.answered
  const peers = createPeerClient({ nodeId: config.nodeId, key, clock, clockSkewSeconds, onAnswer })
  const feed = { context, nodeKey: key, rootFingerprint: config.directoryRoot, client: peers }
  const files = await openFileStore({ folder: join(config.dataFolder, 'store'), now: clock() })
  const pieces = await openPieceStore({ folder: join(config.dataFolder, 'pieces'), now: clock() })
  const pageText = openPageTextReader()
  const relay: RelayDeps = { context, key, peers, files, pieces, pageText, random: Math.random }
  const documents: DocumentServices = {
    files,
    trust: openTrustStore(config.trustPaths, clock, log),
    fillFonts: readFillFonts(),
    pageText,
    announce: statusAnnouncer(context),
  }
  const watched = { ...context, db: options.watch ?? db }
  const sources: FactSources = {
    context: watched,
    key,
    trust: documents.trust,
    folders: [config.dataFolder],
  }
  const page = openMetricsPage(sources, metrics)
  const register = createPeerRegister(context)
  const operator: OperatorActor = { kind: 'operator', userId: null, login: 'console' }
  let running:
    | { readonly feed: RunningFeed; readonly relay: RelayWorkers; readonly timers: readonly NodeJS.Timeout[] }
    | undefined
  const accounts = { settings: config.accounts, key: openAccountKey(config.accountKeyFile) }
  /** Of the node's processes one does a periodic round. */
  const isMine = async (round: string, everyMs: number) =>
    options.own === undefined || (await options.own.claimRound(round, everyMs))
  /** Work that one of the node's processes does from time to time; what fails is tried again in the next round. */
  const repeat = (round: string, everyMs: number, work: () => Promise<unknown>): NodeJS.Timeout => {
    const once = async () => {
      if (await isMine(round, everyMs)) await work()
    }
    const timer = setInterval(() => {
      once().catch((error: unknown) => log.warn({ round, error: String(error) }, 'a periodic round failed'))
    }, everyMs)
    return timer.unref()
  }
  return {
    context,
    accounts,
    rates: config.rates,
    behindProxy: config.behindProxy !== undefined,
    apiRoutes: [
      ...authRoutes(context, accounts, [undoDocumentRight, undoDossierRight]),
      ...directoryRoutes(feed),
      ...reorganiseRoutes(feed, (trx, agencyId) => readAgencyWork(trx, agencyId, countMembers)),
      ...calendarRoutes(context),
      ...outgoingRoutes(context, documents),
      ...taskRoutes(context),
      ...documentRoutes(context, documents),
      ...incomingRoutes(context, documents),
      ...copyRoutes(context, documents),
      ...registerRoutes(context, readBookFonts(), hiddenAmong),
      ...dossierRoutes(context),
      ...statisticsRoutes(context),
      ...relayRoutes(relay),
      ...auditRoutes(context),
    ],
    peerRouter: mountPeerRoutes(
      [...directoryPeerRoutes(feed), ...relayPeerRoutes(relay), ...pingRoutes(context, key)],
      {
        nodeId: config.nodeId,
        publicUrl,
        key,
        clock,
        log,
        clockSkewSeconds,
        register,
        onRequest: contacts.asked,
      },
    ),
    metrics: {
      page,
      answered: metrics.answered,
      access: {
        tokenFile: config.metricsTokenFile,
        behindProxy: config.behindProxy !== undefined,
        publicUrl,
      },
    },
    console: {
      addUser: (user) => addUser(context, operator, user),
      addPeer: (peer) => addPeerAndPublish(feed, operator, peer),
      peers: openPeerConsole(feed, operator, (peer) => wakePeer(relay, peer)),
      importAgencies: (input) => importAndPublish(feed, operator, input),
      relay: relayConsole(relay, operator),
    },
    async start() {
      const actor = { kind: 'node', nodeId: config.nodeId } as const
      await db.asNode((trx) =>
        appendLogEntry(trx, { nodeId: config.nodeId, actor, now: clock() }, null, {
          kind: 'node.started',
          subject: `node:${config.nodeId}`,
          facts: { key: nodeKeyFingerprint(key.certificate) },
        }),
      )
      await queue.work('document-verify', CONCURRENCY, async (data) => {
        const job = { agencyId: String(data.agencyId), documentId: String(data.documentId) }
        await verifyIncoming(context, documents, job)
      })
      const isMyFeed = () => isMine('directory-feed', FEED_EVERY_MS)
      const isMyRecovery = () => isMine('relay-recovery', RECOVER_EVERY_MS)
      const rounds = [
        repeat('sweep-files', SWEEP_EVERY_MS, () => sweepFiles(context, files)),
        repeat('sweep-accounts', SWEEP_EVERY_MS, () => sweepAccounts(context)),
        repeat('alerts', ALERTS_EVERY_MS, () => watchAlerts(sources)),
        reportFigures(page, log),
        repeat('lost-verifications', RECOVER_EVERY_MS, () => recoverLostVerifications(context)),
      ]
      await recoverLostVerifications(context)
      running = {
        feed: await runDirectoryFeed(feed, { everyMs: FEED_EVERY_MS, claim: isMyFeed }),
        relay: await startRelayWorkers(relay, {
          concurrency: CONCURRENCY,
          recoveryIntervalMs: RECOVER_EVERY_MS,
          claim: isMyRecovery,
        }),
        timers: rounds,
      }
    },
    async stop() {
      if (running !== undefined) {
        for (const timer of running.timers) clearInterval(timer)
        await page.retire()
        await Promise.all([running.relay.stop(), running.feed.stop()])
      }
      metrics.close()
      await documents.pageText.close()
    },
  }
}

/** Every process does it: each counts for itself. */
function reportFigures(page: MetricsPage, log: Logger): NodeJS.Timeout {
  const timer = setInterval(() => {
    page.report().catch((error: unknown) => log.debug({ error: String(error) }, 'figures were not reported'))
  }, FIGURES_EVERY_MS)
  return timer.unref()
}

/** The faces that registers are printed in. */
function readBookFonts(): BookFonts {
  const require = createRequire(import.meta.url)
  const read = (face: string) =>
    readFileSync(require.resolve(`@expo-google-fonts/tinos/${face}/Tinos_${face}.ttf`))
  return { regular: read('400Regular'), bold: read('700Bold') }
}

/** The faces of the number and, in italics, of the date; metric-compatible with Times New Roman. */
function readFillFonts(): FillFonts {
  const require = createRequire(import.meta.url)
  const read = (face: string) =>
    readFileSync(require.resolve(`@expo-google-fonts/tinos/${face}/Tinos_${face}.ttf`))
  return { number: read('400Regular'), date: read('400Regular_Italic') }
}
