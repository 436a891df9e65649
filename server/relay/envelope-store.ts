import type { NodeTransaction } from '../db.ts'

/** A sealed envelope that this node made or took. */
export interface StoredEnvelope {
  readonly sha256: string
  readonly originNode: string
  readonly fromCode: string
  readonly documentId: string
  readonly sealedAt: Date
  /** Fingerprint of the key that sealed it, entitled to at that time. */
  readonly sealKey: string
  readonly notAfter: Date
  /** Whose document it is, when it was made here. */
  readonly sender: { readonly agencyId: string; readonly documentId: string } | null
}

interface EnvelopeRow {
  readonly sha256: string
  readonly origin_node: string
  readonly from_code: string
  readonly document_id: string
  readonly sealed_at: Date
  readonly seal_key: string
  readonly not_after: Date
  readonly sender_agency: string | null
  readonly sender_document: string | null
}

const columns = [
  'sha256',
  'origin_node',
  'from_code',
  'document_id',
  'sealed_at',
  'seal_key',
  'not_after',
  'sender_agency',
  'sender_document',
]

/** Keeps an envelope; one that is there already stays as it is, since its name is the hash of its bytes. */
export async function insertEnvelope(
  trx: NodeTransaction,
  envelope: StoredEnvelope,
  bytes: Uint8Array,
  now: Date,
): Promise<void> {
  await trx('envelopes')
    .insert({
      sha256: envelope.sha256,
      bytes: Buffer.from(bytes),
      origin_node: envelope.originNode,
      from_code: envelope.fromCode,
      document_id: envelope.documentId,
      sealed_at: envelope.sealedAt,
      seal_key: envelope.sealKey,
      not_after: envelope.notAfter,
      sender_agency: envelope.sender?.agencyId ?? null,
      sender_document: envelope.sender?.documentId ?? null,
      stored_at: now,
    })
    .onConflict('sha256')
    .ignore()
}

export async function findEnvelope(
  trx: NodeTransaction,
  sha256: string,
): Promise<StoredEnvelope | undefined> {
  const row = await trx('envelopes').where({ sha256 }).first<EnvelopeRow | undefined>(columns)
  if (row === undefined) return undefined
  const { sender_agency: agencyId, sender_document: documentId } = row
  return {
    sha256: row.sha256,
    originNode: row.origin_node,
    fromCode: row.from_code,
    documentId: row.document_id,
    sealedAt: row.sealed_at,
    sealKey: row.seal_key,
    notAfter: row.not_after,
    sender: agencyId === null || documentId === null ? null : { agencyId, documentId },
  }
}

/** The sealed bytes; `undefined` when the envelope is unknown or its content was removed. */
export async function readEnvelopeBytes(
  trx: NodeTransaction,
  sha256: string,
): Promise<Uint8Array | undefined> {
  const row = await trx('envelopes').where({ sha256 }).first<{ bytes: Buffer | null } | undefined>('bytes')
  return row?.bytes ?? undefined
}

/** The agencies that envelopes were made for here. */
export async function sendingAgencies(trx: NodeTransaction): Promise<string[]> {
  return trx('envelopes').whereNotNull('sender_agency').distinct().pluck<string[]>('sender_agency')
}
