import type { UserActor } from '../actor.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { findAgencyById } from '../directory/agency-store.ts'
import { stateNames } from '../documents/document.ts'
import { requireReadable } from '../documents/document-access-store.ts'
import type { DocumentRow } from '../documents/document-store.ts'
import { readPaperDispatches } from '../documents/paper-dispatch-store.ts'
import { readRecallOrders } from '../documents/recall-order-store.ts'
import { CongvanError } from '../errors.ts'
import { type Branch, branchOfDelivery } from './branch-store.ts'
import { isSettled } from './delivery.ts'
import { type Delivery, deliveriesOfDocument } from './delivery-store.ts'

/** What a recall does about one recipient, and why nothing where it does nothing. */
export type RecallStep =
  | { readonly code: string; readonly way: 'cancelled'; readonly branch: Branch }
  /** `address`: the code that the recipient bears today, where a reorganisation has given it another. */
  | { readonly code: string; readonly way: 'notice'; readonly address: string }
  | ({ readonly code: string; readonly way: 'nothing' } & Untouched)

export type Untouched =
  | { readonly why: 'not-delivered' | 'recalled-before' }
  /** Nobody can be reached there any more. `closedOn`: `YYYY-MM-DD`; `successors`: codes of those who took over. */
  | { readonly why: 'closed'; readonly closedOn: string; readonly successors: readonly string[] }

export interface RecallPlan {
  readonly document: DocumentRow
  readonly steps: readonly RecallStep[]
  /** Names of those who have it on paper, which they send back (NĐ 30/2020 art 18.4a). */
  readonly paper: readonly string[]
}

export interface RecallWish {
  readonly documentId: string
  /** Codes by which it was sent; left out: all recipients. */
  readonly recipients?: readonly string[]
}

/**
 * Looks up how far a document has got on its way to each recipient. A delivery whose branch nobody was ever asked to
 * take can be cancelled here; once a peer was asked to commit, only the recipient can give the document up.
 *
 * @throws CongvanError `NOT_FOUND`, `RECALL_NOT_SENT`, `RECALL_RECIPIENT_UNKNOWN`
 */
export async function planRecall(
  trx: AgencyTransaction,
  actor: UserActor,
  { documentId, recipients }: RecallWish,
  now: Date,
): Promise<RecallPlan> {
  const document = await requireReadable(trx, actor, documentId)
  if (document.direction === 'incoming') {
    throw notSent('another agency has issued it', 'văn bản do cơ quan khác ban hành')
  }
  if (document.state !== 'dispatched') {
    const now = stateNames[document.state]
    throw notSent(`the document is "${document.state}"`, `văn bản đang ở trạng thái "${now}"`)
  }
  const latest = latestByRecipient(await deliveriesOfDocument(trx, documentId))
  const codes = new Set(latest.map((one) => one.recipient))
  const unknown = (recipients ?? []).filter((code) => !codes.has(code))
  if (unknown.length > 0) throw new CongvanError('RECALL_RECIPIENT_UNKNOWN', { codes: unknown.join(', ') })
  const recalled = new Set(
    (await readRecallOrders(trx, documentId)).flatMap((order) => order.recipients.map((one) => one.code)),
  )
  const wanted = new Set(recipients ?? codes)
  const steps: RecallStep[] = []
  for (const delivery of latest) {
    if (!wanted.has(delivery.recipient)) continue
    steps.push(await stepFor(trx, delivery, recalled.has(delivery.recipient), now))
  }
  if (steps.every((one) => one.way === 'nothing')) throw nobodyLeft(steps)
  const papers = await readPaperDispatches(trx, documentId)
  return { document, steps, paper: [...new Set(papers.flatMap((one) => one.recipients))] }
}

/** Of several attempt series to one recipient the newest counts. */
function latestByRecipient(deliveries: readonly Delivery[]): Delivery[] {
  const ordered = deliveries.toSorted((one, other) => one.series - other.series)
  return [...new Map(ordered.map((one) => [one.recipientAgencyId, one])).values()]
}

async function stepFor(
  trx: AgencyTransaction,
  delivery: Delivery,
  isRecalled: boolean,
  now: Date,
): Promise<RecallStep> {
  const { recipient: code, progress } = delivery
  if (isRecalled) return { code, way: 'nothing', why: 'recalled-before' }
  if (isSettled(progress) && progress.transport !== 'consigned') {
    return { code, way: 'nothing', why: 'not-delivered' }
  }
  const branch = await withNodeTables(trx, (node) => branchOfDelivery(node, delivery))
  if (branch?.state === 'queued') return { code, way: 'cancelled', branch }
  const day = vietnamDay(now)
  const today = await findAgencyById(trx, delivery.recipientAgencyId, day)
  if (today !== undefined && today.closedOn !== null && today.closedOn <= day) {
    const successors = today.successors.map((one) => one.code)
    return { code, way: 'nothing', why: 'closed', closedOn: today.closedOn, successors }
  }
  return { code, way: 'notice', address: today?.code ?? code }
}

/** Of several recipients who cannot be asked, those that have closed are named: their successors may have the papers. */
function nobodyLeft(steps: readonly RecallStep[]): CongvanError {
  const closed = steps.flatMap((one) => (one.way === 'nothing' && one.why === 'closed' ? [one] : []))
  if (closed.length === 0) return notSent('nobody is left to be asked', 'không còn nơi nhận nào để thu hồi')
  const named = (since: string, none: string) =>
    closed
      .map((one) => `${one.code} (${since} ${one.closedOn}, → ${one.successors.join(', ') || none})`)
      .join('; ')
  return notSent(
    `whoever is left has closed: ${named('since', 'no successor')}`,
    `nơi nhận còn lại đã đóng: ${named('từ', 'không có cơ quan kế thừa')}`,
  )
}

function notSent(reason: string, reasonVi: string): CongvanError {
  return new CongvanError('RECALL_NOT_SENT', { reason, reasonVi })
}
