/** Reading the files of a document, of both directions: what there is, and each byte for byte. */
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { CongvanError } from '../errors.ts'
import { requireReadable } from './document-access-store.ts'
import { type DocumentFile, listFiles } from './document-files-store.ts'
import type { FileStore } from './file-store.ts'
import { requireOpenable } from './quarantine.ts'

/** @throws CongvanError `NOT_FOUND` */
export async function readFileList(
  context: NodeContext,
  actor: UserActor,
  id: string,
): Promise<DocumentFile[]> {
  return context.db.asAgency({ agencyId: actor.agencyId, userId: actor.userId }, async (trx) => {
    await requireReadable(trx, actor, id)
    return listFiles(trx, id)
  })
}

/**
 * One file exactly as stored, its hash checked again.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_IN_QUARANTINE` (also for the drafter), `SECRET_MARK_HELD`, `STORAGE_DAMAGED`
 */
export async function readFile(
  context: NodeContext,
  files: FileStore,
  actor: UserActor,
  { id, position }: { readonly id: string; readonly position: number },
): Promise<{ bytes: Uint8Array; file: DocumentFile }> {
  const { agencyId, userId } = actor
  const file = await context.db.asAgency({ agencyId, userId }, async (trx) => {
    const document = await requireReadable(trx, actor, id)
    requireOpenable(document)
    const found = (await listFiles(trx, id)).find((one) => one.position === position)
    if (found === undefined)
      throw new CongvanError('NOT_FOUND', { what: `file ${position} of document ${id}` })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now: context.clock() }, agencyId, {
      kind: 'document.read',
      subject: `document:${id}`,
      facts: { part: 'file', position },
    })
    return found
  })
  return { bytes: await files.read(file.sha256), file }
}
