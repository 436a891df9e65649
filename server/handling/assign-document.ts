/** Who handles an accepted document: one lead, those who co-operate, each until a day (NĐ 30/2020 art 23.2). */
import { randomUUID } from 'node:crypto'
import type { AgencyRole, UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import { permissionsOf } from '../auth/permissions.ts'
import { readCalendar } from '../calendar/calendar-store.ts'
import type { WorkingCalendar } from '../calendar/working-days.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import type { AgencySettings } from '../documents/agency-settings.ts'
import { readSettings } from '../documents/agency-settings-store.ts'
import { announceStatus } from '../documents/announce-status.ts'
import { insertAssignment } from '../documents/assignment-store.ts'
import { type DocumentState, requireTransition } from '../documents/document.ts'
import { grantAccess, lockReadable } from '../documents/document-access-store.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { changeDocument, type DocumentRow } from '../documents/document-store.ts'
import { findPerson } from '../documents/people-store.ts'
import { CongvanError } from '../errors.ts'
import { requireVersion } from '../http/route.ts'
import { type DeadlineSource, deadlineOf } from './deadlines.ts'
import { followInBook } from './follow-in-book.ts'
import { addNote, endParties, insertParties, type NewParty } from './handling-store.ts'

/** A unit of the agency by its name, or one of its people by login or id. */
export interface PartyOrder {
  readonly unit?: string | undefined
  readonly user?: string | undefined
  /** `YYYY-MM-DD`; left out: as the lead's, or the agency's default. */
  readonly dueDate?: string | null | undefined
}

export interface AssignmentOrder {
  readonly id: string
  readonly lead: PartyOrder
  readonly cooperating: readonly PartyOrder[]
  /** Ý kiến chỉ đạo. It is only added to. */
  readonly instruction: string
  /** Further answers follow: the first one that is sent does not complete the document. */
  readonly awaitsMoreAnswers: boolean
  /** The version that it rests on; left out: whichever is there. */
  readonly ifMatch?: number | undefined
}

export interface Assigned {
  readonly id: string
  readonly state: DocumentState
  readonly assignment: string
  readonly dueDate: string | null
  readonly dueDateSource: DeadlineSource | null
}

/**
 * Assigns an accepted document, and its sender is told 04. Nothing is assigned without an incoming number (art 22.1).
 * Whoever is assigned can open it from now on.
 *
 * @throws CongvanError `NOT_FOUND`, `VERSION_STALE`, `DOCUMENT_STATE_WRONG`, `ASSIGNEE_UNKNOWN`, `ASSIGNEE_NOT_ENTITLED`,
 *   `ASSIGNEE_TWICE`, `DEADLINE_PAST`
 */
export function assignDocument(
  context: NodeContext,
  services: Pick<DocumentServices, 'announce'>,
  actor: UserActor,
  order: AssignmentOrder,
): Promise<Assigned> {
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const document = await lockReadable(trx, actor, order.id)
    requireVersion(document.version, order.ifMatch)
    const transition = requireTransition(document.state, 'assign')
    const { assigned, parties } = await place(trx, actor, document, order, null, transition.to, now)
    await log(trx, context, actor, 'document.assigned', order, assigned, parties, now)
    await announceStatus(trx, services.announce, document, transition, 'Đã phân công xử lý', now)
    return assigned
  })
}

/**
 * Assigns a document that is being handled to others; those of before are relieved of it. The sender is told nothing:
 * 04 was said.
 *
 * @throws CongvanError as `assignDocument`
 */
export function reassignDocument(
  context: NodeContext,
  actor: UserActor,
  { reason, ...order }: AssignmentOrder & { readonly reason: string },
): Promise<Assigned> {
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const document = await lockReadable(trx, actor, order.id)
    requireVersion(document.version, order.ifMatch)
    const { to } = requireTransition(document.state, 'reassign')
    await endParties(trx, order.id, 'replaced', now)
    const { assigned, parties } = await place(trx, actor, document, order, reason, to, now)
    await addNote(trx, actor.agencyId, order.id, {
      kind: 'reassignment',
      text: reason,
      author: actor,
      at: now,
      party: parties[0]?.name ?? '',
    })
    await log(trx, context, actor, 'document.reassigned', order, assigned, parties, now)
    return assigned
  })
}

