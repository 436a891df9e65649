import { randomUUID } from 'node:crypto'
import { afterCommit } from '../after-commit.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { insertBranch, type NewBranch } from './branch-store.ts'
import {
  ContentOvertaken,
  findAlreadyConsigned,
  holdFiles,
  layBeforeClerks,
  makeConsignmentReceipts,
  nobodyHasIt,
} from './consign.ts'
import { insertEnvelope } from './envelope-store.ts'
import { type ExaminedOffer, examineOffer } from './examine-offer.ts'
import { lineOf } from './log-line.ts'
import { makeReceipt } from './make-receipt.ts'
import { closeOffer, findOffer, lockOffer, type Offer, refuseOffer } from './offer-store.ts'
import type { CommitAnswer } from './protocol.ts'
import { bindReceipts, insertReceipt, receiptsOfOffer, type SealedReceipt } from './receipt-store.ts'
import { manifestOf, missingFiles, refusalOf } from './receive.ts'
import type { RelayDeps } from './relay-deps.ts'
import { putBranchJob } from './relay-jobs.ts'
import { mayRetry, outcomeOfFault } from './retry.ts'
import { urgencyOf } from './urgency.ts'

/**
 * Step 3: the peer asks this node to take what it offered.
 *
 * Receipts are signed first; then one transaction stores envelope, branches, what lies before the clerks, receipts,
 * log entry and the jobs for the next hops. A crash before it commits leaves the offer open, and the peer asks
 * again; after it, the answer may be lost, and the peer asks again and gets the stored receipts. Of two commits at
 * the same time one waits on the other's row, discards the receipts it made and answers the stored ones. A refusal
 * for good is stored under the same lock before it is told: it and the receipts exclude each other.
 *
 * @param looksFirst whether it is asked who has the content already, before receipts are signed
 *
 * @throws CongvanError `RELAY_OFFER_UNKNOWN`, `RELAY_FILES_MISSING`, `RELAY_COLLISION` and those of `examineOffer`
 */
export async function commitOffer(
  deps: RelayDeps,
  peer: string,
  offerId: string,
  now: Date,
  looksFirst = false,
): Promise<CommitAnswer> {
  const { offer, examined } = await deps.context.db.asNode((trx) =>
    examineAgain(trx, deps, peer, offerId, now, looksFirst),
  )
  try {
    if (examined instanceof Error) throw examined
    const take =
      examined === undefined ? () => Promise.resolve(undefined) : await prepareTake(deps, examined, now)
    return await settleOffer(deps, offer, take)
  } catch (error) {
    if (error instanceof ContentOvertaken) return commitOffer(deps, peer, offerId, now, true)
    if (!isFinal(error)) throw error
    // Told only after it is stored: nobody takes an offer whose peer was told that it never will be taken.
    return settleOffer(deps, offer, async (trx) => {
      await refuseOffer(trx, offer.id, error)
      return error
    })
  }
}

/**
 * The offer and what it claims, looked at in one transaction that writes nothing. One that is settled already is not
 * examined; what is wrong with one that is not, is an answer here, because it is still to be stored.
 */
async function examineAgain(
  trx: NodeTransaction,
  deps: RelayDeps,
  peer: string,
  offerId: string,
  now: Date,
  looksFirst: boolean,
): Promise<{ readonly offer: Offer; readonly examined: Examined | CongvanError | undefined }> {
  const offer = await findOffer(trx, offerId, peer)
  if (offer === undefined) throw new CongvanError('RELAY_OFFER_UNKNOWN', { id: offerId })
  const { envelope } = offer
  if (envelope === null) return { offer, examined: undefined }
  try {
    const examined = await examineOffer(trx, deps.context, offer, envelope, now)
    // A further attempt may well bring what is there.
    const already =
      looksFirst || offer.series > 1
        ? await findAlreadyConsigned(trx, offer.envelopeSha256, examined)
        : nobodyHasIt
    return { offer, examined: { ...examined, offer: { ...offer, envelope }, already } }
  } catch (error) {
    if (!(error instanceof CongvanError)) throw error
    return { offer, examined: error }
  }
}

/** What becomes of an open offer, in the transaction that holds its lock: taken, or the fault of its refusal. */
type Take = (trx: NodeTransaction) => Promise<CommitAnswer | CongvanError | undefined>

/** Decides about an offer under its lock, if nobody has yet; and answers what stands. */
async function settleOffer(
  deps: RelayDeps,
  { id, peer }: Pick<Offer, 'id' | 'peer'>,
  decide: Take,
): Promise<CommitAnswer> {
  const answer = await deps.context.db.asNode(async (trx) => {
    const locked = await lockOffer(trx, id, peer)
    if (locked === undefined) throw new CongvanError('RELAY_OFFER_UNKNOWN', { id })
    if (locked.committedAt !== null) return storedAnswer(trx, id)
    const settled = (await refusalOf(trx, locked, deps.context.clock())) ?? (await decide(trx))
    return settled ?? storedAnswer(trx, id)
  })
  if (answer instanceof CongvanError) throw answer
  return answer
}

async function prepareTake(deps: RelayDeps, examined: Examined, now: Date): Promise<Take> {
  const { offer } = examined
  const receipts = await makeReceipts(deps, offer, examined, now)
  return async (trx) => {
    await take(trx, deps, offer, examined, receipts, now)
    const made = [...(receipts.relay === null ? [] : [receipts.relay]), ...receipts.consignments]
    return answerOf(
      offer.id,
      made.map((one) => one.xml),
    )
  }
}

