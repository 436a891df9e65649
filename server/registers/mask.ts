/**
 * What a book shows of a document that is restricted to named people. The book is complete for everybody who may read
 * it (NĐ 30/2020 arts 15, 16.2, 22): each number stands in its line with its day, kind and agency. What the document
 * says and to whom it goes is for those who may read it (Phụ lục VI, III.3b), and for two who see the whole book by
 * their office (`register.read-all`): the clerk, who writes, corrects, prints and closes it (arts 6.3d, 16.2b, 32.2),
 * and the auditor, who compares the printed book with it line by line. Neither sees the document itself thereby.
 */
import type { UserActor } from '../actor.ts'
import { actorMay } from '../auth/permissions.ts'
import type { AgencyTransaction } from '../db.ts'
import type { Entry } from './book.ts'

/** Stands in place of what is withheld. */
export const MASKED = '[hạn chế]'

/** Free text about the document or the people whom it goes to. */
const withheld = [
  'subject',
  'recipients',
  'keptBy',
  'receipt',
  'unit',
  'note',
  'cancelReason',
  // With the remarks of who handles it.
  'progress',
] as const satisfies (keyof Entry)[]

/**
 * Of these documents, or of all, those that are restricted and not for this person.
 *
 * Books know numbers and not who reads what; that is handed to them.
 */
export type HiddenAmong = (
  trx: AgencyTransaction,
  actor: UserActor,
  documentIds?: readonly string[],
) => Promise<ReadonlySet<string>>

/** Whether somebody sees every line of a book in whole. */
export function seesWhole(actor: UserActor): boolean {
  return actorMay(actor, 'register.read-all')
}

export function isWithheld(field: string): boolean {
  return withheld.some((one) => one === field)
}

/** The entries as this person sees them. */
export async function maskEntries(
  trx: AgencyTransaction,
  actor: UserActor,
  hiddenAmong: HiddenAmong,
  entries: readonly Entry[],
): Promise<Entry[]> {
  if (seesWhole(actor) || entries.length === 0) return [...entries]
  const ids = entries.map((one) => one.documentId)
  const hidden = await hiddenAmong(trx, actor, ids)
  return entries.map((one) => (hidden.has(one.documentId) ? maskEntry(one) : one))
}

function maskEntry(entry: Entry): Entry {
  const texts = withheld.map((field) => [field, entry[field] === null ? null : MASKED])
  return { ...entry, ...Object.fromEntries(texts), masked: true }
}
