import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { expect } from 'chai'
import { openReceipt, type Receipt } from '../../../server/edxml/receipt.ts'
import { openSealedDocument, openSealedStatus } from '../../../server/edxml/seal.ts'
import { commitOffer } from '../../../server/relay/accept.ts'
import {
  commitAnswer,
  commitRequest,
  faultAnswer,
  fileAnswer,
  messageAnswer,
  messageRequest,
  offerAnswer,
  offerRequest,
  questionAnswer,
  questionRequest,
} from '../../../server/relay/protocol.ts'
import { receiveOffer } from '../../../server/relay/receive.ts'
import { receivePiece } from '../../../server/relay/receive-files.ts'
import { openNetwork } from './network.ts'
import { PDF, type RecordedExchange } from './record-vectors.ts'

const decode = (base64: string) => Buffer.from(base64, 'base64')
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** As the first program sealed it, and as today's does. */
const files = { 'exchange-first.json': 'first', 'exchange.json': 'today' } as const

for (const [file, age] of Object.entries(files))
  describe(`relay: protocol vectors, ${age}`, () => {
    let recorded: RecordedExchange
    before(async () => {
      recorded = JSON.parse(await readFile(new URL(`./vectors/${file}`, import.meta.url), 'utf8'))
    })

    const steps = (name: string) => recorded.steps.filter((one) => one.name === name)
    const keysOf = (node: string) => ({ keyFingerprints: [recorded.keys[node] ?? ''] })

    it('are of the form that the schemas describe, and complete', () => {
      const schemas = {
        'POST /relay/v1/offers': [offerRequest, offerAnswer],
        'GET /relay/v1/offers/*/files/*': [undefined, fileAnswer],
        'PUT /relay/v1/offers/*/files/*': [undefined, fileAnswer],
        'POST /relay/v1/offers/*/commit': [commitRequest, commitAnswer],
        'POST /relay/v1/messages': [messageRequest, messageAnswer],
        'POST /relay/v1/questions': [questionRequest, questionAnswer],
      } as const
      const later = age === 'first' ? ['POST /relay/v1/questions'] : []
      const names = Object.keys(schemas).filter((name) => !later.includes(name))
      expect(new Set(recorded.steps.map((one) => one.name))).to.deep.equal(new Set(names))
      for (const [name, [request, answer]] of Object.entries(schemas)) {
        for (const step of steps(name)) {
          request?.parse(step.request.body)
          if (step.answer.status === 200) answer.parse(step.answer.body)
          else
            expect(faultAnswer.parse(step.answer.body).code).to.be.oneOf([
              'RELAY_COLLISION',
              'RELAY_OFFER_UNKNOWN',
            ])
        }
      }
      const states = steps('POST /relay/v1/offers').map(
        (step) => (step.answer.body as { state?: string }).state,
      )
      expect(states).to.deep.equal(['open', 'committed', undefined])
    })

    it('carry seals that hold and receipts that chain', () => {
      const [first, again] = steps('POST /relay/v1/offers')
      const offer = offerRequest.parse(first?.request.body)
      const envelope = openSealedDocument(decode(offer.envelope), keysOf('xa'))
      expect(envelope.message.to.map((one) => one.organId)).to.deep.equal(offer.recipients)
      expect(envelope.message.notAfter.toISOString()).to.equal(offer.notAfter)
      expect(envelope.message.attachments[0]?.sha256).to.equal(sha256(PDF))

      const [commit] = steps('POST /relay/v1/offers/*/commit')
      const { receipts } = commitAnswer.parse(commit?.answer.body)
      expect(again?.answer.body).to.deep.include({ receipts })
      const [consignment] = receipts.map((one) => openReceipt(decode(one), keysOf('tinh')))
      const facts: Partial<Receipt> = {
        event: 'ContentConsignment',
        issuingNode: 'tinh',
        envelopeSha256: envelope.sha256,
        series: offer.series,
        branchId: offer.branch,
        recipients: ['H40'],
        previousReceiptSha256: offer.previousReceipt,
      }
      expect(consignment?.message).to.deep.include(facts)

      const [question] = steps('POST /relay/v1/questions')
      expect(question?.answer.body ?? 'first').to.deep.equal(
        age === 'first'
          ? age
          : {
              deliveries: [{ recipient: 'H40', state: 'ended', waitsFor: null }],
              receipts,
            },
      )

      const messages = steps('POST /relay/v1/messages').map((step) => ({
        request: messageRequest.parse(step.request.body),
        answer: messageAnswer.parse(step.answer.body),
      }))
      for (const { request, answer } of messages) {
        expect(answer.message).to.equal(sha256(decode(request.message)))
        expect(request.envelopeSha256).to.equal(envelope.sha256)
      }
      const receipt = messages.find((one) => one.request.kind === 'receipt')
      const handover = openReceipt(decode(receipt?.request.message ?? ''), keysOf('tinh'))
      expect(handover.message).to.include({
        event: 'ContentHandover',
        previousReceiptSha256: consignment?.sha256,
      })
      const status = messages.find((one) => one.request.kind === 'status')
      const opened = openSealedStatus(decode(status?.request.message ?? ''), keysOf('tinh'))
      expect(opened.message).to.include({ statusCode: '03', description: 'Số đến 1' })
      expect(opened.message.responseFor.documentId).to.equal(envelope.message.documentId)
    })

    it('are taken by a node of today: what an older program sealed is still accepted', async () => {
      const network = await openNetwork(recorded.nodes)
      try {
        const tinh = network.node('tinh')
        await tinh.rows("insert into directory_node_keys values ('xa', $1, '2025-01-01', null)", [
          recorded.keys.xa,
        ])
        const [step] = steps('POST /relay/v1/offers')
        const now = new Date(recorded.now)
        const offer = await receiveOffer(tinh.deps, 'xa', offerRequest.parse(step?.request.body), now)
        expect(offer).to.deep.include({ state: 'open', needs: [sha256(PDF)] })
        const piece = { offerId: offer.offer, sha256: sha256(PDF), from: 0 }
        const file = await receivePiece(tinh.deps, 'xa', piece, Readable.from([PDF]), now)
        expect(file).to.deep.equal(steps('PUT /relay/v1/offers/*/files/*')[0]?.answer.body)
        const { receipts } = await commitOffer(tinh.deps, 'xa', offer.offer, now)
        expect(receipts).to.have.length(1)
      } finally {
        await network.close()
      }
    })
  })
