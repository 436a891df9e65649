/**
 * What a leader or the clerk adds while a document is handled: instructions, longer deadlines, reminders. Each is a row
 * that nobody can change (NĐ 30/2020 art 23.4; Phụ lục VI, III.1m).
 */
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { requireTransition } from '../documents/document.ts'
import { lockReadable } from '../documents/document-access-store.ts'
import { changeDocument } from '../documents/document-store.ts'
import { CongvanError } from '../errors.ts'
import { followInBook } from './follow-in-book.ts'
import { addNote, moveDeadline, type Party, readOpenParties } from './handling-store.ts'
import type { Processed } from './process-document.ts'

/** Adds an instruction (ý kiến chỉ đạo). @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG` */
export async function instructHandling(
  context: NodeContext,
  actor: UserActor,
  { id, text }: { readonly id: string; readonly text: string },
): Promise<Processed> {
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const { state } = await lockReadable(trx, actor, id)
    const { to } = requireTransition(state, 'direct')
    await addNote(trx, actor.agencyId, id, { kind: 'instruction', text, author: actor, at: now })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'document.instructed',
      subject: `document:${id}`,
      personal: { text },
    })
    return { id, state: to }
  })
}

export interface Extension {
  readonly id: string
  /** 0 leads, from 1 those who co-operate. */
  readonly position: number
  /** `YYYY-MM-DD`. */
  readonly dueDate: string
  readonly reason: string
}

/**
 * Moves the deadline of one party to a later day.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `PARTY_UNKNOWN`, `DEADLINE_PAST`, `DEADLINE_NOT_LATER`
 */
export async function extendDeadline(
  context: NodeContext,
  actor: UserActor,
  { id, position, dueDate, reason }: Extension,
): Promise<Processed & { readonly dueDate: string }> {
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const { state } = await lockReadable(trx, actor, id)
    const { to } = requireTransition(state, 'direct')
    const parties = await readOpenParties(trx, id)
    const party = requireParty(parties, position)
    const today = vietnamDay(now)
    if (dueDate < today) throw new CongvanError('DEADLINE_PAST', { date: dueDate, today })
    if (party.dueDate !== null && dueDate <= party.dueDate) {
      throw new CongvanError('DEADLINE_NOT_LATER', { current: party.dueDate })
    }
    await moveDeadline(trx, id, position, dueDate)
    if (position === 0) await changeDocument(trx, id, to, { handlingDue: dueDate }, now)
    const change = { party: party.name, oldDue: party.dueDate, newDue: dueDate }
    await addNote(trx, actor.agencyId, id, {
      kind: 'extension',
      text: reason,
      author: actor,
      at: now,
      ...change,
    })
    const moved = parties.map((one) => (one.position === position ? { ...one, dueDate } : one))
    await followInBook(trx, id, to, moved)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'document.deadline-extended',
      subject: `document:${id}`,
      facts: { position, from: party.dueDate, to: dueDate },
      personal: { reason },
    })
    return { id, state: to, dueDate }
  })
}

/**
 * Reminds (đôn đốc) one party, or without a position everybody who is not done.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `PARTY_UNKNOWN`
 */
export async function remindHandling(
  context: NodeContext,
  actor: UserActor,
  {
    id,
    position,
    text,
  }: { readonly id: string; readonly position?: number | undefined; readonly text: string },
): Promise<Processed & { readonly reminded: number }> {
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const { state } = await lockReadable(trx, actor, id)
    const { to } = requireTransition(state, 'direct')
    const open = await readOpenParties(trx, id)
    const reminded = position === undefined ? open : [requireParty(open, position)]
    for (const { name: party } of reminded) {
      await addNote(trx, actor.agencyId, id, { kind: 'reminder', text, author: actor, at: now, party })
    }
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'document.reminded',
      subject: `document:${id}`,
      facts: { positions: reminded.map((one) => one.position) },
    })
    return { id, state: to, reminded: reminded.length }
  })
}

function requireParty(parties: readonly Party[], position: number): Party {
  const party = parties.find((one) => one.position === position)
  if (party === undefined) throw new CongvanError('PARTY_UNKNOWN', { position })
  return party
}
