import { type NodeTransaction, withAgencyTables } from '../db.ts'
import type { DocumentMessage } from '../edxml/envelope.ts'
import { holdFile } from '../files/file-hold-store.ts'
import { recordArrival } from '../incoming/record-arrival.ts'
import type { ExaminedOffer, LocalRecipient } from './examine-offer.ts'
import { makeReceipt, type ReceiptFacts } from './make-receipt.ts'
import { provenanceOf, separateFiles } from './message-files.ts'
import type { SealedReceipt } from './receipt-store.ts'
import type { RelayDeps } from './relay-deps.ts'

/**
 * The receipts for recipients hosted here, one each: ContentConsignment is the status 01 of edXML, "đã đến". A closed
 * agency gets nothing; its receipt says so.
 */
export async function makeConsignmentReceipts(
  deps: RelayDeps,
  recipients: readonly LocalRecipient[],
  facts: Omit<ReceiptFacts, 'event' | 'recipients'>,
  now: Date,
): Promise<SealedReceipt[]> {
  return Promise.all(
    recipients.map((one) =>
      makeReceipt(
        deps,
        one.closedOn === null
          ? { ...facts, event: 'ContentConsignment', recipients: [one.code] }
          : {
              ...facts,
              event: 'ContentConsignmentFailure',
              reasonCode: 'AGENCY_CLOSED',
              reasonText: closedText(one.closedOn, one.successors),
              recipients: [one.code],
            },
        now,
      ),
    ),
  )
}

/** Longer lists are cut: a receipt is evidence, the directory has the whole list. */
const MOST_TEXT = 2000

/** What the sender's people read: since when, and who took over. */
function closedText(closedOn: string, successors: string): string {
  const text = `Cơ quan đã đóng từ ngày ${closedOn}; cơ quan kế thừa: ${successors || '–'} / closed since then; successors as named`
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT - 1)}…` : text
}

/** Lays the document before the clerks of the recipients hosted here, in the transaction that stores the receipts. */
export async function layBeforeClerks(
  trx: NodeTransaction,
  deps: RelayDeps,
  envelopeSha256: string,
  offer: Pick<ExaminedOffer, 'message' | 'document' | 'here'>,
): Promise<void> {
  const { message, document } = offer
  const separate = separateFiles(message, document)
  const provenance = provenanceOf(message)
  for (const one of offer.here.filter((recipient) => recipient.closedOn === null)) {
    await withAgencyTables(trx, one.agencyId, (agency) =>
      recordArrival(agency, deps.context, deps.files, {
        agencyId: one.agencyId,
        recipientCode: one.code,
        envelopeSha256,
        message,
        fileSha256: document.sha256,
        fileLength: document.length,
        fileName: document.attachmentName,
        separate,
        provenance,
      }),
    )
  }
}

/** Keeps an envelope's files from being swept. In the order of their hashes, so that two transactions never deadlock. */
export async function holdFiles(
  trx: NodeTransaction,
  deps: RelayDeps,
  envelopeSha256: string,
  message: DocumentMessage,
  now: Date,
): Promise<void> {
  const files = new Map(message.attachments.map((one) => [one.sha256, one.length]))
  for (const sha256 of [...files.keys()].sort()) {
    const file = { sha256, length: files.get(sha256) ?? 0 }
    await holdFile(trx, deps.files, file, `envelope:${envelopeSha256}`, now)
  }
}
