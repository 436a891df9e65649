import { expect } from 'chai'
import { CongvanError } from '../../../server/errors.ts'
import { deliveriesAt, type Network, openTree, send } from './tree.ts'

describe('relay: the words of a peer', () => {
  let network: Network
  before(async () => {
    network = await openTree()
  })
  after(() => network?.close())

  it('that no table can hold are noted without what it cannot hold, and the branch is tried again', async () => {
    const { deps, rows } = network.node('tw')
    const { peers } = deps
    const problem = { status: 409, code: 'X\u0000Y', detail: 'hết\u0000\u001b[2J chỗ \ud800', params: {} }
    const refuse = () =>
      Promise.reject(
        new CongvanError('PEER_FAULT', { node: 'tinh', code: 'X', title: '-' }, { cause: problem }),
      )
    Object.assign(deps, { peers: { request: refuse } })
    await send(network, 'G22', ['H40'])
    await network.node('tw').runJobs()
    const [branch] = await rows('select state, outcome, reason, failures from branches')
    expect(branch).to.deep.equal({
      state: 'queued',
      outcome: 'answer-unreadable',
      reason: 'X Y: hết  [2J chỗ \ufffd',
      failures: 1,
    })
    Object.assign(deps, { peers })
    network.advance(10_000)
    await network.settle()
    expect(await deliveriesAt(network)).to.deep.equal(['H40 arrived'])
  })
})
