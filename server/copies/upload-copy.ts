import { listFields } from '../../signing/index.ts'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { type CopyRecord, findCopyOf } from '../documents/copy-store.ts'
import { requireTransition } from '../documents/document.ts'
import { lockReadable } from '../documents/document-access-store.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { lookAhead } from '../documents/look-ahead.ts'
import { deleteRevisions, insertRevision, readRevisions } from '../documents/revision-store.ts'
import { CongvanError } from '../errors.ts'
import { holdFile, releaseFile } from '../files/file-hold-store.ts'
import { storeFile } from '../files/store-file.ts'
import { requireMessageFits } from '../outgoing/message-size.ts'
import { requireScan } from '../pages/scan-check.ts'
import { requireSourceNotRecalled } from './copy-source.ts'

/**
 * Takes the file of an electronic copy in quarantine; another upload replaces it. Of a document on paper it is a scan:
 * PDF 1.4 or later, in colour, at least 200 dpi, at 100 % (NĐ 30/2020 Phụ lục I, Phần II, I.2); an excerpt is a PDF
 * that was drawn up anew (art 25.3b). Nothing on it is signed yet: nobody signs a copy but the agency.
 *
 * Killed before the transaction commits, nothing has happened but a file that is swept later.
 *
 * @throws CongvanError `NOT_FOUND`, `NOT_A_COPY`, `DOCUMENT_STATE_WRONG`, `DRAFT_ALREADY_SIGNED`,
 *   `SCAN_NOT_ACCEPTABLE`, `MESSAGE_TOO_LARGE`, `STORAGE_FULL`
 * @throws SigningError for a PDF that cannot be read
 */
export async function uploadCopy(
  context: NodeContext,
  services: Pick<DocumentServices, 'files'>,
  actor: UserActor,
  { id, bytes }: { readonly id: string; readonly bytes: Uint8Array },
): Promise<{ id: string; state: 'quarantined' }> {
  const { agencyId, userId } = actor
  const now = context.clock()
  const ready = await lookAhead(() =>
    context.db.asAgency({ agencyId, userId }, (trx) => readWaiting(trx, actor, id)),
  )
  const file = ready && (await check(context, services, ready, bytes))
  return context.db.asAgency(actor, async (trx) => {
    await readWaiting(trx, actor, id)
    if (file === undefined) throw new CongvanError('DOCUMENT_CHANGED')
    const before = await readRevisions(trx, id)
    await deleteRevisions(trx, id)
    await insertRevision(trx, agencyId, id, {
      revision: 1,
      kind: 'draft',
      ...file,
      name: 'ban-sao.pdf',
      addedBy: userId,
      addedAt: now,
      signature: null,
    })
    await withNodeTables(trx, async (node) => {
      const holder = `document:${id}` as const
      // In the order of their hashes, so that two transactions never wait for each other.
      for (const sha256 of [...new Set([file.sha256, ...before.map((one) => one.sha256)])].sort()) {
        if (sha256 === file.sha256) await holdFile(node, services.files, file, holder, now)
        else await releaseFile(node, services.files, sha256, holder)
      }
    })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'document.file-uploaded',
      subject: `document:${id}`,
    })
    return { id, state: 'quarantined' as const }
  })
}

async function check(
  context: NodeContext,
  services: Pick<DocumentServices, 'files'>,
  { from }: CopyRecord,
  bytes: Uint8Array,
) {
  requireMessageFits([bytes.length], context.limits.messageBytes)
  if (listFields(bytes).signatureFields.some((field) => field.signed)) {
    throw new CongvanError('DRAFT_ALREADY_SIGNED')
  }
  if (from === 'paper') requireScan(bytes)
  return storeFile(context, services.files, bytes)
}

async function readWaiting(trx: AgencyTransaction, actor: UserActor, id: string): Promise<CopyRecord> {
  const document = await lockReadable(trx, actor, id)
  const copy = await findCopyOf(trx, id)
  if (copy === undefined) throw new CongvanError('NOT_A_COPY')
  await requireSourceNotRecalled(trx, copy)
  if (document.state !== 'quarantined') requireTransition(document.state, 'draft')
  return copy
}
