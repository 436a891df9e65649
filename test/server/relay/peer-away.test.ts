import { expect } from 'chai'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import { takeProbe } from '../../../server/relay/peer-health.ts'
import { recoverLostJobs } from '../../../server/relay/recover.ts'
import { sendBranch } from '../../../server/relay/send.ts'
import { issueDocument, type Network, offerIn, openNetwork, runJob, type TestNode } from './network.ts'

const TINH = 'H40'
const XA = 'H40.12.3'
const OTHER = 'H40.12.4'

describe('relay: a peer that is away', () => {
  let network: Network
  let tinh: TestNode
  let xa: TestNode
  let asked: string[]
  beforeEach(async () => {
    network = await openNetwork([
      { id: 'tinh', parent: null, agencies: [{ code: TINH, name: 'Ủy ban nhân dân tỉnh thử nghiệm' }] },
      { id: 'xa', parent: 'tinh', agencies: [{ code: XA, name: 'Ủy ban nhân dân xã thử nghiệm' }] },
      { id: 'xa-b', parent: 'tinh', agencies: [{ code: OTHER, name: 'Ủy ban nhân dân xã thử nghiệm khác' }] },
    ])
    tinh = network.node('tinh')
    xa = network.node('xa')
    asked = []
  })
  afterEach(() => network?.close())

  /** Nothing gets through to the commune; requests are counted. */
  function cutOff(): void {
    network.disturb('tinh', (url, init, forward) => {
      if (new URL(url).origin !== xa.context.publicUrl) return forward(url, init)
      asked.push(new URL(url).pathname)
      return Promise.reject(new TypeError('no line'))
    })
  }

  async function send(recipients = [XA]): Promise<string> {
    const { id } = await issueDocument(network, TINH)
    const { clerk } = network.agency(TINH)
    return (await dispatchDocument(tinh.deps, clerk, { documentId: id, recipients })).envelope
  }

  const breaker = async () =>
    (await tinh.rows('select state, failures, last_outcome from peer_breakers where peer = $1', ['xa']))[0]
  const arrived = async () => (await xa.rows("select 1 from documents where direction = 'incoming'")).length

  /** Five documents that fail one after the other: the peer is left alone. */
  async function open(): Promise<void> {
    cutOff()
    for (let count = 0; count < 5; count += 1) {
      await send()
      const [job] = await tinh.takeJobs()
      if (job !== undefined) await runJob(tinh.deps, job)
    }
    expect(await breaker()).to.deep.equal({ state: 'open', failures: 5, last_outcome: 'unreachable' })
  }

  it('is asked nothing while it is left alone, which counts against no document', async () => {
    await open()
    const before = asked.length
    const envelope = await send()
    await tinh.runJobs()
    expect(asked.length).to.equal(before)
    const rows = await tinh.rows('select state, failures, outcome from branches where envelope_sha256 = $1', [
      envelope,
    ])
    expect(rows).to.deep.equal([{ state: 'queued', failures: 0, outcome: 'peer-left-alone' }])
  })

  it('gets one probe when the pause is over, and everything soon when it is back', async () => {
    await open()
    for (let count = 0; count < 10; count += 1) await send()
    await tinh.runJobs()
    let before = asked.length
    network.advance(5_000)
    await tinh.runJobs()
    expect(asked.length - before, 'probes').to.equal(1)
    expect(await breaker()).to.deep.include({ state: 'open', failures: 6 })

    network.disturb('tinh', undefined)
    before = network.now().getTime()
    for (let seconds = 0; (await arrived()) < 15 && seconds < 120; seconds += 1) {
      network.advance(1_000)
      await network.settle()
    }
    expect(await arrived()).to.equal(15)
    expect((network.now().getTime() - before) / 1000, 'seconds until all had arrived').to.be.at.most(15)
    expect(await breaker()).to.deep.include({ state: 'closed', failures: 0 })
  })

  it('delays nothing that goes to another', async () => {
    await open()
    await send([OTHER])
    await network.settle()
    const there = network.node('xa-b')
    expect(await there.rows("select 1 from documents where direction = 'incoming'")).to.have.length(1)
  })

  it('gets one probe however many processes would make one, and a killed one’s lease ends by the database’s clock', async () => {
    await open()
    network.advance(60_000)
    const ask = () => tinh.context.db.asNode((trx) => takeProbe(trx, 'xa', network.now()))
    const granted = await Promise.all([1, 2, 3, 4, 5, 6].map(ask))
    expect(granted.map((one) => one.kind).sort()).to.deep.equal([
      'go',
      'wait',
      'wait',
      'wait',
      'wait',
      'wait',
    ])
    const [row] = await tinh.rows(
      'select probe_until - clock_timestamp() < $1::interval as soon from peer_breakers',
      ['20 seconds'],
    )
    expect(row).to.deep.equal({ soon: true })
    // The process that has the lease is dead, and the lease has run out.
    await tinh.rows("update peer_breakers set probe_until = clock_timestamp() - interval '1 second'")
    expect((await ask()).kind).to.equal('go')
  })

  it('is probed at once when it asks by itself', async () => {
    await open()
    // Each probe that fails makes the pause longer.
    for (let probe = 0; probe < 4; probe += 1) {
      network.advance(45_000)
      await tinh.runJobs()
      await recoverLostJobs(tinh.deps)
      await tinh.runJobs()
    }
    expect(await breaker()).to.deep.include({ state: 'open' })
    network.disturb('tinh', undefined)
    network.advance(10_000)
    const { id } = await issueDocument(network, XA)
    await dispatchDocument(xa.deps, network.agency(XA).clerk, { documentId: id, recipients: [TINH] })
    await xa.runJobs()
    await network.settle()
    expect(await breaker()).to.deep.include({ state: 'closed' })
    expect(await arrived()).to.equal(5)
  })

  it('is not taken for away because it fails on one document', async () => {
    const bad = await send()
    const [row] = await tinh.rows('select bytes from envelopes where sha256 = $1', [bad])
    const badBytes = Buffer.from(row?.bytes as Buffer).toString('base64')
    network.disturb('tinh', (url, init, forward) =>
      offerIn(url, init)?.envelope === badBytes
        ? Promise.resolve(new Response('oops', { status: 500 }))
        : forward(url, init),
    )
    for (let tries = 0; tries < 400 && (await breaker())?.state !== 'open'; tries += 1) {
      network.advance(1_000)
      await tinh.runJobs()
    }
    expect(await breaker()).to.deep.include({ state: 'open' })
    await send()
    for (let seconds = 0; (await arrived()) < 1 && seconds < 120; seconds += 1) {
      network.advance(1_000)
      await network.settle()
    }
    expect(await arrived()).to.equal(1)
    expect(await breaker()).to.deep.include({ state: 'closed' })
  })

  it('leaves the peer’s state alone when this node itself fails', async () => {
    await open()
    network.disturb('tinh', undefined)
    network.advance(60_000)
    const [row] = await tinh.rows('select id, attempt, envelope_sha256 from branches limit 1')
    await tinh.rows('update envelopes set bytes = null where sha256 = $1', [row?.envelope_sha256])
    const branch = { branch: String(row?.id), attempt: Number(row?.attempt) }
    const error: unknown = await sendBranch(tinh.deps, branch).catch((caught: unknown) => caught)
    expect(String(error)).to.match(/lost its envelope/)
    expect(await breaker()).to.deep.include({ state: 'open', failures: 5 })
  })
})