async function place(
  trx: AgencyTransaction,
  actor: UserActor,
  document: DocumentRow,
  order: AssignmentOrder,
  reason: string | null,
  state: DocumentState,
  now: Date,
): Promise<{ assigned: Assigned; parties: readonly NewParty[] }> {
  const { agencyId } = actor
  const rules = { calendar: await readCalendar(trx), settings: await readSettings(trx) }
  const { parties, source } = await partiesOf(trx, agencyId, document, order, rules, now)
  const [lead, ...others] = parties
  if (lead === undefined) throw new Error('an assignment without a lead')
  const of = { agencyId, documentId: document.id, assignmentId: randomUUID() }
  await insertAssignment(trx, agencyId, document.id, {
    id: of.assignmentId,
    lead: lead.name,
    cooperating: others.map((one) => one.name),
    instruction: order.instruction,
    dueDate: lead.dueDate,
    awaitsMoreAnswers: order.awaitsMoreAnswers,
    reason,
    assignedBy: actor.userId,
    assignedAt: now,
  })
  await insertParties(trx, of, document.urgency, parties)
  for (const { userId } of parties) {
    if (userId === null) continue
    const right = {
      agencyId,
      documentId: document.id,
      userId,
      as: 'assignee',
      by: actor.userId,
      at: now,
    } as const
    await grantAccess(trx, right)
  }
  const handling = { handlerId: lead.userId, handlerName: lead.name, handlingDue: lead.dueDate }
  await changeDocument(trx, document.id, state, handling, now)
  if (order.instruction !== '') {
    const note = { kind: 'instruction', text: order.instruction, author: actor, at: now } as const
    await addNote(trx, agencyId, document.id, note)
  }
  await followInBook(trx, document.id, state, parties, { handedOverAt: now })
  const assigned = {
    id: document.id,
    state,
    assignment: of.assignmentId,
    dueDate: lead.dueDate,
    dueDateSource: source,
  }
  return { assigned, parties }
}

async function partiesOf(
  trx: AgencyTransaction,
  agencyId: string,
  document: DocumentRow,
  order: AssignmentOrder,
  { calendar, settings }: { calendar: WorkingCalendar; settings: AgencySettings },
  now: Date,
): Promise<{ parties: NewParty[]; source: DeadlineSource | null }> {
  const today = vietnamDay(now)
  const { dueDate, source } = deadlineOf(calendar, settings, document, order.lead.dueDate ?? null, today)
  const parties: NewParty[] = []
  for (const party of [order.lead, ...order.cooperating]) {
    const due = party === order.lead ? dueDate : (party.dueDate ?? dueDate)
    if (due !== null && due < today) throw new CongvanError('DEADLINE_PAST', { date: due, today })
    const named = await nameParty(trx, agencyId, party, now)
    if (parties.some((one) => sameParty(one, named))) {
      throw new CongvanError('ASSIGNEE_TWICE', { party: named.name })
    }
    parties.push({ ...named, dueDate: due })
  }
  return { parties, source }
}

function sameParty(one: Omit<NewParty, 'dueDate'>, other: Omit<NewParty, 'dueDate'>): boolean {
  if (one.userId !== null || other.userId !== null) return one.userId === other.userId
  return one.name.toLocaleLowerCase('vi') === other.name.toLocaleLowerCase('vi')
}

async function nameParty(
  trx: AgencyTransaction,
  agencyId: string,
  { unit, user }: PartyOrder,
  now: Date,
): Promise<Omit<NewParty, 'dueDate'>> {
  if (user === undefined) return { userId: null, name: (unit ?? '').normalize('NFC') }
  const person = await findPerson(trx, agencyId, user, now)
  if (person === undefined) throw new CongvanError('ASSIGNEE_UNKNOWN', { user })
  if (!mayProcess(person.roles)) throw new CongvanError('ASSIGNEE_NOT_ENTITLED', { user })
  return { userId: person.userId, name: person.displayName }
}

function mayProcess(roles: readonly AgencyRole[]): boolean {
  return permissionsOf(roles).has('document.process')
}

async function log(
  trx: AgencyTransaction,
  context: NodeContext,
  actor: UserActor,
  kind: 'document.assigned' | 'document.reassigned',
  order: AssignmentOrder,
  assigned: Assigned,
  parties: readonly NewParty[],
  now: Date,
): Promise<void> {
  const { instruction } = order
  await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
    kind,
    subject: `document:${assigned.id}`,
    facts: {
      assignment: assigned.assignment,
      dueDate: assigned.dueDate,
      dueDateSource: assigned.dueDateSource,
      cooperating: parties.length - 1,
    },
    personal: { lead: parties[0]?.name ?? '', ...(instruction === '' ? {} : { instruction }) },
  })
}
