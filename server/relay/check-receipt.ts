import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { findAgencyByCode, findAgencyById } from '../directory/agency-store.ts'
import { nodeHostedAgency, routeTo } from '../directory/node-store.ts'
import { openReceipt, type Receipt, type ReceiptEvent } from '../edxml/receipt.ts'
import { CongvanError } from '../errors.ts'
import type { Branch } from './branch-store.ts'
import { findEnvelope } from './envelope-store.ts'
import { openByOwnKey, requireKeyOf, sealProblem } from './open-sealed.ts'
import type { SealedReceipt } from './receipt-store.ts'

/** What a node further on may testify, and whether it must host the recipient for it. */
const testimony: Partial<Record<ReceiptEvent, 'relay' | 'host'>> = {
  RelayAcceptance: 'relay',
  RelayRejection: 'relay',
  RelayFailure: 'relay',
  ContentConsignment: 'host',
  ContentConsignmentFailure: 'host',
  ContentHandover: 'host',
  ContentHandoverFailure: 'host',
}

/**
 * Opens a receipt and checks its seal: by a key that was the issuing node's when it sealed.
 *
 * @throws CongvanError `RELAY_MESSAGE_REJECTED`
 */
export async function openTrustedReceipt(
  context: NodeContext,
  xml: Uint8Array,
  now: Date,
): Promise<SealedReceipt> {
  try {
    const opened = openByOwnKey(openReceipt, xml)
    await requireKeyOf(context, opened.message.issuingNode, opened, now)
    return { receipt: opened.message, sha256: opened.sha256, xml }
  } catch (error) {
    const problem = sealProblem(error)
    throw problem === undefined ? error : rejected(problem)
  }
}

/**
 * Whether a receipt may speak about a branch that was given to a peer: it is about this envelope, series and
 * recipients of this branch, its node lies behind that peer, and where it says what became of the content its node
 * hosts the recipient. Order and completeness of the chain are not asked: receipts overtake each other.
 *
 * @throws CongvanError `RELAY_MESSAGE_REJECTED`
 */
export async function requireTestimony(
  trx: NodeTransaction,
  context: NodeContext,
  receipt: Receipt,
  branch: Branch,
  now: Date,
): Promise<void> {
  const kind = testimony[receipt.event]
  if (kind === undefined) throw rejected(`${receipt.event} does not come from a node further on`)
  if (receipt.envelopeSha256 !== branch.envelopeSha256 || receipt.series !== branch.series) {
    throw rejected('it is about another envelope or series')
  }
  const foreign = receipt.recipients.find((code) => !branch.recipients.includes(code))
  if (foreign !== undefined) throw rejected(`${foreign} is no recipient of this branch`)
  const { issuingNode } = receipt
  const target = { id: '', code: issuingNode, hostingNode: issuingNode }
  const hop = await routeTo(trx, context.nodeId, target).catch((error: unknown) => {
    throw error instanceof CongvanError && error.code === 'NO_ROUTE' ? rejected(error.message) : error
  })
  if (hop.kind === 'deliver' || hop.nodeId !== branch.nextHop) {
    throw rejected(`the node ${issuingNode} does not lie behind ${branch.nextHop}`)
  }
  if (kind === 'relay') return
  const envelope = await findEnvelope(trx, branch.envelopeSha256)
  for (const code of receipt.recipients) {
    const hosted =
      (await nodeHostedAgency(trx, issuingNode, code, receipt.time)) ||
      (await lastHost(trx, code, envelope?.sealedAt ?? receipt.time, now)) === issuingNode
    if (!hosted) throw rejected(`the node ${issuingNode} does not host ${code}`)
  }
}

/** The node that hosts the agency to which an envelope was addressed, or hosted it last before it closed. */
async function lastHost(
  trx: NodeTransaction,
  code: string,
  sealedAt: Date,
  now: Date,
): Promise<string | undefined> {
  const addressed = await findAgencyByCode(trx, code, vietnamDay(sealedAt))
  const agency = addressed && (await findAgencyById(trx, addressed.id, vietnamDay(now)))
  return agency?.hostingNode
}

function rejected(reason: string): CongvanError {
  return new CongvanError('RELAY_MESSAGE_REJECTED', { reason })
}
