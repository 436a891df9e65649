/** What happens to an accepted document: it is assigned, handled, completed; the sender is told 04, 05, 06. */
import { randomUUID } from 'node:crypto'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { CanonicalValue, EntryKind } from '../audit/entry.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction } from '../db.ts'
import { announceStatus } from './announce-status.ts'
import { insertAssignment } from './assignment-store.ts'
import { type DocumentEvent, type DocumentState, requireTransition } from './document.ts'
import type { DocumentServices } from './document-services.ts'
import { changeDocument, lockDocument } from './document-store.ts'

export interface Processed {
  readonly id: string
  readonly state: DocumentState
}

export interface AssignmentOrder {
  readonly id: string
  /** Đơn vị hoặc người chủ trì. */
  readonly lead: string
  readonly cooperating: readonly string[]
  readonly instruction: string
  /** `YYYY-MM-DD`. */
  readonly dueDate: string | null
}

interface Step {
  readonly event: DocumentEvent
  readonly kind: EntryKind
  /** To the sender; people and opinions inside the agency are none of its business. */
  readonly description: string
  readonly facts?: Readonly<Record<string, CanonicalValue>>
  readonly personal?: Readonly<Record<string, string>>
  readonly write?: (trx: AgencyTransaction) => Promise<void>
}

/**
 * Assigns an accepted document: nothing is assigned without an incoming number (NĐ 30/2020 art 22.1), and exactly one
 * lead is named (art 23.2). Status 04.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`
 */
export function assignDocument(
  context: NodeContext,
  services: Pick<DocumentServices, 'announce'>,
  actor: UserActor,
  order: AssignmentOrder,
): Promise<Processed> {
  const { id, ...rest } = order
  const assignment = {
    id: randomUUID(),
    ...rest,
    assignedBy: actor.userId,
    assignedAt: context.clock(),
  }
  return step(context, services, actor, id, {
    event: 'assign',
    kind: 'document.assigned',
    description: 'Đã phân công xử lý',
    facts: { assignment: assignment.id, dueDate: order.dueDate, cooperating: order.cooperating.length },
    personal: { lead: order.lead, ...(order.instruction === '' ? {} : { instruction: order.instruction }) },
    write: (trx) => insertAssignment(trx, actor.agencyId, id, assignment),
  })
}

/** Says that the work has begun. Status 05. @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG` */
export function startProcessing(
  context: NodeContext,
  services: Pick<DocumentServices, 'announce'>,
  actor: UserActor,
  id: string,
): Promise<Processed> {
  const description = 'Đang xử lý'
  return step(context, services, actor, id, { event: 'process', kind: 'document.processing', description })
}

/** Says that the work is done. Status 06. @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG` */
export function completeDocument(
  context: NodeContext,
  services: Pick<DocumentServices, 'announce'>,
  actor: UserActor,
  id: string,
): Promise<Processed> {
  const description = 'Đã hoàn thành xử lý'
  return step(context, services, actor, id, { event: 'complete', kind: 'document.completed', description })
}

async function step(
  context: NodeContext,
  services: Pick<DocumentServices, 'announce'>,
  actor: UserActor,
  id: string,
  { event, kind, description, facts, personal, write }: Step,
): Promise<Processed> {
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const document = await lockDocument(trx, id)
    const transition = requireTransition(document.state, event)
    await changeDocument(trx, id, transition.to, {}, now)
    await write?.(trx)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind,
      subject: `document:${id}`,
      ...(facts === undefined ? {} : { facts }),
      ...(personal === undefined ? {} : { personal }),
    })
    await announceStatus(trx, services.announce, document, transition, description, now)
    return { id, state: transition.to }
  })
}
