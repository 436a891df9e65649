import type { UserActor } from '../actor.ts'
import type { AgencyTransaction } from '../db.ts'
import { changeOutgoing } from '../documents/outgoing-store.ts'
import {
  closePresentation,
  type PresentationOutcome,
  readPresentations,
} from '../documents/presentation-store.ts'

/**
 * Takes a document back to draft: an open presentation is closed, and whatever was signed counts no more. What was
 * presented, remarked and signed stays with the version that it concerns.
 */
export async function backToDraft(
  trx: AgencyTransaction,
  actor: UserActor,
  documentId: string,
  closing: { readonly outcome: PresentationOutcome; readonly remark: string | null },
  step: { readonly contentChangedAt?: Date },
  now: Date,
): Promise<void> {
  await closeOpen(trx, actor, documentId, closing, now)
  await changeOutgoing(trx, documentId, 'draft', { ...step, signedAt: null }, now)
}

/** Closes the open presentation of a document, if there is one. */
export async function closeOpen(
  trx: AgencyTransaction,
  actor: UserActor,
  documentId: string,
  closing: { readonly outcome: PresentationOutcome; readonly remark: string | null },
  now: Date,
): Promise<void> {
  const open = (await readPresentations(trx, documentId)).find((one) => one.outcome === null)
  if (open === undefined) return
  await closePresentation(trx, documentId, open.round, {
    ...closing,
    by: actor.userId,
    byName: actor.displayName,
    at: now,
  })
}
