import { type NodeTransaction, withAgencyTables } from '../db.ts'
import type { DocumentMessage } from '../edxml/envelope.ts'
import { holdFile } from '../files/file-hold-store.ts'
import { recordArrival } from '../incoming/record-arrival.ts'
import { claimConsigned, findConsigned } from './consigned-content-store.ts'
import { contentKeyOf } from './content-hash.ts'
import type { ExaminedOffer, LocalRecipient } from './examine-offer.ts'
import { makeReceipt, type ReceiptFacts } from './make-receipt.ts'
import { businessOf } from './message-business.ts'
import { provenanceOf, separateFiles } from './message-files.ts'
import type { SealedReceipt } from './receipt-store.ts'
import type { RelayDeps } from './relay-deps.ts'

/** The reason code of a ContentConsignment whose content an earlier envelope or series had brought. */
export const ALREADY_CONSIGNED = 'ALREADY_CONSIGNED'

/**
 * Some recipients have the content already, by another envelope, and the receipts that were signed do not say so, or
 * say so wrongly. Nothing is stored; the work is done again, with a look first.
 */
export class ContentOvertaken extends Error {}

/** What receipts are signed with at first: nearly always nobody has it, and a look for each recipient costs much. */
export const nobodyHasIt: ReadonlySet<string> = new Set()

/** Those of the recipients who have had the content already, by another envelope. */
export async function findAlreadyConsigned(
  trx: NodeTransaction,
  envelopeSha256: string,
  { message, document, here }: Pick<ExaminedOffer, 'message' | 'document' | 'here'>,
): Promise<ReadonlySet<string>> {
  const key = contentKeyOf(message, document)
  const codes = new Set<string>()
  for (const { code, agencyId } of here) {
    const first = await withAgencyTables(trx, agencyId, (agency) => findConsigned(agency, agencyId, key))
    if (first !== undefined && first !== envelopeSha256) codes.add(code)
  }
  return codes
}

/**
 * The receipts for recipients hosted here, one each: ContentConsignment is the status 01 of edXML, "đã đến". A closed
 * agency gets nothing; its receipt says so. So does that of one that has the content already.
 *
 * @param already codes of those who have it
 */
export async function makeConsignmentReceipts(
  deps: RelayDeps,
  recipients: readonly LocalRecipient[],
  already: ReadonlySet<string>,
  facts: Omit<ReceiptFacts, 'event' | 'recipients'>,
  now: Date,
): Promise<SealedReceipt[]> {
  return Promise.all(
    recipients.map((one) =>
      makeReceipt(
        deps,
        one.closedOn === null
          ? {
              ...facts,
              event: 'ContentConsignment',
              ...(already.has(one.code) ? { reasonCode: ALREADY_CONSIGNED } : {}),
              recipients: [one.code],
            }
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

/**
 * Lays the document before the clerks of the recipients hosted here, in the transaction that stores the receipts; not a
 * second time what another envelope or attempt series has brought.
 *
 * @param already who has it by what the receipts say
 * @throws ContentOvertaken when that is no longer so
 */
export async function layBeforeClerks(
  trx: NodeTransaction,
  deps: RelayDeps,
  by: { readonly envelopeSha256: string; readonly series: number },
  offer: Pick<ExaminedOffer, 'message' | 'document' | 'here'>,
  already: ReadonlySet<string>,
): Promise<void> {
  const { message, document } = offer
  const { envelopeSha256 } = by
  const key = contentKeyOf(message, document)
  const now = deps.context.clock()
  const separate = separateFiles(message, document)
  const provenance = provenanceOf(message)
  const business = businessOf(message)
  const open = offer.here.filter((recipient) => recipient.closedOn === null)
  // In one order, so that two transactions never wait for each other.
  for (const one of open.toSorted((a, b) => (a.agencyId < b.agencyId ? -1 : 1))) {
    await withAgencyTables(trx, one.agencyId, async (agency) => {
      const bringing = { ...by, recipient: one.code }
      const first = await claimConsigned(agency, one.agencyId, key, bringing, now)
      const isAgain = first !== envelopeSha256
      if (isAgain !== already.has(one.code)) throw new ContentOvertaken()
      if (isAgain) return
      await recordArrival(agency, deps.context, deps.files, {
        agencyId: one.agencyId,
        recipientCode: one.code,
        envelopeSha256,
        message,
        fileSha256: document.sha256,
        fileLength: document.length,
        fileName: document.attachmentName,
        separate,
        provenance,
        ...(business === undefined ? {} : { business }),
      })
    })
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
  await Promise.all(
    [...files.keys()].sort().map((sha256) => {
      const file = { sha256, length: files.get(sha256) ?? 0 }
      return holdFile(trx, deps.files, file, `envelope:${envelopeSha256}`, now)
    }),
  )
}
