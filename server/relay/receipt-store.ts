import type { NodeTransaction } from '../db.ts'
import type { Receipt, ReceiptEvent } from '../edxml/receipt.ts'
import { CongvanError } from '../errors.ts'
import { isTerminalEvent } from './delivery.ts'

/** A receipt whose seal was checked, with its bytes as they came. */
export interface SealedReceipt {
  readonly receipt: Receipt
  readonly sha256: string
  readonly xml: Uint8Array
}

/**
 * Keeps a receipt for good.
 *
 * @returns false when it is there already
 * @throws CongvanError `RELAY_RECEIPT_CONTRADICTS` when another terminal receipt of the same delivery is there
 */
export async function insertReceipt(
  trx: NodeTransaction,
  { receipt, sha256, xml }: SealedReceipt,
  now: Date,
): Promise<boolean> {
  const inserted = await trx('receipts')
    .insert({
      sha256,
      event: receipt.event,
      node: receipt.issuingNode,
      envelope_sha256: receipt.envelopeSha256,
      series: receipt.series,
      reason: receipt.reasonCode ?? null,
      previous_receipt: receipt.previousReceiptSha256,
      occurred_at: receipt.time,
      stored_at: now,
      xml: Buffer.from(xml),
    })
    .onConflict('sha256')
    .ignore()
    .returning('sha256')
  if (inserted.length === 0) return false
  const terminal = isTerminalEvent(receipt.event)
  const rows = receipt.recipients.map((recipient) => ({
    receipt_sha256: sha256,
    envelope_sha256: receipt.envelopeSha256,
    series: receipt.series,
    recipient,
    terminal,
  }))
  const query = trx('receipt_recipients').insert(rows)
  if (!terminal) {
    await query
    return true
  }
  // A second terminal receipt meets the unique index; DO NOTHING keeps the transaction usable for the fault.
  const stored = await query
    .onConflict(trx.raw('(envelope_sha256, series, recipient) where terminal'))
    .ignore()
    .returning('recipient')
  if (stored.length < rows.length) {
    throw new CongvanError('RELAY_RECEIPT_CONTRADICTS', {
      event: receipt.event,
      recipient: receipt.recipients.join(', '),
    })
  }
  return true
}

/** Which of the recipients have their terminal receipt, and which one. */
export async function terminalReceipts(
  trx: NodeTransaction,
  delivery: { readonly envelopeSha256: string; readonly series: number },
  recipients: readonly string[],
): Promise<Map<string, { sha256: string; event: ReceiptEvent; node: string }>> {
  const rows: { recipient: string; sha256: string; event: ReceiptEvent; node: string }[] = await trx(
    'receipt_recipients as t',
  )
    .join('receipts as r', 'r.sha256', 't.receipt_sha256')
    .where({ 't.envelope_sha256': delivery.envelopeSha256, 't.series': delivery.series, 't.terminal': true })
    .whereIn('t.recipient', [...recipients])
    .select('t.recipient', 'r.sha256', 'r.event', 'r.node')
  return new Map(rows.map(({ recipient, ...receipt }) => [recipient, receipt]))
}

/** Binds receipts to the offer whose commit answers them, in their order. */
export async function bindReceipts(
  trx: NodeTransaction,
  offerId: string,
  sha256s: readonly string[],
): Promise<void> {
  await trx('offer_receipts').insert(
    sha256s.map((sha256, position) => ({ offer_id: offerId, position, receipt_sha256: sha256 })),
  )
}

/** The receipts that an offer's commit answered, byte for byte and in the same order. */
export async function receiptsOfOffer(trx: NodeTransaction, offerId: string): Promise<Uint8Array[]> {
  return trx('offer_receipts as o')
    .join('receipts as r', 'r.sha256', 'o.receipt_sha256')
    .where({ 'o.offer_id': offerId })
    .orderBy('o.position')
    .pluck<Buffer[]>('r.xml')
}

/** A stored receipt as it travels on: its bytes and what it is about. */
export interface StoredReceipt {
  readonly xml: Uint8Array
  readonly envelopeSha256: string
  readonly series: number
  readonly recipients: readonly string[]
}

export async function findReceipt(trx: NodeTransaction, sha256: string): Promise<StoredReceipt | undefined> {
  const row = await trx('receipts')
    .where({ sha256 })
    .first<{ xml: Buffer; envelope_sha256: string; series: number } | undefined>(
      'xml',
      'envelope_sha256',
      'series',
    )
  if (row === undefined) return undefined
  const recipients = await trx('receipt_recipients')
    .where({ receipt_sha256: sha256 })
    .orderBy('recipient')
    .pluck<string[]>('recipient')
  return { xml: row.xml, envelopeSha256: row.envelope_sha256, series: row.series, recipients }
}

/** The sealed bytes of receipts by their SHA-256; what is not there is left out. */
export async function readReceipts(
  trx: NodeTransaction,
  sha256s: readonly string[],
): Promise<Map<string, Uint8Array>> {
  const rows: { sha256: string; xml: Buffer }[] = await trx('receipts')
    .whereIn('sha256', [...sha256s])
    .select('sha256', 'xml')
  return new Map(rows.map((row) => [row.sha256, row.xml]))
}
