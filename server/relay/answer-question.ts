import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { isOpen } from './branch-store.ts'
import { lockOffer } from './offer-store.ts'
import { openQuestion } from './open-questions.ts'
import type { QuestionAnswer, QuestionRequest } from './protocol.ts'
import { failuresOf, findOfferOf, type Onward, onwardOf } from './question-store.ts'
import { readReceipts, terminalReceipts } from './receipt-store.ts'
import { refusalOf } from './receive.ts'
import type { RelayDeps } from './relay-deps.ts'

/**
 * A peer asks what became of deliveries that it gave to this node. What is known here is answered at once, with the
 * sealed receipts; about what was given on and has not come back this node asks its own next hop, and so on down the
 * way: the peer asks again and finds the answer, or the receipts reach it before by their ordinary way.
 *
 * Only the peer whose offer it was may ask: for any other, and for recipients that the offer did not name, there is no
 * such offer. Asking changes nothing but what this node asks in turn, once.
 *
 * @throws CongvanError `RELAY_OFFER_UNKNOWN`; for an offer that was never committed the fault of its refusal,
 *   `RELAY_EXPIRED` once its time is past: it is stored before it is told, so that it never will be committed
 */
export async function answerQuestion(
  { context }: RelayDeps,
  peer: string,
  request: QuestionRequest,
  now: Date,
): Promise<QuestionAnswer> {
  const asked = { ...request, branch: request.branch.toLowerCase() }
  const answer = await context.db.asNode(async (trx) => {
    const offer = await findOfferOf(trx, peer, asked)
    if (offer === undefined || request.recipients.some((code) => !offer.recipients.includes(code))) {
      throw new CongvanError('RELAY_OFFER_UNKNOWN', { id: request.branch })
    }
    return offer.isCommitted
      ? answerTaken(trx, context, request, now)
      : answerUntaken(trx, context, peer, offer.id, request, now)
  })
  if (answer instanceof CongvanError) throw answer
  return answer
}

/** Under the offer's lock: no commit of it is under way that could turn out the other way. */
async function answerUntaken(
  trx: NodeTransaction,
  context: NodeContext,
  peer: string,
  offerId: string,
  request: QuestionRequest,
  now: Date,
): Promise<QuestionAnswer | CongvanError> {
  const locked = await lockOffer(trx, offerId, peer)
  if (locked === undefined) throw new CongvanError('RELAY_OFFER_UNKNOWN', { id: request.branch })
  if (locked.committedAt !== null) return answerTaken(trx, context, request, now)
  const refusal = await refusalOf(trx, locked, context.clock())
  if (refusal !== undefined) return refusal
  return {
    deliveries: request.recipients.map((recipient) => ({
      recipient,
      state: 'open' as const,
      waitsFor: context.nodeId,
    })),
    receipts: [],
  }
}

async function answerTaken(
  trx: NodeTransaction,
  context: NodeContext,
  request: QuestionRequest,
  now: Date,
): Promise<QuestionAnswer> {
  const recipients = [...new Set(request.recipients)]
  const ended = await terminalReceipts(trx, request, recipients)
  const failures = await failuresOf(trx, request, recipients)
  const onward = await onwardOf(trx, request, recipients)
  const receipts = new Set<string>()
  const deliveries: QuestionAnswer['deliveries'] = []
  // Thousands of recipients may go on by one branch: it is one question.
  const askedOn = new Set<string>()
  for (const recipient of recipients) {
    const end = ended.get(recipient)?.sha256
    const way = onward.get(recipient)
    const failure = failures.get(recipient)?.sha256
    if (end !== undefined) {
      receipts.add(end)
      deliveries.push({ recipient, state: 'ended', waitsFor: null })
    } else if (failure !== undefined && (way?.state === 'failed' || way?.isNever)) {
      receipts.add(failure)
      deliveries.push({ recipient, state: 'never', waitsFor: null })
    } else {
      if (way !== undefined && !askedOn.has(way.branchId)) {
        askedOn.add(way.branchId)
        await askOn(trx, context, way, now)
      }
      deliveries.push({ recipient, state: 'open', waitsFor: whoHasToSay(context, way) })
    }
  }
  const bytes = await readReceipts(trx, [...receipts])
  return { deliveries, receipts: [...bytes.values()].map((xml) => Buffer.from(xml).toString('base64')) }
}

/** Asks the next hop in turn, when it was given the delivery and its time is past by this node's clock too. */
async function askOn(trx: NodeTransaction, context: NodeContext, way: Onward, now: Date): Promise<void> {
  if (way.isAsked || way.state !== 'done' || way.nextHop === null || now <= way.notAfter) return
  await openQuestion(trx, context, { id: way.branchId, peer: way.nextHop, urgency: way.urgency }, now)
}

function whoHasToSay({ nodeId }: NodeContext, way: Onward | undefined): string {
  if (way?.nextHop == null) return nodeId
  // What still waits here is this node's to carry; only the peer knows once it was asked to commit.
  if (isOpen(way.state)) return way.state === 'queued' ? nodeId : way.nextHop
  return way.waitsFor ?? way.nextHop
}
