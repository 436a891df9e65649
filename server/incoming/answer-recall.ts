import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction } from '../db.ts'
import { stateNames } from '../documents/document.ts'
import { lockReadableAnyway } from '../documents/document-access-store.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { changeDocument, type DocumentRow, readDocument } from '../documents/document-store.ts'
import { type RecallState, requireNotSealed } from '../documents/recall.ts'
import { type IncomingRequest, requestsAbout } from '../documents/request-store.ts'
import { CongvanError } from '../errors.ts'
import { requireVersion } from '../http/route.ts'
import { printedCode } from '../registers/register.ts'
import { sealContent } from './seal-content.ts'
import { type RequestAnswer, settleRequest } from './settle-request.ts'

export interface RecallAnswered {
  readonly id: string
  readonly recall: RecallState
}

/**
 * Answers a recall: the issuer is told 15 or 16, in answer to each notice that asked.
 *
 * Agreed, the content opens to nobody any more from the commit of this transaction on, and its bytes go with the next
 * sweep unless another document of this node has them too. Row, số đến, who asked and answered and why, and the log stay
 * (NĐ 30/2020 art 18.4b; Phụ lục VI, III.8b, c). The law gives no right to decline; it happens, and is told: the recall
 * stays open, and can still be agreed to.
 *
 * The same answer again changes nothing and tells nobody. Of two at once, or one while the document is accepted or
 * assigned, the second waits and then sees what the first has done.
 *
 * @throws CongvanError `NOT_FOUND`, `VERSION_STALE`, `RECALL_NOT_REQUESTED`, `RECALL_NOTICE_UNSEEN` while no notice has
 *   passed verification, `DOCUMENT_RECALLED` when what was agreed is to be declined
 */
export async function answerRecall(
  context: NodeContext,
  services: Pick<DocumentServices, 'announce'>,
  actor: UserActor,
  answer: RequestAnswer,
): Promise<RecallAnswered> {
  const now = context.clock()
  const { id, agree } = answer
  return context.db.asAgency(actor, async (trx) => {
    const document = await lockReadableAnyway(trx, actor, id)
    requireVersion(document.version, answer.ifMatch)
    const asked = (await requestsAbout(trx, id)).filter((one) => one.type === 1)
    if (asked.length === 0) throw new CongvanError('RECALL_NOT_REQUESTED')
    if (!agree) requireNotSealed(document)
    const open = asked.filter((one) => one.state === 'open' || (agree && one.state === 'declined'))
    if (open.length === 0) return { id, recall: document.recall ?? 'declined' }
    const notices: DocumentRow[] = []
    for (const one of open) notices.push(await readDocument(trx, one.noticeId))
    if (agree && document.recall !== 'agreed') requireSeen(notices)
    const recall = agree ? 'agreed' : document.recall === 'agreed' ? 'agreed' : 'declined'
    if (agree && document.recall !== 'agreed') await sealContent(trx, document, noteOf(notices), now)
    else await changeDocument(trx, id, document.state, { recall }, now)
    await log(trx, context, actor, document, open, answer, now)
    const done = doneText(document, agree)
    const givenUp = agree ? document.incoming?.envelopeSha256 : undefined
    for (const [index, notice] of notices.entries()) {
      const request = open[index]
      if (request === undefined) continue
      await settleRequest(trx, services, actor, answer, { request, notice, done, givenUp }, now)
    }
    return { id, recall }
  })
}

/** N038: nothing is cancelled before the notice itself is here, verified and to be read. */
function requireSeen(notices: readonly DocumentRow[]): void {
  const unseen = new Set(['arrived', 'failed-verification', 'refused'])
  if (notices.some((one) => !unseen.has(one.state) && one.incoming?.secretMark == null)) return
  const [notice] = notices
  if (notice === undefined) throw new CongvanError('RECALL_NOT_REQUESTED')
  throw new CongvanError('RECALL_NOTICE_UNSEEN', { notice: notice.id, state: stateNames[notice.state] })
}

/** What stands in the book from then on. */
function noteOf(notices: readonly DocumentRow[]): string {
  const named = notices.map((one) => printedCode(one.codeNumber ?? '', one.codeNotation))
  return `Đã thu hồi theo văn bản ${named.join(', ')}`
}

async function log(
  trx: AgencyTransaction,
  context: NodeContext,
  actor: UserActor,
  document: DocumentRow,
  open: readonly IncomingRequest[],
  { agree, text }: RequestAnswer,
  now: Date,
): Promise<void> {
  await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
    kind: agree ? 'document.recall-agreed' : 'document.recall-declined',
    subject: `document:${document.id}`,
    facts: {
      notices: open.map((one) => one.noticeId),
      sender: document.incoming?.senderCode ?? null,
      state: document.state,
      incomingNumber: document.incoming?.number ?? null,
      year: document.incoming?.year ?? null,
    },
    ...(text === undefined ? {} : { personal: { text } }),
  })
}

/** What the issuer is told. */
function doneText({ incoming }: DocumentRow, agree: boolean): string {
  const { number, year } = incoming ?? {}
  const which = number == null ? 'chưa vào sổ' : `số đến ${number} năm ${year}`
  return agree ? `Đã hủy văn bản bị thu hồi (${which})` : `Từ chối thu hồi (${which})`
}
