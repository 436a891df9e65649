import { randomUUID } from 'node:crypto'
import type { NodeTransaction } from '../db.ts'
import { openSealedDocument } from '../edxml/seal.ts'
import { type Branch, insertBranch, lockBranch, moveRecipients, settleBranch } from './branch-store.ts'
import { layBeforeClerks, makeConsignmentReceipts } from './consign.ts'
import { findEnvelope, readEnvelopeBytes } from './envelope-store.ts'
import type { LocalRecipient } from './examine-offer.ts'
import { giveUp } from './give-up.ts'
import { passBack } from './pass-back.ts'
import type { RelayDeps } from './relay-deps.ts'
import { recipientRouter } from './route-recipient.ts'
import { type BranchJob, branchOfJob } from './send.ts'

/**
 * Brings a document to the recipients hosted on its own node: the receipts, documents and histories of a delivery
 * that travelled, without a hop.
 *
 * A crash before its one transaction leaves the branch queued, and the queue runs the job again; after it, the job
 * finds the branch done.
 *
 * @throws CongvanError of this node's own database or disk; the queue runs the job again
 */
export async function consignBranch(deps: RelayDeps, job: BranchJob): Promise<void> {
  const branch = await branchOfJob(deps, job)
  if (branch === undefined || branch.nextHop !== null) return
  const { context } = deps
  const now = context.clock()
  if (now > branch.notAfter) {
    await giveUp(deps, branch, { outcome: 'expired', code: 'RELAY_EXPIRED', reason: 'notAfter' })
    return
  }
  const { message, document, here, moved } = await readBranch(deps, branch, now)
  const facts = {
    envelopeSha256: branch.envelopeSha256,
    series: branch.series,
    branchId: branch.id,
    previousReceiptSha256: branch.previousReceipt,
  }
  const receipts = await makeConsignmentReceipts(deps, here, facts, now)
  await context.db.asNode(async (trx) => {
    const locked = await lockBranch(trx, branch.id)
    if (locked?.state !== 'queued') return
    await sendAfter(trx, deps, branch, moved, now)
    await layBeforeClerks(trx, deps, branch.envelopeSha256, { message, document, here })
    const evidence = receipts.map((sealed) => ({ kind: 'receipt' as const, sealed }))
    await passBack(trx, context, evidence, now, [locked])
    await settleBranch(trx, branch.id, { state: 'done', outcome: 'committed' }, now)
  })
}

/** A recipient whose agency has moved to another node since the dispatch gets a branch that goes there. */
async function sendAfter(
  trx: NodeTransaction,
  deps: RelayDeps,
  branch: Branch,
  moved: ReadonlyMap<string, readonly string[]>,
  now: Date,
): Promise<void> {
  for (const [nextHop, codes] of moved) {
    const id = randomUUID()
    await insertBranch(trx, { ...branch, id, nextHop, state: 'queued', recipients: [] }, now)
    await moveRecipients(trx, branch, id, codes)
    await deps.context.queue.put(trx, 'relay-send', { branch: id, attempt: 0 })
  }
}

async function readBranch(deps: RelayDeps, branch: Branch, now: Date) {
  const { context } = deps
  return context.db.asNode(async (trx) => {
    const envelope = await findEnvelope(trx, branch.envelopeSha256)
    const bytes = await readEnvelopeBytes(trx, branch.envelopeSha256)
    if (envelope === undefined || bytes === undefined) {
      throw new Error(`branch ${branch.id} has lost its envelope`)
    }
    const { message } = openSealedDocument(bytes, { keyFingerprints: [envelope.sealKey] })
    const [document] = message.attachments
    if (document === undefined) throw new Error(`envelope ${envelope.sha256} brings no file`)
    const here: LocalRecipient[] = []
    const moved = new Map<string, string[]>()
    const routeRecipient = recipientRouter(trx, context.nodeId, envelope.sealedAt, now)
    for (const code of branch.recipients) {
      const route = await routeRecipient(code)
      if (route.kind === 'here') here.push(route)
      else moved.set(route.nodeId, [...(moved.get(route.nodeId) ?? []), code])
    }
    return { message, document, here, moved }
  })
}
