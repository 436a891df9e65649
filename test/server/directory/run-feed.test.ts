import { expect } from 'chai'
import { findAgencyByCode } from '../../../server/directory/agency-store.ts'
import { addPeerAndPublish, importAndPublish } from '../../../server/directory/operator-acts.ts'
import { runDirectoryFeed } from '../../../server/directory/run-feed.ts'
import { openLog } from '../../../server/log.ts'
import { openQueue, type Queue } from '../../../server/queue.ts'
import { testNodeKey } from '../../support/node-key.ts'
import { agency, asJsonFile } from './entries.ts'
import { operator, startNode, type TestNode } from './network.ts'

describe('directory feed on the real queue', () => {
  const clock = { now: new Date('2025-03-01T08:00:00Z') }
  const rootKey = testNodeKey('tw')
  const rootFingerprint = () => rootKey.fingerprint
  const queues: Queue[] = []
  const nodes: TestNode[] = []
  const stops: (() => Promise<void>)[] = []

  after(async () => {
    for (const stop of stops) await stop()
    for (const queue of queues) await queue.stop(5_000)
    for (const node of nodes) await node.close()
  })

  /** The queue needs the node's database, and the node its queue: the one is handed through to the other. */
  async function start(id: string, key = testNodeKey(id)): Promise<TestNode> {
    let queue: Queue | undefined
    const opened = (): Queue => {
      if (queue === undefined) throw new Error('the queue is not open yet')
      return queue
    }
    const node = await startNode(id, {
      clock,
      rootFingerprint,
      key,
      queue: {
        put: (...args) => opened().put(...args),
        work: (...args) => opened().work(...args),
        stop: (...args) => opened().stop(...args),
      },
    })
    nodes.push(node)
    queue = await openQueue(node.database.url, openLog({ level: 'silent' }), { max: 2 })
    queues.push(queue)
    const running = await runDirectoryFeed(node.feed)
    stops.push(() => running.stop())
    return node
  }

  it('carries what the root imports to its child, and what the child imports to the root', async function () {
    this.timeout(30_000)
    const tw = await start('tw', rootKey)
    const tinh = await start('tinh')
    await addPeerAndPublish(tinh.feed, operator, neighbour(tw, 'parent'))
    await addPeerAndPublish(tw.feed, operator, neighbour(tinh, 'child'))
    const load = (node: TestNode, entry: ReturnType<typeof agency>) =>
      importAndPublish(node.feed, operator, {
        format: 'json',
        content: asJsonFile([entry]),
        dryRun: false,
      })
    await load(tw, agency('H40', 'tinh'))
    // The province's scope is what its parent says; the import asks the parent first.
    await addPeerAndPublish(tinh.feed, operator, {
      nodeId: 'huyen',
      url: 'http://127.0.0.1:9',
      relation: 'child',
      keyFingerprint: testNodeKey('huyen').fingerprint,
      enabled: false,
    })
    await load(tinh, agency('H40.19', 'huyen'))
    await arrives(tw, 'H40.19')
    await arrives(tinh, 'H40')
  })
})

function neighbour(node: TestNode, relation: 'parent' | 'child') {
  return { nodeId: node.id, url: node.url, relation, keyFingerprint: node.key.fingerprint, enabled: true }
}

/** Waits for the queue's own pace; mocha's time limit ends a wait in vain. */
async function arrives(node: TestNode, code: string): Promise<void> {
  for (;;) {
    const found = await node.database.db.asNode((trx) => findAgencyByCode(trx, code, '2025-03-01'))
    if (found !== undefined) {
      expect(found.code).to.equal(code)
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
