import { CongvanError } from '../errors.ts'
import { makeReceipt } from './make-receipt.ts'
import { passBack } from './pass-back.ts'
import { type FailedDelivery, failedDeliveries, type SealedReceipt } from './receipt-store.ts'
import type { RelayDeps } from './relay-deps.ts'

/**
 * The origin's receipt that a delivery, which a node further on could not pass on, has expired. Only to be made once
 * `notAfter` and the allowed difference between clocks are past: until then a consignment may still come.
 */
export function makeExpiry(deps: RelayDeps, failure: FailedDelivery, now: Date): Promise<SealedReceipt> {
  const facts = {
    event: 'Expiry' as const,
    ...(failure.reason === null ? {} : { reasonCode: failure.reason }),
    envelopeSha256: failure.envelopeSha256,
    series: failure.series,
    branchId: failure.branchId,
    recipients: [failure.recipient],
    previousReceiptSha256: failure.sha256,
  }
  return makeReceipt(deps, facts, now)
}

/** How many deliveries one search declares expired; the next one goes on. */
const AT_A_TIME = 200

/**
 * Declares expired what was sent from here, what a node further on has failed to pass on, and whose time is past now.
 * Each delivery by itself: one whose terminal receipt comes in at this very moment is left as it is.
 */
export async function declareExpiries(deps: RelayDeps): Promise<void> {
  const { context } = deps
  const now = context.clock()
  const before = new Date(now.getTime() - context.limits.clockSkewSeconds * 1000)
  const failed = await context.db.asNode((trx) => failedDeliveries(trx, before, AT_A_TIME))
  for (const failure of failed) {
    const sealed = await makeExpiry(deps, failure, now)
    try {
      await context.db.asNode((trx) => passBack(trx, context, [{ kind: 'receipt', sealed }], now))
    } catch (error) {
      if (!(error instanceof CongvanError) || error.code !== 'RELAY_RECEIPT_CONTRADICTS') throw error
    }
  }
}
