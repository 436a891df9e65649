/**
 * Records the protocol vectors: every request and answer of one exchange between two nodes, as they went over the
 * line. `node test/server/relay/record-vectors.ts` writes `vectors/exchange.json` anew; keys and so all seals are new
 * each time, and a program that reads the old file must read the new one. `exchange-first.json` stays as the first
 * program made it.
 */
import { writeFile } from 'node:fs/promises'
import { findPeer } from '../../../server/directory/peer-store.ts'
import { peerProblemOf } from '../../../server/http/peer-client.ts'
import { statusAnnouncer } from '../../../server/relay/announce.ts'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import { nodeKeyFingerprint } from '../../../signing/index.ts'
import { stopCluster } from '../../support/database.ts'
import { issueDocument, openNetwork, type TestNode } from './network.ts'

export interface RecordedStep {
  readonly name: string
  readonly from: string
  readonly request: { readonly method: string; readonly target: string; readonly body: unknown }
  readonly answer: { readonly status: number; readonly body: unknown }
}

export interface RecordedExchange {
  readonly now: string
  /** SHA-256 of the SPKI of each node's key. */
  readonly keys: Readonly<Record<string, string>>
  readonly nodes: typeof plan
  readonly steps: readonly RecordedStep[]
}

/** The file that is sent, so that its bytes need not stand in the vectors. */
export const PDF = Buffer.from('%PDF-1.7 văn bản thử nghiệm')

const plan = [
  { id: 'tinh', parent: null, agencies: [{ code: 'H40', name: 'Ủy ban nhân dân tỉnh thử nghiệm' }] },
  { id: 'xa', parent: 'tinh', agencies: [{ code: 'H40.12.3', name: 'Ủy ban nhân dân xã thử nghiệm' }] },
] as const

async function record(): Promise<RecordedExchange> {
  const network = await openNetwork(plan)
  const steps: RecordedStep[] = []
  try {
    for (const { id } of plan) {
      network.disturb(id, async (url, init, forward) => {
        const answer = await forward(url, init)
        const { pathname, search } = new URL(url)
        if (pathname === UNSERVED) return answer
        steps.push({
          name: `${init.method} ${pathname.replace(/[0-9a-f]{64}|[0-9a-f-]{36}/g, '*')}`,
          from: id,
          request: { method: init.method ?? '', target: pathname + search, body: bodyOf(init.body) },
          answer: { status: answer.status, body: await answer.clone().json() },
        })
        return answer
      })
    }
    const xa = network.node('xa')
    withoutInlineFiles(xa)
    const tinh = network.node('tinh')
    const { clerk } = network.agency('H40.12.3')
    const { id } = await issueDocument(network, 'H40.12.3', PDF)
    const sent = await dispatchDocument(xa.deps, clerk, { documentId: id, recipients: ['H40'] })
    await network.settle()
    await tinh.context.db.asAgency({ agencyId: network.agency('H40').agencyId }, (trx) =>
      statusAnnouncer(tinh.context)(trx, {
        documentId: id,
        documentCode: '-',
        envelopeSha256: sent.envelope,
        recipientCode: 'H40',
        senderCode: 'H40.12.3',
        code: '03',
        description: 'Số đến 1',
        at: network.now(),
      }),
    )
    await network.settle()
    await offerAgain(xa, steps[0]?.request.body)
    await askAbout(xa, sent.envelope)
    const keys = plan.map((one) => [one.id, nodeKeyFingerprint(network.node(one.id).key.certificate)])
    return { now: network.now().toISOString(), keys: Object.fromEntries(keys), nodes: plan, steps }
  } finally {
    await network.close()
  }
}

/** The same offer once more, and then on other terms: the stored receipts, and a typed fault. */
async function offerAgain(xa: TestNode, offer: unknown): Promise<void> {
  const peer = await xa.context.db.asNode((trx) => findPeer(trx, 'tinh', xa.context.clock()))
  if (peer === undefined) throw new Error('no peer')
  for (const body of [offer, { ...(offer as object), previousReceipt: null }]) {
    const call = {
      method: 'POST',
      path: '/relay/v1/offers',
      body: Buffer.from(JSON.stringify(body)),
    } as const
    await xa.deps.peers.request(peer, call).catch((error: unknown) => {
      if (peerProblemOf(error)?.code !== 'RELAY_COLLISION') throw error
    })
  }
}

/** A path that nobody serves. */
const UNSERVED = '/relay/v1/khong-co'

/** Each step in a request of its own, as to a peer of the first version: its body can be written as JSON. */
function withoutInlineFiles({ deps }: TestNode): void {
  const { peers } = deps
  const request: typeof peers.request = (peer, call) =>
    peers.request(peer, call.path.endsWith('/with-files') ? { ...call, path: UNSERVED } : call)
  Object.assign(deps, { peers: { request } })
}

/** What became of the delivery, and of one that was never given. */
async function askAbout(xa: TestNode, envelopeSha256: string): Promise<void> {
  const peer = await xa.context.db.asNode((trx) => findPeer(trx, 'tinh', xa.context.clock()))
  if (peer === undefined) throw new Error('no peer')
  const [branch] = await xa.rows('select id, series from branches')
  for (const series of [Number(branch?.series), 2]) {
    const body = { branch: String(branch?.id), series, envelopeSha256, recipients: ['H40'] }
    const call = {
      method: 'POST',
      path: '/relay/v1/questions',
      body: Buffer.from(JSON.stringify(body)),
    } as const
    await xa.deps.peers.request(peer, call).catch((error: unknown) => {
      if (peerProblemOf(error)?.code !== 'RELAY_OFFER_UNKNOWN') throw error
    })
  }
}

function bodyOf(body: unknown): unknown {
  if (!(body instanceof Uint8Array)) return null
  return JSON.parse(Buffer.from(body).toString())
}

if (import.meta.main) {
  const exchange = await record()
  const file = new URL('./vectors/exchange.json', import.meta.url)
  await writeFile(file, `${JSON.stringify(exchange, null, 2)}\n`)
  await stopCluster()
}
