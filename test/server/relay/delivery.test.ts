import { expect } from 'chai'
import fc from 'fast-check'
import { type ReceiptEvent, receiptEvents } from '../../../server/edxml/receipt.ts'
import {
  applyEvent,
  type DeliveryEvent,
  type DeliveryProgress,
  deliveryState,
  handlingStates,
  isSettled,
  isTerminalEvent,
  newDelivery,
} from '../../../server/relay/delivery.ts'

const receipt = (code: ReceiptEvent): DeliveryEvent => ({ kind: 'receipt', code })
const status = (code: '01' | '02' | '03' | '04' | '05' | '06' | '15'): DeliveryEvent => ({
  kind: 'status',
  code,
})

function run(events: readonly DeliveryEvent[]): DeliveryProgress {
  return events.reduce<DeliveryProgress>((progress, event) => {
    const next = applyEvent(progress, event)
    if (next === 'contradiction') throw new Error(`${event.code} contradicts`)
    return next
  }, newDelivery)
}

const stateAfter = (...events: DeliveryEvent[]) => deliveryState(run(events))

describe('delivery', () => {
  it('goes from queued to completed', () => {
    const way = [
      receipt('SubmissionAcceptance'),
      receipt('RelayAcceptance'),
      receipt('RelayAcceptance'),
      receipt('ContentConsignment'),
      status('03'),
      status('04'),
      status('05'),
      status('06'),
    ]
    const states = way.map((_, index) => stateAfter(...way.slice(0, index + 1)))
    expect(states).to.deep.equal([
      'queued',
      'relayed',
      'relayed',
      'arrived',
      'accepted',
      'assigned',
      'processing',
      'completed',
    ])
  })

  it('keeps a status that overtakes the receipt of the consignment', () => {
    expect(stateAfter(receipt('RelayAcceptance'), status('03'))).to.equal('accepted')
    expect(stateAfter(receipt('RelayAcceptance'), status('03'), receipt('ContentConsignment'))).to.equal(
      'accepted',
    )
  })

  it('ends as refused, undeliverable or expired', () => {
    expect(stateAfter(receipt('ContentConsignment'), status('02'))).to.equal('refused')
    expect(stateAfter(receipt('ContentConsignment'), receipt('ContentHandoverFailure'))).to.equal('refused')
    expect(stateAfter(receipt('RelayAcceptance'), receipt('RelayRejection'))).to.equal('undeliverable')
    expect(stateAfter(receipt('ContentConsignmentFailure'))).to.equal('undeliverable')
    expect(stateAfter(receipt('RelayFailure'), receipt('Expiry'))).to.equal('expired')
  })

  it('calls a second, other terminal receipt a contradiction, and a repeated one nothing', () => {
    const arrived = run([receipt('ContentConsignment')])
    expect(applyEvent(arrived, receipt('Expiry'))).to.equal('contradiction')
    expect(applyEvent(arrived, receipt('RelayRejection'))).to.equal('contradiction')
    expect(applyEvent(arrived, receipt('ContentConsignment'))).to.deep.equal(arrived)
    expect(applyEvent(run([receipt('Expiry')]), receipt('ContentConsignment'))).to.equal('contradiction')
  })

  it('is moved by no message that it does not know a place for', () => {
    expect(stateAfter(receipt('RelayFailure'))).to.equal('queued')
    expect(stateAfter(receipt('ContentConsignment'), status('15'))).to.equal('arrived')
  })

  const statuses = ['01', '02', '03', '04', '05', '06', '15'] as const
  const event: fc.Arbitrary<DeliveryEvent> = fc.oneof(
    fc.constantFrom(...receiptEvents.filter((one) => !isTerminalEvent(one))).map(receipt),
    fc.constantFrom(...statuses).map(status),
  )
  const terminal = fc.constantFrom(...receiptEvents.filter(isTerminalEvent)).map(receipt)

  it('ends in the same state whatever the order of the same messages, also when some come twice', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 8 }), fc.option(terminal), fc.nat(), (events, end, seed) => {
        const all = end === null ? events : [...events, end, end]
        expect(run(shuffled([...all, ...events.slice(0, 2)], seed))).to.deep.equal(run(all))
      }),
    )
  })

  it('never goes back on either axis', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), fc.option(terminal), (events, end) => {
        let before: DeliveryProgress = newDelivery
        for (const one of end === null ? events : [end, ...events]) {
          const after = applyEvent(before, one)
          if (after === 'contradiction') throw new Error(`${one.code} contradicts`)
          expect(handlingStates.indexOf(after.handling)).to.be.at.least(
            handlingStates.indexOf(before.handling),
          )
          if (isSettled(before)) expect(after.transport).to.equal(before.transport)
          if (before.transport === 'relayed') expect(after.transport).not.to.equal('queued')
          before = after
        }
      }),
    )
  })
})

/** A permutation that the seed decides. */
function shuffled<T>(all: readonly T[], seed: number): T[] {
  const left = [...all]
  const result: T[] = []
  for (let at = seed; left.length > 0; at = (at * 1_103_515_245 + 12_345) % 2_147_483_648) {
    result.push(...left.splice(at % left.length, 1))
  }
  return result
}
