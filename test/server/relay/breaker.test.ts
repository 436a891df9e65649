import { expect } from 'chai'
import fc from 'fast-check'
import {
  admission,
  afterAnswer,
  afterFailure,
  afterNothing,
  afterSignOfLife,
  type Breaker,
  closedBreaker,
  isAboutThePeer,
  probeBackOff,
  probing,
  THRESHOLD,
} from '../../../server/relay/breaker.ts'
import { type SendOutcome, sendOutcomes } from '../../../server/relay/retry.ts'

const start = new Date('2025-03-10T02:00:00Z').getTime()
const failed = (breaker: Breaker, owner?: string, random = 0) =>
  afterFailure(breaker, owner, new Date(start), random)

/** What may happen to a breaker, with the milliseconds since the last event. */
const event = fc.record({
  what: fc.constantFrom('ask', 'fail', 'answer', 'nothing', 'life'),
  mine: fc.boolean(),
  leaseOver: fc.boolean(),
  pause: fc.nat(90_000),
  random: fc.double({ min: 0, max: 0.999, noNaN: true }),
})

describe('circuit breaker', () => {
  it('opens at the fifth failure in a row and at no other number', () => {
    let breaker = closedBreaker
    for (let count = 1; count < THRESHOLD; count += 1) {
      breaker = failed(breaker)
      expect(breaker.state, `${count}`).to.equal('closed')
    }
    expect(failed(afterAnswer()).state, 'an answer between them').to.equal('closed')
    expect(failed(breaker).state).to.equal('open')
  })

  it('waits 5 s before the first probe, twice as long before the next, and a minute at most', () => {
    let breaker = closedBreaker
    for (let count = 1; count < THRESHOLD; count += 1) breaker = failed(breaker)
    const pauses: number[] = []
    for (let probe = 0; probe < 6; probe += 1) {
      breaker = failed(breaker, probe === 0 ? undefined : 'me', 0.999_999_9)
      pauses.push(Number(breaker.probeAt) - start)
      breaker = probing(breaker, 'me')
    }
    expect(pauses).to.deep.equal([5_000, 10_000, 20_000, 40_000, 60_000, 60_000])
  })

  it('counts what is about the peer and nothing about one item', () => {
    const counted = (Object.keys(sendOutcomes) as SendOutcome[]).filter(isAboutThePeer).sort()
    expect(counted).to.deep.equal([
      'answer-lost',
      'answer-unreadable',
      'busy',
      'database-away',
      'not-authenticated',
      'peer-defect',
      'storage-full',
      'unreachable',
    ])
  })

  it('is never stuck, lets one probe through at a time, and closes at any answer, whatever happens before', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let breaker = closedBreaker
        let now = start
        let lastFailure: Date | null = null
        let probes = 0
        for (const one of events) {
          now += one.pause
          const at = new Date(now)
          const owner = breaker.probeOwner !== null && one.mine ? breaker.probeOwner : undefined
          const before = breaker
          if (one.what === 'ask') {
            const leave = admission(breaker, at, one.leaseOver)
            expect(leave.kind === 'go').to.equal(breaker.state === 'closed')
            if (leave.kind === 'wait') expect(Number(leave.until) - now).to.be.within(1, 60_000)
            if (leave.kind !== 'probe') continue
            if (breaker.state === 'half-open') expect(one.leaseOver).to.equal(true)
            probes += 1
            breaker = probing(breaker, `probe ${probes}`)
          } else if (one.what === 'fail') {
            lastFailure = at
            breaker = afterFailure(breaker, owner, at, one.random)
            if (before.state === 'half-open' && owner === undefined) expect(breaker).to.equal(before)
          } else if (one.what === 'answer') {
            breaker = afterAnswer()
            expect(breaker).to.deep.equal(closedBreaker)
          } else if (one.what === 'nothing') {
            breaker = afterNothing(breaker, owner ?? 'nobody', at)
          } else {
            breaker = afterSignOfLife(breaker, lastFailure, at)
          }
          expect(breaker.state === 'open').to.equal(breaker.probeAt !== null)
          expect(breaker.state === 'half-open').to.equal(breaker.probeOwner !== null)
          expect(breaker.state === 'closed').to.equal(breaker.openedAt === null)
          expect(breaker.state === 'closed').to.equal(breaker.failures < THRESHOLD)
          // However it came here, whoever asks after the longest pause and a lease gets through.
          const later = new Date(now + probeBackOff.longestDelayMs)
          expect(admission(breaker, later, true).kind).not.to.equal('wait')
        }
      }),
    )
  })

  it('takes a pause that a clock which jumped wrote for over', () => {
    const open: Breaker = { ...closedBreaker, state: 'open', failures: 5, openedAt: new Date(start) }
    const anHourAhead = { ...open, probeAt: new Date(start + 3_600_000) }
    expect(admission(anHourAhead, new Date(start), false)).to.deep.equal({ kind: 'probe' })
  })

  it('is not brought to probing without end by a peer that asks and does not answer', () => {
    const open: Breaker = {
      ...closedBreaker,
      state: 'open',
      failures: 9,
      openedAt: new Date(start),
      probeAt: new Date(start + 60_000),
    }
    const probeAfter = (ms: number) => afterSignOfLife(open, new Date(start), new Date(start + ms)).probeAt
    expect(probeAfter(4_999)).to.deep.equal(open.probeAt)
    expect(probeAfter(5_000)).to.deep.equal(new Date(start + 5_000))
  })
})
