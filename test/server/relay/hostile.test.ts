import { createHash, randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { findPeer } from '../../../server/directory/peer-store.ts'
import type { DocumentMessage } from '../../../server/edxml/envelope.ts'
import { type Receipt, type ReceiptEvent, sealReceipt } from '../../../server/edxml/receipt.ts'
import { sealDocument, sealStatus } from '../../../server/edxml/seal.ts'
import { type PeerCall, peerProblemOf } from '../../../server/http/peer-client.ts'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import type { MessageRequest, OfferRequest } from '../../../server/relay/protocol.ts'
import { issueDocument, type Network, openNetwork, type TestNode } from './network.ts'

const PDF = Buffer.from('%PDF-1.7 văn bản thử nghiệm')
const PDF_SHA256 = createHash('sha256').update(PDF).digest('hex')

/** Nothing is taken, and the same may be taken once the directory says so: nobody but the forger has to wait. */
const BEHIND = 'RELAY_DIRECTORY_BEHIND'

/** What a node that keeps no rules can send, and what an honest one answers. Nothing of it may leave a trace. */
describe('relay: a hostile peer', () => {
  let network: Network
  let tw: TestNode
  let tinh: TestNode
  let xa: TestNode
  before(async () => {
    network = await openNetwork(
      [
        { id: 'tw', parent: null, agencies: [{ code: 'G22', name: 'Văn phòng thử nghiệm' }] },
        {
          id: 'tinh',
          parent: 'tw',
          agencies: [
            { code: 'H40', name: 'Ủy ban nhân dân tỉnh thử nghiệm' },
            { code: 'H40.01', name: 'Sở thử nghiệm' },
          ],
        },
        { id: 'xa', parent: 'tinh', agencies: [{ code: 'H40.12.3', name: 'Ủy ban nhân dân xã thử nghiệm' }] },
        {
          id: 'xb',
          parent: 'tinh',
          agencies: [{ code: 'H40.12.5', name: 'Ủy ban nhân dân xã thử nghiệm 5' }],
        },
      ],
      { hops: 3, envelopeBytes: 50_000, fileBytes: 100_000 },
    )
    tw = network.node('tw')
    tinh = network.node('tinh')
    xa = network.node('xa')
  })
  after(() => network?.close())

  async function ask(from: TestNode, to: string, call: PeerCall): Promise<unknown> {
    const peer = await from.context.db.asNode((trx) => findPeer(trx, to, network.now()))
    if (peer === undefined) throw new Error(`${to} is no peer of ${from.id}`)
    const { body } = await from.deps.peers.request(peer, call)
    return JSON.parse(Buffer.from(body).toString())
  }

  const post = (from: TestNode, to: string, path: string, value: unknown) =>
    ask(from, to, { method: 'POST', path: `/relay/v1${path}`, body: Buffer.from(JSON.stringify(value)) })

  /** The code and parameters of the fault that a request ends in. */
  async function faultOf(request: Promise<unknown>): Promise<{ code: string; reason: string }> {
    const error: unknown = await request.then(
      (answer) => new Error(`it was taken: ${JSON.stringify(answer)}`),
      (caught: unknown) => caught,
    )
    const problem = peerProblemOf(error)
    if (problem === undefined) throw error
    return { code: problem.code, reason: String(problem.params.reason ?? problem.params.what ?? '') }
  }

  function message(change: Partial<DocumentMessage> = {}): DocumentMessage {
    return {
      from: { organId: 'H40.12.3', organName: 'Ủy ban nhân dân xã thử nghiệm' },
      to: [
        { organId: 'H40', organName: 'Ủy ban nhân dân tỉnh thử nghiệm' },
        { organId: 'G22', organName: 'Văn phòng thử nghiệm' },
      ],
      documentId: 'H40.12.3,2025/03/10,01/UBND-VP',
      code: { codeNumber: '01', codeNotation: 'UBND-VP' },
      promulgationInfo: { promulgationDate: '2025-03-10' },
      documentType: { type: 2, typeName: 'Công văn' },
      subject: 'V/v thử nghiệm',
      signerInfo: { fullName: 'Người ký 1' },
      responseFor: [],
      traceHeaders: [{ timestamp: network.now() }],
      notAfter: new Date('2025-03-11T02:00:00Z'),
      attachments: [
        {
          contentId: 'cid:1',
          contentType: 'application/pdf',
          attachmentName: 'a.pdf',
          sha256: PDF_SHA256,
          length: PDF.length,
        },
      ],
      ...change,
    }
  }

  async function offer(
    change: Partial<DocumentMessage> = {},
    terms: Partial<OfferRequest> = {},
    sealer = xa,
  ): Promise<OfferRequest> {
    const content = message(change)
    const { xml } = await sealDocument(content, { key: sealer.key, sealedAt: network.now() })
    return {
      branch: randomUUID(),
      series: 1,
      envelope: Buffer.from(xml).toString('base64'),
      recipients: ['H40'],
      path: ['xa'],
      previousReceipt: null,
      notAfter: content.notAfter.toISOString(),
      ...terms,
    }
  }

  const counts = async (node: TestNode) =>
    node.rows(`select (select count(*) from offers) offers, (select count(*) from envelopes) envelopes,
      (select count(*) from receipts) receipts, (select count(*) from status_messages) statuses,
      (select count(*) from branches) branches, (select count(*) from documents) documents,
      (select count(*) from delivery_events) events, (select count(*) from returns) returns`)

  async function expectFault(request: () => Promise<unknown>, code: string, reason = /.*/): Promise<void> {
    const before = await Promise.all([tw, tinh, xa].map(counts))
    const fault = await faultOf(request())
    expect(fault.code).to.equal(code)
    expect(fault.reason).to.match(reason)
    expect(await Promise.all([tw, tinh, xa].map(counts))).to.deep.equal(before)
  }

  describe('with offers', () => {
    it('off the route, looped, too long or with another last hop', async () => {
      // An envelope of tw’s agency can reach tinh only from tw itself.
      const fromCentre = await offer({ from: { organId: 'G22', organName: '-' } }, { path: ['tw', 'xa'] }, tw)
      await expectFault(async () => post(xa, 'tinh', '/offers', fromCentre), 'RELAY_OFF_ROUTE', /another/)
      await expectFault(
        async () => post(xa, 'tinh', '/offers', await offer({}, { path: ['tw'] })),
        'RELAY_OFF_ROUTE',
      )
      await expectFault(
        async () => post(xa, 'tinh', '/offers', await offer({}, { path: ['tinh', 'xa'] })),
        'RELAY_LOOP',
      )
      await expectFault(
        async () => post(xa, 'tinh', '/offers', await offer({}, { path: ['xa', 'xa'] })),
        'RELAY_LOOP',
      )
      await expectFault(
        async () => post(xa, 'tinh', '/offers', await offer({}, { path: ['a', 'b', 'xa'] })),
        'RELAY_TOO_MANY_HOPS',
      )
    })

    it('that would go back where they came from, or to recipients unknown or not addressed', async () => {
      const to = [{ organId: 'H40.12.3', organName: '-' }]
      await expectFault(
        async () => post(xa, 'tinh', '/offers', await offer({ to }, { recipients: ['H40.12.3'] })),
        BEHIND,
        /1 recipients \(H40.12.3\)/,
      )
      const unknown = [{ organId: 'H99.1', organName: '-' }]
      await expectFault(
        async () => post(xa, 'tinh', '/offers', await offer({ to: unknown }, { recipients: ['H99.1'] })),
        BEHIND,
        /1 recipients \(H99.1\)/,
      )
      await expectFault(
        async () => post(xa, 'tinh', '/offers', await offer({}, { recipients: ['H40.01'] })),
        'RELAY_ENVELOPE_REJECTED',
        /H40.01 is no recipient/,
      )
    })

    it('sealed by a key that is not the origin’s, or by a node that does not host From', async () => {
      await expectFault(
        async () => post(xa, 'tinh', '/offers', await offer({}, {}, tw)),
        BEHIND,
        /key .* of node xa/,
      )
      const from = { organId: 'H40.12.5', organName: '-' }
      await expectFault(
        async () => post(xa, 'tinh', '/offers', await offer({ from })),
        BEHIND,
        /agency H40.12.5 at node xa/,
      )
      const tampered = await offer()
      const xml = Buffer.from(tampered.envelope, 'base64').toString().replace('V/v thử', 'V/v giả')
      const envelope = Buffer.from(xml).toString('base64')
      await expectFault(
        async () => post(xa, 'tinh', '/offers', { ...tampered, envelope }),
        'RELAY_ENVELOPE_REJECTED',
        /XML_DIGEST_MISMATCH/,
      )
    })

    it('sealed in the future or with a key that had ended', async () => {
      const content = message()
      const later = new Date(network.now().getTime() + 600_000)
      const early = await sealDocument(content, { key: xa.key, sealedAt: later })
      const base = await offer()
      await expectFault(
        async () =>
          post(xa, 'tinh', '/offers', { ...base, envelope: Buffer.from(early.xml).toString('base64') }),
        'RELAY_TOO_EARLY',
      )
      await tinh.rows("update directory_node_keys set valid_to = '2025-03-01' where node_id = 'xa'")
      const old = await faultOf(post(xa, 'tinh', '/offers', base))
      await tinh.rows("update directory_node_keys set valid_to = null where node_id = 'xa'")
      // The peer itself is not believed any more, before anything is read of what it says.
      expect(old.code).to.equal('PEER_NOT_AUTHENTICATED')
    })

    it('expired, or with another time than the envelope', async () => {
      const past = await offer({ notAfter: new Date(network.now().getTime() - 1000) })
      await expectFault(async () => post(xa, 'tinh', '/offers', past), 'RELAY_EXPIRED')
      const long = await offer({ notAfter: new Date('2025-03-11T02:02:01Z') })
      await expectFault(async () => post(xa, 'tinh', '/offers', long), 'RELAY_ENVELOPE_REJECTED', /24 hours/)
      const other = await offer({}, { notAfter: '2025-04-01T00:00:00Z' })
      await expectFault(async () => post(xa, 'tinh', '/offers', other), 'RELAY_ENVELOPE_REJECTED', /notAfter/)
    })

    it('too large, without a document, or with XML that must not be read', async () => {
      await expectFault(
        async () =>
          post(xa, 'tinh', '/offers', await offer({}, { envelope: Buffer.alloc(50_001).toString('base64') })),
        'INPUT_TOO_LARGE',
      )
      const [attachment] = message().attachments
      if (attachment === undefined) throw new Error('no attachment')
      const huge = await offer({ attachments: [{ ...attachment, length: 100_001 }] })
      await expectFault(async () => post(xa, 'tinh', '/offers', huge), 'INPUT_TOO_LARGE')
      await expectFault(
        async () => post(xa, 'tinh', '/offers', await offer({ attachments: [] })),
        'RELAY_ENVELOPE_REJECTED',
        /no PDF/,
      )
      for (const [xml, reason] of [
        ['<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', /XML_DOCTYPE_FORBIDDEN/],
        [`<a>${'<b>'.repeat(100)}`, /XML_/],
        ['no xml', /XML_/],
      ] as const) {
        const envelope = Buffer.from(xml).toString('base64')
        await expectFault(
          async () => post(xa, 'tinh', '/offers', await offer({}, { envelope })),
          'RELAY_ENVELOPE_REJECTED',
          reason,
        )
      }
    })

    it('of broken form', async () => {
      const good = await offer()
      for (const broken of [
        'no object',
        { ...good, extra: 1 },
        { ...good, series: 0 },
        { ...good, branch: '../../etc' },
        { ...good, envelope: '%%%' },
        { ...good, recipients: [] },
        { ...good, recipients: Array.from({ length: 6_000 }, (_, index) => `H40.${index}`) },
        { ...good, path: ['a/../b', 'xa'] },
        { ...good, previousReceipt: 'f00' },
        { ...good, notAfter: 'tomorrow' },
      ]) {
        await expectFault(async () => post(xa, 'tinh', '/offers', broken), 'INPUT_INVALID')
      }
    })

    it('repeated on other terms, and answers the same ones the same', async () => {
      const first = await offer()
      const answer = await post(xa, 'tinh', '/offers', first)
      expect(answer).to.deep.include({ state: 'open', needs: [PDF_SHA256] })
      expect(await post(xa, 'tinh', '/offers', first)).to.deep.equal(answer)
      const others = [
        { ...(await offer({ subject: 'khác' })), branch: first.branch },
        { ...first, previousReceipt: 'a'.repeat(64) },
        { ...first, recipients: ['H40', 'G22'] },
      ]
      for (const other of others)
        await expectFault(async () => post(xa, 'tinh', '/offers', other), 'RELAY_COLLISION')
    })
  })

  describe('with files and commits', () => {
    const path = (id: string, sha256 = PDF_SHA256) => `/relay/v1/offers/${id}/files/${sha256}`
    const put = (from: TestNode, id: string, bytes: Uint8Array, offset = 0, sha256 = PDF_SHA256) =>
      ask(from, 'tinh', { method: 'PUT', path: path(id, sha256), query: { from: `${offset}` }, body: bytes })
    const open = async (change: Partial<DocumentMessage> = {}) => {
      const answer = (await post(xa, 'tinh', '/offers', await offer(change))) as {
        offer: string
        needs: string[]
      }
      return answer
    }

    it('that are not in the offer, not the peer’s, misplaced, too long or of another hash', async () => {
      const { offer: id } = await open({ subject: 'các tệp' })
      const none = 'b'.repeat(64)
      await expectFault(async () => put(xa, id, PDF, 0, none), 'RELAY_OFFER_UNKNOWN')
      await expectFault(async () => put(xa, randomUUID(), PDF), 'RELAY_OFFER_UNKNOWN')
      await expectFault(async () => put(tw, id, PDF), 'RELAY_OFFER_UNKNOWN')
      await expectFault(async () => ask(tw, 'tinh', { method: 'GET', path: path(id) }), 'RELAY_OFFER_UNKNOWN')
      await expectFault(async () => put(xa, id, PDF, 1), 'RELAY_PIECE_MISPLACED')
      await expectFault(async () => put(xa, id, PDF, -1), 'INPUT_INVALID')
      await expectFault(async () => put(xa, id, Buffer.concat([PDF, PDF])), 'RELAY_FILE_MISMATCH')
      const wrong = Buffer.from(PDF)
      wrong[5] = 0
      await expectFault(async () => put(xa, id, wrong), 'RELAY_FILE_MISMATCH')
      const state = await ask(xa, 'tinh', { method: 'GET', path: path(id) })
      expect(state).to.deep.equal({ sha256: PDF_SHA256, length: PDF.length, received: 0, complete: false })
    })

    it('in pieces, the same piece twice, and then other bytes in its place', async () => {
      const { offer: id } = await open({ subject: 'từng đoạn' })
      const half = PDF.subarray(0, 10)
      const state = { sha256: PDF_SHA256, length: PDF.length, received: 10, complete: false }
      expect(await put(xa, id, half)).to.deep.equal(state)
      expect(await put(xa, id, half)).to.deep.equal(state)
      await expectFault(async () => put(xa, id, Buffer.alloc(10)), 'RELAY_COLLISION')
      await expectFault(async () => post(xa, 'tinh', `/offers/${id}/commit`, {}), 'RELAY_FILES_MISSING')
      const whole = { ...state, received: PDF.length, complete: true }
      expect(await put(xa, id, PDF.subarray(10), 10)).to.deep.equal(whole)
      expect(await put(xa, id, PDF)).to.deep.equal(whole)
      await expectFault(async () => put(xa, id, Buffer.alloc(PDF.length)), 'RELAY_COLLISION')
    })

    it('cannot be named by hash alone: what another peer or an agency here holds has to be uploaded', async () => {
      const secret = Buffer.from('%PDF-1.7 chỉ có ở nút tỉnh')
      const { sha256 } = await issueDocument(network, 'H40', secret)
      const [attachment] = message().attachments
      if (attachment === undefined) throw new Error('no attachment')
      const probe = await open({
        attachments: [{ ...attachment, sha256, length: secret.length }],
        subject: 'dò tệp',
      })
      expect(probe.needs).to.deep.equal([sha256])
      await expectFault(
        async () => post(xa, 'tinh', `/offers/${probe.offer}/commit`, {}),
        'RELAY_FILES_MISSING',
      )
      const state = await ask(xa, 'tinh', { method: 'GET', path: path(probe.offer, sha256) })
      expect(state).to.include({ received: 0, complete: false })
    })

    it('commits once: the answer is the same bytes, and another branch for the same recipient collides', async () => {
      const first = await offer({ subject: 'một lần' })
      const { offer: id } = (await post(xa, 'tinh', '/offers', first)) as { offer: string }
      await put(xa, id, PDF)
      await expectFault(async () => post(tw, 'tinh', `/offers/${id}/commit`, {}), 'RELAY_OFFER_UNKNOWN')
      const answers = await Promise.all([1, 2, 3].map(() => post(xa, 'tinh', `/offers/${id}/commit`, {})))
      expect(answers[1]).to.deep.equal(answers[0])
      expect(answers[2]).to.deep.equal(answers[0])
      const again = (await post(xa, 'tinh', '/offers', first)) as { receipts: string[] }
      expect(again.receipts).to.deep.equal((answers[0] as { receipts: string[] }).receipts)
      const twin = { ...first, branch: randomUUID() }
      const { offer: other } = (await post(xa, 'tinh', '/offers', twin)) as { offer: string }
      await expectFault(async () => post(xa, 'tinh', `/offers/${other}/commit`, {}), 'RELAY_COLLISION')
    })
  })

  describe('with receipts and statuses', () => {
    interface Delivered {
      readonly envelope: string
      readonly branch: string
    }

    /** A document of xa that has arrived at tw by way of tinh. */
    async function deliver(): Promise<Delivered> {
      const { id } = await issueDocument(network, 'H40.12.3', PDF)
      const { clerk } = network.agency('H40.12.3')
      const sent = await dispatchDocument(xa.deps, clerk, { documentId: id, recipients: ['G22'] })
      await network.settle()
      const [row] = await tinh.rows('select id from branches where envelope_sha256 = $1', [sent.envelope])
      return { envelope: sent.envelope, branch: String(row?.id) }
    }

    async function receipt(
      { envelope, branch }: Delivered,
      event: ReceiptEvent,
      change: Partial<Receipt> = {},
      sealer = tw,
    ): Promise<MessageRequest> {
      const facts: Receipt = {
        event,
        time: network.now(),
        issuingNode: 'tw',
        envelopeSha256: envelope,
        series: 1,
        branchId: branch,
        recipients: ['G22'],
        previousReceiptSha256: null,
        ...change,
      }
      const { xml } = await sealReceipt(facts, { key: sealer.key, sealedAt: network.now() })
      return {
        kind: 'receipt',
        message: Buffer.from(xml).toString('base64'),
        envelopeSha256: facts.envelopeSha256,
        series: facts.series,
        recipients: [...facts.recipients],
      }
    }

    async function status(
      { envelope }: Delivered,
      change: { from?: string; to?: string; documentId?: string; code?: string; sealer?: TestNode } = {},
    ): Promise<MessageRequest> {
      const [row] = await xa.rows('select document_id from envelopes where sha256 = $1', [envelope])
      const { xml } = await sealStatus(
        {
          from: { organId: change.from ?? 'G22', organName: '-' },
          responseFor: {
            organId: change.to ?? 'H40.12.3',
            code: '01/UBND-VP',
            documentId: change.documentId ?? String(row?.document_id),
            promulgationDate: '2025-03-10',
          },
          statusCode: change.code ?? '03',
          timestamp: network.now(),
        },
        { key: (change.sealer ?? tw).key, sealedAt: network.now() },
      )
      return {
        kind: 'status',
        message: Buffer.from(xml).toString('base64'),
        envelopeSha256: envelope,
        series: 1,
        recipients: ['G22'],
      }
    }

    const send = (from: TestNode, to: string, request: MessageRequest) => post(from, to, '/messages', request)
    const REJECTED = 'RELAY_MESSAGE_REJECTED'

    it('about deliveries that were not given to it', async () => {
      const delivered = await deliver()
      const good = await receipt(delivered, 'ContentHandover')
      await expectFault(async () => send(xa, 'tinh', good), REJECTED, /not given to xa/)
      await expectFault(async () => send(network.node('xb'), 'tinh', good), REJECTED, /not given to xb/)
      const unknown = await receipt({ ...delivered, envelope: 'c'.repeat(64) }, 'ContentHandover')
      await expectFault(async () => send(tw, 'tinh', unknown), REJECTED, /not given/)
      const series = await receipt(delivered, 'ContentHandover', { series: 2 })
      await expectFault(async () => send(tw, 'tinh', series), REJECTED, /not given/)
      const others = { ...good, recipients: ['G22', 'H40'] }
      await expectFault(async () => send(tw, 'tinh', others), REJECTED, /not given/)
      const named = {
        ...(await receipt(delivered, 'RelayAcceptance', { recipients: ['G22', 'H40'] })),
        recipients: ['G22'],
      }
      await expectFault(async () => send(tw, 'tinh', named), REJECTED, /other recipients/)
    })

    it('sealed by the wrong node, or by one that does not host the recipient', async () => {
      const delivered = await deliver()
      const forged = await receipt(delivered, 'ContentHandover', {}, xa)
      await expectFault(async () => send(tw, 'tinh', forged), BEHIND, /key .* of node tw/)
      const sideways = await receipt(delivered, 'ContentHandover', { issuingNode: 'xa' }, xa)
      await expectFault(async () => send(tw, 'tinh', sideways), BEHIND, /xa behind tw/)
      const own = await receipt(delivered, 'RelayAcceptance', { issuingNode: 'tinh' }, tinh)
      await expectFault(async () => send(tw, 'tinh', own), REJECTED, /does not lie behind/)
      // tinh lies between xa and tw, but the recipient is not there.
      const between = await receipt(delivered, 'ContentHandover', { issuingNode: 'tinh' }, tinh)
      await expectFault(async () => send(tinh, 'xa', between), BEHIND, /agency G22 at node tinh/)
      const stranger = await receipt(delivered, 'ContentHandover', { issuingNode: 'nobody' })
      await expectFault(async () => send(tw, 'tinh', stranger), 'RELAY_DIRECTORY_BEHIND')
    })

    it('of events that only the origin may speak of', async () => {
      const delivered = await deliver()
      for (const event of ['Expiry', 'SubmissionAcceptance', 'SubmissionRejection'] as const) {
        await expectFault(
          async () => send(tw, 'tinh', await receipt(delivered, event)),
          REJECTED,
          /further on/,
        )
      }
    })

    it('that contradict the terminal receipt, at the node on the way and at the origin', async () => {
      const delivered = await deliver()
      for (const event of ['ContentConsignmentFailure', 'RelayRejection', 'ContentConsignment'] as const) {
        const second = await receipt(delivered, event)
        await expectFault(async () => send(tw, 'tinh', second), 'RELAY_RECEIPT_CONTRADICTS')
        await expectFault(async () => send(tinh, 'xa', second), 'RELAY_RECEIPT_CONTRADICTS')
      }
    })

    it('repeated: the same answer, and nothing new', async () => {
      const delivered = await deliver()
      for (const good of [await receipt(delivered, 'ContentHandover'), await status(delivered)]) {
        const answer = await send(tw, 'tinh', good)
        const before = await Promise.all([tw, tinh, xa].map(counts))
        expect(await send(tw, 'tinh', good)).to.deep.equal(answer)
        expect(await Promise.all([tw, tinh, xa].map(counts))).to.deep.equal(before)
      }
    })

    it('statuses of another node, agency, document or kind', async () => {
      const delivered = await deliver()
      const cases: [MessageRequest, RegExp][] = [
        [await status(delivered, { from: 'H40', sealer: tinh }), /it is from H40/],
        [await status(delivered, { to: 'H40.12.5' }), /a document of H40.12.5/],
        [await status(delivered, { documentId: 'H40.12.3,2025/03/10,99/UBND' }), /another document/],
        [await status(delivered, { code: '13' }), /no answer/],
        [{ ...(await status(delivered)), kind: 'receipt' }, /XML_/],
        [{ ...(await receipt(delivered, 'ContentHandover')), kind: 'status' }, /XML_/],
      ]
      for (const [request, reason] of cases)
        await expectFault(async () => send(tw, 'tinh', request), REJECTED, reason)
      const otherNode = await status(delivered, { sealer: tinh })
      await expectFault(async () => send(tw, 'tinh', otherNode), BEHIND, /key .* of node tw/)
    })
  })
})
