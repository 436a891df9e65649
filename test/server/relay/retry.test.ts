import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import { errorCodes } from '../../../server/errors.ts'
import {
  delayMs,
  isNamedFault,
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

  it('names an outcome for every fault that an endpoint of the relay can answer with', () => {
    // What the modules behind the endpoints throw, read from their text.
    const folder = new URL('../../../server/', import.meta.url)
    const seen = new Set<string>()
    const codes = new Set<string>(errorCodes().filter((code) => code.startsWith('RELAY_')))
    const visit = (module: URL): void => {
      const inside = module.href.slice(folder.href.length)
      if (seen.has(module.href) || !/^(relay|http|files)\/|^db\.ts$|^operations\/ping-route/.test(inside))
        return
      seen.add(module.href)
      const text = readFileSync(module, 'utf8')
      for (const [, code] of text.matchAll(/new CongvanError\(\s*'([A-Z_]+)'/g)) codes.add(String(code))
      for (const [, path] of text.matchAll(/from '(\.[^']+)'/g)) visit(new URL(String(path), module))
    }
    visit(new URL('relay/peer-relay-routes.ts', folder))
    visit(new URL('http/peer-routes.ts', folder))
    visit(new URL('operations/ping-route.ts', folder))
    expect(codes).to.include('RELAY_OFFERS_TOO_MANY').and.to.include('STORAGE_FULL')
    expect(codes).to.include('PING_REJECTED').and.to.include('TOO_MANY_REQUESTS')
    // What a node says of another's answer, and of its own clerks' and operators' requests, no endpoint tells a peer.
    const others = /^(PEER_FAULT|PEER_ANSWER_NOT_AUTHENTIC|RELAY_ANSWER_UNREADABLE|IDEMPOTENCY_\w+)$/
    const unnamed = [...codes].filter((code) => !others.test(code) && !isNamedFault(code))
    expect(unnamed).to.deep.equal([])
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
