/**
 * Requests between nodes as a peer makes them that keeps no rules: each begins as a valid one and is spoiled inside the
 * seal, in the JSON around it and in its bytes, and is signed by the peer’s own key after all that.
 */
import { createHash, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { encodeDocument, encodeStatus } from '../../../server/edxml/encode.ts'
import type { DocumentMessage } from '../../../server/edxml/envelope.ts'
import { sealPing } from '../../../server/edxml/ping.ts'
import { encodeReceipt, type Receipt, receiptEvents } from '../../../server/edxml/receipt.ts'
import { sealXml } from '../../../server/edxml/sealed-xml.ts'
import type { PeerCall } from '../../../server/http/peer-client.ts'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import type { MessageRequest, OfferRequest, QuestionRequest } from '../../../server/relay/protocol.ts'
import { EDXML, type KeyProvider, RECEIPT } from '../../../signing/index.ts'
import { hostileTexts, spoilBytes, spoilXml, type TextEdit, textEdits } from '../edxml/spoil.ts'
import { issueDocument, type Network, openNetwork, type TestNode } from './network.ts'
import { type JsonEdit, jsonEdits, spoilJson } from './spoil-json.ts'

export const kinds = [
  'offer',
  'with-files',
  'piece',
  'state',
  'commit',
  'receipt',
  'status',
  'question',
  'ping',
  'path',
] as const
export type Kind = (typeof kinds)[number]

/** One request; the numbers are taken modulo what there is to choose from. */
export interface Plan {
  readonly from: 'xa' | 'tw' | 'xb'
  readonly kind: Kind
  readonly pick: number
  readonly sealed: readonly TextEdit[]
  readonly json: readonly JsonEdit[]
  readonly bytes: readonly TextEdit[]
}

/** A change on one level mostly, so that requests get past the first check that they meet. */
const spoiled = fc.oneof(
  fc.record({ sealed: textEdits, json: fc.constant([]), bytes: fc.constant([]) }),
  fc.record({ sealed: fc.constant([]), json: jsonEdits, bytes: fc.constant([]) }),
  fc.record({ sealed: fc.constant([]), json: fc.constant([]), bytes: textEdits }),
  fc.record({ sealed: textEdits, json: jsonEdits, bytes: textEdits }),
)

export const plans: fc.Arbitrary<Plan> = fc
  .record({
    from: fc.constantFrom('xa', 'xa', 'xa', 'tw', 'xb'),
    kind: fc.constantFrom(...kinds),
    pick: fc.nat(1_000_000),
  })
  .chain((one) => spoiled.map((edits) => ({ ...one, ...edits })))

export const unspoiled = { sealed: [], json: [], bytes: [] }

const PDF = Buffer.from('%PDF-1.7 văn bản thử nghiệm')
const PDF_SHA256 = createHash('sha256').update(PDF).digest('hex')

export interface World {
  readonly network: Network
  /** The node that is asked. */
  readonly tinh: TestNode
  requestOf(plan: Plan): Promise<PeerCall>
  /** Told of what an unspoiled request was answered. */
  learn(plan: Plan, answer: unknown): void
  close(): Promise<void>
}

export async function openWorld(): Promise<World> {
  const name = 'Ủy ban nhân dân thử nghiệm'
  const network = await openNetwork(
    [
      { id: 'tw', parent: null, agencies: [{ code: 'G22', name }] },
      { id: 'tinh', parent: 'tw', agencies: [{ code: 'H40', name }] },
      { id: 'xa', parent: 'tinh', agencies: [{ code: 'H40.12.3', name }] },
      { id: 'xb', parent: 'tinh', agencies: [{ code: 'H40.12.5', name }] },
    ],
    { envelopeBytes: 60_000, fileBytes: 100_000, hops: 4 },
  )
  const tinh = network.node('tinh')
  const xa = network.node('xa')
  const { id } = await issueDocument(network, 'H40.12.3', PDF)
  const { clerk } = network.agency('H40.12.3')
  const { envelope } = await dispatchDocument(xa.deps, clerk, { documentId: id, recipients: ['G22'] })
  await network.settle()
  const [branch] = await tinh.rows('select id, previous_branch from branches where envelope_sha256 = $1', [
    envelope,
  ])
  const [sent] = await xa.rows('select document_id from envelopes where sha256 = $1', [envelope])
  return {
    ...new Requests(network, {
      envelope,
      branch: String(branch?.id),
      documentId: String(sent?.document_id),
      given: String(branch?.previous_branch),
    }).world(),
    network,
    tinh,
    close: () => network.close(),
  }
}

interface Delivered {
  readonly envelope: string
  readonly branch: string
  readonly documentId: string
  /** The sender's name for the branch. */
  readonly given: string
}

class Requests {
  readonly #network: Network
  readonly #delivered: Delivered
  /** Ids of offers that tinh has taken, of all its peers. */
  readonly #offers: { readonly id: string; readonly from: Plan['from'] }[] = []
  #number = 0

  constructor(network: Network, delivered: Delivered) {
    this.#network = network
    this.#delivered = delivered
  }

  world(): Pick<World, 'requestOf' | 'learn'> {
    return {
      requestOf: (plan) => this.#requestOf(plan),
      learn: ({ from }, answer) => {
        const id = (answer as { offer?: unknown }).offer
        if (typeof id !== 'string' || this.#offers.some((one) => one.id === id)) return
        this.#offers.push({ id, from })
      },
    }
  }

  async #requestOf(plan: Plan): Promise<PeerCall> {
    const { json, pick } = plan
    const post = (path: string, body: Uint8Array): PeerCall => ({
      method: 'POST',
      path: `/relay/v1${path}`,
      body: spoilBytes(body, plan.bytes),
    })
    const text = (value: unknown) => Buffer.from(spoilJson(value, json).toWellFormed())
    const id = this.#offerId(plan)
    switch (plan.kind) {
      case 'offer':
        return post('/offers', text(await this.#offer(plan)))
      case 'with-files':
        return post('/offers/with-files', withFiles(plan, text(await this.#withFiles(plan))))
      case 'piece': {
        const sha256 = plan.json.length > 0 ? (choose([PDF_SHA256, ...hostileTexts], pick) ?? '') : PDF_SHA256
        // A longer head of a request is refused by HTTP itself (431), before there is anything to sign.
        const offset = plan.sealed.length > 0 ? (choose(hostileTexts, pick) ?? '').slice(0, 200) : '0'
        const path = `/relay/v1/offers/${id}/files/${segment(sha256)}`
        return { method: 'PUT', path, query: { from: offset }, body: spoilBytes(PDF, plan.bytes) }
      }
      case 'state':
        return { method: 'GET', path: `/relay/v1/offers/${id}/files/${PDF_SHA256}` }
      case 'commit':
        return post(`/offers/${id}/commit`, text({}))
      case 'receipt':
        return post('/messages', text(await this.#receipt(plan)))
      case 'status':
        return post('/messages', text(await this.#status(plan)))
      case 'question':
        return post('/questions', text(this.#question(plan)))
      case 'ping':
        return post('/ping', await this.#ping(plan))
      default:
        return { method: choose(['GET', 'PUT', 'POST'] as const, pick) ?? 'GET', path: oddPath(pick) }
    }
  }

  #key(plan: Plan): KeyProvider {
    return this.#network.node(plan.from).key
  }

  /** The peer’s youngest offer, any other of whichever peer, or none. */
  #offerId({ from, pick, json, sealed }: Plan): string {
    const own = this.#offers.findLast((one) => one.from === from)
    const known = json.length + sealed.length === 0 ? own : choose(this.#offers, pick)
    if (json.length > 1) return segment(choose(hostileTexts, pick) ?? '')
    return known?.id ?? randomUUID()
  }

  async #seal(plan: Plan, xml: string, parent: { namespace: string; localName: string }): Promise<string> {
    const spoiledXml = spoilXml(xml, plan.sealed)
    const options = { key: this.#key(plan), sealedAt: this.#network.now() }
    // What cannot be sealed is sent as it is.
    const bytes = await sealXml(spoiledXml, parent, options).then(
      (sealed) => sealed.xml,
      () => Buffer.from(spoiledXml),
    )
    return Buffer.from(bytes).toString('base64')
  }

  async #offer(plan: Plan): Promise<OfferRequest> {
    this.#number += 1
    const own = { xa: 'H40.12.3', xb: 'H40.12.5', tw: 'G22' }[plan.from]
    const to = plan.from === 'tw' ? ['H40'] : ['H40', 'G22']
    const organ = (organId: string) => ({ organId, organName: '-' })
    const message: DocumentMessage = {
      from: organ(own),
      to: to.map(organ),
      documentId: `${own},2025/03/10,${this.#number}/UBND-VP`,
      code: { codeNumber: `${this.#number}`, codeNotation: 'UBND-VP' },
      promulgationInfo: { promulgationDate: '2025-03-10' },
      documentType: { type: 2, typeName: 'Công văn' },
      subject: 'V/v thử nghiệm',
      signerInfo: { fullName: 'Người ký 1' },
      responseFor: [],
      traceHeaders: [{ timestamp: this.#network.now() }],
      notAfter: new Date(this.#network.now().getTime() + 3_600_000),
      attachments: [
        {
          contentId: 'cid:1',
          contentType: 'application/pdf',
          attachmentName: 'a.pdf',
          sha256: PDF_SHA256,
          length: PDF.length,
        },
      ],
    }
    return {
      branch: randomUUID(),
      series: 1,
      envelope: await this.#seal(plan, encodeDocument(message), {
        namespace: EDXML,
        localName: 'edXMLHeader',
      }),
      recipients: to,
      path: [plan.from],
      previousReceipt: null,
      notAfter: message.notAfter.toISOString(),
    }
  }

  async #withFiles(plan: Plan): Promise<object> {
    return { ...(await this.#offer(plan)), files: [{ sha256: PDF_SHA256, length: PDF.length }] }
  }

  async #receipt(plan: Plan): Promise<MessageRequest> {
    const { envelope, branch } = this.#delivered
    const facts: Receipt = {
      event: choose(receiptEvents, plan.pick) ?? 'RelayAcceptance',
      time: this.#network.now(),
      issuingNode: plan.from,
      envelopeSha256: envelope,
      series: 1,
      branchId: branch,
      recipients: ['G22'],
      previousReceiptSha256: null,
    }
    const message = await this.#seal(plan, encodeReceipt(facts), {
      namespace: RECEIPT,
      localName: 'Receipt',
    })
    return { kind: 'receipt', message, envelopeSha256: envelope, series: 1, recipients: ['G22'] }
  }

  async #status(plan: Plan): Promise<MessageRequest> {
    const { envelope, documentId } = this.#delivered
    const xml = encodeStatus({
      from: { organId: 'G22', organName: '-' },
      responseFor: { organId: 'H40.12.3', code: '01/UBND-VP', documentId, promulgationDate: '2025-03-10' },
      statusCode: choose(['01', '02', '03', '04', '05', '06'], plan.pick) ?? '01',
      timestamp: this.#network.now(),
    })
    const message = await this.#seal(plan, xml, { namespace: EDXML, localName: 'edXMLHeader' })
    return { kind: 'status', message, envelopeSha256: envelope, series: 1, recipients: ['G22'] }
  }

  /** About what xa gave to tinh; of whoever else asks it is nothing. */
  #question({ sealed, pick }: Plan): QuestionRequest {
    const { envelope, given } = this.#delivered
    return {
      branch: sealed.length > 1 ? randomUUID() : given,
      series: sealed.length > 2 ? pick + 1 : 1,
      envelopeSha256: envelope,
      recipients: sealed.length > 0 ? ['G22', 'H40'] : ['G22'],
    }
  }

  async #ping(plan: Plan): Promise<Uint8Array> {
    const from = plan.json.length > 1 ? 'tw' : plan.from
    const to = plan.json.length > 0 ? 'xa' : 'tinh'
    const time = this.#network.now()
    const { xml } = await sealPing({ from, to, time }, { key: this.#key(plan), sealedAt: time })
    return plan.sealed.length === 0
      ? xml
      : Buffer.from(spoilXml(Buffer.from(xml).toString(), plan.sealed).toWellFormed())
  }
}

/** The length of the JSON before it, right unless something else is spoiled as well. */
function withFiles({ sealed, pick }: Plan, json: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4)
  const lengths = [json.length, 0, 1, json.length + 1, json.length - 1, 2 ** 31, 2 ** 32 - 1]
  length.writeUInt32BE((sealed.length > 1 ? choose(lengths, pick) : json.length) ?? 0)
  return Buffer.concat([length, json, PDF])
}

const oddPaths = [
  '',
  '/',
  '/offers/%ff',
  '/offers/%/commit',
  '/offers//files/a',
  '/messages/',
  '/OFFERS',
  '/ping?a=%',
]

/** A path that no request has, as a client of HTTP writes it. */
function oddPath(pick: number): string {
  const text = choose([...oddPaths, ...hostileTexts.map((one) => `/${segment(one)}`)], pick) ?? '/'
  const { pathname, search } = new URL(`http://a/relay/v1/khong${text}`)
  const inside = pathname.startsWith('/relay/v1/') ? pathname : '/relay/v1/khong'
  return pick % 2 === 0 ? inside.replace('/khong', '') + search : inside + search
}

function segment(text: string): string {
  return encodeURIComponent(text.toWellFormed().slice(0, 200)) || '-'
}

function choose<T>(from: readonly T[], pick: number): T | undefined {
  return from[pick % Math.max(from.length, 1)]
}
