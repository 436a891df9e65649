import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import express from 'express'
import { errorHandler } from '../../../server/http/error-handler.ts'
import { mountRoutes } from '../../../server/http/mount.ts'
import { statusAnnouncer } from '../../../server/relay/announce.ts'
import { relayRoutes } from '../../../server/relay/routes.ts'
import type { TrackedDelivery } from '../../../server/relay/track.ts'
import { type RelayWorkers, startRelayWorkers } from '../../../server/relay/workers.ts'
import { issueDocument, type Network, openNetwork, type TestNode } from './network.ts'

/** The relay as a process runs it: the queue's own workers, and people who ask over HTTP. */
describe('relay: workers and routes', () => {
  let network: Network
  let xa: TestNode
  const workers: RelayWorkers[] = []
  let api: ReturnType<express.Express['listen']>
  let base = ''
  before(async () => {
    network = await openNetwork([
      { id: 'tinh', parent: null, agencies: [{ code: 'H40', name: 'Ủy ban nhân dân tỉnh thử nghiệm' }] },
      { id: 'xa', parent: 'tinh', agencies: [{ code: 'H40.12.3', name: 'Ủy ban nhân dân xã thử nghiệm' }] },
    ])
    xa = network.node('xa')
    for (const id of ['tinh', 'xa']) {
      workers.push(await startRelayWorkers(network.node(id).deps, { concurrency: 2 }))
    }
    const { clerk } = network.agency('H40.12.3')
    const app = express()
    const options = {
      clock: xa.context.clock,
      maxJsonBytes: 100_000,
      authenticate: async () => clerk,
      authorise: () => {},
    }
    app.use('/api/v1', mountRoutes(relayRoutes(xa.deps), options))
    app.use(errorHandler(xa.context.log))
    api = app.listen(0, '127.0.0.1')
    await new Promise((resolve) => api.once('listening', resolve))
    const address = api.address()
    base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/api/v1`
  })
  after(async () => {
    for (const one of workers) await one.stop()
    await network?.close()
    await new Promise((resolve) => api.close(resolve))
  })

  const get = async (path: string) => (await fetch(`${base}${path}`)).json()

  /** Receipt and status of one act travel apart: the state may be known before the status is. */
  async function until(id: string, state: string, statuses: number): Promise<TrackedDelivery> {
    for (let tries = 0; tries < 1200; tries += 1) {
      const tracked = (await get(`/deliveries/${id}`)) as TrackedDelivery
      if (tracked.state === state && tracked.statuses.length >= statuses) return tracked
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error(`${id} never became ${state}`)
  }

  it('carry a document and its status by themselves', async () => {
    const { id: documentId } = await issueDocument(network, 'H40.12.3')
    const dispatched = await fetch(`${base}/documents/${documentId}/dispatch`, {
      method: 'POST',
      headers: { 'idempotency-key': randomUUID() },
      body: JSON.stringify({ recipients: ['H40', 'H40.12.3'] }),
    })
    expect(dispatched.status).to.equal(201)
    const sent = (await dispatched.json()) as {
      envelope: string
      deliveries: { id: string; recipient: string }[]
    }
    for (const { id } of sent.deliveries) await until(id, 'arrived', 1)
    const tinh = network.node('tinh')
    const { agencyId } = network.agency('H40')
    await tinh.context.db.asAgency({ agencyId }, (trx) =>
      statusAnnouncer(tinh.context)(trx, {
        documentId: randomUUID(),
        documentCode: '-',
        envelopeSha256: sent.envelope,
        recipientCode: 'H40',
        senderCode: 'H40.12.3',
        code: '02',
        description: 'Không đúng thẩm quyền',
        at: network.now(),
      }),
    )
    const far = sent.deliveries.find((one) => one.recipient === 'H40')?.id ?? ''
    const refused = await until(far, 'refused', 2)
    expect(refused.statuses.map((one) => [one.code, one.description])).to.deep.equal([
      ['01', null],
      ['02', 'Không đúng thẩm quyền'],
    ])
    expect(refused.hops.map((one) => [one.from, one.to])).to.deep.equal([['xa', 'tinh']])

    const all = (await get(`/documents/${documentId}/deliveries`)) as { deliveries: TrackedDelivery[] }
    expect(all.deliveries.map((one) => one.recipient)).to.deep.equal(['H40', 'H40.12.3'])
    const receipt = refused.terminal?.receipt ?? ''
    const xml = await fetch(`${base}/deliveries/${far}/messages/${receipt}`)
    expect(xml.headers.get('content-type')).to.match(/application\/xml/)
    expect(await xml.text()).to.match(/^<\?xml.*ContentConsignment/s)
    expect((await fetch(`${base}/deliveries/${far}/messages/${'a'.repeat(64)}`)).status).to.equal(404)
    expect((await fetch(`${base}/deliveries/${randomUUID()}`)).status).to.equal(404)
  })
})
