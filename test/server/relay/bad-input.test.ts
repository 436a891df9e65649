import { createHash, randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { findPeer } from '../../../server/directory/peer-store.ts'
import { encodeDocument } from '../../../server/edxml/encode.ts'
import type { DocumentMessage } from '../../../server/edxml/envelope.ts'
import { sealDocument } from '../../../server/edxml/seal.ts'
import { sealXml } from '../../../server/edxml/sealed-xml.ts'
import { sha256 } from '../../../server/http/content-digest.ts'
import { signRequest, verifyResponse } from '../../../server/http/message-signature.ts'
import { type PeerCall, peerProblemOf } from '../../../server/http/peer-client.ts'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import type { OfferRequest } from '../../../server/relay/protocol.ts'
import { recoverLostJobs } from '../../../server/relay/recover.ts'
import { EDXML, nodeKeyFingerprint } from '../../../signing/index.ts'
import { type Fault, issueDocument, type Network, openNetwork, type TestNode } from './network.ts'

const PDF = Buffer.from('%PDF-1.7 văn bản thử nghiệm')
/** What one peer may have offered and not committed (`receive.ts`). */
const MOST_OPEN = 1_000
/** What a hostile peer makes of it. */
const FLOOD = 10_000

/** What a hostile peer or a broken proxy can send besides `hostile.test.ts`, and what the sender makes of the answer. */
describe('relay: bad input between nodes', () => {
  let network: Network
  let tinh: TestNode
  let xa: TestNode
  before(async () => {
    const name = 'Ủy ban nhân dân thử nghiệm'
    network = await openNetwork(
      [
        { id: 'tinh', parent: null, agencies: [{ code: 'H40', name }] },
        { id: 'xa', parent: 'tinh', agencies: [{ code: 'H40.12.3', name }] },
        { id: 'xb', parent: 'tinh', agencies: [{ code: 'H40.12.5', name }] },
      ],
      { envelopeBytes: 60_000, fileBytes: 100_000 },
    )
    tinh = network.node('tinh')
    xa = network.node('xa')
  })
  after(() => network?.close())

  async function ask(call: PeerCall, from = xa): Promise<Record<string, unknown>> {
    const peer = await from.context.db.asNode((trx) => findPeer(trx, 'tinh', network.now()))
    if (peer === undefined) throw new Error('tinh is no peer')
    const { body } = await from.deps.peers.request(peer, call)
    return JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>
  }

  const post = (path: string, value: unknown, from = xa) =>
    ask({ method: 'POST', path: `/relay/v1${path}`, body: Buffer.from(JSON.stringify(value)) }, from)

  /** The code and the words of the signed fault that a request ends in. */
  async function faultOf(request: Promise<unknown>): Promise<string> {
    const error: unknown = await request.then(
      (answer) => new Error(`it was taken: ${JSON.stringify(answer)}`),
      (caught: unknown) => caught,
    )
    const problem = peerProblemOf(error)
    if (problem === undefined) throw error
    return `${problem.code} ${problem.detail}`
  }

  function message(change: Partial<DocumentMessage> = {}): DocumentMessage {
    const organ = (organId: string) => ({ organId, organName: '-' })
    return {
      from: organ('H40.12.3'),
      to: [organ('H40')],
      documentId: 'H40.12.3,2025/03/10,01/UBND-VP',
      code: { codeNumber: '01', codeNotation: 'UBND-VP' },
      promulgationInfo: { promulgationDate: '2025-03-10' },
      documentType: { type: 2, typeName: 'Công văn' },
      subject: 'V/v thử nghiệm',
      signerInfo: { fullName: 'Người ký 1' },
      responseFor: [],
      traceHeaders: [{ timestamp: network.now() }],
      notAfter: new Date(network.now().getTime() + 3_600_000),
      attachments: [
        {
          contentId: 'cid:1',
          contentType: 'application/pdf',
          attachmentName: 'a.pdf',
          sha256: createHash('sha256').update(PDF).digest('hex'),
          length: PDF.length,
        },
      ],
      ...change,
    }
  }

  async function offerOf(envelope: Uint8Array, change: Partial<OfferRequest> = {}): Promise<OfferRequest> {
    return {
      branch: randomUUID(),
      series: 1,
      envelope: Buffer.from(envelope).toString('base64'),
      recipients: ['H40'],
      path: ['xa'],
      previousReceipt: null,
      notAfter: message().notAfter.toISOString(),
      ...change,
    }
  }

  const seal = { namespace: EDXML, localName: 'edXMLHeader' }
  const sealed = async () => (await sealDocument(message(), { key: xa.key, sealedAt: network.now() })).xml
  const countOffers = async () => (await tinh.rows('select count(*)::int as count from offers'))[0]?.count

  describe('inside a seal that holds', () => {
    for (const name of ['../../etc/passwd', '..\\..\\win.ini', '/etc/passwd', 'a/b.pdf', '..', '.']) {
      it(`a name of a file that is a path: ${name}`, async () => {
        const xml = encodeDocument(message()).replace('>a.pdf<', () => `>${name}<`)
        const { xml: envelope } = await sealXml(xml, seal, { key: xa.key, sealedAt: network.now() })
        expect(await faultOf(post('/offers', await offerOf(envelope)))).to.match(
          /^RELAY_ENVELOPE_REJECTED .*AttachmentName/,
        )
      })
    }

    for (const length of [
      '-1',
      '1e9',
      '007',
      '0x10',
      '9007199254740993',
      '99999999999999999999',
      '1.0',
      'NaN',
    ]) {
      it(`a length of a file that is none: ${length}`, async () => {
        const xml = encodeDocument(message()).replace(
          /(<(?:\w+:)?Length[^>]*>)\d+</,
          (_, tag) => `${tag}${length}<`,
        )
        expect(xml).to.contain(`>${length}<`)
        const { xml: envelope } = await sealXml(xml, seal, { key: xa.key, sealedAt: network.now() })
        expect(await faultOf(post('/offers', await offerOf(envelope)))).to.match(
          /^RELAY_ENVELOPE_REJECTED .*Length/,
        )
      })
    }

    it('a namespace of which XML has no canonical form', async () => {
      const envelope = Buffer.from(await sealed())
        .toString()
        .replace('<edXML ', '<edXML xmlns:a="khong-tuyet-doi" ')
      expect(await faultOf(post('/offers', await offerOf(Buffer.from(envelope))))).to.match(
        /^RELAY_ENVELOPE_REJECTED .*XML_NOT_CANONICAL/,
      )
    })
  })

  describe('around it', () => {
    it('a compression bomb is read as the bytes that it is, never unpacked', async () => {
      const bomb = gzipSync(Buffer.alloc(100_000_000, ' '), { level: 1 })
      const url = `${tinh.context.publicUrl}/relay/v1/offers`
      for (const coding of ['gzip', 'deflate', 'br', 'gzip, gzip']) {
        // Beyond the limit as it stands on the wire, and once below it.
        for (const body of [
          bomb,
          bomb.subarray(0, 20_000),
          gzipSync(JSON.stringify(await offerOf(await sealed()))),
        ]) {
          const headers = await signRequest(
            { nodeId: 'xa', key: xa.key, now: network.now() },
            { method: 'POST', url, contentDigest: sha256(body) },
          )
          const answer = await fetch(url, {
            method: 'POST',
            headers: { ...headers, 'content-encoding': coding },
            body: Uint8Array.from(body),
          }).catch(() => undefined)
          // A server that has answered and closed may cut a client that still sends.
          if (answer === undefined) {
            expect(body.length).to.be.greaterThan(100_000)
            continue
          }
          const bytes = Buffer.from(await answer.arrayBuffer())
          const { code } = JSON.parse(bytes.toString()) as { code: string }
          expect(code).to.equal(body === bomb ? 'INPUT_TOO_LARGE' : 'INPUT_INVALID')
          await verifyResponse(
            { status: answer.status, fields: [...answer.headers] },
            { method: 'POST', url, signature: headers.signature ?? '' },
            {
              now: network.now(),
              clockSkewSeconds: 1,
              keysOf: async () => [nodeKeyFingerprint(tinh.key.certificate)],
            },
          )
        }
      }
    })

    it('a path that is none is answered with a signed fault as well', async () => {
      for (const path of ['/offers/%ff/commit', '/offers/%/commit', '/%zz', '/messages/..%2f..', '/OFFERS']) {
        const fault = await faultOf(
          ask({ method: 'POST', path: `/relay/v1${path}`, body: Buffer.from('{}') }),
        )
        expect(fault, path).to.match(/^(INPUT_INVALID|NOT_FOUND) /)
      }
    })

    it('lengths of an offer with files that do not fit it', async () => {
      const { xml } = { xml: await sealed() }
      const good = { ...(await offerOf(xml)), files: [{ sha256: 'a'.repeat(64), length: 1 }] }
      const framed = (length: number, value: unknown, rest = Buffer.alloc(1)) => {
        const head = Buffer.alloc(4)
        const json = Buffer.from(JSON.stringify(value))
        head.writeUInt32BE(length < 0 ? json.length : length)
        return Buffer.concat([head, json, rest])
      }
      const file = (length: unknown) => ({ ...good, files: [{ sha256: 'a'.repeat(64), length }] })
      const before = await countOffers()
      for (const body of [
        Buffer.alloc(0),
        Buffer.alloc(3),
        framed(0, good),
        framed(2 ** 31, good),
        framed(2 ** 32 - 1, good),
        framed(-1, file(-1)),
        framed(-1, file(2)),
        framed(-1, file(1e12)),
        framed(-1, file('1')),
        framed(-1, good, Buffer.alloc(2)),
        framed(-1, good, Buffer.alloc(0)),
      ]) {
        const call: PeerCall = { method: 'POST', path: '/relay/v1/offers/with-files', body }
        expect(await faultOf(ask(call))).to.match(/^INPUT_INVALID /)
      }
      const wrong: PeerCall = { method: 'POST', path: '/relay/v1/offers/with-files', body: framed(-1, good) }
      expect(await faultOf(ask(wrong))).to.match(/^RELAY_FILE_MISMATCH /)
      expect(await countOffers()).to.equal(before)
    })
  })

  it(`${FLOOD} offers without a commit: bounded for that peer alone, and swept`, async () => {
    // Rows that a peer has left, cheaper made than offered; the bound itself is asked for over HTTP.
    const openOf = async () =>
      (
        await tinh.rows(
          "select count(*)::int as count from offers where peer = 'xa' and envelope is not null",
        )
      )[0]?.count as number
    const xml = await sealed()
    await tinh.rows(
      `insert into offers (id, peer, branch, series, envelope_sha256, terms_sha256, envelope, recipients, path,
         previous_receipt, not_after, offered_at)
       select gen_random_uuid(), 'xa', gen_random_uuid(), 1, repeat('a', 64), repeat('b', 64), 'x', array['H40'],
         array['xa'], null, $1, $2 from generate_series(1, $3)`,
      [message().notAfter, network.now(), MOST_OPEN - 1 - (await openOf())],
    )
    expect(await post('/offers', await offerOf(xml))).to.include({ state: 'open' })
    expect(await openOf()).to.equal(MOST_OPEN)
    const before = await countOffers()
    for (let tried = 0; tried < 20; tried += 1) {
      expect(await faultOf(post('/offers', await offerOf(xml)))).to.match(/^RELAY_OFFERS_TOO_MANY /)
    }
    expect(await countOffers()).to.equal(before)

    // The peer’s own documents wait for it, and it knows why; nobody else does.
    const mine = await issueDocument(network, 'H40.12.3')
    const others = await issueDocument(network, 'H40.12.5')
    for (const [code, id] of [
      ['H40.12.3', mine.id],
      ['H40.12.5', others.id],
    ] as const) {
      const { clerk, node } = network.agency(code)
      await dispatchDocument(node.deps, clerk, { documentId: id, recipients: ['H40'] })
    }
    await network.settle()
    const [waiting] = await xa.rows("select state, outcome from branches where next_hop = 'tinh'")
    expect(waiting).to.deep.equal({ state: 'queued', outcome: 'offers-too-many' })
    const [passed] = await network
      .node('xb')
      .rows("select state, outcome from branches where next_hop = 'tinh'")
    expect(passed).to.deep.equal({ state: 'done', outcome: 'committed' })

    // All ten thousand, had they been let in over the days, go once their time is past.
    await tinh.rows(
      `insert into offers (id, peer, branch, series, envelope_sha256, terms_sha256, envelope, recipients, path,
         previous_receipt, not_after, offered_at)
       select gen_random_uuid(), 'xa', gen_random_uuid(), 1, repeat('a', 64), repeat('b', 64), 'x', array['H40'],
         array['xa'], null, $1, $2 from generate_series(1, $3)`,
      [message().notAfter, network.now(), FLOOD - MOST_OPEN],
    )
    expect(await openOf()).to.equal(FLOOD)
    network.advance(3_600_000 + 300_000)
    await recoverLostJobs(tinh.deps)
    expect(await openOf()).to.equal(0)
    const [refused] = await tinh.rows(
      "select count(*)::int as count from offers where peer = 'xa' and refusal ->> 'code' = 'RELAY_EXPIRED'",
    )
    expect(refused?.count).to.equal(FLOOD)
    await network.settle()
    const [after] = await xa.rows("select state, outcome from branches where next_hop = 'tinh'")
    expect(after).to.deep.equal({ state: 'done', outcome: 'committed' })
  })

  describe('made by a broken proxy of what an honest node sends', () => {
    /** Sends a document on whose way every request passes through the proxy, and tells what its sender has noted. */
    async function noted(proxy: Fault): Promise<Record<string, unknown> | undefined> {
      const { id } = await issueDocument(network, 'H40.12.3')
      const { clerk } = network.agency('H40.12.3')
      network.disturb('xa', proxy)
      const { envelope } = await dispatchDocument(xa.deps, clerk, { documentId: id, recipients: ['H40'] })
      await network.settle()
      const [row] = await xa.rows(
        "select state, outcome from branches where envelope_sha256 = $1 and next_hop = 'tinh'",
        [envelope],
      )
      network.disturb('xa', undefined)
      network.advance(600_000)
      await network.settle()
      const [end] = await xa.rows('select state from deliveries where envelope_sha256 = $1', [envelope])
      // Whatever it was, it is over: the document has arrived.
      expect(end?.state).to.equal('arrived')
      return row
    }

    const bodyOf = (init: RequestInit) => Buffer.from(init.body as Uint8Array)
    const cases: readonly [what: string, proxy: Fault, outcome: string][] = [
      [
        'another body',
        (url, init, forward) =>
          forward(url, { ...init, body: Uint8Array.from(bodyOf(init).map((byte) => byte ^ 1)) }),
        'not-authenticated',
      ],
      [
        'half of the body',
        (url, init, forward) =>
          forward(url, { ...init, body: Uint8Array.from(bodyOf(init).subarray(0, bodyOf(init).length / 2)) }),
        'not-authenticated',
      ],
      ['an answer of its own', async () => new Response('<html>502</html>', { status: 502 }), 'unreachable'],
      ['another path', (url, init, forward) => forward(`${url}/`, init), 'answer-unreadable'],
    ]
    for (const [what, proxy, outcome] of cases) {
      it(`${what}: noted as ${outcome}, and tried until it arrives`, async () => {
        const row = await noted(proxy)
        expect(row).to.deep.equal({ state: 'queued', outcome })
      })
    }
  })
})
