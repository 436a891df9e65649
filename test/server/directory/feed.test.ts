import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { agencyFiles } from '../../../fixtures/agencies/read.ts'
import { acceptPart } from '../../../server/directory/accept-part.ts'
import { addPeer } from '../../../server/directory/add-peer.ts'
import { findAgencyByCode, listAgencies } from '../../../server/directory/agency-store.ts'
import { importAgencies } from '../../../server/directory/import-agencies.ts'
import { nodeKeyFingerprints, routeTo } from '../../../server/directory/node-store.ts'
import { decodePart, type PartContent, signPart } from '../../../server/directory/part.ts'
import { findPart, listParts } from '../../../server/directory/part-store.ts'
import { findPeer } from '../../../server/directory/peer-store.ts'
import { publishOwnPart } from '../../../server/directory/publish-part.ts'
import { pullParts } from '../../../server/directory/pull-parts.ts'
import { registerNodeKey } from '../../../server/directory/register-node-key.ts'
import { CongvanError } from '../../../server/errors.ts'
import { type TestNodeKey, testNodeKey } from '../../support/node-key.ts'
import { agency, asJsonFile, idOf } from './entries.ts'
import { connect, operator, settle, startNode, type TestNode } from './network.ts'

const day = '2025-03-01'

describe('directory feed: four nodes', () => {
  const clock = { now: new Date('2025-03-01T08:00:00Z') }
  const minutes = (count: number) => {
    clock.now = new Date(clock.now.getTime() + count * 60_000)
  }
  const rootKey = testNodeKey('tw')
  const rootFingerprint = () => rootKey.fingerprint
  let [tw, tinh, huyen, xa] = [] as unknown as [TestNode, TestNode, TestNode, TestNode]
  let all: TestNode[] = []

  before(async () => {
    tw = await startNode('tw', { clock, rootFingerprint, key: rootKey })
    tinh = await startNode('tinh', { clock, rootFingerprint })
    huyen = await startNode('huyen', { clock, rootFingerprint })
    xa = await startNode('xa', { clock, rootFingerprint })
    all = [tw, tinh, huyen, xa]
    await connect(tw, tinh)
    await connect(tinh, huyen)
    await connect(huyen, xa)
    await settle(all)
  })
  after(async () => {
    for (const node of all) await node.close()
  })

  const load = (node: TestNode, file: URL) =>
    importAgencies(node.context, operator, {
      format: 'csv',
      content: readFileSync(file),
      dryRun: false,
      skipOtherNodes: true,
    })
  const codesAt = (node: TestNode) =>
    node.database.db.asNode(async (trx) =>
      (await listAgencies(trx, { date: day, limit: 500 })).map((one) => `${one.code} ${one.hostingNode}`),
    )
  const partsAt = (node: TestNode) => node.database.db.asNode(listParts)
  const partOf = async (node: TestNode, issuer: string) => {
    const part = await node.database.db.asNode((trx) => findPart(trx, issuer))
    if (part === undefined) throw new Error(`${node.id} holds no part of ${issuer}`)
    return part
  }
  const contentOf = async (node: TestNode, issuer: string): Promise<PartContent> =>
    (await decodePart((await partOf(node, issuer)).bytes)).content
  /** The next version of an issuer's part as somebody with this key would sign it. */
  const next = async (
    node: TestNode,
    issuer: string,
    key: TestNodeKey,
    change: Partial<PartContent> = {},
  ) => {
    const stored = await partOf(node, issuer)
    const content = await contentOf(node, issuer)
    return signPart(
      {
        ...content,
        version: content.version + 1,
        previous: stored.sha256,
        signedAt: clock.now.toISOString(),
        ...change,
      },
      key.provider,
    )
  }
  /** Expects a refusal for this reason, and that nothing at all changed. */
  const expectRejected = async (at: TestNode, bytes: Uint8Array, why: string): Promise<void> => {
    const before = [await partsAt(at), await codesAt(at), at.jobs.length]
    const error = await acceptPart(at.feed, bytes, 'tinh').then(
      () => undefined,
      (caught: unknown) => caught,
    )
    expect(error).to.be.instanceOf(CongvanError)
    expect((error as CongvanError).code).to.equal('DIRECTORY_FEED_REJECTED')
    expect((error as CongvanError).params.why).to.equal(why)
    expect([await partsAt(at), await codesAt(at), at.jobs.length]).to.deep.equal(before)
  }

  it('brings the agencies that each node imports to every node, signed and chained', async () => {
    for (const node of all) {
      await load(node, agencyFiles.centre)
      await load(node, agencyFiles.namDinh)
      // What a node may sign rests on what its parent says is hosted there.
      await settle(all)
    }
    const everything = await codesAt(tw)
    expect(everything.length).to.be.greaterThan(40)
    for (const hosting of ['tw', 'tinh', 'huyen', 'xa']) {
      expect(
        everything.some((one) => one.endsWith(` ${hosting}`)),
        hosting,
      ).to.equal(true)
    }
    for (const node of all) expect(await codesAt(node), node.id).to.deep.equal(everything)
    const held = await partsAt(tw)
    expect(held.map((one) => one.issuer)).to.deep.equal(['huyen', 'tinh', 'tw'])
    for (const node of all) expect(await partsAt(node), node.id).to.deep.equal(held)
    expect((await partOf(xa, 'tw')).bytes).to.deep.equal((await partOf(tw, 'tw')).bytes)
  })

  it('routes along the parents at every node', async () => {
    const commune = 'H40.19.6'
    const way = async (node: TestNode, code: string) =>
      node.database.db.asNode(async (trx) => {
        const found = await findAgencyByCode(trx, code, day)
        if (found === undefined) throw new Error(`${code} is not known at ${node.id}`)
        return routeTo(trx, node.id, found, day)
      })
    expect(await way(xa, commune)).to.deep.equal({ kind: 'deliver' })
    expect(await way(huyen, commune)).to.deep.equal({ kind: 'down', nodeId: 'xa' })
    expect(await way(tinh, commune)).to.deep.equal({ kind: 'down', nodeId: 'huyen' })
    expect(await way(tw, commune)).to.deep.equal({ kind: 'down', nodeId: 'tinh' })
    expect(await way(xa, 'G22')).to.deep.equal({ kind: 'up', nodeId: 'huyen' })
    expect(await way(huyen, 'H40.1')).to.deep.equal({ kind: 'up', nodeId: 'tinh' })
    const lost = { id: idOf('lost'), code: 'H99', hostingNode: 'nowhere' }
    const error = await xa.database.db
      .asNode((trx) => routeTo(trx, 'xa', lost))
      .then(
        () => undefined,
        (caught: unknown) => caught,
      )
    expect((error as CongvanError).code).to.equal('NO_ROUTE')
  })

  it('publishes nothing new when nothing has changed', async () => {
    for (const node of all) expect(await publishOwnPart(node.feed)).to.equal(null)
    for (const node of all) expect(await pullParts(node.feed)).to.equal(0)
    for (const node of all) expect(node.jobs).to.deep.equal([])
  })

  it('takes the same part again as done, and passes it on no further', async () => {
    const { bytes } = await partOf(tw, 'tinh')
    expect(await acceptPart(xa.feed, bytes, 'huyen')).to.include({ accepted: false })
    expect(xa.jobs).to.deep.equal([])
  })

  it('rejects a part that is broken, changed or signed by the wrong key', async () => {
    minutes(1)
    const { bytes } = await partOf(xa, 'tinh')
    await expectRejected(xa, Buffer.from('no part'), 'malformed')
    await expectRejected(xa, new Uint8Array(), 'malformed')
    const changed = Buffer.from(bytes)
    const at = changed.length - 20
    changed[at] = changed[at] === 65 ? 66 : 65
    await expectRejected(xa, changed, 'signature-invalid')
    const text = Buffer.from(bytes).toString()
    const [, payload = '', signature = ''] = text.split('.')
    const unsigned = Buffer.from('{"alg":"none"}').toString('base64url')
    await expectRejected(xa, Buffer.from(`${unsigned}.${payload}.${signature}`), 'malformed')
    await expectRejected(xa, (await next(xa, 'tinh', testNodeKey('tinh'))).bytes, 'wrong-key')
    await expectRejected(xa, (await next(xa, 'tinh', huyen.key)).bytes, 'wrong-key')
    await expectRejected(xa, (await next(xa, 'tw', tinh.key)).bytes, 'wrong-key')
  })

  it('rejects older versions, other bytes of a version, forks, vanished entries and dates ahead', async () => {
    minutes(1)
    const content = await contentOf(xa, 'tinh')
    await expectRejected(
      xa,
      (await next(xa, 'tinh', tinh.key, { version: content.version, previous: content.previous })).bytes,
      'collision',
    )
    await expectRejected(
      xa,
      (await next(xa, 'tinh', tinh.key, { previous: '0'.repeat(64) })).bytes,
      'collision',
    )
    const ahead = new Date(clock.now.getTime() + 10 * 60_000).toISOString()
    await expectRejected(
      xa,
      (await next(xa, 'tinh', tinh.key, { signedAt: ahead })).bytes,
      'signed-in-future',
    )
    await expectRejected(
      xa,
      (await next(xa, 'tinh', tinh.key, { signedAt: '2025-01-01T00:00:00.000Z' })).bytes,
      'rolled-back',
    )
    await expectRejected(
      xa,
      (await next(xa, 'tinh', tinh.key, { agencies: content.agencies.slice(1) })).bytes,
      'entry-vanished',
    )
    const rolledBack = { ...content, version: content.version + 5, previous: null }
    await expectRejected(xa, (await signPart(rolledBack, tinh.key.provider)).bytes, 'malformed')
  })

  it('rejects what an issuer may not sign', async () => {
    minutes(1)
    const content = await contentOf(xa, 'tinh')
    const more = (entry: ReturnType<typeof agency>) => ({ agencies: [...content.agencies, entry] })
    const wrong: Partial<PartContent>[] = [
      more(agency('H41.1', 'huyen')),
      more(agency('G23', 'huyen')),
      more(agency('H40.77', 'tinh')),
      more(agency('H40.78', 'xa')),
      more({ ...agency('H40.1', 'huyen'), id: idOf('thief') }),
      more({ ...agency('H40.79', 'huyen'), id: content.agencies[0]?.id ?? '' }),
      { nodes: [...content.nodes, { id: 'tw', url: null, keys: [] }] },
    ]
    for (const change of wrong) {
      await expectRejected(xa, (await next(xa, 'tinh', tinh.key, change)).bytes, 'out-of-scope')
    }
    // Naming itself would make it a root, which is known by the pinned key alone.
    const itself = { nodes: [...content.nodes, { id: 'tinh', url: null, keys: [] }] }
    await expectRejected(xa, (await next(xa, 'tinh', tinh.key, itself)).bytes, 'wrong-key')
  })

  it('rejects a part of a node that nobody has named, and another’s word in this node’s name', async () => {
    const stranger = testNodeKey('la')
    const part = await signPart(
      {
        issuer: 'la',
        version: 1,
        previous: null,
        signedAt: clock.now.toISOString(),
        nodes: [],
        agencies: [],
        tombstones: [],
      },
      stranger.provider,
    )
    await expectRejected(xa, part.bytes, 'issuer-unknown')
    await expectRejected(tinh, (await next(tinh, 'tinh', tinh.key)).bytes, 'own-part')
  })

  it('accepts nothing where no root is pinned', async () => {
    const alone = await startNode('don', { clock })
    try {
      await connectParentOnly(alone, tw)
      await expectRejected(alone, (await partOf(tw, 'tw')).bytes, 'no-root')
    } finally {
      await alone.close()
    }
  })

  it('brings a node that comes later everything by pulling, from whichever part it begins', async () => {
    const late = await startNode('xa-2', { clock, rootFingerprint })
    try {
      await connect(huyen, late)
      late.jobs.length = 0
      const [root, province] = [(await partOf(tw, 'tw')).bytes, (await partOf(tw, 'tinh')).bytes]
      await expectRejected(late, province, 'issuer-unknown')
      await publishOwnPart(huyen.feed)
      expect(await pullParts(late.feed)).to.equal(3)
      expect((await partOf(late, 'tw')).bytes).to.deep.equal(root)
      expect(await codesAt(late)).to.deep.equal(await codesAt(tw))
      huyen.jobs.splice(0, huyen.jobs.length, ...huyen.jobs.filter((job) => job.peer !== 'xa-2'))
      await settle(all)
    } finally {
      await huyen.database.db.asNode((trx) =>
        trx('peers').where('node_id', 'xa-2').update({ enabled: false }),
      )
      await late.close()
    }
  })

  it('carries a change of keys: the old key counts for its time, the new one from then on', async () => {
    minutes(10)
    const oldKey = tinh.key
    const newKey = testNodeKey('tinh')
    const before = clock.now
    /** Hands the root's newest part to all: with its old key ended, the test's province can pass nothing on. */
    const spread = async () => {
      await publishOwnPart(tw.feed)
      const { bytes } = await partOf(tw, 'tw')
      for (const node of [tinh, huyen, xa]) await acceptPart(node.feed, bytes, 'tw')
      for (const node of all) node.jobs.length = 0
    }
    await registerNodeKey(tw.context, operator, {
      nodeId: 'tinh',
      fingerprint: newKey.fingerprint,
      validFrom: clock.now.toISOString(),
      validTo: null,
    })
    await spread()
    minutes(10)
    await registerNodeKey(tw.context, operator, {
      nodeId: 'tinh',
      fingerprint: oldKey.fingerprint,
      validFrom: clock.now.toISOString(),
      validTo: clock.now.toISOString(),
    })
    await spread()
    const keysAt = (at: Date) => xa.database.db.asNode((trx) => nodeKeyFingerprints(trx, 'tinh', at))
    expect(await keysAt(new Date(before.getTime() - 60_000))).to.deep.equal([oldKey.fingerprint])
    expect(await keysAt(before)).to.have.members([oldKey.fingerprint, newKey.fingerprint])
    expect(await keysAt(clock.now)).to.deep.equal([newKey.fingerprint])
    // What the old key signed while it counted still stands; what it signs now, or dates back, does not.
    expect((await partOf(xa, 'tinh')).keyFingerprint).to.equal(oldKey.fingerprint)
    minutes(1)
    await expectRejected(xa, (await next(xa, 'tinh', oldKey)).bytes, 'wrong-key')
    const after = await next(xa, 'tinh', newKey)
    expect(await acceptPart(xa.feed, after.bytes, 'huyen')).to.include({ accepted: true })
    const dated = await next(xa, 'tinh', oldKey, { signedAt: before.toISOString() })
    await expectRejected(xa, dated.bytes, 'rolled-back')
    // The neighbour's entry by hand gives way to the directory, which says that this key has ended.
    const peer = await huyen.database.db.asNode((trx) => findPeer(trx, 'tinh', clock.now))
    expect(peer?.keyFingerprints).to.deep.equal([newKey.fingerprint])
    xa.jobs.length = 0
  })

  it('lets the root change its key while the old one counts, and not by the pinned key afterwards', async () => {
    minutes(10)
    const newKey = testNodeKey('tw')
    const validFrom = clock.now.toISOString()
    const { nodes } = await contentOf(xa, 'tw')
    const withKey = (validTo: string | null) =>
      nodes.map((node) =>
        node.id === 'tw'
          ? {
              ...node,
              keys: [
                ...node.keys.map((key) => ({ ...key, validTo })),
                { fingerprint: newKey.fingerprint, validFrom, validTo: null },
              ],
            }
          : node,
      )
    await expectRejected(xa, (await next(xa, 'tw', newKey, { nodes: withKey(null) })).bytes, 'wrong-key')
    const announced = await next(xa, 'tw', rootKey, { nodes: withKey(null) })
    expect(await acceptPart(xa.feed, announced.bytes, 'huyen')).to.include({ accepted: true })
    minutes(1)
    const ended = await next(xa, 'tw', newKey, { nodes: withKey(clock.now.toISOString()) })
    expect(await acceptPart(xa.feed, ended.bytes, 'huyen')).to.include({ accepted: true })
    minutes(1)
    await expectRejected(xa, (await next(xa, 'tw', rootKey)).bytes, 'wrong-key')
    xa.jobs.length = 0
  })

  it('buries what was taken out, and never takes it back', async () => {
    minutes(10)
    const alone = await startNode('goc', { clock, rootFingerprint: () => undefined })
    try {
      const load = (agencies: ReturnType<typeof agency>[], remove: string[] = []) =>
        importAgencies(alone.context, operator, {
          format: 'json',
          content: asJsonFile(agencies, remove),
          dryRun: false,
        })
      await load([agency('G01', 'goc'), agency('G02', 'goc')])
      await publishOwnPart(alone.feed)
      await load([], [idOf('G01')])
      await publishOwnPart(alone.feed)
      const content = await contentOf(alone, 'goc')
      expect(content.version).to.equal(2)
      expect(content.tombstones).to.deep.equal([
        { kind: 'agency', id: idOf('G01'), removedAt: clock.now.toISOString() },
      ])
      expect(content.agencies.map((one) => one.id)).to.deep.equal([idOf('G02')])
    } finally {
      await alone.close()
    }
  })
})

