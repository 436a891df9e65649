import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { findAgencyByCode, findAgencyById } from '../directory/agency-store.ts'
import { nodeHostedAgency, routeTo } from '../directory/node-store.ts'
import { openByOwnKey } from '../edxml/own-key.ts'
import { openReceipt, type Receipt, type ReceiptEvent } from '../edxml/receipt.ts'
import { CongvanError } from '../errors.ts'
import { together } from '../together.ts'
import type { Branch } from './branch-store.ts'
import { findEnvelope, type StoredEnvelope } from './envelope-store.ts'
import { requireKeyOf, requireNotBefore, sealProblem } from './open-sealed.ts'
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

/** A receipt with the time of its seal, by a key that was its node's then. */
export type TrustedReceipt = SealedReceipt & { readonly sealedAt: Date }

/**
 * Opens receipts and checks their seals: each by a key that was the issuing node's when it sealed.
 *
 * @throws CongvanError `RELAY_MESSAGE_REJECTED`, `RELAY_DIRECTORY_BEHIND`, `RELAY_TOO_EARLY`
 */
export async function openTrustedReceipts(
  context: NodeContext,
  xmls: readonly Uint8Array[],
  now: Date,
): Promise<TrustedReceipt[]> {
  try {
    const opened = xmls.map((xml) => ({ xml, ...openByOwnKey(openReceipt, xml) }))
    // Receipts of one commit share node, key and time: asked once.
    const seals = new Map(
      opened.map((one) => [
        `${one.message.issuingNode} ${one.keyFingerprint} ${one.sealedAt.getTime()}`,
        one,
      ]),
    )
    await context.db.asNode(async (trx) => {
      for (const one of seals.values()) await requireKeyOf(trx, context, one.message.issuingNode, one, now)
    })
    return opened.map(({ xml, sha256, message, sealedAt }) => ({ xml, sha256, receipt: message, sealedAt }))
  } catch (error) {
    const problem = sealProblem(error)
    throw problem === undefined ? error : rejected(problem)
  }
}

/**
 * Whether receipts may speak about a branch that was given to a peer: they are about this envelope, series and
 * recipients of this branch, their node lies behind that peer, and where they say what became of the content their
 * node hosts the recipient. Order and completeness of the chain are not asked: receipts overtake each other.
 *
 * @throws CongvanError `RELAY_MESSAGE_REJECTED`; `RELAY_DIRECTORY_BEHIND` for what a later directory may mend
 */
export async function requireTestimony(
  trx: NodeTransaction,
  context: NodeContext,
  receipts: readonly TrustedReceipt[],
  branch: Branch,
  now: Date,
): Promise<void> {
  const envelope = await findEnvelope(trx, branch.envelopeSha256)
  const lying = new Set<string>()
  // Begun only when nothing can be thrown any more before all of them are waited for.
  const hosted: (() => Promise<void>)[] = []
  if (envelope === undefined) throw new Error(`branch ${branch.id} has lost its envelope`)
  for (const { receipt, sealedAt } of receipts) {
    const kind = requireAbout(receipt, branch)
    requireNotBefore(context, envelope, [receipt.time, sealedAt])
    const { issuingNode } = receipt
    if (!lying.has(issuingNode)) await requireBehind(trx, context, issuingNode, branch)
    lying.add(issuingNode)
    if (kind === 'relay') continue
    for (const code of receipt.recipients) {
      hosted.push(() => requireHost(trx, issuingNode, code, receipt, envelope, now))
    }
  }
  await together(hosted.map((ask) => ask()))
}

async function requireHost(
  trx: NodeTransaction,
  nodeId: string,
  code: string,
  { time }: Pick<Receipt, 'time'>,
  { sealedAt }: Pick<StoredEnvelope, 'sealedAt'>,
  now: Date,
): Promise<void> {
  const hosted =
    (await nodeHostedAgency(trx, nodeId, code, time)) || (await lastHost(trx, code, sealedAt, now)) === nodeId
  if (!hosted) throw behind(`agency ${code} at node ${nodeId}`)
}

function requireAbout(receipt: Receipt, branch: Branch): 'relay' | 'host' {
  const kind = testimony[receipt.event]
  if (kind === undefined) throw rejected(`${receipt.event} does not come from a node further on`)
  if (receipt.envelopeSha256 !== branch.envelopeSha256 || receipt.series !== branch.series) {
    throw rejected('it is about another envelope or series')
  }
  const foreign = receipt.recipients.find((code) => !branch.recipients.includes(code))
  if (foreign !== undefined) throw rejected(`${foreign} is no recipient of this branch`)
  return kind
}

async function requireBehind(
  trx: NodeTransaction,
  context: NodeContext,
  nodeId: string,
  branch: Branch,
): Promise<void> {
  const target = { id: '', code: nodeId, hostingNode: nodeId }
  const hop = await routeTo(trx, context.nodeId, target).catch((error: unknown) => {
    const isLag = error instanceof CongvanError && error.code === 'NO_ROUTE'
    throw isLag ? behind(`the way to node ${nodeId}`) : error
  })
  if (hop.kind === 'deliver') throw rejected(`the node ${nodeId} does not lie behind ${branch.nextHop}`)
  if (hop.nodeId !== branch.nextHop) throw behind(`the node ${nodeId} behind ${branch.nextHop}`)
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

/** Not (yet) so by the directory in force here: refused, and believed once the directory says so. */
function behind(what: string): CongvanError {
  return new CongvanError('RELAY_DIRECTORY_BEHIND', { what })
}

function rejected(reason: string): CongvanError {
  return new CongvanError('RELAY_MESSAGE_REJECTED', { reason })
}
