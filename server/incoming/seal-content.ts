import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { changeDocument, type DocumentRow } from '../documents/document-store.ts'
import { dropHolds } from '../files/file-hold-store.ts'
import { endParties } from '../handling/handling-store.ts'
import { addEntryNote, recordHandling } from '../registers/follow-store.ts'
import { removeFromSearch } from '../search/search-store.ts'
import { removePending } from './pending-verification-store.ts'

/**
 * Takes the content of a received document out of the agency's reach: no file opens, no word finds it, nobody handles it
 * any more, and its files are held by it no longer. What stays is the row with its hashes, the register entry with số
 * đến, and what others say of it: receipts, history, log.
 *
 * The bytes themselves are erased by the sweep once nothing on this node holds them: another document with the same
 * bytes, or an envelope that is still carried on, keeps them for itself. The hold of the envelope that brought the
 * document goes when the answer is told (`relay/release-envelope.ts`).
 *
 * @param note what the books say of it from now on
 */
export async function sealContent(
  trx: AgencyTransaction,
  document: DocumentRow,
  note: string,
  now: Date,
): Promise<void> {
  const { id, agencyId, state } = document
  await changeDocument(trx, id, state, { recall: 'agreed', handlingDue: null }, now)
  await removeFromSearch(trx, id)
  await endParties(trx, id, 'recalled', now)
  if (document.incoming?.number != null) {
    await addEntryNote(trx, id, 'incoming', note)
    await recordHandling(trx, { documentId: id, progress: note })
  }
  await withNodeTables(trx, async (node) => {
    await dropHolds(node, `document:${id}`)
    await removePending(node, { agencyId, documentId: id })
  })
}