describe('directory feed: a node that was a root and gets a parent', () => {
  const clock = { now: new Date('2025-03-01T08:00:00Z') }

  it('takes itself out of its part, with a tombstone, and leaves its key to its parent', async () => {
    const nodes: TestNode[] = []
    try {
      const rootKey = testNodeKey('tw')
      const root = await startNode('tw', { clock, key: rootKey, rootFingerprint: () => rootKey.fingerprint })
      const alone = await startNode('tinh', { clock })
      nodes.push(root, alone)
      expect(await publishOwnPart(alone.feed)).to.deep.equal({ issuer: 'tinh', version: 1 })
      await connect(root, alone)
      expect(await publishOwnPart(alone.feed)).to.deep.equal({ issuer: 'tinh', version: 2 })
      const part = await alone.database.db.asNode((trx) => findPart(trx, 'tinh'))
      const { content } = await decodePart(part?.bytes ?? new Uint8Array())
      expect(content.nodes).to.deep.equal([])
      expect(content.tombstones.map((one) => `${one.kind} ${one.id}`)).to.deep.equal(['node tinh'])
      expect(await publishOwnPart(alone.feed)).to.equal(null)
    } finally {
      for (const node of nodes) await node.close()
    }
  })

  it('signs nothing while its parent is not entered and another root is pinned', async () => {
    const node = await startNode('tinh', { clock, rootFingerprint: () => 'a'.repeat(64) })
    try {
      expect(await publishOwnPart(node.feed)).to.equal(null)
    } finally {
      await node.close()
    }
  })
})

async function connectParentOnly(child: TestNode, parent: TestNode): Promise<void> {
  await addPeer(child.context, operator, {
    nodeId: parent.id,
    url: parent.url,
    relation: 'parent',
    keyFingerprint: parent.key.fingerprint,
    enabled: true,
  })
}
