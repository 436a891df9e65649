import { randomUUID } from 'node:crypto'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { type Branch, insertBranch, lockBranch, moveRecipients, settleBranch } from './branch-store.ts'
import { lockDeliveries } from './delivery-store.ts'
import { makeReceipt } from './make-receipt.ts'
import { addToHistory } from './pass-back.ts'
import { insertReceipt, type SealedReceipt } from './receipt-store.ts'
import type { RelayDeps } from './relay-deps.ts'
import { putBranchJob } from './relay-jobs.ts'

/** The reason code of the terminal receipt of a delivery that its sender cancelled before it left. */
export const SENDER_CANCELLED = 'SENDER_CANCELLED'

/** A branch of which some recipients, or all, are to be cancelled, with the receipts that end their deliveries. */
export interface Cancellation {
  readonly branch: Branch
  readonly codes: readonly string[]
  readonly receipts: readonly SealedReceipt[]
}

/**
 * Signs the receipts of deliveries that are to be cancelled: RelayRejection by the origin itself, the terminal receipt
 * of what never left (design 4). Outside of any transaction; unused ones are worth nothing, since nothing names them.
 */
export async function signCancellations(
  deps: RelayDeps,
  steps: readonly { readonly code: string; readonly branch: Branch }[],
  now: Date,
): Promise<Cancellation[]> {
  const branches = new Map(steps.map((one) => [one.branch.id, one.branch]))
  return Promise.all(
    [...branches.values()].map(async (branch) => {
      const codes = steps.filter((one) => one.branch.id === branch.id).map((one) => one.code)
      const facts = {
        event: 'RelayRejection' as const,
        reasonCode: SENDER_CANCELLED,
        reasonText: 'Nơi gửi đã thu hồi trước khi chuyển / cancelled by the sender before it was relayed',
        envelopeSha256: branch.envelopeSha256,
        series: branch.series,
        branchId: branch.id,
        previousReceiptSha256: branch.previousReceipt,
      }
      const receipts = await Promise.all(
        codes.map((code) => makeReceipt(deps, { ...facts, recipients: [code] }, now)),
      )
      return { branch, codes, receipts }
    }),
  )
}

/**
 * Ends deliveries that have not left, in the caller's transaction. A run of the branch that is under way finds it ended
 * at the latest before it would ask the peer to commit, and leaves the peer an offer that nobody takes and that is swept.
 * Other recipients of the branch go on in one of their own.
 *
 * @returns false when a branch has left or changed meanwhile: the caller must roll back and look again
 */
export async function cancelBranches(
  trx: AgencyTransaction,
  deps: RelayDeps,
  agencyId: string,
  cancellations: readonly Cancellation[],
  now: Date,
): Promise<boolean> {
  // In the order of their ids, so that two recalls never wait for each other.
  for (const one of cancellations.toSorted((a, b) => (a.branch.id < b.branch.id ? -1 : 1))) {
    if (!(await withNodeTables(trx, (node) => cancelBranch(node, deps, one, now)))) return false
    const { envelopeSha256, series } = one.branch
    for (const receipt of one.receipts) {
      const { recipients } = receipt.receipt
      const mine = await lockDeliveries(trx, agencyId, envelopeSha256, series, recipients)
      await addToHistory(trx, agencyId, mine, { kind: 'receipt', sealed: receipt }, now)
    }
  }
  return true
}

async function cancelBranch(
  node: Parameters<typeof lockBranch>[0],
  deps: RelayDeps,
  { branch, codes, receipts }: Cancellation,
  now: Date,
): Promise<boolean> {
  const locked = await lockBranch(node, branch.id)
  if (locked?.state !== 'queued' || !codes.every((code) => locked.recipients.includes(code))) return false
  const remaining = locked.recipients.filter((code) => !codes.includes(code))
  if (remaining.length > 0) {
    const id = randomUUID()
    await insertBranch(node, { ...locked, failures: 0, id, state: 'queued', recipients: [] }, now)
    await moveRecipients(node, locked, id, remaining)
    await putBranchJob(node, deps.context, { ...locked, id, attempt: 0 })
  }
  for (const receipt of receipts) await insertReceipt(node, receipt, now)
  await settleBranch(
    node,
    locked.id,
    { state: 'failed', outcome: 'cancelled', reason: SENDER_CANCELLED },
    now,
  )
  return true
}
