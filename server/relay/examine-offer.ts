import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { nodeHostedAgency, routeTo } from '../directory/node-store.ts'
import type { Attachment, DocumentMessage } from '../edxml/envelope.ts'
import { openEnvelope } from '../edxml/open-envelope.ts'
import type { Opened } from '../edxml/sealed-xml.ts'
import { CongvanError } from '../errors.ts'
import type { StoredEnvelope } from './envelope-store.ts'
import type { Offer } from './offer-store.ts'
import { requireKeyOf, sealProblem } from './open-sealed.ts'
import { type RecipientRoute, recipientRouter } from './route-recipient.ts'

export type LocalRecipient = Extract<RecipientRoute, { kind: 'here' }>

/** An offer that holds: what was checked is what is used from here on. */
export interface ExaminedOffer {
  readonly envelope: StoredEnvelope
  readonly message: DocumentMessage
  /** The file that lies before the recipient's clerk. */
  readonly document: Attachment
  readonly here: readonly LocalRecipient[]
  /** Codes by the node that gets them next. */
  readonly onward: ReadonlyMap<string, readonly string[]>
}

export type OfferTerms = Pick<Offer, 'peer' | 'recipients' | 'path' | 'notAfter' | 'envelopeSha256'>

/**
 * Checks everything that an offer claims, before anything is written from it, and again at its commit: the way it
 * came, the seal and who was entitled to it, the time, and for each recipient the way it goes.
 *
 * @throws CongvanError `RELAY_OFF_ROUTE`, `RELAY_LOOP`, `RELAY_TOO_MANY_HOPS`, `RELAY_ENVELOPE_REJECTED`,
 *   `RELAY_DIRECTORY_BEHIND`, `RELAY_EXPIRED`, `INPUT_TOO_LARGE`. `RELAY_DIRECTORY_BEHIND` is for whatever a later directory may mend; its
 *   parameter `codes` names the recipients that it is about, if it is not about all.
 *
 * @param trx what is asked of the directory is read in it; nothing is written
 */
export async function examineOffer(
  trx: NodeTransaction,
  context: NodeContext,
  terms: OfferTerms,
  bytes: Uint8Array,
  now: Date,
): Promise<ExaminedOffer> {
  requirePath(context, terms)
  const [originNode = ''] = terms.path
  const opened = openOffered(bytes)
  const { message } = opened
  // All that is asked of the directory is asked at once; the faults go by their order all the same.
  const entitled = requireEntitled(trx, context, originNode, opened, now)
  const comesByRoute = requireRoute(trx, context, originNode, terms.peer)
  const routed = routeAll(trx, context, terms, opened.sealedAt, now)
  await Promise.allSettled([entitled, comesByRoute, routed])
  await entitled
  requireTime(context, terms, opened, now)
  requireAddressed(terms, message)
  const document = requireFiles(context, message)
  await comesByRoute
  const routes = await routed
  const onward = new Map<string, string[]>()
  for (const one of routes) {
    if (one.kind === 'onward') onward.set(one.nodeId, [...(onward.get(one.nodeId) ?? []), one.code])
  }
  return {
    envelope: {
      sha256: opened.sha256,
      originNode,
      fromCode: message.from.organId,
      documentId: message.documentId,
      sealedAt: opened.sealedAt,
      sealKey: opened.keyFingerprint,
      notAfter: message.notAfter,
      sender: null,
    },
    message,
    document,
    here: routes.filter((one) => one.kind === 'here'),
    onward,
  }
}

function requirePath(context: NodeContext, { peer, path }: OfferTerms): void {
  if (path.at(-1) !== peer) {
    throw new CongvanError('RELAY_OFF_ROUTE', { peer, reason: `the path ends with ${path.at(-1)}` })
  }
  if (path.includes(context.nodeId)) throw new CongvanError('RELAY_LOOP', { node: context.nodeId })
  const twice = path.find((node, index) => path.indexOf(node) !== index)
  if (twice !== undefined) throw new CongvanError('RELAY_LOOP', { node: twice })
  const count = path.length + 1
  if (count > context.limits.hops) {
    throw new CongvanError('RELAY_TOO_MANY_HOPS', { count, limit: context.limits.hops })
  }
}

/** @throws CongvanError `RELAY_ENVELOPE_REJECTED` */
function openOffered(bytes: Uint8Array): Opened<DocumentMessage> {
  try {
    return openEnvelope(bytes)
  } catch (error) {
    const problem = sealProblem(error)
    throw problem === undefined ? error : rejected(problem)
  }
}

/** Whether the seal is by a key of the origin node, which hosted From when it sealed. */
async function requireEntitled(
  trx: NodeTransaction,
  context: NodeContext,
  originNode: string,
  opened: Opened<DocumentMessage>,
  now: Date,
): Promise<void> {
  const { sealedAt, message } = opened
  const from = message.from.organId
  const [isKey, hosted] = await Promise.allSettled([
    requireKeyOf(trx, context, originNode, opened, now),
    nodeHostedAgency(trx, originNode, from, sealedAt),
  ])
  if (isKey.status === 'rejected') throw isKey.reason
  if (hosted.status === 'rejected') throw hosted.reason
  if (!hosted.value) {
    const what = `agency ${from} at node ${originNode} on ${vietnamDay(sealedAt)}`
    throw new CongvanError('RELAY_DIRECTORY_BEHIND', { what })
  }
}

