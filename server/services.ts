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
import { outgoingRoutes } from './outgoing/routes.ts'
import { openPageTextReader } from './pages/page-text.ts'
import type { Queue } from './queue.ts'
import type { BookFonts } from './registers/book-pdf.ts'
import { registerRoutes } from './registers/routes.ts'
import { readAgencyWork } from './relay/agency-work.ts'
import { statusAnnouncer } from './relay/announce.ts'
import { relayPeerRoutes } from './relay/peer-relay-routes.ts'
import { openPieceStore } from './relay/piece-store.ts'
import type { RelayDeps } from './relay/relay-deps.ts'
import { relayRoutes } from './relay/routes.ts'
import { type RelayWorkers, startRelayWorkers } from './relay/workers.ts'
import { statisticsRoutes } from './statistics/routes.ts'
import { openTrustStore } from './trust-store.ts'

/** Jobs of one kind that a process handles at a time. */
const CONCURRENCY = 4
const SWEEP_EVERY_MS = 60 * 60 * 1000
const RECOVER_EVERY_MS = 60 * 1000

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
  /** What an operator does at the node's own machine, without signing in. */
  readonly console: {
    addUser(user: NewUser): Promise<MadeUser>
    addPeer(peer: NewPeer): Promise<{ nodeId: string }>
    importAgencies(input: ImportInput): Promise<ImportReport>
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
}

export async function createServices(options: ServiceOptions): Promise<Services> {
  const { config, db, queue, log, key, clock, publicUrl } = options
  const { limits } = config
  const context: NodeContext = { nodeId: config.nodeId, publicUrl, clock, db, queue, log, limits }
  const { clockSkewSeconds } = limits
  const peers = createPeerClient({ nodeId: config.nodeId, key, clock, clockSkewSeconds })
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
  const register = createPeerRegister(context)
  const operator: OperatorActor = { kind: 'operator', userId: null, login: 'console' }
  let running:
    | { readonly feed: RunningFeed; readonly relay: RelayWorkers; readonly timers: readonly NodeJS.Timeout[] }
    | undefined
  const accounts = { settings: config.accounts, key: openAccountKey(config.accountKeyFile) }
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
    peerRouter: mountPeerRoutes([...directoryPeerRoutes(feed), ...relayPeerRoutes(relay)], {
      nodeId: config.nodeId,
      publicUrl,
      key,
      clock,
      log,
      clockSkewSeconds,
      register,
    }),
    console: {
      addUser: (user) => addUser(context, operator, user),
      addPeer: (peer) => addPeerAndPublish(feed, operator, peer),
      importAgencies: (input) => importAndPublish(feed, operator, input),
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
      const sweep = setInterval(() => {
        sweepFiles(context, files).catch((error: unknown) => log.warn({ error: String(error) }, 'sweep'))
        sweepAccounts(context).catch((error: unknown) => log.warn({ error: String(error) }, 'sweep'))
      }, SWEEP_EVERY_MS)
      const recover = () => {
        recoverLostVerifications(context).catch((error: unknown) =>
          log.warn({ error: String(error) }, 'lost verifications could not be put again'),
        )
      }
      recover()
      const timers = [sweep, setInterval(recover, RECOVER_EVERY_MS)]
      for (const timer of timers) timer.unref()
      running = {
        feed: await runDirectoryFeed(feed),
        relay: await startRelayWorkers(relay, { concurrency: CONCURRENCY }),
        timers,
      }
    },
    async stop() {
      if (running !== undefined) {
        for (const timer of running.timers) clearInterval(timer)
        await Promise.all([running.relay.stop(), running.feed.stop()])
      }
      await documents.pageText.close()
    },
  }
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
