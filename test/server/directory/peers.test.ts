import { expect } from 'chai'
import { addPeer, type NewPeer } from '../../../server/directory/add-peer.ts'
import { nodeKeyFingerprints } from '../../../server/directory/node-store.ts'
import { findPart } from '../../../server/directory/part-store.ts'
import { createPeerRegister, findPeer, sweepNonces } from '../../../server/directory/peer-store.ts'
import { publishOwnPart } from '../../../server/directory/publish-part.ts'
import { pushPart } from '../../../server/directory/push-parts.ts'
import { registerNodeKey } from '../../../server/directory/register-node-key.ts'
import type { PeerCall } from '../../../server/http/peer-client.ts'
import type { AskedOfPeers } from '../../../server/http/peer-routes.ts'
import { testNodeKey } from '../../support/node-key.ts'
import { limits, operator, startNode, type TestNode } from './network.ts'

const [first, second, third] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string]

describe('peers', () => {
  const clock = { now: new Date('2025-03-01T08:00:00Z') }
  const rootKey = testNodeKey('tw')
  let tw: TestNode
  before(async () => {
    tw = await startNode('tw', { clock, key: rootKey, rootFingerprint: () => rootKey.fingerprint })
  })
  after(() => tw.close())
  beforeEach(() => {
    clock.now = new Date(clock.now.getTime() + 60 * 60_000)
  })

  const later = (seconds: number) => new Date(clock.now.getTime() + seconds * 1000)
  const enter = (nodeId: string, keyFingerprint: string, more: Partial<NewPeer> = {}) =>
    addPeer(tw.context, operator, {
      nodeId,
      url: 'https://truc.example.gov.vn',
      relation: 'child',
      keyFingerprint,
      enabled: true,
      ...more,
    })
  const keysOf = async (nodeId: string, at = clock.now) =>
    (await tw.database.db.asNode((trx) => findPeer(trx, nodeId, at)))?.keyFingerprints
  const register = (nodeId: string, fingerprint: string, validFrom = clock.now) =>
    registerNodeKey(tw.context, operator, {
      nodeId,
      fingerprint,
      validFrom: validFrom.toISOString(),
      validTo: null,
    })

  it('entered with another key are known by that key alone, and what the old one signed before stands', async () => {
    await enter('tinh', first)
    const before = clock.now
    clock.now = later(600)
    await enter('tinh', second)
    expect(await keysOf('tinh')).to.deep.equal([second])
    const keysAt = (at: Date) => tw.database.db.asNode((trx) => nodeKeyFingerprints(trx, 'tinh', at))
    expect(await keysAt(before)).to.deep.equal([first])
    expect(await keysAt(clock.now)).to.deep.equal([second])
  })

  it('have two keys for a time when the operator registers the next one, whatever else of them is changed', async () => {
    await enter('huyen', first)
    await register('huyen', second)
    expect(await keysOf('huyen')).to.deep.equal([first, second])
    await enter('huyen', first, { url: 'https://truc-2.example.gov.vn' })
    expect(await keysOf('huyen')).to.deep.equal([first, second])
    await register('huyen', third, later(3600))
    clock.now = later(60)
    await enter('huyen', second)
    expect(await keysOf('huyen')).to.deep.equal([second])
    expect(await keysOf('huyen', later(3 * 3600))).to.deep.equal([second])
  })

  it('get a part in a time that goes by its size', async () => {
    await enter('xa', first)
    await publishOwnPart(tw.feed)
    const part = await tw.database.db.asNode((trx) => findPart(trx, 'tw'))
    const calls: PeerCall[] = []
    const client: TestNode['feed']['client'] = {
      async request(_peer, call) {
        calls.push(call)
        return { status: 200, contentType: '', body: new Uint8Array(), keyFingerprint: first }
      },
    }
    const large = 20_000 * 100
    const bytes = Buffer.alloc(large)
    await pushPart({ ...tw.feed, client }, 'xa', 'tw')
    await tw.database.db.asNode((trx) =>
      trx('directory_parts').where({ issuer: 'tw' }).update({ part: bytes }),
    )
    await pushPart({ ...tw.feed, client }, 'xa', 'tw')
    const [small, big] = calls
    expect(small?.body).to.have.length(part?.bytes.length ?? 0)
    expect(small?.timeoutMs).to.be.within(30_000, 31_000)
    expect(big?.body).to.have.length(large)
    expect(big?.timeoutMs).to.equal(30_000 + 100_000)
  })

  it('cannot use a nonce again at a process whose clock is behind that of the one that sweeps', async () => {
    const claimNonce = (...claim: Parameters<AskedOfPeers['claimNonce']>) =>
      createPeerRegister(tw.context).prove((asked) => asked.claimNonce(...claim))
    const usableUntil = later(limits.clockSkewSeconds)
    const sweep = (at: Date) => tw.database.db.asNode((trx) => sweepNonces(trx, at, limits.clockSkewSeconds))
    expect(await claimNonce(first, 'nonce', usableUntil)).to.equal(true)
    const ahead = new Date(usableUntil.getTime() + 2 * limits.clockSkewSeconds * 1000)
    expect(await sweep(ahead)).to.equal(0)
    expect(await claimNonce(first, 'nonce', usableUntil)).to.equal(false)
    expect(await sweep(new Date(ahead.getTime() + 1))).to.equal(1)
    expect(await claimNonce(first, 'nonce', usableUntil)).to.equal(true)
  })
})