/** Whether the peer gives a branch up when it is told so. */
function isFinal(error: unknown): error is CongvanError {
  return error instanceof CongvanError && !mayRetry(outcomeOfFault(error.code, 500))
}

async function storedAnswer(trx: NodeTransaction, offerId: string): Promise<CommitAnswer> {
  return answerOf(offerId, await receiptsOfOffer(trx, offerId))
}

function answerOf(offerId: string, receipts: readonly Uint8Array[]): CommitAnswer {
  return { offer: offerId, receipts: receipts.map((xml) => Buffer.from(xml).toString('base64')) }
}

/** With its terms, and the codes of those here who have the content already, by another envelope. */
type Examined = ExaminedOffer & {
  readonly offer: Offer & { readonly envelope: Uint8Array }
  readonly already: ReadonlySet<string>
}

interface MadeReceipts {
  /** For the recipients that go further; null when all are here. */
  readonly relay: SealedReceipt | null
  readonly consignments: readonly SealedReceipt[]
}

async function makeReceipts(
  deps: RelayDeps,
  offer: Offer,
  examined: Examined,
  now: Date,
): Promise<MadeReceipts> {
  const facts = {
    envelopeSha256: offer.envelopeSha256,
    series: offer.series,
    branchId: offer.branch,
    previousReceiptSha256: offer.previousReceipt,
  }
  const further = [...examined.onward.values()].flat()
  return {
    relay:
      further.length === 0
        ? null
        : await makeReceipt(deps, { ...facts, event: 'RelayAcceptance', recipients: further }, now),
    consignments: await makeConsignmentReceipts(deps, examined.here, examined.already, facts, now),
  }
}

async function take(
  trx: NodeTransaction,
  deps: RelayDeps,
  offer: Offer & { readonly envelope: Uint8Array },
  examined: Examined,
  { relay, consignments }: MadeReceipts,
  now: Date,
): Promise<void> {
  const { context } = deps
  const receipts = [...(relay === null ? [] : [relay]), ...consignments]
  const branches = branchesOf(deps, offer, examined, relay)
  // What needs nobody's answer is sent together; each is waited for in its order.
  const [missing, , ...taken] = await Promise.all([
    missingFiles(trx, deps, offer, manifestOf(examined.message.attachments)),
    insertEnvelope(trx, examined.envelope, offer.envelope, now),
    ...branches.map((branch) => insertBranch(trx, branch, now)),
  ])
  if (missing.length > 0) throw new CongvanError('RELAY_FILES_MISSING', { count: missing.length })
  // The duplicate key: a recipient of this envelope and series that came by another branch is not taken again.
  const twice = taken.flat()
  if (twice.length > 0) {
    throw new CongvanError('RELAY_COLLISION', { id: `${offer.envelopeSha256}/${twice.join(',')}` })
  }
  const [offeredAt] = await Promise.all([
    closeOffer(trx, offer.id, now),
    holdFiles(trx, deps, offer.envelopeSha256, examined.message, now),
    ...receipts.map((receipt) => insertReceipt(trx, receipt, now)),
    bindReceipts(
      trx,
      offer.id,
      receipts.map((one) => one.sha256),
    ),
    ...branches
      .filter((branch) => branch.nextHop !== null)
      .map((branch) => putBranchJob(trx, context, { ...branch, attempt: 0 })),
  ])
  await layBeforeClerks(trx, deps, offer, examined, examined.already)
  const seconds = (now.getTime() - offeredAt.getTime()) / 1000
  const line = { ...lineOf({ ...offer, id: offer.branch, nextHop: offer.peer }), hop: offer.path.length + 1 }
  afterCommit(trx, () => {
    context.meter?.committed(offer.peer, seconds)
    context.log.info({ ...line, recipients: offer.recipients.length }, 'relay: taken')
  })
  const actor = { kind: 'node', nodeId: context.nodeId } as const
  await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, null, {
    kind: 'relay.accepted',
    subject: `envelope:${offer.envelopeSha256}`,
    facts: {
      peer: offer.peer,
      branch: offer.branch,
      series: offer.series,
      path: offer.path,
      recipients: offer.recipients,
      receipts: receipts.map((one) => one.sha256),
    },
  })
}

/** One branch for each next hop, and one, done from its beginning, for the recipients here. */
function branchesOf(
  deps: RelayDeps,
  offer: Offer,
  examined: ExaminedOffer,
  relay: SealedReceipt | null,
): NewBranch[] {
  const common = {
    envelopeSha256: offer.envelopeSha256,
    series: offer.series,
    previous: { peer: offer.peer, branch: offer.branch },
    path: [...offer.path, deps.context.nodeId],
    previousReceipt: relay?.sha256 ?? null,
    notAfter: offer.notAfter,
    urgency: urgencyOf(examined.message.otherInfo?.priority),
  }
  const onward = [...examined.onward].map(
    ([nextHop, recipients]): NewBranch => ({
      ...common,
      id: randomUUID(),
      nextHop,
      state: 'queued',
      recipients,
    }),
  )
  const here = examined.here.map((one) => one.code)
  if (here.length === 0) return onward
  return [...onward, { ...common, id: randomUUID(), nextHop: null, state: 'done', recipients: here }]
}
