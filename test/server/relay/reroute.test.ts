import { expect } from 'chai'
import { sha256 } from '../../../server/http/content-digest.ts'
import { signResponse } from '../../../server/http/message-signature.ts'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import { trackDocument } from '../../../server/relay/track.ts'
import { issueDocument, type Network, offerIn, openNetwork, type TestNode } from './network.ts'

const MOVING = 'H40.1.1'
const STAYING = 'H40.1.2'

describe('relay: branches that part', () => {
  let network: Network
  let tinh: TestNode
  beforeEach(async () => {
    network = await openNetwork([
      { id: 'tinh', parent: null, agencies: [{ code: 'H40', name: 'Ủy ban nhân dân tỉnh thử nghiệm' }] },
      {
        id: 'cu',
        parent: 'tinh',
        agencies: [
          { code: MOVING, name: 'Ủy ban nhân dân xã sắp chuyển' },
          { code: STAYING, name: 'Ủy ban nhân dân xã ở lại' },
        ],
      },
      { id: 'moi', parent: 'tinh', agencies: [{ code: 'H40.2', name: 'Ủy ban nhân dân xã khác' }] },
    ])
    tinh = network.node('tinh')
  })
  afterEach(() => network?.close())

  const clerk = () => network.agency('H40').clerk

  async function send(recipients: string[]): Promise<string> {
    const { id } = await issueDocument(network, 'H40')
    await dispatchDocument(tinh.deps, clerk(), { documentId: id, recipients })
    return id
  }

  /** From midnight on every node's directory says that the agency is hosted elsewhere. It is one o'clock then. */
  async function move(to: string): Promise<void> {
    const { agencyId } = network.agency(MOVING)
    for (const id of ['tinh', 'cu', 'moi']) {
      const { rows } = network.node(id)
      await rows('update agency_terms set valid_to = $1 where agency_id = $2', ['2025-03-11', agencyId])
      await rows(
        `insert into agency_terms (agency_id, valid_from, issuer, name, name_folded, level, hosting_node)
         select agency_id, valid_to, issuer, name, name_folded, level, $1 from agency_terms where agency_id = $2`,
        [to, agencyId],
      )
    }
    network.advance(16 * 3_600_000)
  }

  const states = async (documentId: string) =>
    (await trackDocument(tinh.context, clerk(), documentId)).map((one) => [one.recipient, one.state])

  const arrivedAt = async (node: string) =>
    (
      await network
        .node(node)
        .rows("select recipient_code from documents where direction = 'incoming' order by 1")
    ).map((row) => row.recipient_code)

  it('goes to the node where a recipient has moved while its old one was away, and the other recipient still gets it there', async () => {
    network.disturb('tinh', () => Promise.reject(new TypeError('no line')))
    const id = await send([MOVING, STAYING])
    await tinh.runJobs()
    await move('moi')
    network.disturb('tinh', undefined)
    await network.settle()
    expect(await arrivedAt('moi')).to.deep.equal([MOVING])
    expect(await arrivedAt('cu')).to.deep.equal([STAYING])
    expect(await states(id)).to.deep.equal([
      [MOVING, 'arrived'],
      [STAYING, 'arrived'],
    ])
  })

  it('comes home when the recipient has moved to the sender’s own node', async () => {
    network.disturb('tinh', () => Promise.reject(new TypeError('no line')))
    const id = await send([MOVING])
    await tinh.runJobs()
    await move('tinh')
    await tinh.runJobs()
    await tinh.runJobs()
    expect(await arrivedAt('tinh')).to.deep.equal([MOVING])
    expect(await states(id)).to.deep.equal([[MOVING, 'arrived']])
  })

  it('asks the old node until it answers once it was asked to commit', async () => {
    network.disturb('tinh', async (url, init, forward) => {
      const answer = await forward(url, init)
      if (url.endsWith('/commit')) throw new TypeError('the line was cut')
      return answer
    })
    const id = await send([MOVING])
    await tinh.runJobs()
    await move('moi')
    network.disturb('tinh', undefined)
    await network.settle()
    expect(await arrivedAt('cu')).to.deep.equal([MOVING])
    expect(await arrivedAt('moi')).to.deep.equal([])
    expect(await states(id)).to.deep.equal([[MOVING, 'arrived']])
  })

  /** What a peer of another version may answer to an offer, signed by its key. */
  function refuse(params: Record<string, string>): void {
    const { key } = network.node('cu')
    network.disturb('tinh', async (url, init, forward) => {
      if (offerIn(url, init) === undefined) return forward(url, init)
      network.disturb('tinh', undefined)
      const problem = {
        type: 'about:blank',
        status: 422,
        code: 'RELAY_RECIPIENTS_REFUSED',
        title: '',
        params,
      }
      const body = Buffer.from(JSON.stringify(problem))
      const headers = new Headers(init.headers)
      const fields = await signResponse(
        { nodeId: 'cu', key, now: network.now() },
        { status: 422, contentDigest: sha256(body) },
        { method: 'POST', url, signature: headers.get('signature') ?? '' },
      )
      return new Response(body, {
        status: 422,
        headers: { ...fields, 'content-type': 'application/problem+json' },
      })
    })
  }

  const ends = async (documentId: string) =>
    (await trackDocument(tinh.context, clerk(), documentId)).map((one) => [
      one.recipient,
      one.state,
      one.terminal?.event,
      one.terminal?.reason,
    ])

  it('ends for the recipient that the peer refuses, with a receipt of why, and goes on for the other', async () => {
    refuse({ codes: MOVING, reason: 'AGENCY_UNKNOWN_HERE' })
    const id = await send([MOVING, STAYING])
    await network.settle()
    expect(await ends(id)).to.deep.equal([
      [MOVING, 'undeliverable', 'RelayRejection', 'AGENCY_UNKNOWN_HERE'],
      [STAYING, 'arrived', 'ContentConsignment', null],
    ])
    expect(await arrivedAt('cu')).to.deep.equal([STAYING])
    const rows = await tinh.rows('select state, outcome from branches order by state')
    expect(rows).to.deep.equal([
      { state: 'done', outcome: 'committed' },
      { state: 'failed', outcome: 'recipients-refused' },
    ])
  })

  it('ends for all when the refusal names none of them, and what it says for a reason is no code', async () => {
    refuse({ codes: 'H40.9.9', reason: '<script>' })
    const id = await send([MOVING, STAYING])
    await network.settle()
    const end = ['undeliverable', 'RelayRejection', 'RELAY_RECIPIENTS_REFUSED']
    expect(await ends(id)).to.deep.equal([
      [MOVING, ...end],
      [STAYING, ...end],
    ])
  })

  it('ends at its time for the recipient whom the peer’s directory never knows, and not for the other', async () => {
    const id = await send([MOVING, STAYING])
    await network.node('cu').rows('update agency_codes set code = $1 where code = $2', ['H40.1.9', MOVING])
    await network.settle()
    for (let hours = 0; hours < 26; hours += 1) {
      network.advance(3_600_000)
      await network.settle()
    }
    expect(await arrivedAt('cu')).to.deep.equal([STAYING])
    expect(await ends(id)).to.deep.equal([
      [MOVING, 'expired', 'Expiry', 'RELAY_EXPIRED'],
      [STAYING, 'arrived', 'ContentConsignment', null],
    ])
  })
})
