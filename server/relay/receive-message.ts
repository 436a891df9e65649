import { createHash } from 'node:crypto'
import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { findAgencyByCode } from '../directory/agency-store.ts'
import { isStatusCode, type StatusCode } from '../edxml/codes.ts'
import { openByOwnKey } from '../edxml/own-key.ts'
import { openSealedStatus } from '../edxml/seal.ts'
import { sameKey } from '../edxml/values.ts'
import { CongvanError } from '../errors.ts'
import { type Branch, branchOfDelivery } from './branch-store.ts'
import { openTrustedReceipts, requireTestimony } from './check-receipt.ts'
import { findEnvelope, type StoredEnvelope } from './envelope-store.ts'
import { questionFailed } from './open-questions.ts'
import { requireKeyOf, requireNotBefore, sealProblem } from './open-sealed.ts'
import { type Evidence, passBack } from './pass-back.ts'
import type { MessageAnswer, MessageRequest } from './protocol.ts'
import type { RelayDeps } from './relay-deps.ts'

/**
 * A receipt or status on its way back: checked, stored and put on its further way in one transaction. The same
 * message again gets the same answer and changes nothing; a receipt is never itself receipted.
 *
 * The peer must be the hop to which this node gave the deliveries that the message is about.
 *
 * @throws CongvanError `RELAY_MESSAGE_REJECTED`, `RELAY_RECEIPT_CONTRADICTS`, `RELAY_DIRECTORY_BEHIND`, `INPUT_TOO_LARGE`
 */
export async function receiveMessage(
  deps: RelayDeps,
  peer: string,
  request: MessageRequest,
  now: Date,
): Promise<MessageAnswer> {
  const { answer, failed } = await takeMessage(deps, peer, request, now)
  if (failed.length > 0) {
    // A crash before this leaves it to the recovery, which finds by itself what has not ended.
    await deps.context.db.asNode(async (trx) => {
      for (const branch of failed) await questionFailed(trx, deps.context, branch, now)
    })
  }
  return answer
}

/**
 * As `receiveMessage`, however the message came, and no more than that.
 *
 * @returns with the answer the branches of which it says that they could not be passed on
 */
export async function takeMessage(
  deps: RelayDeps,
  peer: string,
  request: MessageRequest,
  now: Date,
): Promise<{ readonly answer: MessageAnswer; readonly failed: readonly Branch[] }> {
  const { context } = deps
  const xml = Buffer.from(request.message, 'base64')
  if (xml.length > context.limits.envelopeBytes) {
    throw new CongvanError('INPUT_TOO_LARGE', { limit: context.limits.envelopeBytes })
  }
  const branches = await context.db.asNode((trx) => branchesGivenTo(trx, peer, request))
  const evidence =
    request.kind === 'receipt'
      ? await receiptEvidence(context, branches, request, xml, now)
      : await statusEvidence(context, branches, request, xml, now)
  await context.db.asNode(async (trx) => {
    await passBack(trx, context, evidence, now, branches)
  })
  const isFailure = evidence.some(
    (one) => one.kind === 'receipt' && one.sealed.receipt.event === 'RelayFailure',
  )
  return {
    answer: { message: createHash('sha256').update(xml).digest('hex') },
    failed: isFailure ? branches : [],
  }
}

/** The branches by which this node gave the named deliveries to the peer. */
async function branchesGivenTo(
  trx: NodeTransaction,
  peer: string,
  { envelopeSha256, series, recipients }: MessageRequest,
): Promise<Branch[]> {
  const branches = new Map<string, Branch>()
  for (const recipient of recipients) {
    if ([...branches.values()].some((one) => one.recipients.includes(recipient))) continue
    const branch = await branchOfDelivery(trx, { envelopeSha256, series, recipient })
    if (branch?.nextHop !== peer) {
      throw rejected(`this delivery to ${recipient} was not given to ${peer}`)
    }
    branches.set(branch.id, branch)
  }
  return [...branches.values()]
}

