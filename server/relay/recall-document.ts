import { randomUUID } from 'node:crypto'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { AgencyTransaction } from '../db.ts'
import { lockReadableAnyway } from '../documents/document-access-store.ts'
import { changeDocument } from '../documents/document-store.ts'
import { insertRecallOrder, type RecallOrder } from '../documents/recall-order-store.ts'
import { CongvanError } from '../errors.ts'
import { addEntryNote } from '../registers/follow-store.ts'
import { type Cancellation, cancelBranches, signCancellations } from './cancel-branches.ts'
import {
  type DispatchResult,
  dispatching,
  type Prepared,
  prepareSending,
  type Sending,
  storeSending,
} from './dispatch.ts'
import { recallOf } from './message-business.ts'
import { planRecall, type RecallPlan, type RecallStep, type Untouched } from './recall-plan.ts'
import type { RelayDeps } from './relay-deps.ts'

export interface RecallRequest {
  /** The document that is recalled. */
  readonly documentId: string
  /** The issued notice of recall; needed where the document has left for a recipient. */
  readonly noticeId?: string
  readonly reason: string
  /** Codes by which it was sent; left out: all recipients. */
  readonly recipients?: readonly string[]
}

export interface RecallResult {
  readonly id: string
  readonly recall: 'ordered'
  /** It never left for these: ended here, without a notice. */
  readonly cancelled: readonly string[]
  /** These were asked to give it up, by the notice. */
  readonly notified: readonly string[]
  /** Nothing was to be done about these, or nothing can be done any more. */
  readonly untouched: readonly ({ readonly code: string } & Untouched)[]
  /** Names of those who have it on paper and are to send it back. */
  readonly paper: readonly string[]
  /** The envelope of the notice; null where nobody had to be asked. */
  readonly envelope: string | null
}

/** How often a plan is made anew when branches leave while it is carried out. */
const TRIES = 5

/**
 * Recalls a document: what has not left is cancelled here, everybody else gets the notice of recall in an envelope of
 * type 1 that names the document. From the commit on the document is frozen (NĐ 30/2020 art 18.4b; Phụ lục VI, III.8a).
 * A recipient that has closed since is named in the answer and keeps nobody else from being asked.
 *
 * The receipts of what is cancelled are signed and the envelope is sealed first, outside any transaction. Then one
 * transaction freezes the document, ends the branches, and stores envelope, deliveries, jobs, order and log entry: a crash
 * before it commits leaves nothing, after it everything. A branch that left in between is seen under its lock; then
 * nothing is stored and the plan is made anew.
 *
 * @throws CongvanError those of `dispatchDocument` about the notice; `NOT_FOUND`, `RECALL_NOT_SENT`,
 *   `RECALL_RECIPIENT_UNKNOWN`, `RECALL_NOTICE_MISSING`, `RECALL_NOTICE_WRONG`, `RECALL_OVERTAKEN`
 */
export async function recallDocument(
  deps: RelayDeps,
  actor: UserActor,
  request: RecallRequest,
): Promise<RecallResult> {
  const { db } = deps.context
  for (let left = TRIES; ; left -= 1) {
    let prepared: PreparedRecall
    try {
      prepared = await prepareRecall(deps, actor, request)
    } catch (error) {
      // What fails now may have been done before under the same key: then the stored answer counts.
      return db.asAgency(actor, () => Promise.reject(error))
    }
    try {
      return await db.asAgency(actor, (trx) => carryOut(trx, deps, actor, request, prepared))
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
      if (left <= 1) throw new CongvanError('RECALL_OVERTAKEN')
    }
  }
}

/** A branch has left while the recall was prepared. */
class Overtaken extends Error {}

interface PreparedRecall {
  readonly plan: RecallPlan
  readonly cancellations: readonly Cancellation[]
  readonly notice: { readonly sending: Sending; readonly sent: Prepared } | null
  readonly now: Date
}

