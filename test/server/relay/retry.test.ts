import { expect } from 'chai'
import fc from 'fast-check'
import { errorCodes, errorEntry } from '../../../server/errors.ts'
import {
  delayMs,
  kindOf,
  mayRetry,
  nextAttempt,
  outcomeOfFault,
  relayBackOff,
  type SendOutcome,
  sendOutcomes,
} from '../../../server/relay/retry.ts'

const now = new Date('2025-03-10T02:00:00Z')
const later = (ms: number) => new Date(now.getTime() + ms)

describe('retry', () => {
  it('retries what is transient or unknown and nothing else', () => {
    for (const outcome of Object.keys(sendOutcomes) as SendOutcome[]) {
      const kind = kindOf(outcome)
      expect(mayRetry(outcome), outcome).to.equal(kind === 'transient' || kind === 'unknown')
    }
  })

  it('has an outcome of its own for every fault of the relay', () => {
    const faults = errorCodes().filter((code) => code.startsWith('RELAY_') && errorEntry(code).status < 500)
    expect(faults).to.include('RELAY_COLLISION')
    for (const code of faults) {
      expect(outcomeOfFault(code, errorEntry(code).status), code).not.to.equal('answer-unreadable')
    }
  })

  it('reads a fault that it does not know by its status, and never gives up on it', () => {
    expect(outcomeOfFault('RELAY_OF_TOMORROW', 422)).to.equal('answer-unreadable')
    expect(outcomeOfFault(undefined, 500)).to.equal('peer-defect')
    expect(outcomeOfFault('INTERNAL', 500)).to.equal('peer-defect')
    expect(outcomeOfFault('X', 503)).to.equal('busy')
    expect(outcomeOfFault('PEER_NOT_AUTHENTICATED', 401)).to.equal('not-authenticated')
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 400, max: 599 }), (code, status) => {
        if (!errorCodes().includes(code as never))
          expect(mayRetry(outcomeOfFault(code, status))).to.equal(true)
      }),
    )
  })

  it('doubles the delay from one second to five minutes', () => {
    const delays = [1, 2, 3, 9, 10, 1000].map((attempts) => delayMs(attempts, 0.999999))
    expect(delays).to.deep.equal([1000, 2000, 4000, 256_000, 300_000, 300_000])
    expect(delayMs(1, 0)).to.equal(500)
  })

  it('never tries after the deadline, tries once at it, and then gives up', () => {
    const deadline = later(10_000)
    expect(nextAttempt(20, now, deadline, 0)).to.deep.equal(deadline)
    expect(nextAttempt(20, deadline, deadline, 0)).to.equal(null)
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 99 }),
        fc.nat(600_000),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (n, ms, r) => {
          const next = nextAttempt(n, now, later(ms), r)
          if (ms === 0) expect(next).to.equal(null)
          else {
            expect(next?.getTime()).to.be.within(now.getTime() + 1, later(ms).getTime())
            expect(Number(next) - Number(now)).to.be.at.most(relayBackOff.longestDelayMs)
          }
        },
      ),
    )
  })
})
