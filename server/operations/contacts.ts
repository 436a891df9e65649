import type { NodeContext } from '../context.ts'
import { type Contact, saveContact } from './contact-store.ts'

/** How often a contact with one peer is written down, milliseconds: often enough for an operator, no burden. */
const EVERY_MS = 30_000

export interface Contacts {
  /** A peer's answer was proven; `signedAt` by its clock, to the second. */
  answered(peer: string, signedAt: Date): void
  /** A peer's request was proven. */
  asked(peer: string): void
}

/**
 * Notes when peers are heard. Nobody waits for it, and what cannot be written is forgotten: the next contact says the
 * same.
 */
export function openContacts(context: Pick<NodeContext, 'db' | 'clock' | 'log'>): Contacts {
  const written = new Map<string, number>()
  const note = (contact: Contact) => {
    const name = `${contact.kind} ${contact.peer}`
    const before = written.get(name)
    const now = contact.at.getTime()
    if (before !== undefined && Math.abs(now - before) < EVERY_MS) return
    written.set(name, now)
    context.db
      .asNode((trx) => saveContact(trx, contact))
      .catch((error: unknown) => context.log.debug({ error: String(error) }, 'a contact was not noted'))
  }
  return {
    answered(peer, signedAt) {
      const at = context.clock()
      // Signatures name whole seconds: half of one is the best guess at the rest.
      const aheadMs = signedAt.getTime() + 500 - at.getTime()
      note({ kind: 'answer', peer, at, aheadMs: Math.trunc(clamp(aheadMs)) })
    },
    asked: (peer) => note({ kind: 'request', peer, at: context.clock() }),
  }
}

/** To what the column holds. */
function clamp(milliseconds: number): number {
  return Math.max(-2_000_000_000, Math.min(2_000_000_000, milliseconds))
}
