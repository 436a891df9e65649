/**
 * The only SQL of `handling_parties` and `handling_notes`: who handles an incoming document until when, and what was
 * instructed, extended, reminded of and answered. Notes are only added (NĐ 30/2020 art 23.4).
 */
import { randomUUID } from 'node:crypto'
import type { AgencyTransaction } from '../db.ts'

/** One who handles a document: position 0 leads (chủ trì), the others co-operate. */
export interface Party {
  readonly assignmentId: string
  readonly position: number
  /** A person of the agency; null for a unit. */
  readonly userId: string | null
  /** The person's name, or that of the unit. */
  readonly name: string
  /** `YYYY-MM-DD`. */
  readonly dueDate: string | null
  /** Null while it is theirs to do. */
  readonly ended: { readonly at: string; readonly as: PartyEnd } | null
}

export type PartyEnd = 'contributed' | 'replaced' | 'completed' | 'recalled'

export type NewParty = Pick<Party, 'userId' | 'name' | 'dueDate'>

export const noteKinds = [
  'instruction',
  'reassignment',
  'extension',
  'reminder',
  'contribution',
  'completion',
  'answer',
] as const
export type NoteKind = (typeof noteKinds)[number]

export interface Note {
  readonly kind: NoteKind
  readonly text: string
  readonly authorName: string
  /** ISO 8601. */
  readonly at: string
  /** Whom it is about, by name; null: the document as a whole. */
  readonly party: string | null
  readonly oldDue: string | null
  readonly newDue: string | null
  /** The outgoing document that answers. */
  readonly answer: string | null
}

export interface NewNote {
  readonly kind: NoteKind
  readonly text?: string
  /** Null: the node, when an answer was dispatched. */
  readonly author: { readonly userId: string; readonly displayName: string } | null
  readonly at: Date
  readonly party?: string
  readonly oldDue?: string | null
  readonly newDue?: string | null
  readonly answer?: string
}

/** @param parties who leads, then those who co-operate */
export async function insertParties(
  trx: AgencyTransaction,
  of: { readonly agencyId: string; readonly documentId: string; readonly assignmentId: string },
  urgency: number,
  parties: readonly NewParty[],
): Promise<void> {
  await trx('handling_parties').insert(
    parties.map((party, position) => ({
      agency_id: of.agencyId,
      document_id: of.documentId,
      assignment_id: of.assignmentId,
      position,
      user_id: party.userId,
      name: party.name,
      due_date: party.dueDate,
      // As `documents.urgency_rank`, which the lists of a person are in the order of.
      urgency_rank: 9 - urgency,
    })),
  )
}

interface PartyRow {
  readonly assignment_id: string
  readonly position: number
  readonly user_id: string | null
  readonly name: string
  readonly due_date: string | null
  readonly ended_at: Date | null
  readonly ended_as: PartyEnd | null
}

/** Everybody who handled or handles a document, by assignment. */
export async function readParties(trx: AgencyTransaction, documentId: string): Promise<Party[]> {
  const rows: PartyRow[] = await trx('handling_parties')
    .where({ document_id: documentId })
    .orderBy(['assignment_id', 'position'])
    .select('*')
  return rows.map(fromRow)
}

/** Those who handle it now and are not done, the lead first. */
export async function readOpenParties(trx: AgencyTransaction, documentId: string): Promise<Party[]> {
  const rows: PartyRow[] = await trx('handling_parties')
    .where({ document_id: documentId })
    .whereNull('ended_at')
    .orderBy('position')
    .select('*')
  return rows.map(fromRow)
}

function fromRow(row: PartyRow): Party {
  const { ended_at: at, ended_as: as } = row
  return {
    assignmentId: row.assignment_id,
    position: row.position,
    userId: row.user_id,
    name: row.name,
    dueDate: row.due_date,
    ended: at === null || as === null ? null : { at: at.toISOString(), as },
  }
}

/** Ends the part of one party, or of all who still handle the document. */
export async function endParties(
  trx: AgencyTransaction,
  documentId: string,
  as: PartyEnd,
  at: Date,
  position?: number,
): Promise<void> {
  const open = trx('handling_parties').where({ document_id: documentId }).whereNull('ended_at')
  if (position !== undefined) open.where({ position })
  await open.update({ ended_at: at, ended_as: as })
}

export async function moveDeadline(
  trx: AgencyTransaction,
  documentId: string,
  position: number,
  dueDate: string,
): Promise<void> {
  await trx('handling_parties')
    .where({ document_id: documentId, position })
    .whereNull('ended_at')
    .update({ due_date: dueDate })
}

export async function addNote(
  trx: AgencyTransaction,
  agencyId: string,
  documentId: string,
  note: NewNote,
): Promise<string> {
  const id = randomUUID()
  await trx('handling_notes').insert({
    agency_id: agencyId,
    document_id: documentId,
    id,
    kind: note.kind,
    text: note.text ?? '',
    author: note.author?.userId ?? null,
    author_name: note.author?.displayName ?? 'Hệ thống',
    made_at: note.at,
    party: note.party ?? null,
    old_due: note.oldDue ?? null,
    new_due: note.newDue ?? null,
    answer: note.answer ?? null,
  })
  return id
}

/** Everything that was said in the handling of a document, oldest first. */
export async function readNotes(trx: AgencyTransaction, documentId: string): Promise<Note[]> {
  const rows: {
    kind: NoteKind
    text: string
    author_name: string
    made_at: Date
    party: string | null
    old_due: string | null
    new_due: string | null
    answer: string | null
  }[] = await trx('handling_notes').where({ document_id: documentId }).orderBy(['made_at', 'id']).select('*')
  return rows.map((row) => ({
    kind: row.kind,
    text: row.text,
    authorName: row.author_name,
    at: row.made_at.toISOString(),
    party: row.party,
    oldDue: row.old_due,
    newDue: row.new_due,
    answer: row.answer,
  }))
}
