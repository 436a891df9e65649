import { createHash, randomUUID } from 'node:crypto'
import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { examineOffer } from './examine-offer.ts'
import {
  filesKnownFrom,
  filesOfOffer,
  insertOffer,
  lockOfferByBranch,
  type ManifestFile,
  type Offer,
  openOffers,
  refuseOffer,
} from './offer-store.ts'
import { type OfferAnswer, type OfferRequest, termsSha256 } from './protocol.ts'
import { receiptsOfOffer } from './receipt-store.ts'
import type { RelayDeps } from './relay-deps.ts'

/** What one peer may have offered and not committed: envelopes, and bytes of them. Beyond it, it has to wait. */
const OPEN_OFFERS = 1_000
const OPEN_BYTES = 256 * 1024 * 1024

/**
 * Step 1: a peer offers a sealed envelope for the recipients of one branch.
 *
 * The same offer made again is answered from what is stored, and so is also the question "what became of it?": its
 * receipts if it was committed, `RELAY_EXPIRED` if it was not and never will be.
 *
 * A crash after this step leaves an offer that nobody has committed: nothing was promised, the peer offers again.
 *
 * @throws CongvanError `RELAY_COLLISION`, `RELAY_OFFERS_TOO_MANY` and everything of `examineOffer`
 */
export async function receiveOffer(
  deps: RelayDeps,
  peer: string,
  request: OfferRequest,
  now: Date,
  whenOpen: WhenOpen = () => Promise.resolve(),
): Promise<OfferAnswer> {
  const { context } = deps
  const offer = asOffer(context, peer, request)
  const answer = await context.db.asNode(async (trx) => {
    const known = await lockOfferByBranch(trx, offer)
    const files = known === undefined ? await filesToCome(trx, context, offer, now) : undefined
    const stored = files === undefined ? undefined : insertOffer(trx, offer, files, now)
    // Of what is stored by then: another request may have stored the same offer first.
    const [answered] = await Promise.all([answerOffer(trx, deps, offer, files), stored])
    if (!(answered instanceof CongvanError) && answered.state === 'open') await whenOpen(trx, answered)
    return answered
  })
  // Thrown only now: the refusal is stored before it is told.
  if (answer instanceof CongvanError) throw answer
  return answer
}

/** What else is done about an open offer, in the transaction that stores it. */
type WhenOpen = (trx: NodeTransaction, answer: Extract<OfferAnswer, { state: 'open' }>) => Promise<void>

/** Whether an offer that is new may be stored; with the files that its envelope names. */
async function filesToCome(
  trx: NodeTransaction,
  context: NodeContext,
  offer: Offer & { readonly envelope: Uint8Array },
  now: Date,
): Promise<ManifestFile[]> {
  const [open, examined] = await Promise.allSettled([
    openOffers(trx, offer.peer),
    examineOffer(trx, context, offer, offer.envelope, now),
  ])
  if (examined.status === 'rejected') throw examined.reason
  if (open.status === 'rejected') throw open.reason
  const { count, bytes } = open.value
  if (count >= OPEN_OFFERS || bytes + offer.envelope.length > OPEN_BYTES) {
    throw new CongvanError('RELAY_OFFERS_TOO_MANY', { peer: offer.peer, count })
  }
  return manifestOf(examined.value.message.attachments)
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
    refusal: null,
  }
}

/** A file may be named twice under two names; it is sent once. */
export function manifestOf(attachments: readonly ManifestFile[]): ManifestFile[] {
  return [...new Map(attachments.map(({ sha256, length }) => [sha256, { sha256, length }])).values()]
}

/**
 * The answer to an offer as it stands, or the fault with which it is refused for good. Its row is locked: an expired
 * offer is called expired only when no commit of it is under way, and once it was called so nobody commits it, not
 * even another process of this node whose clock is behind.
 *
 * @param manifest its files, where the caller knows them
 */
async function answerOffer(
  trx: NodeTransaction,
  deps: RelayDeps,
  offer: Offer,
  manifest: readonly ManifestFile[] | undefined,
): Promise<OfferAnswer | CongvanError> {
  const [stored, missing] = await Promise.all([
    lockOfferByBranch(trx, offer),
    manifest === undefined ? undefined : missingFiles(trx, deps, offer, manifest),
  ])
  if (stored === undefined) throw new CongvanError('RELAY_OFFER_UNKNOWN', { id: offer.branch })
  if (stored.committedAt !== null) {
    const receipts = await receiptsOfOffer(trx, stored.id)
    return {
      state: 'committed',
      offer: stored.id,
      receipts: receipts.map((xml) => Buffer.from(xml).toString('base64')),
    }
  }
  const refusal = await refusalOf(trx, stored, deps.context.clock())
  if (refusal !== undefined) return refusal
  return { state: 'open', offer: stored.id, needs: missing ?? (await missingFiles(trx, deps, stored)) }
}

/**
 * Why an offer that is not committed never will be: it was refused before, or has expired, which is noted now. The
 * caller holds its row's lock.
 */
export async function refusalOf(
  trx: NodeTransaction,
  stored: Pick<Offer, 'id' | 'notAfter' | 'refusal'>,
  now: Date,
): Promise<CongvanError | undefined> {
  if (stored.refusal !== null) return new CongvanError(stored.refusal.code, stored.refusal.params)
  if (now <= stored.notAfter) return undefined
  const expired = new CongvanError('RELAY_EXPIRED', { notAfter: stored.notAfter.toISOString() })
  await refuseOffer(trx, stored.id, expired)
  return expired
}

/**
 * The files that this very peer has still to upload: those that it has not proven to hold, or that are not here any
 * more. That the bytes are here for another reason counts for nothing; else a hash would be enough to fetch them.
 *
 * @param manifest its files, where the caller knows them
 */
export async function missingFiles(
  trx: NodeTransaction,
  deps: RelayDeps,
  offer: Pick<Offer, 'id' | 'peer'>,
  manifest?: readonly ManifestFile[],
): Promise<string[]> {
  const wanted = (manifest ?? (await filesOfOffer(trx, offer.id))).map((file) => file.sha256)
  const known = await filesKnownFrom(trx, offer.peer, wanted)
  const present = await Promise.all(wanted.map((sha256) => known.has(sha256) && deps.files.has(sha256)))
  return wanted.filter((_, index) => present[index] !== true)
}
