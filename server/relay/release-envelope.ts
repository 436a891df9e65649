import { type AgencyTransaction, type NodeTransaction, withNodeTables } from '../db.ts'
import { findByEnvelope, readDocument } from '../documents/document-store.ts'
import { isSealed } from '../documents/recall.ts'
import { dropHolds } from '../files/file-hold-store.ts'
import { hasOpenBranch } from './branch-store.ts'

/**
 * Gives up an envelope's hold on its files, once a recipient here has given its document up to the issuer. The sweep
 * then erases what no document holds: other recipients on this node have holds of their own. While the envelope is still
 * to be carried to somebody, it keeps its files.
 *
 * The sealed envelope itself, which names the files by hash alone, stays as evidence.
 *
 * @returns whether the hold was given up
 */
export async function releaseEnvelope(trx: NodeTransaction, envelopeSha256: string): Promise<boolean> {
  if (await hasOpenBranch(trx, envelopeSha256)) return false
  await dropHolds(trx, `envelope:${envelopeSha256}`)
  return true
}

/**
 * As `releaseEnvelope`, for an envelope that has brought once more what another one brought first, where the agency has
 * given that up meanwhile: nobody will ask for its files.
 */
export async function releaseGivenUp(
  trx: AgencyTransaction,
  firstSha256: string,
  envelopeSha256: string,
): Promise<void> {
  const id = await findByEnvelope(trx, firstSha256)
  if (id === undefined || !isSealed(await readDocument(trx, id))) return
  await withNodeTables(trx, (node) => releaseEnvelope(node, envelopeSha256))
}
