import { expect } from 'chai'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import { delayMs } from '../../../server/relay/retry.ts'
import {
  defaultHoursToLive,
  hoursToAsk,
  type Urgency,
  urgencyClass,
  urgencyClasses,
  urgencyOf,
} from '../../../server/relay/urgency.ts'
import { startRelayWorkers } from '../../../server/relay/workers.ts'
import { issueDocument, offerIn, openNetwork } from './network.ts'

describe('relay: urgency', () => {
  const levels: readonly Urgency[] = [0, 1, 2, 3]

  it('knows the three levels of the law and none, reads 4 as hỏa tốc and anything else as none', () => {
    expect([0, 1, 2, 3, 4, 5, 9, undefined].map(urgencyOf)).to.deep.equal([0, 1, 2, 3, 3, 0, 0, 0])
  })

  it('goes first in the queue, is tried again sooner and tells its sender sooner, the more urgent it is', () => {
    for (const level of levels.slice(1)) {
      const [less, more] = [urgencyClasses[(level - 1) as Urgency], urgencyClasses[level]]
      expect(more.priority).to.be.greaterThan(less.priority)
      expect(more.backOff.longestDelayMs).to.be.lessThan(less.backOff.longestDelayMs)
      expect(more.hoursToLive).to.be.lessThan(less.hoursToLive)
    }
    const longest = levels.map((level) => delayMs(1_000, 0.999_999_9, urgencyClass(level).backOff))
    expect(longest).to.deep.equal([300_000, 120_000, 60_000, 30_000])
  })

  it('never lets a document travel longer than the node allows', () => {
    expect(levels.map((level) => defaultHoursToLive(level, 24 * 90))).to.deep.equal([168, 72, 48, 24])
    expect(levels.map((level) => defaultHoursToLive(level, 30))).to.deep.equal([30, 30, 30, 24])
  })

  it('brings an urgent document past a full queue of ordinary ones', async function () {
    this.timeout(60_000)
    const network = await openNetwork(
      [
        { id: 'tinh', parent: null, agencies: [{ code: 'H40', name: 'Ủy ban nhân dân tỉnh thử nghiệm' }] },
        { id: 'xa', parent: 'tinh', agencies: [{ code: 'H40.12', name: 'Ủy ban nhân dân xã thử nghiệm' }] },
      ],
      { deliveryHours: 24 * 7 },
    )
    try {
      const xa = network.node('xa')
      const send = async (urgency: number) => {
        const { id } = await issueDocument(network, 'H40.12', undefined, urgency)
        const sent = await dispatchDocument(xa.deps, network.agency('H40.12').clerk, {
          documentId: id,
          recipients: ['H40'],
        })
        const hours = (new Date(sent.notAfter).getTime() - network.now().getTime()) / 3_600_000
        return { envelope: sent.envelope, hours }
      }
      for (let count = 0; count < 12; count += 1) await send(0)
      const urgent = []
      for (const level of [1, 2, 3]) urgent.push(await send(level))
      expect(urgent.map((one) => one.hours)).to.deep.equal([72, 48, 24])
      const order: string[] = []
      let last: () => void = () => {}
      const all = new Promise<void>((resolve) => {
        last = resolve
      })
      network.disturb('xa', async (url, init, forward) => {
        const offer = offerIn(url, init)
        if (offer !== undefined) {
          const [row] = await xa.rows('select envelope_sha256, urgency from branches where id = $1', [
            offer.branch,
          ])
          order.push(String(row?.urgency))
          if (order.length === 15) last()
        }
        return forward(url, init)
      })
      // One hand only, so that the order in which it takes them is the queue's.
      const workers = await startRelayWorkers(xa.deps, { concurrency: 1 })
      await all
      await workers.stop()
      expect(order.join('')).to.equal('321000000000000')
      const tinh = network.node('tinh')
      const received = await tinh.rows('select urgency from branches order by urgency desc limit 3')
      expect(received.map((row) => row.urgency)).to.deep.equal([3, 2, 1])
    } finally {
      await network.close()
    }
  })

  it('lets the nodes on the way be asked for as long as a document of its class travels, and no longer than is set', () => {
    expect([0, 1, 2, 3, 4].map((one) => hoursToAsk(one, 72))).to.deep.equal([72, 72, 48, 24, 24])
    expect([0, 3].map((one) => hoursToAsk(one, 720))).to.deep.equal([168, 24])
    expect(hoursToAsk(2, 1)).to.equal(1)
  })
})
