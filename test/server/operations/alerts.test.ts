import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { type Alert, ageText, alertTexts, evaluateAlerts } from '../../../server/operations/alerts.ts'
import type { NodeFacts, PeerFacts, QueueFacts } from '../../../server/operations/facts.ts'
import { fillText } from '../../../server/operations/fill-text.ts'

const now = new Date('2026-03-02T08:00:00+07:00')
const MINUTE = 60
const HOUR = 3_600
const DAY_MS = 86_400_000

/** A node with nothing to complain of. */
const quiet: NodeFacts = {
  now,
  queues: [],
  peers: [],
  offers: [],
  jobs: [{ queue: 'relay-send', waiting: 900, active: 8, dead: 0 }],
  certificates: [],
  disks: [{ folder: '/srv/congvan', freeBytes: 60e9, sizeBytes: 100e9 }],
  databaseAheadSeconds: 0.2,
  standbys: { wanted: false, connected: 0 },
  logPosition: 1,
}
const settings = { clockSkewSeconds: 120 }
const told = (facts: Partial<NodeFacts>) =>
  evaluateAlerts({ ...quiet, ...facts }, settings).map((one) => `${one.code} ${one.severity} ${one.subject}`)

describe('alerts', () => {
  it('are none for a quiet node, and a node without peers or certificates', () => {
    expect(told({})).to.deep.equal([])
  })

  it('come the earlier the more urgent what waits is: at once is minutes, the same day is hours', () => {
    const waiting = (urgency: number, oldestSeconds: number): QueueFacts => ({
      queue: 'send',
      peer: 'tinh',
      urgency,
      depth: 2,
      oldestSeconds,
    })
    const at = (urgency: number, seconds: number) => told({ queues: [waiting(urgency, seconds)] })
    expect(at(0, 59 * MINUTE)).to.deep.equal([])
    expect(at(0, 60 * MINUTE)).to.deep.equal(['DELIVERY_STUCK warning tinh/0'])
    expect(at(0, 8 * HOUR)).to.deep.equal(['DELIVERY_STUCK error tinh/0'])
    expect(at(1, 20 * MINUTE)).to.deep.equal(['DELIVERY_STUCK warning tinh/1'])
    expect(at(2, 10 * MINUTE)).to.deep.equal(['DELIVERY_STUCK warning tinh/2'])
    expect(at(3, 5 * MINUTE)).to.deep.equal(['DELIVERY_STUCK warning tinh/3'])
    expect(at(3, 30 * MINUTE)).to.deep.equal(['DELIVERY_STUCK error tinh/3'])
    expect(at(4, 30 * MINUTE)).to.deep.equal(['DELIVERY_STUCK error tinh/4'])
    const queues: QueueFacts[] = [
      { queue: 'consign', peer: '', urgency: 3, depth: 1, oldestSeconds: 6 * MINUTE },
      { queue: 'return', peer: 'tw', urgency: 0, depth: 9, oldestSeconds: 2 * HOUR },
      { queue: 'announcement', peer: '', urgency: 0, depth: 1, oldestSeconds: 11 * MINUTE },
    ]
    expect(told({ queues })).to.deep.equal([
      'CONSIGNMENT_STUCK warning here/3',
      'RETURN_STUCK warning tw/0',
      'ANNOUNCEMENT_UNSEALED warning announcements',
    ])
  })

  it('tell of a peer that has been failing for five minutes, but of none that its operator switched off', () => {
    const peer: PeerFacts = {
      peer: 'huyen',
      relation: 'child',
      enabled: true,
      breaker: 'open',
      failingSeconds: 5 * MINUTE,
      lastAnswerAt: null,
      lastRequestAt: null,
      clockAheadSeconds: null,
    }
    expect(told({ peers: [{ ...peer, failingSeconds: 299 }] })).to.deep.equal([])
    expect(told({ peers: [peer] })).to.deep.equal(['PEER_FAILING warning huyen'])
    expect(told({ peers: [{ ...peer, breaker: 'half-open', failingSeconds: HOUR }] })).to.deep.equal([
      'PEER_FAILING error huyen',
    ])
    expect(told({ peers: [{ ...peer, enabled: false, failingSeconds: HOUR }] })).to.deep.equal([])
  })

  it('tell of certificates 60, 14 and 3 days before their end, each time anew, and of the end itself', () => {
    const at = (ms: number, kind: NodeFacts['certificates'][number]['kind'] = 'node-certificate') =>
      told({ certificates: [{ kind, name: 'ab12', endsAt: new Date(now.getTime() + ms) }] })
    const subject = 'node-certificate:ab12'
    expect(at(60 * DAY_MS + 1)).to.deep.equal([])
    expect(at(60 * DAY_MS)).to.deep.equal([`CERTIFICATE_ENDS warning ${subject}/60`])
    expect(at(14 * DAY_MS + 1)).to.deep.equal([`CERTIFICATE_ENDS warning ${subject}/60`])
    expect(at(14 * DAY_MS)).to.deep.equal([`CERTIFICATE_ENDS warning ${subject}/14`])
    expect(at(3 * DAY_MS)).to.deep.equal([`CERTIFICATE_ENDS error ${subject}/3`])
    expect(at(0)).to.deep.equal([`CERTIFICATE_ENDED error ${subject}`])
    expect(at(0, 'trust-anchor')).to.deep.equal(['CERTIFICATE_ENDED warning trust-anchor:ab12'])
    // An agency issues nothing without its certificate; a person whose certificate has ended may have left.
    const of = (kind: 'agency-certificate' | 'individual-certificate', ms: number) => at(ms, kind)
    expect(of('agency-certificate', 14 * DAY_MS)).to.deep.equal([
      'CERTIFICATE_ENDS warning agency-certificate:ab12/14',
    ])
    expect(of('agency-certificate', 0)).to.deep.equal(['CERTIFICATE_ENDED error agency-certificate:ab12'])
    expect(of('individual-certificate', 0)).to.deep.equal([
      'CERTIFICATE_ENDED warning individual-certificate:ab12',
    ])
    // Lists of revocations live for days: one that is good for two more is no news.
    expect(at(2 * DAY_MS, 'crl')).to.deep.equal([])
    expect(at(DAY_MS / 2, 'crl')).to.deep.equal(['CERTIFICATE_ENDS warning crl:ab12'])
  })

  it('tell of clocks that differ by more than half of what peers allow, whichever is ahead', () => {
    expect(told({ databaseAheadSeconds: -60 })).to.deep.equal([])
    expect(told({ databaseAheadSeconds: -61 })).to.deep.equal(['CLOCK_OFF warning PostgreSQL'])
    expect(told({ databaseAheadSeconds: 3_600 })).to.deep.equal(['CLOCK_OFF error PostgreSQL'])
  })

  it('tell of a disk by what is left of it, of a missing standby, of dead jobs and of offers left open', () => {
    const disk = (freeBytes: number, sizeBytes: number) =>
      told({ disks: [{ folder: '/d', freeBytes, sizeBytes }] })
    expect(disk(9e9, 100e9)).to.deep.equal(['DISK_FULL warning /d'])
    expect(disk(1e9, 100e9)).to.deep.equal(['DISK_FULL error /d'])
    // A twentieth of a large disk is plenty, and so is half of a small one.
    expect(disk(40e9, 1_000e9)).to.deep.equal([])
    expect(disk(1e9, 2e9)).to.deep.equal([])
    expect(told({ standbys: { wanted: true, connected: 0 } })).to.deep.equal([
      'STANDBY_MISSING error database',
    ])
    expect(told({ standbys: { wanted: true, connected: 1 } })).to.deep.equal([])
    expect(told({ jobs: [{ queue: 'relay-send', waiting: 0, active: 0, dead: 2 }] })).to.deep.equal([
      'JOBS_DEAD warning relay-send',
    ])
    expect(told({ offers: [{ peer: 'xa', count: 50 }] })).to.deep.equal(['OFFERS_OPEN warning xa'])
  })

  it('leave no gap in any text, in either language', () => {
    const alerts: Alert[] = evaluateAlerts(
      {
        ...quiet,
        queues: (['send', 'consign', 'return', 'announcement'] as const).map((queue) => ({
          queue,
          peer: 'tinh',
          urgency: 0,
          depth: 3,
          oldestSeconds: 9 * HOUR,
        })),
        peers: [
          {
            peer: 'tinh',
            relation: 'child',
            enabled: true,
            breaker: 'open',
            failingSeconds: HOUR,
            lastAnswerAt: null,
            lastRequestAt: null,
            clockAheadSeconds: 500,
          },
        ],
        offers: [{ peer: 'tinh', count: 99 }],
        jobs: [{ queue: 'relay-send', waiting: 0, active: 0, dead: 2 }],
        certificates: [
          { kind: 'node-certificate', name: 'x', endsAt: new Date(now.getTime() + DAY_MS) },
          { kind: 'crl', name: 'y', endsAt: now },
        ],
        disks: [{ folder: '/d', freeBytes: 1, sizeBytes: 100 }],
        standbys: { wanted: true, connected: 0 },
      },
      settings,
    )
    expect(new Set(alerts.map((one) => one.code))).to.deep.equal(new Set(Object.keys(alertTexts)))
    for (const { code, params } of alerts) {
      const { vi, en, remedy } = alertTexts[code]
      for (const text of [vi, en, remedy.vi, remedy.en])
        expect(fillText(text, params), code).not.to.match(/[{}]/)
    }
    expect([30, 600, 30_000, 900_000].map(ageText)).to.deep.equal(['30s', '10m', '8h', '10d'])
  })

  it('that Prometheus passes on ask for metrics that are there', () => {
    const source = ['process-metrics.ts', 'node-metrics.ts', 'metrics-page.ts']
      .map((file) => readFileSync(new URL(`../../../server/operations/${file}`, import.meta.url), 'utf8'))
      .join('')
    const rules = readFileSync(
      new URL('../../../server/operations/prometheus-rules.yml', import.meta.url),
      'utf8',
    )
    const expressions = rules
      .split('\n')
      .filter((line) => !line.trimStart().startsWith('#'))
      .join('\n')
    const asked = [...expressions.matchAll(/\bcongvan_\w+/g)].map(([name]) => name.replace(/_bucket$/, ''))
    expect(asked).to.have.length.greaterThan(4)
    for (const name of asked) expect(source, name).to.contain(`'${name}'`)
  })
})
