/**
 * A peer that offers documents as fast as it can: sealed beforehand, each with a file of its own of 100 kB, handed over
 * by the requests that a node makes.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { sealDocument } from '../../../server/edxml/seal.ts'
import { createPeerClient, type PeerClient } from '../../../server/http/peer-client.ts'
import { loadNodeKey } from '../../../server/node-key.ts'
import { encodeOfferWithFiles } from '../../../server/relay/offer-with-files.ts'
import { offerAnswer } from '../../../server/relay/protocol.ts'
import type { KeyProvider } from '../../../signing/index.ts'
import type { PlantAgency, PlantNode } from '../../support/plant/plant.ts'

export interface Parcel {
  readonly branch: string
  readonly envelope: Uint8Array
  readonly file: Uint8Array
  readonly sha256: string
  readonly notAfter: string
  readonly recipient: string
}

export interface Stranger {
  readonly id: string
  make(count: number): Promise<Parcel[]>
  /** Hands one over; resolves when the other has answered its receipts. */
  handOver(parcel: Parcel): Promise<void>
}

/** @param pdf yields the file of the nth parcel */
export function openStranger(
  stranger: PlantNode,
  from: PlantAgency,
  to: { readonly node: PlantNode; readonly agency: PlantAgency },
  pdf: () => Promise<Uint8Array>,
): Stranger {
  const { CONGVAN_DATA: data = '' } = stranger.environment
  const key: KeyProvider = loadNodeKey(join(data, 'node-key.pem'), join(data, 'node-certificate.pem'))
  const clock = () => new Date()
  const id = stranger.plan.id
  const client = createPeerClient({ nodeId: id, key, clock })
  const address = { nodeId: to.node.plan.id, url: to.node.front.url, keyFingerprints: [to.node.fingerprint] }
  let number = 0
  return {
    id,
    async make(count) {
      const parcels: Parcel[] = []
      for (let i = 0; i < count; i += 1) {
        number += 1
        parcels.push(await seal(key, number, from, to.agency, await pdf()))
      }
      return parcels
    },
    handOver: (parcel) => handOver(client, address, id, parcel),
  }
}

async function seal(
  key: KeyProvider,
  number: number,
  from: PlantAgency,
  to: PlantAgency,
  file: Uint8Array,
): Promise<Parcel> {
  const now = new Date(Math.floor(Date.now() / 1000) * 1000)
  const notAfter = new Date(now.getTime() + 24 * 3_600_000)
  const sha256 = createHash('sha256').update(file).digest('hex')
  const day = now.toISOString().slice(0, 10)
  const { xml } = await sealDocument(
    {
      from: { organId: from.code, organName: from.name },
      to: [{ organId: to.code, organName: to.name }],
      documentId: `${from.code},${day.replaceAll('-', '/')},${number}/UBND-VP`,
      code: { codeNumber: String(number), codeNotation: 'UBND-VP' },
      promulgationInfo: { place: 'Hải Minh', promulgationDate: day },
      documentType: { type: 2, typeName: 'Công văn' },
      subject: 'V/v đo tốc độ tiếp nhận văn bản điện tử',
      signerInfo: { fullName: 'Người ký 1', position: 'Chủ tịch' },
      responseFor: [],
      traceHeaders: [{ organId: from.code, timestamp: now }],
      notAfter,
      attachments: [
        {
          contentId: `cid:${randomUUID()}`,
          contentType: 'application/pdf',
          attachmentName: 'cong-van.pdf',
          sha256,
          length: file.length,
        },
      ],
    },
    { key, sealedAt: now },
  )
  return {
    branch: randomUUID(),
    envelope: xml,
    file,
    sha256,
    notAfter: notAfter.toISOString(),
    recipient: to.code,
  }
}

async function handOver(
  client: PeerClient,
  peer: Parameters<PeerClient['request']>[0],
  id: string,
  parcel: Parcel,
): Promise<void> {
  const json = (path: string, value: unknown) =>
    client.request(peer, {
      method: 'POST',
      path,
      body: Buffer.from(JSON.stringify(value)),
      contentType: 'application/json',
    })
  const answer = await client.request(peer, {
    method: 'POST',
    path: '/relay/v1/offers/with-files',
    body: encodeOfferWithFiles({
      offer: {
        branch: parcel.branch,
        series: 1,
        envelope: Buffer.from(parcel.envelope).toString('base64'),
        recipients: [parcel.recipient],
        path: [id],
        previousReceipt: createHash('sha256').update(randomBytes(8)).digest('hex'),
        notAfter: parcel.notAfter,
      },
      files: [{ sha256: parcel.sha256, length: parcel.file.length, bytes: parcel.file }],
    }),
    contentType: 'application/octet-stream',
  })
  const open = offerAnswer.parse(JSON.parse(Buffer.from(answer.body).toString()))
  if (open.state !== 'open' || open.needs.length > 0) throw new Error('the other wants files that were sent')
  const { offer } = open
  await json(`/relay/v1/offers/${offer}/commit`, {})
}
