import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { readSettings } from '../documents/agency-settings-store.ts'
import { requireNoCopy } from '../documents/copy-store.ts'
import { currentVersion } from '../documents/current-version.ts'
import { requireTransition } from '../documents/document.ts'
import { lockOwnDraft } from '../documents/document-access-store.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import type { DocumentRow } from '../documents/document-store.ts'
import { lookAhead } from '../documents/look-ahead.ts'
import { insertRevision, readRevisions } from '../documents/revision-store.ts'
import { CongvanError } from '../errors.ts'
import { holdFile } from '../files/file-hold-store.ts'
import { requireVersion } from '../http/route.ts'
import { setContentText } from '../search/search-store.ts'
import { backToDraft } from './back-to-draft.ts'
import { contentTextOf } from './content-text.ts'
import { examineFirstPage, type FirstPage } from './examine-page.ts'
import { type DraftUpload, type StoredDraft, storeDraftFile } from './upload-draft.ts'

export interface DraftRevision extends DraftUpload {
  /** That the new version was looked at: it holds no state secret; of a scan, that its first page bears no mark. */
  readonly scanDeclared: boolean
  readonly ifMatch?: number
}

export interface DraftRevised {
  readonly id: string
  readonly state: 'draft'
  readonly revision: number
  readonly sha256: string
  /** Signatures that counted until now. */
  readonly signaturesCancelled: number
}

/** Where the mark was found, as the error names it. */
const FIRST_PAGE = 'trang 1 / page 1'

/**
 * Takes a new version of a draft. Every version stays with its author and time (NĐ 30/2020 art 10.4); a document that
 * was presented or signed is a draft again, and its signatures count no more (art 11.2).
 *
 * The declaration comes with the bytes, and the first page is looked at before anything is stored: no version lies in
 * the system undeclared. With a mark of secrecy nothing is stored but a log entry without content.
 *
 * @throws CongvanError `NOT_FOUND`, `DRAFT_NOT_YOURS`, `DOCUMENT_STATE_WRONG`, `VERSION_STALE`, `SECRET_MARK_FOUND`, `SCAN_NOT_DECLARED`,
 *   and as `uploadDraft`
 */
export async function reviseDraft(
  context: NodeContext,
  services: DocumentServices,
  actor: UserActor,
  upload: DraftRevision,
): Promise<DraftRevised> {
  const { agencyId, userId } = actor
  const look = (trx: AgencyTransaction) => readRevisable(trx, actor, upload)
  const now = context.clock()
  const ready = await lookAhead(() =>
    context.db.asAgency({ agencyId, userId }, async (trx) => ({
      document: await look(trx),
      settings: await readSettings(trx),
      actor,
    })),
  )
  const page = ready && (await examineFirstPage(services, upload.bytes))
  const log = { nodeId: context.nodeId, actor, now }
  const subject = `document:${upload.id}`
  const refusal = page && refusalOf(page, upload.scanDeclared)
  let stored: StoredDraft | undefined
  let content = ''
  if (ready !== undefined && refusal === undefined) {
    stored = await storeDraftFile(context, services, upload, ready, now)
    content = await contentTextOf(services, upload.bytes)
  }
  const outcome = await context.db.asAgency(actor, async (trx) => {
    const document = await look(trx)
    if (refusal !== undefined) {
      await appendLogEntry(trx, log, agencyId, { kind: 'document.refused-secret', subject })
      return { refused: true as const }
    }
    if (stored === undefined) throw new CongvanError('DOCUMENT_CHANGED')
    const { file, places } = stored
    const revisions = await readRevisions(trx, document.id)
    const { latest, signatures } = currentVersion(revisions)
    const revision = latest.revision + 1
    const version = revisions.filter((one) => one.kind === 'draft').length + 1
    await insertRevision(trx, agencyId, document.id, {
      revision,
      kind: 'draft',
      ...file,
      name: `du-thao-${version}.pdf`,
      addedBy: userId,
      addedAt: now,
      signature: null,
      ...(places === undefined ? {} : { places }),
    })
    await withNodeTables(trx, (node) => holdFile(node, services.files, file, `document:${document.id}`, now))
    const closing = { outcome: 'superseded', remark: null } as const
    await backToDraft(trx, actor, document.id, closing, { contentChangedAt: now }, now)
    await setContentText(trx, agencyId, document.id, content)
    await appendLogEntry(trx, log, agencyId, {
      kind: 'document.revised',
      subject,
      facts: { revision, file: file.sha256, from: document.state, signaturesCancelled: signatures.length },
    })
    return {
      id: document.id,
      state: 'draft' as const,
      revision,
      sha256: file.sha256,
      signaturesCancelled: signatures.length,
    }
  })
  if ('refused' in outcome) throw refusal ?? new CongvanError('DOCUMENT_CHANGED')
  return outcome
}

function refusalOf(page: FirstPage, scanDeclared: boolean): CongvanError | undefined {
  if (page.kind === 'mark')
    return new CongvanError('SECRET_MARK_FOUND', { field: FIRST_PAGE, mark: page.mark })
  if (page.kind === 'picture' && !scanDeclared) throw new CongvanError('SCAN_NOT_DECLARED')
  return undefined
}

async function readRevisable(
  trx: AgencyTransaction,
  actor: UserActor,
  upload: Pick<DraftRevision, 'id' | 'ifMatch'>,
): Promise<DocumentRow> {
  const document = await lockOwnDraft(trx, actor, upload.id)
  requireVersion(document.version, upload.ifMatch)
  requireTransition(document.state, 'revise')
  await requireNoCopy(trx, upload.id)
  return document
}
