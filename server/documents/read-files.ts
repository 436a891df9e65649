/** Reading the files of a document, of both directions: what there is, and each byte for byte. */
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { CongvanError } from '../errors.ts'
import type { FileStore } from '../files/file-store.ts'
import { requireReadable } from './document-access-store.ts'
import { type DocumentFile, listFiles } from './document-files-store.ts'
import { insertRead } from './document-reads-store.ts'
import { requireOpenable } from './quarantine.ts'
import { isSealed } from './recall.ts'

/**
 * Of a document that was given up to its issuer there are none.
 *
 * @throws CongvanError `NOT_FOUND`
 */
export async function readFileList(
  context: NodeContext,
  actor: UserActor,
  id: string,
): Promise<DocumentFile[]> {
  return context.db.asAgency({ agencyId: actor.agencyId, userId: actor.userId }, async (trx) => {
    const document = await requireReadable(trx, actor, id)
    return isSealed(document) ? [] : listFiles(trx, id)
  })
}

/**
 * One file exactly as stored, its hash checked again.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_IN_QUARANTINE` (also for the drafter), `VERIFICATION_PENDING`,
 *   `SECRET_MARK_HELD`, `DOCUMENT_RECALLED`, `STORAGE_DAMAGED`
 */
export async function readFile(
  context: NodeContext,
  files: FileStore,
  actor: UserActor,
  { id, position }: { readonly id: string; readonly position: number },
  remoteAddress: string | null = null,
): Promise<{ bytes: Uint8Array; file: DocumentFile }> {
  const { agencyId, userId } = actor
  const file = await context.db.asAgency({ agencyId, userId }, async (trx) => {
    const document = await requireReadable(trx, actor, id)
    requireOpenable(document)
    const found = (await listFiles(trx, id)).find((one) => one.position === position)
    if (found === undefined)
      throw new CongvanError('NOT_FOUND', { what: `file ${position} of document ${id}` })
    const now = context.clock()
    const read = { documentId: id, userId, at: now, part: 'file', revision: null, remoteAddress } as const
    await insertRead(trx, agencyId, read)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'document.read',
      subject: `document:${id}`,
      facts: { part: 'file', position },
      ...(remoteAddress === null ? {} : { personal: { remoteAddress } }),
    })
    return found
  })
  return { bytes: await files.read(file.sha256), file }
}
