import { expect } from 'chai'
import { recoverLostJobs } from '../../../server/relay/recover.ts'
import { nodeKeyFingerprint } from '../../../signing/index.ts'
import { openNetwork } from './network.ts'
import { deliveriesAt, historyAt, type Network, openTree, send } from './tree.ts'

const HOUR = 3_600_000

/** Nodes whose directories differ for a while. Nothing that a later directory mends ends a document for good. */
describe('relay: a directory that lags', () => {
  let network: Network
  beforeEach(async () => {
    network = await openTree()
  })
  afterEach(() => network?.close())

  const cases = [
    {
      lag: 'does not know the recipient',
      to: 'H40.12.5',
      behind: "update agency_codes set code = 'H40.12.99' where code = 'H40.12.5'",
      current: "update agency_codes set code = 'H40.12.5' where code = 'H40.12.99'",
    },
    {
      lag: 'does not know that the sender is hosted where it is',
      to: 'H40',
      behind: "update agency_terms set hosting_node = 'xa' where hosting_node = 'tw'",
      current:
        "update agency_terms set hosting_node = 'tw' where agency_id = (select agency_id from agency_codes where code = 'G22')",
    },
    {
      lag: 'takes the recipient for one of the sender’s node',
      to: 'H40',
      behind:
        "update agency_terms set hosting_node = 'tw' where agency_id = (select agency_id from agency_codes where code = 'H40')",
      current:
        "update agency_terms set hosting_node = 'tinh' where agency_id = (select agency_id from agency_codes where code = 'H40')",
    },
  ]
  for (const { lag, to, behind, current } of cases) {
    it(`delivers once the next hop that ${lag} has caught up`, async () => {
      const tinh = network.node('tinh')
      await tinh.rows(behind)
      await send(network, 'G22', [to])
      await network.settle()
      expect(await deliveriesAt(network)).to.deep.equal([`${to} queued`])
      await tinh.rows(current)
      network.advance(10_000)
      await network.settle()
      expect(await deliveriesAt(network)).to.deep.equal([`${to} arrived`])
    })
  }

  it('delivers once the next hop has heard of the origin’s new key', async () => {
    const tinh = network.node('tinh')
    const set = (fingerprint: string) =>
      tinh.rows("update directory_node_keys set fingerprint = $1 where node_id = 'tw'", [fingerprint])
    await set('ab'.repeat(32))
    await send(network, 'G22', ['H40'])
    await network.settle()
    expect(await deliveriesAt(network)).to.deep.equal(['H40 queued'])
    await set(nodeKeyFingerprint(network.node('tw').key.certificate))
    network.advance(10_000)
    await network.settle()
    expect(await deliveriesAt(network)).to.deep.equal(['H40 arrived'])
  })

  it('calls the delivery expired at notAfter when the next hop never catches up', async () => {
    await network.node('tinh').rows("delete from agency_codes where code = 'H40.12.5'")
    await send(network, 'G22', ['H40.12.5'])
    await network.settle()
    network.advance(25 * HOUR)
    await network.settle()
    expect(await deliveriesAt(network)).to.deep.equal(['H40.12.5 expired'])
  })

  it('lets the origin that lags for days learn of a consignment at the recipient’s new node', async () => {
    const move = (node: string) =>
      network
        .node(node)
        .rows(
          "update agency_terms set hosting_node = 'xb' where agency_id = (select agency_id from agency_codes where code = 'H40.12.3')",
        )
    for (const node of ['tinh', 'xa', 'xb']) await move(node)
    await send(network, 'G22', ['H40.12.3'])
    await network.settle()
    expect(await deliveriesAt(network)).to.deep.equal(['H40.12.3 relayed'])
    expect(await network.node('xb').rows('select state from documents')).to.have.length(1)
    network.advance(8 * 24 * HOUR)
    await network.settle()
    expect(await deliveriesAt(network)).to.deep.equal(['H40.12.3 relayed'])
    await move('tw')
    network.advance(HOUR)
    for (const node of ['tw', 'tinh', 'xb']) await recoverLostJobs(network.node(node).deps)
    await network.settle()
    expect(await deliveriesAt(network)).to.deep.equal(['H40.12.3 arrived'])
    expect(await historyAt(network)).to.include('receipt:ContentConsignment@xb')
  })

  it('lets a recipient on the sender’s own node without a way delay no other, until it has one', async () => {
    const tw = network.node('tw')
    const host = (node: string) =>
      tw.rows(
        'update agency_terms set hosting_node = $1 where agency_id = (select agency_id from agency_codes where code = $2)',
        [node, 'G24'],
      )
    await send(network, 'G22', ['G23', 'G24'])
    await host('mot-nut-moi')
    await network.settle()
    expect(await deliveriesAt(network)).to.deep.equal(['G23 arrived', 'G24 queued'])
    network.advance(10_000)
    await network.settle()
    expect(await deliveriesAt(network)).to.deep.equal(['G23 arrived', 'G24 queued'])
    await host('tw')
    network.advance(60_000)
    await network.settle()
    expect(await deliveriesAt(network)).to.deep.equal(['G23 arrived', 'G24 arrived'])
  })

  it('calls expired at notAfter what never had a way on the sender’s own node', async () => {
    await send(network, 'G22', ['G24'])
    await network
      .node('tw')
      .rows(
        "update agency_terms set hosting_node = 'mot-nut-moi' where agency_id = (select agency_id from agency_codes where code = 'G24')",
      )
    await network.settle()
    network.advance(25 * HOUR)
    await network.settle()
    expect(await deliveriesAt(network)).to.deep.equal(['G24 expired'])
  })
})

describe('relay: a directory that lacks many', () => {
  it('names them all to the sender, and the one that it knows gets the document', async () => {
    const codes = Array.from({ length: 40 }, (_, index) => `H40.12.${1000 + index}.${'9'.repeat(17)}`)
    const unknown = codes.map((code) => ({ code, name: 'Ủy ban nhân dân xã thử nghiệm' }))
    const network = await openNetwork([
      { id: 'tw', parent: null, agencies: [{ code: 'G22', name: 'Văn phòng thử nghiệm' }] },
      { id: 'tinh', parent: 'tw', agencies: [{ code: 'H40', name: 'Tỉnh thử nghiệm' }, ...unknown] },
    ])
    try {
      await network.node('tinh').rows("delete from agency_codes where code not in ('H40', 'G22')")
      await send(network, 'G22', ['H40', ...codes])
      await network.settle()
      const counts = await network
        .node('tw')
        .rows('select state, count(*)::int from deliveries group by 1 order by 1')
      expect(counts).to.deep.equal([
        { state: 'arrived', count: 1 },
        { state: 'queued', count: 40 },
      ])
      const [branch] = await network
        .node('tw')
        .rows("select max(length(reason)) as longest from branches where outcome = 'directory-behind'")
      expect(Number(branch?.longest)).to.be.within(100, 1_500)
    } finally {
      await network.close()
    }
  })
})
