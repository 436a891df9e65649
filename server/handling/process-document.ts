/** Whoever leads says that the work has begun (05) and that it is done (06); those who co-operate give their part. */
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction } from '../db.ts'
import { announceStatus } from '../documents/announce-status.ts'
import { type DocumentState, requireTransition } from '../documents/document.ts'
import { lockReadable, requireReadable } from '../documents/document-access-store.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { changeDocument, type DocumentRow, readDocument } from '../documents/document-store.ts'
import { CongvanError } from '../errors.ts'
import { printedCode } from '../registers/register.ts'
import { followInBook } from './follow-in-book.ts'
import { addNote, endParties, readNotes, readOpenParties } from './handling-store.ts'

export interface Processed {
  readonly id: string
  readonly state: DocumentState
}

/**
 * Says that the work has begun. Status 05.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`; `ASSIGNEE_WRONG` for anybody but the person who leads
 */
export async function startProcessing(
  context: NodeContext,
  services: Pick<DocumentServices, 'announce'>,
  actor: UserActor,
  id: string,
): Promise<Processed> {
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const document = await lockReadable(trx, actor, id)
    const transition = requireTransition(document.state, 'process')
    requireLead(document, actor)
    await changeDocument(trx, id, transition.to, {}, now)
    await followInBook(trx, id, transition.to, await readOpenParties(trx, id))
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'document.processing',
      subject: `document:${id}`,
    })
    await announceStatus(trx, services.announce, document, transition, 'Đang xử lý', now)
    return { id, state: transition.to }
  })
}

export interface Completion {
  readonly id: string
  /** The outgoing document that answers, sent already. */
  readonly answer?: string | undefined
  /** Why no answer is needed, in words. */
  readonly noAnswerReason?: string | undefined
}

/**
 * Says that the work is done: by the document that answers, or with the reason why none is needed. An answer that was
 * sent before counts without being named again. Status 06.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `ASSIGNEE_WRONG`, `ANSWER_MISSING`, `ANSWER_NOT_SENT`
 */
export async function completeDocument(
  context: NodeContext,
  services: Pick<DocumentServices, 'announce'>,
  actor: UserActor,
  { id, answer, noAnswerReason }: Completion,
): Promise<Processed> {
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const document = await lockReadable(trx, actor, id)
    const transition = requireTransition(document.state, 'complete')
    requireLead(document, actor)
    const answered = await requireAnswer(trx, actor, id, { answer, noAnswerReason })
    const parties = await readOpenParties(trx, id)
    await changeDocument(trx, id, transition.to, {}, now)
    await addNote(trx, actor.agencyId, id, {
      kind: 'completion',
      text: noAnswerReason ?? '',
      author: actor,
      at: now,
      ...(answered === undefined ? {} : { answer: answered.id }),
    })
    await endParties(trx, id, 'completed', now)
    await followInBook(trx, id, transition.to, parties, {
      ...(answered === undefined ? {} : { answer: answered.code }),
      ...(noAnswerReason === undefined ? {} : { remark: noAnswerReason }),
    })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'document.completed',
      subject: `document:${id}`,
      facts: { answer: answered?.id ?? null },
      ...(noAnswerReason === undefined ? {} : { personal: { noAnswerReason } }),
    })
    await announceStatus(trx, services.announce, document, transition, 'Đã hoàn thành xử lý', now)
    return { id, state: transition.to }
  })
}

/**
 * The part of one who co-operates is done. The document stays with its lead, and its sender is told nothing.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`; `PARTY_UNKNOWN` when the actor does not co-operate in it
 */
export async function contributeToDocument(
  context: NodeContext,
  actor: UserActor,
  { id, text }: { readonly id: string; readonly text: string },
): Promise<Processed> {
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const { state } = await lockReadable(trx, actor, id)
    const { to } = requireTransition(state, 'direct')
    const parties = await readOpenParties(trx, id)
    const own = parties.find((one) => one.position > 0 && one.userId === actor.userId)
    if (own === undefined) throw new CongvanError('PARTY_UNKNOWN', { position: '-' })
    await endParties(trx, id, 'contributed', now, own.position)
    const note = { kind: 'contribution', text, author: actor, at: now, party: own.name } as const
    await addNote(trx, actor.agencyId, id, note)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'document.contributed',
      subject: `document:${id}`,
      facts: { position: own.position },
      personal: { text },
    })
    return { id, state: to }
  })
}

/** A person who leads does so in person; for a unit whoever may process and sees the document. */
function requireLead({ incoming }: DocumentRow, actor: UserActor): void {
  const lead = incoming?.handler ?? null
  if (lead === null || lead.userId === null || lead.userId === actor.userId) return
  throw new CongvanError('ASSIGNEE_WRONG', { lead: lead.name })
}

async function requireAnswer(
  trx: AgencyTransaction,
  actor: UserActor,
  incoming: string,
  { answer, noAnswerReason }: Pick<Completion, 'answer' | 'noAnswerReason'>,
): Promise<{ id: string; code: string } | undefined> {
  const sent = (await readNotes(trx, incoming)).findLast((note) => note.answer !== null)?.answer ?? undefined
  // What is named must be seen: else its state and number would be told. What was sent in answer is known by itself.
  if (answer !== undefined) await requireReadable(trx, actor, answer)
  const id = answer ?? sent
  if (id !== undefined) return { id, code: await codeOfAnswer(trx, id) }
  if (noAnswerReason === undefined) throw new CongvanError('ANSWER_MISSING')
  return undefined
}

async function codeOfAnswer(trx: AgencyTransaction, id: string): Promise<string> {
  const document = await readDocument(trx, id)
  if (document.direction === 'incoming')
    throw new CongvanError('NOT_FOUND', { what: `outgoing document ${id}` })
  if (document.state !== 'dispatched') throw new CongvanError('ANSWER_NOT_SENT', { state: document.state })
  return printedCode(document.codeNumber ?? '', document.codeNotation)
}
