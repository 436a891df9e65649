import type { NodeTransaction } from '../db.ts'
import type { Peer } from '../directory/peer-store.ts'
import { CongvanError } from '../errors.ts'
import { unreadable } from './ask-peer.ts'
import type { Branch } from './branch-store.ts'
import { openTrustedReceipts, requireTestimony } from './check-receipt.ts'
import { isTerminalEvent } from './delivery.ts'
import { type SealedReceipt, terminalReceipts } from './receipt-store.ts'
import type { RelayDeps } from './relay-deps.ts'

/**
 * The peer's receipts, each checked, which together speak of every recipient of the branch exactly once and follow
 * this node's own receipt.
 *
 * @throws CongvanError `RELAY_ANSWER_UNREADABLE`
 */
export async function readReceipts(
  deps: RelayDeps,
  branch: Branch,
  peer: Peer,
  answer: { readonly receipts: readonly string[] },
): Promise<SealedReceipt[]> {
  const { context } = deps
  const now = context.clock()
  const xmls = answer.receipts.map((one) => Buffer.from(one, 'base64'))
  const receipts = await openTrustedReceipts(context, xmls, now).catch((error: unknown) => {
    throw isRejection(error) ? unreadable(peer.nodeId, error.message, error) : error
  })
  for (const { receipt } of receipts) {
    if (receipt.issuingNode !== peer.nodeId) throw unreadable(peer.nodeId, `issued by ${receipt.issuingNode}`)
    if (receipt.branchId !== branch.id) throw unreadable(peer.nodeId, `about branch ${receipt.branchId}`)
    if (receipt.previousReceiptSha256 !== branch.previousReceipt) {
      throw unreadable(peer.nodeId, 'it does not follow the receipt of this node')
    }
  }
  await context.db
    .asNode((trx) => requireTestimony(trx, context, receipts, branch, now))
    .catch((error: unknown) => {
      throw isRejection(error) ? unreadable(peer.nodeId, error.message, error) : error
    })
  const named = receipts.flatMap((one) => one.receipt.recipients).sort()
  if (named.join() !== [...branch.recipients].sort().join()) {
    throw unreadable(peer.nodeId, 'the receipts do not name every recipient once')
  }
  return receipts
}

/** What is wrong with a receipt, as against an error of this node's own. */
function isRejection(error: unknown): error is CongvanError {
  return (
    error instanceof CongvanError &&
    ['RELAY_MESSAGE_REJECTED', 'RELAY_DIRECTORY_BEHIND', 'RELAY_TOO_EARLY'].includes(error.code)
  )
}

/**
 * Parts what contradicts the terminal receipt that a delivery has already: a peer that says two things of one
 * delivery must not hold up the others of the branch. The first word stands.
 */
export async function sortReceipts(
  trx: NodeTransaction,
  branch: Branch,
  receipts: readonly SealedReceipt[],
): Promise<{ holding: SealedReceipt[]; contradicting: SealedReceipt[] }> {
  const ended = await terminalReceipts(trx, branch, branch.recipients)
  const contradicts = ({ sha256, receipt }: SealedReceipt) =>
    isTerminalEvent(receipt.event) &&
    receipt.recipients.some((code) => (ended.get(code)?.sha256 ?? sha256) !== sha256)
  return {
    holding: receipts.filter((one) => !contradicts(one)),
    contradicting: receipts.filter(contradicts),
  }
}
