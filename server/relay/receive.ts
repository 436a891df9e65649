import { createHash, randomUUID } from 'node:crypto'
import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { examineOffer, requireNotExpired } from './examine-offer.ts'
import {
  filesKnownFrom,
  filesOfOffer,
  insertOffer,
  lockOfferByBranch,
  type ManifestFile,
  type Offer,
} from './offer-store.ts'
import { type OfferAnswer, type OfferRequest, termsSha256 } from './protocol.ts'
import { receiptsOfOffer } from './receipt-store.ts'
import type { RelayDeps } from './relay-deps.ts'

/**
 * Step 1: a peer offers a sealed envelope for the recipients of one branch.
 *
 * The same offer made again is answered from what is stored, and so is also the question "what became of it?": its
 * receipts if it was committed, `RELAY_EXPIRED` if it was not and never will be.
 *
 * A crash after this step leaves an offer that nobody has committed: nothing was promised, the peer offers again.
 *
 * @throws CongvanError `RELAY_COLLISION` and everything of `examineOffer`
 */
export async function receiveOffer(
  deps: RelayDeps,
  peer: string,
  request: OfferRequest,
  now: Date,
): Promise<OfferAnswer> {
  const { context } = deps
  const offer = asOffer(context, peer, request)
  const known = await context.db.asNode((trx) => lockOfferByBranch(trx, offer))
  if (known === undefined) {
    const { message } = await examineOffer(context, offer, offer.envelope, now)
    const files = manifestOf(message.attachments)
    await context.db.asNode((trx) => insertOffer(trx, offer, files, now))
  }
  return context.db.asNode((trx) => answerOffer(trx, deps, offer))
}

function asOffer(
  context: NodeContext,
  peer: string,
  request: OfferRequest,
): Offer & { readonly envelope: Uint8Array } {
  const { limits } = context
  const envelope = Buffer.from(request.envelope, 'base64')
  if (envelope.length > limits.envelopeBytes) {
    throw new CongvanError('INPUT_TOO_LARGE', { limit: limits.envelopeBytes })
  }
  if (request.recipients.length > limits.recipients) {
    const reason = `${request.recipients.length} > ${limits.recipients}`
    throw new CongvanError('INPUT_INVALID', { field: 'recipients', reason })
  }
  const envelopeSha256 = createHash('sha256').update(envelope).digest('hex')
  return {
    id: randomUUID(),
    peer,
    branch: request.branch.toLowerCase(),
    series: request.series,
    envelopeSha256,
    termsSha256: termsSha256(request, envelopeSha256),
    recipients: request.recipients,
    path: request.path,
    previousReceipt: request.previousReceipt,
    notAfter: new Date(request.notAfter),
    envelope,
    committedAt: null,
  }
}

/** A file may be named twice under two names; it is sent once. */
export function manifestOf(attachments: readonly ManifestFile[]): ManifestFile[] {
  return [...new Map(attachments.map(({ sha256, length }) => [sha256, { sha256, length }])).values()]
}

/**
 * The answer to an offer as it stands. Its row is locked, so that an expired offer is called expired only when no
 * commit of it is under way: whoever locks it later finds its time past as well.
 */
async function answerOffer(trx: NodeTransaction, deps: RelayDeps, offer: Offer): Promise<OfferAnswer> {
  const stored = await lockOfferByBranch(trx, offer)
  if (stored === undefined) throw new CongvanError('RELAY_OFFER_UNKNOWN', { id: offer.branch })
  if (stored.committedAt !== null) {
    const receipts = await receiptsOfOffer(trx, stored.id)
    return {
      state: 'committed',
      offer: stored.id,
      receipts: receipts.map((xml) => Buffer.from(xml).toString('base64')),
    }
  }
  requireNotExpired(stored.notAfter, deps.context.clock())
  return { state: 'open', offer: stored.id, needs: await missingFiles(trx, deps, stored) }
}

/**
 * The files that this very peer has still to upload: those that it has not proven to hold, or that are not here any
 * more. That the bytes are here for another reason counts for nothing; else a hash would be enough to fetch them.
 */
export async function missingFiles(
  trx: NodeTransaction,
  deps: RelayDeps,
  offer: Pick<Offer, 'id' | 'peer'>,
): Promise<string[]> {
  const wanted = (await filesOfOffer(trx, offer.id)).map((file) => file.sha256)
  const known = await filesKnownFrom(trx, offer.peer, wanted)
  const present = await Promise.all(wanted.map((sha256) => known.has(sha256) && deps.files.has(sha256)))
  return wanted.filter((_, index) => present[index] !== true)
}
