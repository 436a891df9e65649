import { expect } from 'chai'
import { findPeer } from '../../../server/directory/peer-store.ts'
import { peerProblemOf } from '../../../server/http/peer-client.ts'
import type { DispatchResult } from '../../../server/relay/dispatch.ts'
import { type QuestionAnswer, questionAnswer } from '../../../server/relay/protocol.ts'
import { recoverLostJobs } from '../../../server/relay/recover.ts'
import { trackDelivery } from '../../../server/relay/track.ts'
import { type Fault, runJob } from './network.ts'
import { deliveriesAt, historyAt, type Network, openTree, send } from './tree.ts'

const HOUR = 3_600_000
const FAR = 'H40.12.3'

/** The way of every delivery here: tw, where it begins, then tinh, then xa. */
describe('relay: what became of a delivery is asked before it is called expired', () => {
  let network: Network
  beforeEach(async () => {
    network = await openTree()
  })
  afterEach(() => network?.close())

  /** Everything that a node asks for at a path fails. */
  const cut =
    (path: string): Fault =>
    (url, init, forward) => {
      if (new URL(url).pathname === path) throw new TypeError('the line was cut')
      return forward(url, init)
    }

  /** As the periodic search and the workers do. */
  async function round(ms = 0): Promise<void> {
    network.advance(ms)
    for (const id of ['tw', 'tinh', 'xa']) await recoverLostJobs(network.node(id).deps)
    await network.settle()
  }

  const endOf = async (sent: DispatchResult) => {
    const { node, clerk } = network.agency('G22')
    const tracked = await trackDelivery(node.context, clerk, sent.deliveries[0]?.id ?? '')
    return {
      state: tracked.state,
      events: tracked.receipts.map((one) => `${one.event} ${one.node} ${one.reason ?? '-'}`),
      terminal: tracked.terminal,
    }
  }

  /** Lets time pass in steps in which the periodic search and the workers go on. */
  async function pass(hours: number, step = 6): Promise<void> {
    for (let passed = 0; passed < hours; passed += step) await round(step * HOUR)
  }

  /** A delivery that arrived at xa, and whose receipt got lost on its way back from tinh. */
  async function loseReceipt(): Promise<DispatchResult> {
    const sent = await send(network, 'G22', [FAR])
    network.disturb('tinh', cut('/relay/v1/messages'))
    await network.settle()
    await network.node('tinh').rows('delete from returns')
    network.disturb('tinh', undefined)
    return sent
  }

  /** An old backup: tinh has given the delivery on, and knows of no receipt for it. */
  async function forgetAtTinh(): Promise<void> {
    const tinh = network.node('tinh')
    await tinh.rows('delete from receipt_recipients where terminal')
    await tinh.rows(`delete from receipts where event = 'ContentConsignment'`)
  }

  it('finds a receipt that got lost between the next hop and here: it arrived, and never expires', async () => {
    const sent = await loseReceipt()
    expect((await endOf(sent)).state).to.equal('relayed')
    await round(24 * HOUR + 119_000)
    expect((await endOf(sent)).state, 'within the difference of clocks nobody is asked').to.equal('relayed')
    await round(2_000)
    const end = await endOf(sent)
    expect(end.state).to.equal('arrived')
    expect(end.events).to.deep.equal([
      'SubmissionAcceptance tw -',
      'RelayAcceptance tinh -',
      'ContentConsignment xa -',
    ])
    await round(100 * HOUR)
    expect((await endOf(sent)).events).to.deep.equal(end.events)
    expect(await network.node('tw').rows('select state, outcome from branch_questions')).to.deep.equal([
      { state: 'done', outcome: 'answered' },
    ])
  })

  it('asks on down the way: the node in between learns it from the last, and the origin from both', async () => {
    const sent = await loseReceipt()
    await forgetAtTinh()
    await round(24 * HOUR + 121_000)
    await round(5_000)
    const end = await endOf(sent)
    expect(end.state).to.equal('arrived')
    expect(end.events.at(-1)).to.equal('ContentConsignment xa -')
    const [stored] = await network
      .node('tinh')
      .rows(`select node from receipts where event = 'ContentConsignment'`)
    expect(stored).to.deep.equal({ node: 'xa' })
  })

  it('calls expired what was really not delivered, after the node that could not pass it on has said so', async () => {
    network.disturb('tinh', cut('/relay/v1/offers/with-files'))
    const sent = await send(network, 'G22', [FAR])
    await network.settle()
    const asked: string[] = []
    network.disturb('tw', (url, init, forward) => {
      asked.push(new URL(url).pathname)
      return forward(url, init)
    })
    await pass(26, 2)
    const end = await endOf(sent)
    expect(end.events).to.deep.equal([
      'SubmissionAcceptance tw -',
      'RelayAcceptance tinh -',
      'RelayFailure tinh RELAY_EXPIRED',
      'Expiry tw RELAY_EXPIRED',
    ])
    expect(new Set(asked)).to.deep.equal(new Set(['/relay/v1/questions']))
    const [chain] = await network
      .node('tw')
      .rows(
        `select p.event from receipts r join receipts p on p.sha256 = r.previous_receipt where r.event = 'Expiry'`,
      )
    expect(chain).to.deep.equal({ event: 'RelayFailure' })
  })

  it('brings the sealed failure itself when that got lost on its way back', async () => {
    network.disturb('tinh', (url, init, forward) => {
      if (/offers|messages/.test(url)) throw new TypeError('the line was cut')
      return forward(url, init)
    })
    const sent = await send(network, 'G22', [FAR])
    await network.settle()
    network.advance(24 * HOUR + 121_000)
    await network.settle()
    await network.node('tinh').rows('delete from returns')
    await round()
    expect((await endOf(sent)).events.slice(-2)).to.deep.equal([
      'RelayFailure tinh RELAY_EXPIRED',
      'Expiry tw RELAY_EXPIRED',
    ])
  })

  for (const [urgency, hours] of [
    [0, 72],
    [3, 24],
  ] as const) {
    it(`postpones it while the next hop is away, for urgency ${urgency} by ${hours} hours, and says then that nobody said`, async () => {
      const sent = await loseReceipt()
      await network.node('tw').rows('update branches set urgency = $1', [urgency])
      network.disturb('tw', () => Promise.reject(new TypeError('the line was cut')))
      await round(24 * HOUR + 121_000)
      await pass(hours - 6)
      await round(6 * HOUR - 1_000)
      expect((await endOf(sent)).state).to.equal('relayed')
      await round(1_000)
      await round(1_000)
      const { state, events, terminal } = await endOf(sent)
      expect([state, events.at(-1)]).to.deep.equal(['expired', 'Expiry tw RELAY_PATH_NOT_ASKED'])
      expect(terminal?.reasonText).to.match(/nút tinh chưa cho biết.*the node tinh has not said/)
      network.disturb('tw', undefined)
      await round(HOUR)
      expect(await deliveriesAt(network)).to.deep.equal([`${FAR} expired`])
    })
  }

  it('names the node further on that has not said, when the next hop itself answers', async () => {
    const sent = await loseReceipt()
    await forgetAtTinh()
    network.disturb('tinh', () => Promise.reject(new TypeError('the line was cut')))
    await pass(102)
    const { terminal } = await endOf(sent)
    expect(terminal).to.include({ event: 'Expiry', reason: 'RELAY_PATH_NOT_ASKED' })
    expect(terminal?.reasonText).to.match(/the node xa has not said/)
  })

  it('counts a peer of an earlier version as one that cannot be asked, and leaves it in peace otherwise', async () => {
    const sent = await loseReceipt()
    const { deps } = network.node('tw')
    const { peers } = deps
    let asked = 0
    // Another path that nobody serves: the fault is signed, as an earlier version signs it.
    Object.assign(deps, {
      peers: {
        request: (...[peer, call]: Parameters<typeof peers.request>) => {
          if (call.path !== '/relay/v1/questions') return peers.request(peer, call)
          asked += 1
          return peers.request(peer, { ...call, path: '/relay/v1/khong-co' })
        },
      },
    })
    await pass(96)
    expect((await endOf(sent)).state).to.equal('relayed')
    await pass(12)
    expect((await endOf(sent)).terminal?.reason).to.equal('RELAY_PATH_NOT_ASKED')
    expect(asked).to.be.greaterThan(5)
    expect(
      await network.node('tw').rows(`select 1 from peer_breakers where state <> 'closed'`),
    ).to.deep.equal([])
  })

  it('believes no plain "never" of a peer that took the delivery by its own receipt', async () => {
    const sent = await loseReceipt()
    const { deps } = network.node('tw')
    const { peers } = deps
    Object.assign(deps, {
      peers: {
        request: async (...[peer, call]: Parameters<typeof peers.request>) => {
          const answer = await peers.request(peer, call)
          if (call.path !== '/relay/v1/questions') return answer
          const lie = { deliveries: [{ recipient: FAR, state: 'never', waitsFor: null }], receipts: [] }
          return { ...answer, body: Buffer.from(JSON.stringify(lie)) }
        },
      },
    })
    await round(24 * HOUR + 121_000)
    await round(HOUR)
    expect((await endOf(sent)).state).to.equal('relayed')
    Object.assign(deps, { peers })
    await round(HOUR)
    expect((await endOf(sent)).state).to.equal('arrived')
  })

  it('ends what a peer was asked to commit and never answered, as late as anything else', async () => {
    const sent = await send(network, 'G22', [FAR])
    network.disturb('tw', async (url, init, forward) => {
      if (!url.endsWith('/commit')) return forward(url, init)
      network.disturb('tw', () => Promise.reject(new TypeError('the line was cut')))
      throw new TypeError('the line was cut')
    })
    await network.node('tw').runJobs()
    expect(await network.node('tw').rows('select state from branches')).to.deep.equal([
      { state: 'committing' },
    ])
    await pass(96)
    expect((await endOf(sent)).state).to.equal('queued')
    await pass(12)
    const { state, terminal } = await endOf(sent)
    expect([state, terminal?.reason]).to.deep.equal(['expired', 'RELAY_PATH_NOT_ASKED'])
    expect(await network.node('tw').rows('select state, outcome from branches')).to.deep.equal([
      { state: 'failed', outcome: 'expired' },
    ])
  })

  describe('the question itself', () => {
    async function ask(from: string, of: string, question: object): Promise<QuestionAnswer> {
      const { context, deps } = network.node(from)
      const peer = await context.db.asNode((trx) => findPeer(trx, of, network.now()))
      if (peer === undefined) throw new Error('no peer')
      const body = Buffer.from(JSON.stringify(question))
      const answer = await deps.peers.request(peer, { method: 'POST', path: '/relay/v1/questions', body })
      return questionAnswer.parse(JSON.parse(Buffer.from(answer.body).toString()))
    }

    async function aboutFar(sent: DispatchResult) {
      const [branch] = await network.node('tw').rows('select id, series from branches')
      return {
        branch: String(branch?.id),
        series: Number(branch?.series),
        envelopeSha256: sent.envelope,
        recipients: [FAR],
      }
    }

    const faultOf = (asked: Promise<unknown>) =>
      asked.then(
        () => 'answered',
        (error: unknown) => peerProblemOf(error)?.code,
      )

    it('is answered to who gave the delivery, and to nobody else: as if there were none', async () => {
      const sent = await send(network, 'G22', [FAR])
      await network.settle()
      const question = await aboutFar(sent)
      const { deliveries, receipts } = await ask('tw', 'tinh', question)
      expect(deliveries).to.deep.equal([{ recipient: FAR, state: 'ended', waitsFor: null }])
      expect(receipts).to.have.length(1)
      const unknown = await faultOf(ask('xa', 'tinh', { ...question, branch: crypto.randomUUID() }))
      expect(unknown).to.equal('RELAY_OFFER_UNKNOWN')
      for (const stranger of ['xa', 'xb']) {
        expect(await faultOf(ask(stranger, 'tinh', question)), stranger).to.equal(unknown)
      }
      for (const other of [
        { recipients: ['H40.12.5'] },
        { recipients: [FAR, 'H40.12.5'] },
        { envelopeSha256: '0'.repeat(64) },
        { series: 2 },
      ]) {
        expect(await faultOf(ask('tw', 'tinh', { ...question, ...other }))).to.equal(unknown)
      }
    })

    it('changes nothing before the time is past, nor when it is put twice', async () => {
      network.disturb('tinh', cut('/relay/v1/messages'))
      const sent = await send(network, 'G22', [FAR])
      await network.node('tw').runJobs()
      const question = await aboutFar(sent)
      const open = { recipient: FAR, state: 'open' }
      expect((await ask('tw', 'tinh', question)).deliveries).to.deep.equal([{ ...open, waitsFor: 'tinh' }])
      await network.settle()
      const tinh = network.node('tinh')
      await tinh.rows(`delete from receipt_recipients where terminal`)
      for (let times = 0; times < 2; times += 1) {
        expect((await ask('tw', 'tinh', question)).deliveries).to.deep.equal([{ ...open, waitsFor: 'xa' }])
      }
      expect(await tinh.rows('select 1 from branch_questions')).to.deep.equal([])
      network.advance(24 * HOUR + 1_000)
      for (let times = 0; times < 2; times += 1) {
        expect((await ask('tw', 'tinh', question)).deliveries).to.deep.equal([{ ...open, waitsFor: 'xa' }])
      }
      expect(await tinh.rows('select peer, state from branch_questions')).to.deep.equal([
        { peer: 'xa', state: 'queued' },
      ])
    })

    it('about an offer that was never committed closes it for good, once its time is past', async () => {
      network.disturb('tw', cut('/relay/v1/nothing'))
      const sent = await send(network, 'G22', [FAR])
      network.disturb('tw', (url, init, forward) => {
        if (url.endsWith('/commit')) throw new TypeError('the line was cut')
        return forward(url, init)
      })
      await network.node('tw').runJobs()
      const question = await aboutFar(sent)
      const open = [{ recipient: FAR, state: 'open', waitsFor: 'tinh' }]
      network.disturb('tw', undefined)
      expect((await ask('tw', 'tinh', question)).deliveries).to.deep.equal(open)
      network.advance(24 * HOUR + 1_000)
      expect(await faultOf(ask('tw', 'tinh', question))).to.equal('RELAY_EXPIRED')
      const [offer] = await network.node('tinh').rows(`select refusal ->> 'code' as code from offers`)
      expect(offer).to.deep.equal({ code: 'RELAY_EXPIRED' })
    })

    for (const mode of ['before', 'after'] as const) {
      it(`asked with the answer lost, and with any transaction of the origin broken ${mode} its commit, ends it once`, async () => {
        for (let at = 1, burnt = true; burnt; at += 1) {
          const sent = await send(network, 'G22', [FAR])
          const tw = network.node('tw')
          let lost = at % 2 === 0
          network.disturb('tinh', (url, init, forward) => {
            if (/offers|messages/.test(url)) throw new TypeError('the line was cut')
            return forward(url, init)
          })
          await network.settle()
          network.advance(24 * HOUR + 121_000)
          await network.settle()
          await network.node('tinh').rows('delete from returns')
          network.disturb('tw', async (url, init, forward) => {
            const answer = await forward(url, init)
            if (!lost) return answer
            lost = false
            throw new TypeError('the line was cut')
          })
          Object.assign(tw.fuse, { count: 0, armed: { at, mode } })
          await recoverLostJobs(tw.deps).catch(() => recoverLostJobs(tw.deps))
          for (let left = 1; left > 0; ) {
            for (const job of await tw.takeJobs())
              await runJob(tw.deps, job).catch(() => runJob(tw.deps, job))
            left = (await tw.waitingJobs()).length
            network.advance(10_000)
          }
          burnt = tw.fuse.armed === undefined
          Object.assign(tw.fuse, { armed: undefined })
          expect((await endOf(sent)).state, `broken at ${at}`).to.equal('expired')
          expect(at).to.be.lessThan(20)
        }
        const history = await historyAt(network)
        const sent = await network.node('tw').rows('select 1 from deliveries')
        expect(sent.length).to.be.greaterThan(3)
        expect(history.filter((one) => one === 'receipt:Expiry@tw')).to.have.length(sent.length)
      })
    }
  })
})
