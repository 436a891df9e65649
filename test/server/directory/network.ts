import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import type { OperatorActor } from '../../../server/actor.ts'
import type { Limits, NodeContext } from '../../../server/context.ts'
import { addPeer } from '../../../server/directory/add-peer.ts'
import type { DirectoryFeed } from '../../../server/directory/directory-feed.ts'
import { directoryPeerRoutes } from '../../../server/directory/feed-routes.ts'
import { createPeerRegister } from '../../../server/directory/peer-store.ts'
import { publishOwnPart } from '../../../server/directory/publish-part.ts'
import { pushPart } from '../../../server/directory/push-parts.ts'
import { createPeerClient } from '../../../server/http/peer-client.ts'
import { mountPeerRoutes, type PeerRoute } from '../../../server/http/peer-routes.ts'
import { openLog } from '../../../server/log.ts'
import { pingRoutes } from '../../../server/operations/ping-route.ts'
import type { JobData, Queue } from '../../../server/queue.ts'
import { cloneDatabase, type TestDatabase } from '../../support/database.ts'
import { type TestNodeKey, testNodeKey } from '../../support/node-key.ts'

export const operator: OperatorActor = { kind: 'operator', userId: null, login: 'console' }

export const limits: Limits = {
  fileBytes: 50_000_000,
  messageBytes: 70_000_000,
  jsonBytes: 1_000_000,
  envelopeBytes: 4_000_000,
  recipients: 1_000,
  hops: 16,
  clockSkewSeconds: 120,
  deliveryHours: 168,
  statusQueryHours: 72,
  passwordLogCost: 10,
}

export interface TestClock {
  now: Date
}

/** A node with a database and an HTTP server of its own; its jobs wait until the test runs them. */
export interface TestNode {
  readonly id: string
  readonly url: string
  readonly key: TestNodeKey
  readonly database: TestDatabase
  readonly context: NodeContext
  readonly feed: DirectoryFeed
  readonly jobs: JobData[]
  close(): Promise<void>
}

export interface TestNodeOptions {
  readonly clock: TestClock
  readonly rootFingerprint?: () => string | undefined
  readonly key?: TestNodeKey
  readonly routes?: readonly PeerRoute[]
  readonly queue?: Queue
}

export async function startNode(id: string, options: TestNodeOptions): Promise<TestNode> {
  const database = await cloneDatabase()
  const key = options.key ?? testNodeKey(id)
  const app = express()
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const clock = () => options.clock.now
  const jobs: JobData[] = []
  const context: NodeContext = {
    nodeId: id,
    publicUrl: url,
    clock,
    db: database.db,
    queue: options.queue ?? collectingQueue(jobs),
    log: openLog({ level: 'silent' }),
    limits,
  }
  const client = createPeerClient({ nodeId: id, key: key.provider, clock })
  const feed: DirectoryFeed = {
    context,
    nodeKey: key.provider,
    get rootFingerprint() {
      return options.rootFingerprint?.()
    },
    client,
  }
  app.use(
    '/relay/v1',
    mountPeerRoutes(
      [...directoryPeerRoutes(feed), ...(options.routes ?? pingRoutes(context, key.provider))],
      {
        nodeId: id,
        publicUrl: url,
        key: key.provider,
        clock,
        log: context.log,
        clockSkewSeconds: limits.clockSkewSeconds,
        register: createPeerRegister(context),
      },
    ),
  )
  return {
    id,
    url,
    key,
    database,
    context,
    feed,
    jobs,
    async close() {
      await closeServer(server)
      await database.drop()
    },
  }
}

function collectingQueue(jobs: JobData[]): Queue {
  return {
    async put(_trx, _name, data) {
      jobs.push(data)
    },
    async work() {},
    async stop() {},
  }
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections()
  await closed
}

/** Enters two nodes as each other's neighbours, as their operators would. */
export async function connect(parent: TestNode, child: TestNode): Promise<void> {
  await addPeer(parent.context, operator, {
    nodeId: child.id,
    url: child.url,
    relation: 'child',
    keyFingerprint: child.key.fingerprint,
    enabled: true,
  })
  await addPeer(child.context, operator, {
    nodeId: parent.id,
    url: parent.url,
    relation: 'parent',
    keyFingerprint: parent.key.fingerprint,
    enabled: true,
  })
}

/**
 * Runs the waiting jobs of all nodes until none is left. A job that fails goes to the end, at most `retries` times
 * over all, as the queue would try it again.
 */
export async function settle(nodes: readonly TestNode[], retries = 50): Promise<void> {
  let left = retries
  for (let busy = true; busy; ) {
    busy = false
    for (const node of nodes) {
      const job = node.jobs.shift()
      if (job === undefined) continue
      busy = true
      try {
        if (job.task === 'publish') await publishOwnPart(node.feed)
        else await pushPart(node.feed, String(job.peer), String(job.issuer))
      } catch (error) {
        left -= 1
        if (left < 0) throw error
        node.jobs.push(job)
      }
    }
  }
}
