import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { withNodeTables } from '../db.ts'
import { requireTransition } from '../documents/document.ts'
import { lockOwnDraft } from '../documents/document-access-store.ts'
import { deleteFile, listFiles } from '../documents/document-files-store.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { changeOutgoing } from '../documents/outgoing-store.ts'
import { CongvanError } from '../errors.ts'
import { releaseFile } from '../files/file-hold-store.ts'

/**
 * Takes a separate file away from a draft. Its bytes go with it where nothing else needs them; killed between the two,
 * the row is still there without its bytes, and asking again takes it away.
 *
 * @throws CongvanError `NOT_FOUND`, `DRAFT_NOT_YOURS`, also for the main file, `DOCUMENT_STATE_WRONG`
 */
export async function removeFile(
  context: NodeContext,
  services: Pick<DocumentServices, 'files'>,
  actor: UserActor,
  { id, position }: { readonly id: string; readonly position: number },
): Promise<{ id: string; position: number }> {
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const document = await lockOwnDraft(trx, actor, id)
    requireTransition(document.state, 'edit')
    const files = await listFiles(trx, id)
    const file = files.find((one) => one.position === position)
    if (file === undefined || file.kind === 'main') {
      throw new CongvanError('NOT_FOUND', { what: `separate file ${position} of document ${id}` })
    }
    await deleteFile(trx, id, position)
    await changeOutgoing(trx, id, document.state, { contentChangedAt: now }, now)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'document.file-removed',
      subject: `document:${id}`,
      facts: { position },
    })
    // Last: the bytes go before the commit. The same bytes may be the document's under another position.
    const elsewhere = files.some((one) => one.position !== position && one.sha256 === file.sha256)
    if (!elsewhere) {
      await withNodeTables(trx, (node) => releaseFile(node, services.files, file.sha256, `document:${id}`))
    }
    return { id, position }
  })
}
