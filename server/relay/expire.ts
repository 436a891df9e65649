import { CongvanError } from '../errors.ts'
import type { Branch } from './branch-store.ts'
import { makeReceipt } from './make-receipt.ts'
import { passBack } from './pass-back.ts'
import type { RelayDeps } from './relay-deps.ts'

/** Why a delivery is called expired. */
export interface ExpiryReason {
  readonly code: string
  /** For the sender's people; stands in the receipt. */
  readonly text?: string
  /** SHA-256 of the receipt that it follows: the RelayFailure of who could not pass it on, or this node's own. */
  readonly previousReceipt: string | null
}

/**
 * The origin's terminal receipt that a delivery has expired. Only to be made once `notAfter` and the allowed difference
 * between clocks are past and the next hop was asked what became of it (`ask-question.ts`): until then a consignment may
 * still come, or have come.
 *
 * Each delivery by itself: one whose terminal receipt comes in at this very moment is left as it is, since sealed
 * evidence wins. A crash before the one transaction leaves the delivery as it was; its question is asked again.
 *
 * @returns whether it is expired now; false when it has ended otherwise
 */
export async function declareExpiry(
  deps: RelayDeps,
  branch: Branch,
  recipient: string,
  reason: ExpiryReason,
  now: Date,
): Promise<boolean> {
  const sealed = await makeReceipt(
    deps,
    {
      event: 'Expiry',
      reasonCode: reason.code,
      ...(reason.text === undefined ? {} : { reasonText: reason.text }),
      envelopeSha256: branch.envelopeSha256,
      series: branch.series,
      branchId: branch.id,
      recipients: [recipient],
      previousReceiptSha256: reason.previousReceipt,
    },
    now,
  )
  const { context } = deps
  try {
    await context.db.asNode((trx) => passBack(trx, context, [{ kind: 'receipt', sealed }], now, [branch]))
    return true
  } catch (error) {
    if (!(error instanceof CongvanError) || error.code !== 'RELAY_RECEIPT_CONTRADICTS') throw error
    return false
  }
}
