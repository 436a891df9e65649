import type { NodeTransaction } from '../db.ts'

/** What a clerk of a recipient hosted here did, waiting to be sealed and sent back. */
export interface Announcement {
  readonly id: string
  readonly envelopeSha256: string
  readonly series: number
  /** Code by which the recipient was addressed. */
  readonly recipient: string
  readonly code: string
  readonly description: string
  readonly occurredAt: Date
  /** SHA-256 of the sealed status; null until it is sealed. */
  readonly messageSha256: string | null
}

interface AnnouncementRow {
  readonly id: string
  readonly envelope_sha256: string
  readonly series: number
  readonly recipient: string
  readonly status: { readonly code: string; readonly description: string }
  readonly occurred_at: Date
  readonly message_sha256: string | null
}

export async function insertAnnouncement(
  trx: NodeTransaction,
  announcement: Omit<Announcement, 'messageSha256'>,
): Promise<void> {
  await trx('announcements').insert({
    id: announcement.id,
    envelope_sha256: announcement.envelopeSha256,
    series: announcement.series,
    recipient: announcement.recipient,
    status: JSON.stringify({ code: announcement.code, description: announcement.description }),
    occurred_at: announcement.occurredAt,
  })
}

export async function findAnnouncement(trx: NodeTransaction, id: string): Promise<Announcement | undefined> {
  const row = await trx('announcements').where({ id }).first<AnnouncementRow | undefined>('*')
  if (row === undefined) return undefined
  return {
    id: row.id,
    envelopeSha256: row.envelope_sha256,
    series: row.series,
    recipient: row.recipient,
    code: row.status.code,
    description: row.status.description,
    occurredAt: row.occurred_at,
    messageSha256: row.message_sha256,
  }
}

/** Notes the one sealed form. @returns false when it was sealed before: the caller discards its own */
export async function markSealed(
  trx: NodeTransaction,
  id: string,
  messageSha256: string,
  now: Date,
): Promise<boolean> {
  const rows = await trx('announcements')
    .where({ id })
    .whereNull('message_sha256')
    .update({ message_sha256: messageSha256, sealed_at: now })
    .returning('id')
  return rows.length > 0
}

/** Announcements that should have been sealed and were not: never tried since before a moment, or due again now. */
export async function unsealedAnnouncements(
  trx: NodeTransaction,
  before: Date,
  now: Date,
): Promise<{ id: string; failures: number }[]> {
  return trx('announcements')
    .whereNull('message_sha256')
    .where((due) =>
      due
        .where((untried) => untried.whereNull('run_after').where('occurred_at', '<', before))
        .orWhere('run_after', '<=', now),
    )
    .select<{ id: string; failures: number }[]>('id', 'failures')
}

/** Notes when an announcement whose job was lost or gave up is put again, unless it is sealed by then. */
export async function postponeAnnouncement(trx: NodeTransaction, id: string, runAfter: Date): Promise<void> {
  await trx('announcements')
    .where({ id })
    .whereNull('message_sha256')
    .update({ failures: trx.raw('failures + 1'), run_after: runAfter })
}

/** Lets its failures be forgotten. */
export async function redriveAnnouncement(trx: NodeTransaction, id: string): Promise<void> {
  await trx('announcements').where({ id }).update({ failures: 0, run_after: null })
}

/** Notes why an announcement could not be sealed, for the operator. */
export async function noteUnsealed(trx: NodeTransaction, id: string, reason: string): Promise<void> {
  await trx('announcements').where({ id }).whereNull('message_sha256').update({ reason })
}
