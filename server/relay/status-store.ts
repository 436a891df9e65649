import type { NodeTransaction } from '../db.ts'
import type { StatusCode } from '../edxml/codes.ts'

/** A sealed status message (edXML) about one delivery. */
export interface SealedStatus {
  readonly sha256: string
  readonly xml: Uint8Array
  readonly envelopeSha256: string
  readonly series: number
  readonly recipient: string
  readonly code: StatusCode
  /** What the clerk wrote for the sender; null when nothing. */
  readonly description: string | null
  readonly occurredAt: Date
}

/** Keeps a status message for good. @returns false when it is there already */
export async function insertStatusMessage(
  trx: NodeTransaction,
  status: SealedStatus,
  now: Date,
): Promise<boolean> {
  const inserted = await trx('status_messages')
    .insert({
      sha256: status.sha256,
      envelope_sha256: status.envelopeSha256,
      series: status.series,
      recipient: status.recipient,
      code: status.code,
      description: status.description,
      occurred_at: status.occurredAt,
      stored_at: now,
      xml: Buffer.from(status.xml),
    })
    .onConflict('sha256')
    .ignore()
    .returning('sha256')
  return inserted.length > 0
}

export async function findStatusMessage(
  trx: NodeTransaction,
  sha256: string,
): Promise<SealedStatus | undefined> {
  const row = await trx('status_messages').where({ sha256 }).first<
    | {
        envelope_sha256: string
        series: number
        recipient: string
        code: StatusCode
        description: string | null
        occurred_at: Date
        xml: Buffer
      }
    | undefined
  >('*')
  if (row === undefined) return undefined
  return {
    sha256,
    xml: row.xml,
    envelopeSha256: row.envelope_sha256,
    series: row.series,
    recipient: row.recipient,
    code: row.code,
    description: row.description,
    occurredAt: row.occurred_at,
  }
}

/** The sealed bytes of status messages by their SHA-256; what is not there is left out. */
export async function readStatusMessages(
  trx: NodeTransaction,
  sha256s: readonly string[],
): Promise<Map<string, Uint8Array>> {
  const rows: { sha256: string; xml: Buffer }[] = await trx('status_messages')
    .whereIn('sha256', [...sha256s])
    .select('sha256', 'xml')
  return new Map(rows.map((row) => [row.sha256, row.xml]))
}
