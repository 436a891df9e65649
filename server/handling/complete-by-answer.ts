import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction } from '../db.ts'
import { announceStatus } from '../documents/announce-status.ts'
import { readAssignments } from '../documents/assignment-store.ts'
import { type DocumentEvent, requireTransition } from '../documents/document.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { changeDocument, type DocumentRow, lockDocument, readDocument } from '../documents/document-store.ts'
import { findOutgoing } from '../documents/outgoing-store.ts'
import { printedCode } from '../registers/register.ts'
import { followInBook } from './follow-in-book.ts'
import { addNote, endParties, readNotes, readOpenParties } from './handling-store.ts'

/**
 * Called when an outgoing document has been dispatched, in the same transaction: the incoming document that it answers
 * is completed and its sender told so (05 first where nobody had said it), unless its assignment awaits more answers.
 * So 06 is sent whenever the answer is, and never without it: both are there or neither.
 *
 * A document that is not assigned yet, or done, only keeps note of the answer. Asked again for the same answer, nothing
 * happens.
 *
 * @param answerId the outgoing document
 */
export async function completeByAnswer(
  trx: AgencyTransaction,
  context: NodeContext,
  services: Pick<DocumentServices, 'announce'>,
  actor: UserActor,
  answerId: string,
  now: Date,
): Promise<void> {
  const incomingId = (await findOutgoing(trx, answerId))?.inReplyTo ?? null
  if (incomingId === null) return
  const incoming = await lockDocument(trx, incomingId)
  // Given up to its issuer, or held until that is decided: nothing is done with it, and its sender waits for no 06.
  if (incoming.recall === 'agreed' || incoming.recall === 'requested') return
  if ((await readNotes(trx, incomingId)).some((note) => note.answer === answerId)) return
  const answer = await readDocument(trx, answerId)
  const code = printedCode(answer.codeNumber ?? '', answer.codeNotation)
  await addNote(trx, actor.agencyId, incomingId, {
    kind: 'answer',
    text: code,
    author: actor,
    at: now,
    answer: answerId,
  })
  const open = incoming.state === 'assigned' || incoming.state === 'processing'
  const awaitsMore = (await readAssignments(trx, incomingId)).at(-1)?.awaitsMoreAnswers === true
  const completes = open && !awaitsMore
  await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
    kind: 'document.answered',
    subject: `document:${incomingId}`,
    facts: { answer: answerId, completes },
  })
  const parties = await readOpenParties(trx, incomingId)
  const states = completes
    ? await finish(trx, context, services, actor, incoming, answerId, now)
    : incoming.state
  if (states === 'accepted') return
  await followInBook(trx, incomingId, states, parties, { answer: code })
}

/** Every step that is left, each told to the sender once. */
async function finish(
  trx: AgencyTransaction,
  context: NodeContext,
  services: Pick<DocumentServices, 'announce'>,
  actor: UserActor,
  incoming: DocumentRow,
  answerId: string,
  now: Date,
): Promise<DocumentRow['state']> {
  const steps: readonly DocumentEvent[] =
    incoming.state === 'assigned' ? ['process', 'complete'] : ['complete']
  let { state } = incoming
  for (const event of steps) {
    const transition = requireTransition(state, event)
    state = transition.to
    await changeDocument(trx, incoming.id, state, {}, now)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: event === 'process' ? 'document.processing' : 'document.completed',
      subject: `document:${incoming.id}`,
      facts: { answer: answerId },
    })
    const words = event === 'process' ? 'Đang xử lý' : 'Đã hoàn thành xử lý'
    await announceStatus(trx, services.announce, incoming, transition, words, now)
  }
  await endParties(trx, incoming.id, 'completed', now)
  return state
}
