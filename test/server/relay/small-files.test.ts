import { createHash, randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { findPeer } from '../../../server/directory/peer-store.ts'
import { openSealedDocument, sealDocument } from '../../../server/edxml/seal.ts'
import { signResponse } from '../../../server/http/message-signature.ts'
import { peerProblemOf } from '../../../server/http/peer-client.ts'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import {
  decodeOfferWithFiles,
  encodeOfferWithFiles,
  INLINE_BYTES,
} from '../../../server/relay/offer-with-files.ts'
import { nodeKeyFingerprint } from '../../../signing/index.ts'
import { type Fault, issueDocument, type Network, openNetwork } from './network.ts'

const WITH_FILES = '/relay/v1/offers/with-files'
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()

describe('relay: small files go along with their offer', () => {
  let network: Network
  const asked: string[] = []
  before(async () => {
    network = await openNetwork([
      { id: 'tinh', parent: null, agencies: [{ code: 'H40', name: 'Ủy ban nhân dân tỉnh thử nghiệm' }] },
      { id: 'xa', parent: 'tinh', agencies: [{ code: 'H40.12.3', name: 'Ủy ban nhân dân xã thử nghiệm' }] },
    ])
  })
  beforeEach(() => {
    asked.length = 0
  })
  after(() => network?.close())

  const listen = (then: Fault = (url, init, forward) => forward(url, init)) =>
    network.disturb('xa', (url, init, forward) => {
      asked.push(`${init.method} ${new URL(url).pathname.replace(/[0-9a-f]{64}|[0-9a-f-]{36}/g, '*')}`)
      return then(url, init, forward)
    })
  const send = async (bytes?: Uint8Array) => {
    const { clerk, node } = network.agency('H40.12.3')
    const { id, sha256: file } = await issueDocument(network, 'H40.12.3', bytes)
    const sent = await dispatchDocument(node.deps, clerk, { documentId: id, recipients: ['H40'] })
    for (let tries = 0; tries < 2; tries++) {
      await network.settle()
      network.advance(60_000)
    }
    const [arrived] = await network
      .node('tinh')
      .rows('select count(*)::int as times from documents where envelope_sha256 = $1', [sent.envelope])
    expect(arrived).to.deep.equal({ times: 1 })
    const bytesThere = await network.node('tinh').deps.files.read(file)
    expect(sha256(bytesThere).toString('hex')).to.equal(file)
  }
  const pdf = (length: number) => Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(length - 9)])

  it('in one request, as long as they are small; larger ones go in pieces', async () => {
    listen()
    await send(pdf(INLINE_BYTES))
    expect(asked.splice(0)).to.deep.equal([`POST ${WITH_FILES}`, 'POST /relay/v1/offers/*/commit'])
    await send(pdf(INLINE_BYTES + 1))
    expect(asked).to.deep.equal([
      'POST /relay/v1/offers',
      'GET /relay/v1/offers/*/files/*',
      'PUT /relay/v1/offers/*/files/*',
      'POST /relay/v1/offers/*/commit',
    ])
  })

  it('and not again to a peer that has them', async () => {
    const bytes = pdf(1_000)
    listen()
    await send(bytes)
    asked.length = 0
    await send(bytes)
    expect(asked).to.deep.equal(['POST /relay/v1/offers', 'POST /relay/v1/offers/*/commit'])
  })

  it('but by plain requests to a peer of an earlier version, which does not know the other', async () => {
    const tinh = network.node('tinh')
    listen(async (url, init, forward) => {
      if (new URL(url).pathname !== WITH_FILES) return forward(url, init)
      // What every version answers to a path that it does not serve.
      const body = Buffer.from(
        JSON.stringify({ code: 'NOT_FOUND', title: 'there is no /relay/v1/…', status: 404 }),
      )
      const { signature = '' } = init.headers as Record<string, string>
      const fields = await signResponse(
        { nodeId: 'tinh', key: tinh.key, now: network.now() },
        { status: 404, contentDigest: sha256(body) },
        { method: 'POST', url, signature },
      )
      return new Response(body, { status: 404, headers: fields })
    })
    await send()
    expect(asked).to.deep.equal([
      `POST ${WITH_FILES}`,
      'POST /relay/v1/offers',
      'GET /relay/v1/offers/*/files/*',
      'PUT /relay/v1/offers/*/files/*',
      'POST /relay/v1/offers/*/commit',
    ])
  })

  it('and twice when the answer was lost, without the document being there twice', async () => {
    let lost = 0
    listen(async (url, init, forward) => {
      const answer = await forward(url, init)
      if (lost++ > 0) return answer
      throw new TypeError('line cut after the peer had answered')
    })
    await send()
    expect(asked).to.deep.equal([
      `POST ${WITH_FILES}`,
      `POST ${WITH_FILES}`,
      'POST /relay/v1/offers/*/commit',
    ])
  })

  it('of which one that is not as long as the envelope says is refused, and not noted as held', async () => {
    const xa = network.node('xa')
    const taken: ReturnType<typeof decodeOfferWithFiles>[] = []
    listen((url, init, forward) => {
      if (new URL(url).pathname === WITH_FILES) taken.push(decodeOfferWithFiles(init.body as Uint8Array))
      return forward(url, init)
    })
    await send()
    const [real] = taken
    const peer = await xa.context.db.asNode((trx) => findPeer(trx, 'tinh', network.now()))
    if (real === undefined || peer === undefined) throw new Error('nothing was offered')
    const keyFingerprints = [nodeKeyFingerprint(xa.key.certificate)]
    const { message } = openSealedDocument(Buffer.from(real.offer.envelope, 'base64'), { keyFingerprints })
    const bytes = pdf(500)
    const file = { sha256: sha256(bytes).toString('hex'), length: bytes.length, bytes }
    const attachments = message.attachments.map((one) => ({ ...one, sha256: file.sha256, length: 501 }))
    const { xml } = await sealDocument({ ...message, attachments }, { key: xa.key, sealedAt: network.now() })
    const offer = {
      ...real.offer,
      branch: 'd2f1a6a8-6f0e-4c53-9c0c-0a4b1d6f5a01',
      envelope: Buffer.from(xml).toString('base64'),
    }
    const body = encodeOfferWithFiles({ offer, files: [file] })
    const refused = xa.deps.peers.request(peer, { method: 'POST', path: WITH_FILES, body })
    const error: unknown = await refused.catch((caught: unknown) => caught)
    expect(peerProblemOf(error)?.code).to.equal('RELAY_FILE_MISMATCH')
    const held = await network.node('tinh').rows('select 1 from peer_files where sha256 = $1', [file.sha256])
    expect(held).to.deep.equal([])
  })
})
