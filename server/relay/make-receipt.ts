import { type Receipt, sealReceipt } from '../edxml/receipt.ts'
import type { SealedReceipt } from './receipt-store.ts'
import type { RelayDeps } from './relay-deps.ts'

/** What a receipt of this node says beside node and time. */
export type ReceiptFacts = Omit<Receipt, 'issuingNode' | 'time'>

/**
 * Makes a receipt of this node. Outside any transaction: it calls the key. Two receipts of the same facts have
 * different bytes; which one counts is decided by the transaction that stores one of them.
 *
 * @param time when the event happened
 * @param sealedAt when it is sealed, if later
 */
export async function makeReceipt(
  deps: RelayDeps,
  facts: ReceiptFacts,
  time: Date,
  sealedAt: Date = time,
): Promise<SealedReceipt> {
  const receipt: Receipt = { ...facts, issuingNode: deps.context.nodeId, time }
  const { xml, sha256 } = await sealReceipt(receipt, { key: deps.key, sealedAt })
  return { receipt, xml, sha256 }
}
