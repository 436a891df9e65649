import { expect } from 'chai'
import type { Meter } from '../../../server/context.ts'
import type { Logger } from '../../../server/log.ts'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import { issueDocument, type Network, openNetwork } from './network.ts'

const SENDER = 'H40.12.3'
const ids = ['xa', 'tinh', 'tw'] as const

interface Line {
  readonly node: string
  readonly text: string
  readonly fields: Record<string, unknown>
}

describe('relay: what operators can follow', () => {
  let network: Network
  const lines: Line[] = []
  const counted: string[] = []
  before(async () => {
    network = await openNetwork([
      { id: 'tw', parent: null, agencies: [{ code: 'G22', name: 'Văn phòng thử nghiệm' }] },
      { id: 'tinh', parent: 'tw', agencies: [{ code: 'H40', name: 'Ủy ban nhân dân tỉnh thử nghiệm' }] },
      { id: 'xa', parent: 'tinh', agencies: [{ code: SENDER, name: 'Ủy ban nhân dân xã thử nghiệm' }] },
    ])
    for (const id of ids) Object.assign(network.node(id).context, { log: keeping(id), meter: counting(id) })
  })
  after(() => network?.close())
  beforeEach(() => {
    lines.splice(0)
    counted.splice(0)
  })

  const keeping = (node: string): Logger => {
    const keep = (fields: object, text: string) => void lines.push({ node, text, fields: { ...fields } })
    const log: Logger = { debug: keep, info: keep, warn: keep, error: keep, child: () => log }
    return log
  }
  const counting = (node: string): Meter => ({
    sent: (peer, what, outcome) => void counted.push(`${node} sent ${what} ${peer} ${outcome}`),
    committed: (peer, seconds) => void counted.push(`${node} committed ${peer} ${seconds}`),
    delivered: (event, seconds) => void counted.push(`${node} delivered ${event} ${seconds}`),
  })
  const send = async (recipients: readonly string[]) => {
    const { clerk, node } = network.agency(SENDER)
    const { id } = await issueDocument(network, SENDER)
    return dispatchDocument(node.deps, clerk, { documentId: id, recipients: [...recipients] })
  }
  const wayOf = (envelope: string) =>
    lines
      .filter((line) => line.fields.envelope === envelope)
      .map(({ node, text, fields }) => `${node} ${fields.hop ?? '-'} ${text} ${fields.peer ?? '-'}`)

  it('finds the whole way of a document through all nodes by the hash of its envelope', async () => {
    const { envelope } = await send(['G22'])
    network.advance(30_000)
    await network.settle()
    expect(wayOf(envelope)).to.have.members([
      'tinh 2 relay: taken xa',
      'xa 1 relay: handed on tinh',
      'tw 3 relay: taken tinh',
      'tinh 2 relay: handed on tw',
      'tinh - relay: a message was handed back xa',
    ])
    expect(JSON.stringify(lines)).not.to.contain('Về việc')
  })

  it('counts how each try ended, how long offers stood open and deliveries took, and nothing twice', async () => {
    await send(['G22', 'H40'])
    network.advance(30_000)
    await network.settle()
    await network.settle()
    expect(counted).to.have.members([
      'xa sent branch tinh committed',
      'tinh committed xa 0',
      'tinh sent branch tw committed',
      'tw committed tinh 0',
      'tinh sent return xa taken',
      'xa delivered ContentConsignment 30',
      'xa delivered ContentConsignment 30',
    ])
  })

  it('names the outcome of a try that failed, and of a delivery that was given up', async () => {
    network.disturb('xa', () => Promise.reject(new TypeError('away')))
    const { envelope } = await send(['H40'])
    await network.settle()
    expect(wayOf(envelope)).to.deep.equal(['xa 1 relay: will try again tinh'])
    expect(counted).to.deep.equal(['xa sent branch tinh unreachable'])
    network.advance(25 * 3_600_000)
    await network.settle()
    expect(wayOf(envelope).at(-1)).to.equal('xa 1 relay: given up tinh')
    expect(counted.at(-1)).to.match(/^xa delivered Expiry 90\d\d\d$/)
    network.disturb('xa', undefined)
  })
})
