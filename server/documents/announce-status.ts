import type { AgencyTransaction } from '../db.ts'
import type { Transition } from './document.ts'
import type { DocumentRow } from './document-store.ts'
import type { StatusAnnouncer } from './status-announcer.ts'

/** Tells the sender of a document what the transition's status code says; nothing where it has none. */
export async function announceStatus(
  trx: AgencyTransaction,
  announce: StatusAnnouncer,
  document: DocumentRow,
  transition: Transition,
  description: string,
  at: Date,
): Promise<void> {
  const { incoming } = document
  const code = transition.status
  // 01 is said by the node with its receipt, before any clerk.
  if (code === undefined || code === '01' || incoming === null) return
  await announce(trx, {
    documentId: document.id,
    documentCode: document.documentCode ?? '',
    envelopeSha256: incoming.envelopeSha256,
    recipientCode: incoming.recipientCode,
    senderCode: incoming.senderCode,
    code,
    description,
    at,
  })
}