async function receiptEvidence(
  context: NodeContext,
  branches: readonly Branch[],
  request: MessageRequest,
  xml: Uint8Array,
  now: Date,
): Promise<Evidence[]> {
  const [sealed] = await openTrustedReceipts(context, [xml], now)
  if (sealed === undefined) throw rejected('there is no receipt')
  const { receipt } = sealed
  const named = [...receipt.recipients].sort().join()
  if (named !== [...request.recipients].sort().join()) {
    throw rejected('the receipt and the request name other recipients')
  }
  const [branch] = branches
  // One hop gives a receipt about recipients of one branch; several branches would be several receipts.
  if (branch === undefined || branches.length > 1) throw rejected('it is about several branches')
  await context.db.asNode((trx) => requireTestimony(trx, context, [sealed], branch, now))
  return [{ kind: 'receipt', sealed }]
}

/** What a recipient's clerk may answer to a document; 13 goes the other way. */
const answers: ReadonlySet<StatusCode> = new Set<StatusCode>(['01', '02', '03', '04', '05', '06', '15', '16'])

async function statusEvidence(
  context: NodeContext,
  branches: readonly Branch[],
  request: MessageRequest,
  xml: Uint8Array,
  now: Date,
): Promise<Evidence[]> {
  const { envelopeSha256, series } = request
  const [recipient] = request.recipients
  if (recipient === undefined || request.recipients.length > 1 || branches.length !== 1) {
    throw rejected('a status is about one recipient')
  }
  const envelope = await context.db.asNode((trx) => findEnvelope(trx, envelopeSha256))
  if (envelope === undefined) throw rejected('the envelope is unknown')
  const { opened, node } = await openTrustedStatus(context, xml, now)
  const { message, sha256 } = opened
  requireAnswer(message, recipient, envelope)
  requireNotBefore(context, envelope, [message.timestamp, opened.sealedAt])
  const { statusCode, timestamp, description } = message
  if (!isStatusCode(statusCode) || !answers.has(statusCode)) {
    throw rejected(`status ${statusCode} is no answer to a document`)
  }
  const sealed = {
    sha256,
    xml,
    envelopeSha256,
    series,
    recipient,
    code: statusCode,
    description: description ?? null,
    occurredAt: timestamp,
  }
  return [{ kind: 'status', sealed, node }]
}

/** Opens a status and checks that the node which hosted From when it was sealed has sealed it. */
async function openTrustedStatus(context: NodeContext, xml: Uint8Array, now: Date) {
  try {
    const opened = openByOwnKey(openSealedStatus, xml)
    const from = opened.message.from.organId
    const date = vietnamDay(opened.sealedAt)
    const agency = await context.db.asNode((trx) => findAgencyByCode(trx, from, date))
    if (agency === undefined) throw new CongvanError('RELAY_DIRECTORY_BEHIND', { what: `agency ${from}` })
    await context.db.asNode((trx) => requireKeyOf(trx, context, agency.hostingNode, opened, now))
    return { opened, node: agency.hostingNode }
  } catch (error) {
    const problem = sealProblem(error)
    throw problem === undefined ? error : rejected(problem)
  }
}

function requireAnswer(
  message: { from: { organId: string }; responseFor: { organId: string; documentId: string } },
  recipient: string,
  envelope: StoredEnvelope,
): void {
  if (message.from.organId !== recipient) throw rejected(`it is from ${message.from.organId}`)
  if (message.responseFor.organId !== envelope.fromCode) {
    throw rejected(`it answers a document of ${message.responseFor.organId}`)
  }
  if (!sameKey(message.responseFor.documentId, envelope.documentId)) {
    throw rejected('it answers another document')
  }
}

function rejected(reason: string): CongvanError {
  return new CongvanError('RELAY_MESSAGE_REJECTED', { reason })
}
