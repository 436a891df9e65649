import { expect } from 'chai'
import type { OperatorActor } from '../../../server/actor.ts'
import { setPeerEnabled } from '../../../server/directory/switch-peer.ts'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import { wakePeer } from '../../../server/relay/peer-health.ts'
import { trackDelivery } from '../../../server/relay/track.ts'
import { issueDocument, type Network, openNetwork } from './network.ts'

const SENDER = 'H40.12.3'
const operator: OperatorActor = { kind: 'operator', userId: null, login: 'console' }

describe('relay: a neighbour that its operator has switched off', () => {
  let network: Network
  before(async () => {
    network = await openNetwork([
      { id: 'tinh', parent: null, agencies: [{ code: 'H40', name: 'Ủy ban nhân dân tỉnh thử nghiệm' }] },
      { id: 'xa', parent: 'tinh', agencies: [{ code: SENDER, name: 'Ủy ban nhân dân xã thử nghiệm' }] },
    ])
  })
  after(() => network?.close())

  const send = async () => {
    const { clerk, node } = network.agency(SENDER)
    const { id } = await issueDocument(network, SENDER)
    const sent = await dispatchDocument(node.deps, clerk, { documentId: id, recipients: ['H40'] })
    const [delivery] = sent.deliveries
    return async () => (await trackDelivery(node.context, clerk, delivery?.id ?? '')).state
  }
  const set = async (at: string, peer: string, enabled: boolean) => {
    const { context, deps } = network.node(at)
    await setPeerEnabled(context, operator, peer, { enabled, reason: 'bảo trì' })
    if (enabled) await wakePeer(deps, peer)
  }

  it('here gets nothing, loses nothing, and gets it at once when it is switched on again', async () => {
    await set('xa', 'tinh', false)
    const state = await send()
    await network.settle()
    // Tries come to nothing, later and later.
    for (let minutes = 0; minutes < 60; minutes += 15) {
      network.advance(15 * 60_000)
      await network.settle()
    }
    expect(await state()).to.equal('queued')
    expect(await network.node('tinh').rows('select 1 from offers')).to.deep.equal([])
    await set('xa', 'tinh', true)
    await network.settle()
    expect(await state()).to.equal('arrived')
  })

  it('there takes nothing from this node, which goes on trying by itself until it is let in again', async () => {
    await set('tinh', 'xa', false)
    const state = await send()
    await network.settle()
    expect(await state()).to.equal('queued')
    const [branch] = await network.node('xa').rows("select outcome from branches where state = 'queued'")
    expect(branch?.outcome).to.equal('not-authenticated')
    await set('tinh', 'xa', true)
    network.advance(15 * 60_000)
    await network.settle()
    expect(await state()).to.equal('arrived')
  })
})
