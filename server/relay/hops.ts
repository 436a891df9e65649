/** The way of a delivery, read from its receipts. Pure. */

/** A receipt as far as the chain needs it. */
export interface ChainedReceipt {
  readonly messageSha256: string
  readonly code: string
  readonly node: string
  readonly previousReceipt: string | null
  readonly occurredAt: Date
}

/** One hand-over from node to node, proven by the receiving node's receipt. */
export interface Hop {
  /** Null while the receipt that this one follows has not come back yet. */
  readonly from: string | null
  readonly to: string
  readonly event: string
  /** SHA-256 of the receipt. */
  readonly receipt: string
  readonly time: Date
}

const handOver = new Set(['RelayAcceptance', 'ContentConsignment', 'ContentConsignmentFailure'])

/**
 * The hops in the order of the chain of hashes, whatever the order in which the receipts came back. A recipient on
 * the sender's own node has none.
 */
export function hopsOf(receipts: readonly ChainedReceipt[]): Hop[] {
  const bySha256 = new Map(receipts.map((one) => [one.messageSha256, one]))
  const depth = (receipt: ChainedReceipt): number => {
    let count = 0
    const seen = new Set<string>()
    for (let at: ChainedReceipt | undefined = receipt; at !== undefined && !seen.has(at.messageSha256); ) {
      seen.add(at.messageSha256)
      count += 1
      at = at.previousReceipt === null ? undefined : bySha256.get(at.previousReceipt)
    }
    return count
  }
  return receipts
    .filter((one) => handOver.has(one.code))
    .map((one) => ({ one, depth: depth(one) }))
    .sort((a, b) => a.depth - b.depth || a.one.occurredAt.getTime() - b.one.occurredAt.getTime())
    .map(({ one }) => ({
      from: one.previousReceipt === null ? null : (bySha256.get(one.previousReceipt)?.node ?? null),
      to: one.node,
      event: one.code,
      receipt: one.messageSha256,
      time: one.occurredAt,
    }))
    .filter((hop) => hop.from !== hop.to)
}