async function prepareRecall(
  deps: RelayDeps,
  actor: UserActor,
  request: RecallRequest,
): Promise<PreparedRecall> {
  const { context } = deps
  const { agencyId, userId } = actor
  const now = context.clock()
  const plan = await context.db.asAgency({ agencyId, userId }, (trx) => planRecall(trx, actor, request, now))
  const steps = plan.steps.filter((one) => one.way === 'cancelled')
  const cancellations = await signCancellations(deps, steps, now)
  const codes = codesOf(plan, 'notice')
  if (codes.length === 0) return { plan, cancellations, notice: null, now }
  const { noticeId: documentId } = request
  if (documentId === undefined) throw new CongvanError('RECALL_NOTICE_MISSING', { codes: codes.join(', ') })
  if (documentId === request.documentId) {
    throw new CongvanError('RECALL_NOTICE_WRONG', {
      reason: 'it is the document itself that is recalled',
      reasonVi: 'chính là văn bản bị thu hồi',
    })
  }
  const targetCode = plan.document.documentCode ?? ''
  const sending: Sending = {
    ...dispatching(deps, actor, { documentId }),
    business: async () => recallOf(targetCode, request.reason, plan.paper.length > 0),
  }
  const recipients = plan.steps.flatMap((one) => (one.way === 'notice' ? [one.address] : []))
  const sent = await prepareSending(deps, actor, { documentId, recipients }, sending)
  return { plan, cancellations, notice: { sending, sent }, now }
}

async function carryOut(
  trx: AgencyTransaction,
  deps: RelayDeps,
  actor: UserActor,
  request: RecallRequest,
  { plan, cancellations, notice, now }: PreparedRecall,
): Promise<RecallResult> {
  const { agencyId, userId, displayName } = actor
  const { documentId, reason, noticeId } = request
  // Whoever dispatches or recalls the same document waits here, and then finds it frozen.
  const { state } = await lockReadableAnyway(trx, actor, documentId)
  if (!isSamePlan(plan, await planRecall(trx, actor, request, now))) throw new Overtaken()
  if (!(await cancelBranches(trx, deps, agencyId, cancellations, now))) throw new Overtaken()
  await changeDocument(trx, documentId, state, { recall: 'ordered' }, now)
  const sent = notice && (await storeSending(trx, deps, actor, notice.sent, notice.sending))
  const order: RecallOrder = {
    id: randomUUID(),
    documentId,
    noticeId: notice === null ? null : (noticeId ?? null),
    envelopeSha256: sent?.envelope ?? null,
    reason,
    recipients: plan.steps.flatMap(({ code, way }) => (way === 'nothing' ? [] : [{ code, way }])),
    by: { userId, name: displayName },
    at: now,
  }
  await insertRecallOrder(trx, agencyId, order)
  const closed = plan.steps.flatMap((one) =>
    one.way === 'nothing' && one.why === 'closed' ? [one.code] : [],
  )
  await addEntryNote(trx, documentId, 'outgoing', noteOf(order, notice?.sent))
  await appendLogEntry(trx, { nodeId: deps.context.nodeId, actor, now }, agencyId, {
    kind: 'document.recalled',
    subject: `document:${documentId}`,
    facts: {
      order: order.id,
      notice: order.noticeId,
      envelope: order.envelopeSha256,
      cancelled: codesOf(plan, 'cancelled'),
      notified: codesOf(plan, 'notice'),
      ...(closed.length === 0 ? {} : { closed }),
      receipts: cancellations.flatMap((one) => one.receipts.map((receipt) => receipt.sha256)),
    },
    personal: { reason },
  })
  return resultOf(plan, sent)
}

/** Whether it still asks for the same of the same recipients; more may have been sent it meanwhile. */
function isSamePlan(one: RecallPlan, other: RecallPlan): boolean {
  const summary = ({ steps, paper }: RecallPlan) =>
    [...steps.map(({ code, way }) => `${code} ${way}`), paper.length > 0].join()
  return summary(one) === summary(other)
}

function codesOf({ steps }: RecallPlan, way: RecallStep['way']): string[] {
  return steps.filter((one) => one.way === way).map((one) => one.code)
}

/** Ghi chú of the outgoing book. */
function noteOf(order: RecallOrder, notice: Prepared | undefined): string {
  const by = notice === undefined ? 'trước khi gửi' : `theo văn bản ${codeOf(notice)}`
  return `Đã thu hồi ${by}: ${order.recipients.map((one) => one.code).join(', ')}`
}

function codeOf({ document }: Prepared): string {
  return `${document.codeNumber}/${document.codeNotation}`
}

function resultOf(plan: RecallPlan, sent: DispatchResult | null): RecallResult {
  return {
    id: plan.document.id,
    recall: 'ordered',
    cancelled: codesOf(plan, 'cancelled'),
    notified: codesOf(plan, 'notice'),
    untouched: plan.steps.flatMap((one) => {
      if (one.way !== 'nothing') return []
      const { way: _, ...rest } = one
      return [rest]
    }),
    paper: plan.paper,
    envelope: sent?.envelope ?? null,
  }
}
