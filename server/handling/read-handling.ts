import type { UserActor } from '../actor.ts'
import type { NodeContext } from '../context.ts'
import { readAssignments } from '../documents/assignment-store.ts'
import type { DocumentState } from '../documents/document.ts'
import { requireReadable } from '../documents/document-access-store.ts'
import { CongvanError } from '../errors.ts'
import { type Note, type Party, readNotes, readParties } from './handling-store.ts'

export interface Handling {
  readonly id: string
  readonly state: DocumentState
  /** Of who leads now. */
  readonly dueDate: string | null
  readonly awaitsMoreAnswers: boolean
  readonly parties: readonly Party[]
  /** Oldest first. */
  readonly notes: readonly Note[]
}

/** How an incoming document is handled, from the first assignment on. @throws CongvanError `NOT_FOUND` */
export async function readHandling(context: NodeContext, actor: UserActor, id: string): Promise<Handling> {
  const { agencyId, userId } = actor
  return context.db.asAgency({ agencyId, userId }, async (trx) => {
    const { incoming, state } = await requireReadable(trx, actor, id)
    if (incoming === null) throw new CongvanError('NOT_FOUND', { what: `incoming document ${id}` })
    const last = (await readAssignments(trx, id)).at(-1)
    return {
      id,
      state,
      dueDate: incoming.handlingDue,
      awaitsMoreAnswers: last?.awaitsMoreAnswers ?? false,
      parties: await readParties(trx, id),
      notes: await readNotes(trx, id),
    }
  })
}
