import { expect } from 'chai'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import { peerSlots } from '../../../server/relay/peer-slots.ts'
import { sendBranch } from '../../../server/relay/send.ts'
import { startRelayWorkers } from '../../../server/relay/workers.ts'
import { issueDocument, type Network, openNetwork } from './network.ts'

describe('relay: what a process has in hand of one peer', () => {
  it('is bounded for each peer by itself', async () => {
    let now = 0
    const slots = peerSlots({ perPeer: 2, monotonicMs: () => now })
    const first = await slots.enter('slow')
    await slots.enter('slow')
    now = 1_001
    expect(await slots.enter('slow'), 'milliseconds to put it off').to.equal(1_000)
    expect(await slots.enter('quick')).to.be.a('function')
    if (typeof first === 'number') throw new Error('no place')
    first()
    first()
    expect(await slots.enter('slow'), 'a place given back twice is one place').to.be.a('function')
    expect(await slots.enter('slow')).to.be.a('number')
  })

  it('goes on at once from item to item of a quick peer', async () => {
    const slots = peerSlots({ perPeer: 1, monotonicMs: () => 0 })
    const first = await slots.enter('quick')
    const second = slots.enter('quick')
    if (typeof first === 'number') throw new Error('no place')
    first()
    expect(await second).to.be.a('function')
  })

  it('puts off for longer what stands in a long line, and not for ever', async () => {
    let now = 0
    const slots = peerSlots({ perPeer: 1, monotonicMs: () => now })
    await slots.enter('slow')
    now = 5_000
    const delays: unknown[] = []
    for (let count = 0; count < 1_000; count += 1) delays.push(await slots.enter('slow'))
    expect([delays[0], delays[19], delays[999]]).to.deep.equal([1_000, 2_000, 15_000])
  })
})

describe('relay: a child that takes the connection and never answers', () => {
  let network: Network
  before(async () => {
    network = await openNetwork([
      { id: 'tinh', parent: null, agencies: [{ code: 'H40', name: 'Ủy ban nhân dân tỉnh thử nghiệm' }] },
      { id: 'treo', parent: 'tinh', agencies: [{ code: 'H40.1', name: 'Ủy ban nhân dân xã treo' }] },
      { id: 'nhanh', parent: 'tinh', agencies: [{ code: 'H40.2', name: 'Ủy ban nhân dân xã nhanh' }] },
    ])
  })
  after(() => network?.close())

  it('leaves hands free for the other, and its own documents wait without a mark', async () => {
    const tinh = network.node('tinh')
    const { clerk } = network.agency('H40')
    let hangUp: (error: Error) => void = () => {}
    const silence = new Promise<Response>((_resolve, reject) => {
      hangUp = reject
    })
    let asked = 0
    let bothAsked = () => {}
    const inHands = new Promise<void>((resolve) => {
      bothAsked = resolve
    })
    const hanging = network.node('treo').context.publicUrl
    network.disturb('tinh', (url, init, forward) => {
      if (new URL(url).origin !== hanging) return forward(url, init)
      asked += 1
      if (asked === 2) bothAsked()
      return silence
    })
    const sent: string[] = []
    for (const code of ['H40.1', 'H40.1', 'H40.1', 'H40.1', 'H40.2', 'H40.2']) {
      const { id } = await issueDocument(network, 'H40')
      sent.push((await dispatchDocument(tinh.deps, clerk, { documentId: id, recipients: [code] })).envelope)
    }
    let now = 0
    const slots = peerSlots({ perPeer: 2, monotonicMs: () => now })
    const jobs = (await tinh.takeJobs()).map((one) => ({
      branch: String(one.data.branch),
      attempt: Number(one.data.attempt),
    }))
    const running = jobs.slice(0, 2).map((job) => sendBranch(tinh.deps, job, { slots }))
    await inHands
    now = 1_001
    for (const job of jobs.slice(2)) await sendBranch(tinh.deps, job, { slots })
    const rows = await tinh.rows(
      `select b.state, b.outcome, b.failures, b.attempt from unnest($1::text[]) with ordinality as s (sha256, at)
       join branches b on b.envelope_sha256 = s.sha256 order by s.at`,
      [sent],
    )
    const waiting = { state: 'queued', outcome: 'peer-slow', failures: 0, attempt: 1 }
    const inHand = { state: 'queued', outcome: null, failures: 0, attempt: 0 }
    const done = { state: 'done', outcome: 'committed', failures: 0, attempt: 0 }
    expect(rows).to.deep.equal([inHand, inHand, waiting, waiting, done, done])
    hangUp(new TypeError('no line'))
    await Promise.all(running)
  })

  it('delays nothing for the other, however much waits for it in front', async function () {
    this.timeout(180_000)
    const tinh = network.node('tinh')
    const { clerk } = network.agency('H40')
    await tinh.rows('delete from peer_breakers')
    let hangUp: (error: Error) => void = () => {}
    const silence = new Promise<Response>((_resolve, reject) => {
      hangUp = reject
    })
    let committed = 0
    let allThere = () => {}
    const there = new Promise<void>((resolve) => {
      allThere = resolve
    })
    const hanging = network.node('treo').context.publicUrl
    network.disturb('tinh', async (url, init, forward) => {
      if (new URL(url).origin === hanging) return silence
      const answer = await forward(url, init)
      if (url.endsWith('/commit')) committed += 1
      if (committed === 4) allThere()
      return answer
    })
    for (const code of [...Array(12).fill('H40.1'), ...Array(4).fill('H40.2')]) {
      const { id } = await issueDocument(network, 'H40')
      await dispatchDocument(tinh.deps, clerk, { documentId: id, recipients: [code] })
    }
    const workers = await startRelayWorkers(tinh.deps, { concurrency: 4 })
    // The other never answers: nothing but hands that are free brings these.
    await there
    hangUp(new TypeError('no line'))
    await workers.stop()
  })
})
