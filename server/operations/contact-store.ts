/** When each peer was last heard, and how far its clock is from ours. */
import type { NodeTransaction } from '../db.ts'

export type Contact =
  /** It answered a request of ours; `signedAt` is what its clock said then. */
  | { readonly kind: 'answer'; readonly peer: string; readonly at: Date; readonly aheadMs: number }
  /** It asked something of us. */
  | { readonly kind: 'request'; readonly peer: string; readonly at: Date }

export async function saveContact(trx: NodeTransaction, contact: Contact): Promise<void> {
  const { peer, at } = contact
  const row =
    contact.kind === 'answer'
      ? { last_answer_at: at, clock_ahead_ms: contact.aheadMs, clock_measured_at: at }
      : { last_request_at: at }
  await trx('peer_contacts')
    .insert({ peer, ...row })
    .onConflict('peer')
    .merge(row)
}
