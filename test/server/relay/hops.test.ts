import { expect } from 'chai'
import fc from 'fast-check'
import { type ChainedReceipt, hopsOf } from '../../../server/relay/hops.ts'

const at = (second: number) => new Date(Date.UTC(2025, 2, 10, 2, 0, second))
const chain: ChainedReceipt[] = [
  { messageSha256: 'a', code: 'SubmissionAcceptance', node: 'xa', previousReceipt: null, occurredAt: at(9) },
  { messageSha256: 'b', code: 'RelayAcceptance', node: 'huyen', previousReceipt: 'a', occurredAt: at(1) },
  { messageSha256: 'c', code: 'RelayAcceptance', node: 'tinh', previousReceipt: 'b', occurredAt: at(2) },
  { messageSha256: 'd', code: 'ContentConsignment', node: 'tw', previousReceipt: 'c', occurredAt: at(0) },
  { messageSha256: 'e', code: 'ContentHandover', node: 'tw', previousReceipt: 'd', occurredAt: at(5) },
]
const ways = (receipts: ChainedReceipt[]) => hopsOf(receipts).map((hop) => [hop.from, hop.to, hop.receipt])

describe('hops', () => {
  it('follow the chain of hashes, not the clocks of the nodes nor the order of arrival', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(chain, { minLength: chain.length }), (receipts) => {
        expect(ways(receipts)).to.deep.equal([
          ['xa', 'huyen', 'b'],
          ['huyen', 'tinh', 'c'],
          ['tinh', 'tw', 'd'],
        ])
      }),
    )
  })

  it('leave open where a receipt that has not come back yet is missing', () => {
    expect(ways(chain.filter((one) => one.messageSha256 !== 'b'))).to.deep.equal([
      [null, 'tinh', 'c'],
      ['tinh', 'tw', 'd'],
    ])
  })

  it('are none on the sender’s own node', () => {
    expect(
      ways([
        chain[0] as ChainedReceipt,
        {
          messageSha256: 'z',
          code: 'ContentConsignment',
          node: 'xa',
          previousReceipt: 'a',
          occurredAt: at(1),
        },
      ]),
    ).to.deep.equal([])
  })

  it('survive receipts that name each other', () => {
    const round = [
      { messageSha256: 'p', code: 'RelayAcceptance', node: 'x', previousReceipt: 'q', occurredAt: at(1) },
      { messageSha256: 'q', code: 'RelayAcceptance', node: 'y', previousReceipt: 'p', occurredAt: at(2) },
    ]
    expect(ways(round)).to.have.length(2)
  })
})