/**
 * A seal dated back, to when its node hosted From, cannot be told from an old one; so an envelope travels no longer
 * after its seal than `limits.deliveryHours`.
 */
function requireTime(
  { limits }: NodeContext,
  { notAfter }: OfferTerms,
  { message, sealedAt }: Opened<DocumentMessage>,
  now: Date,
): void {
  const longest = limits.deliveryHours * 3_600_000 + limits.clockSkewSeconds * 1000
  if (message.notAfter.getTime() - sealedAt.getTime() > longest) {
    throw rejected(`notAfter is more than ${limits.deliveryHours} hours after the seal`)
  }
  if (message.notAfter.getTime() !== notAfter.getTime()) {
    throw rejected('notAfter of the offer is not that of the envelope')
  }
  requireNotExpired(notAfter, now)
}

/** @throws CongvanError `RELAY_EXPIRED`. Strictly by this node's clock: no node consigns after `notAfter` (design 4). */
function requireNotExpired(notAfter: Date, now: Date): void {
  if (now.getTime() > notAfter.getTime()) {
    throw new CongvanError('RELAY_EXPIRED', { notAfter: notAfter.toISOString() })
  }
}

function requireAddressed({ recipients }: OfferTerms, message: DocumentMessage): void {
  const addressed = new Set(message.to.map((one) => one.organId))
  const foreign = recipients.find((code) => !addressed.has(code))
  if (foreign !== undefined) throw rejected(`${foreign} is no recipient of the envelope`)
  if (new Set(recipients).size !== recipients.length) throw rejected('a recipient is named twice')
}

/** Only PDF documents are signed and issued (NB161 art 8.3b): the first PDF is the document. */
export function documentOf(message: DocumentMessage): Attachment | undefined {
  return message.attachments.find((one) => one.contentType === 'application/pdf')
}

function requireFiles(context: NodeContext, message: DocumentMessage): Attachment {
  const large = message.attachments.find((one) => one.length > context.limits.fileBytes)
  if (large !== undefined) throw new CongvanError('INPUT_TOO_LARGE', { limit: context.limits.fileBytes })
  const document = documentOf(message)
  if (document === undefined || document.length === 0) throw rejected('the envelope brings no PDF')
  return document
}

/** Nodes form a tree: an envelope from `originNode` can come from one neighbour only, the one towards that node. */
async function requireRoute(
  trx: NodeTransaction,
  context: NodeContext,
  originNode: string,
  peer: string,
): Promise<void> {
  const toOrigin = { id: '', code: originNode, hostingNode: originNode }
  const hop = await routeTo(trx, context.nodeId, toOrigin).catch((error: unknown) => {
    if (!(error instanceof CongvanError) || error.code !== 'NO_ROUTE') throw error
    throw new CongvanError('RELAY_DIRECTORY_BEHIND', { what: `the way to node ${originNode}` })
  })
  if (hop.kind === 'deliver' || hop.nodeId !== peer) {
    throw new CongvanError('RELAY_OFF_ROUTE', { peer, reason: `the way from ${originNode} is another` })
  }
}

/** How many codes a message names; all of them stand in its parameter `codes`. */
const NAMED_CODES = 20

/**
 * The way of every recipient. One without a way, or whose way leads back, is no judgement on the recipient: the
 * directories of two nodes may differ for a while.
 */
async function routeAll(
  trx: NodeTransaction,
  context: NodeContext,
  terms: OfferTerms,
  sealedAt: Date,
  now: Date,
): Promise<RecipientRoute[]> {
  const routes: RecipientRoute[] = []
  const lagging: string[] = []
  const routeRecipient = recipientRouter(trx, context.nodeId, terms.recipients, sealedAt, now)
  for (const code of terms.recipients) {
    try {
      const route = await routeRecipient(code)
      if (route.kind === 'onward' && route.nodeId === terms.peer) lagging.push(code)
      else routes.push(route)
    } catch (error) {
      if (!(error instanceof CongvanError) || !/^(AGENCY_|NO_ROUTE)/.test(error.code)) throw error
      lagging.push(code)
    }
  }
  if (lagging.length > 0) {
    const named = lagging.slice(0, NAMED_CODES).join(', ')
    const what = `the way to ${lagging.length} recipients (${named}${lagging.length > NAMED_CODES ? ', …' : ''})`
    throw new CongvanError('RELAY_DIRECTORY_BEHIND', { what, codes: lagging.join(',') })
  }
  return routes
}

function rejected(reason: string): CongvanError {
  return new CongvanError('RELAY_ENVELOPE_REJECTED', { reason })
}
