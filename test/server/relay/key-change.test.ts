import { expect } from 'chai'
import { createPeerClient } from '../../../server/http/peer-client.ts'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import { recoverLostJobs } from '../../../server/relay/recover.ts'
import { type TrackedDelivery, trackDelivery } from '../../../server/relay/track.ts'
import { type KeyProvider, nodeKeyFingerprint } from '../../../signing/index.ts'
import { testNodeKey } from '../../support/node-key.ts'
import { issueDocument, type Network, openNetwork } from './network.ts'

const SENDER = 'H40.12.3'
const nodeIds = ['tw', 'tinh', 'xa'] as const

describe('relay: while nodes change their keys', () => {
  let network: Network
  let oldKeys: Map<string, KeyProvider>
  const newKeys = { tw: testNodeKey('tw'), tinh: testNodeKey('tinh'), xa: testNodeKey('xa') }
  before(async () => {
    network = await openNetwork([
      { id: 'tw', parent: null, agencies: [{ code: 'G22', name: 'Văn phòng thử nghiệm' }] },
      { id: 'tinh', parent: 'tw', agencies: [{ code: 'H40', name: 'Ủy ban nhân dân tỉnh thử nghiệm' }] },
      { id: 'xa', parent: 'tinh', agencies: [{ code: SENDER, name: 'Ủy ban nhân dân xã thử nghiệm' }] },
    ])
    oldKeys = new Map(nodeIds.map((id) => [id, network.node(id).key]))
  })
  after(() => network?.close())

  const oldFingerprint = (id: string) => nodeKeyFingerprint(oldKeys.get(id)?.certificate ?? new Uint8Array())
  /** As every node's directory has it once the parents' parts have come. */
  const everywhere = async (sql: string, values: (id: (typeof nodeIds)[number]) => unknown[]) => {
    for (const at of nodeIds) for (const id of nodeIds) await network.node(at).rows(sql, values(id))
  }
  const enterNewKeys = () =>
    everywhere(
      'insert into directory_node_keys (node_id, fingerprint, valid_from) values ($1, $2, $3)',
      (id) => [id, newKeys[id].fingerprint, network.now()],
    )
  const endOldKeys = () =>
    everywhere(
      'update directory_node_keys set valid_to = $3 where node_id = $1 and fingerprint = $2',
      (id) => [id, oldFingerprint(id), network.now()],
    )

  const send = async () => {
    const { clerk, node } = network.agency(SENDER)
    const { id } = await issueDocument(network, SENDER)
    return dispatchDocument(node.deps, clerk, { documentId: id, recipients: ['G22', 'H40'] })
  }
  type Sent = Awaited<ReturnType<typeof send>>
  const track = async (sent: Sent): Promise<TrackedDelivery[]> => {
    const { clerk, node } = network.agency(SENDER)
    return Promise.all(sent.deliveries.map((one) => trackDelivery(node.context, clerk, one.id)))
  }
  const statesOf = async (sent: Sent) => (await track(sent)).map((one) => one.state)
  const rekey = (id: (typeof nodeIds)[number]) => network.rekey(id, newKeys[id].provider)
  /** The jobs of one node that are due, once. */
  const step = (id: string) => network.node(id).runJobs()

  it('loses nothing that is on its way: both keys count while they overlap, and what the old one signed for good', async () => {
    // Four documents, each stopped at another place of its way.
    const atOrigin = await send()
    await network.node('xa').takeJobs()
    const beforeTop = await send()
    await step('xa')
    await network.node('tinh').takeJobs()
    const beforeReceipts = await send()
    await step('xa')
    await step('tinh')
    await network.node('tinh').takeJobs()
    // The parents enter the new keys; the nodes go on with the old ones for a while.
    network.advance(60_000)
    await enterNewKeys()
    const inOverlap = await send()
    await step('xa')
    // One after the other starts with its new key, while others still have the old one.
    rekey('tinh')
    network.advance(60_000)
    await network.settle()
    rekey('xa')
    rekey('tw')
    // What was sealed by an old key goes on after that key has ended.
    network.advance(60_000)
    await endOldKeys()
    network.advance(30 * 60_000)
    for (const id of nodeIds) await recoverLostJobs(network.node(id).deps)
    await network.settle()
    const after = await send()
    await network.settle()
    for (const [name, sent] of Object.entries({ atOrigin, beforeTop, beforeReceipts, inOverlap, after })) {
      expect(await statesOf(sent), name).to.deep.equal(['arrived', 'arrived'])
    }
    const sealedBy = await network.node('xa').rows('select seal_key from envelopes order by sealed_at')
    expect(new Set(sealedBy.map((row) => row.seal_key))).to.deep.equal(
      new Set([oldFingerprint('xa'), newKeys.xa.fingerprint]),
    )
    for (const id of ['tw', 'tinh']) {
      const [count] = await network.node(id).rows('select count(*)::int as n from envelopes')
      expect(count?.n, id).to.equal(5)
    }
  })

  it('refuses what an old key signs after its end, whoever holds it', async () => {
    const stale = createPeerClient({
      nodeId: 'tinh',
      key: oldKeys.get('tinh') as KeyProvider,
      clock: network.now,
    })
    const { publicUrl: url } = network.node('tw').context
    const tw = { nodeId: 'tw', url, keyFingerprints: [newKeys.tw.fingerprint] }
    const asked = await stale
      .request(tw, { method: 'POST', path: '/relay/v1/messages', body: Buffer.from('{}') })
      .then(
        () => 'taken',
        (error: { params?: { code?: string } }) => error.params?.code,
      )
    expect(asked).to.equal('PEER_NOT_AUTHENTICATED')
    // And an answer signed by it is nobody's.
    const fresh = { ...tw, keyFingerprints: [oldFingerprint('tw')] }
    const node = network.node('tinh')
    const answer = await node.deps.peers.request(fresh, { method: 'GET', path: '/relay/v1' }).then(
      () => 'taken',
      (error: { code?: string }) => error.code,
    )
    expect(answer).to.equal('PEER_ANSWER_NOT_AUTHENTIC')
  })
})
