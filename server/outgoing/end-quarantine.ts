import type { UserActor } from '../actor.ts'
import { appendLogEntry, type LogContext } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { deleteCopyOf } from '../documents/copy-store.ts'
import { requireTransition } from '../documents/document.ts'
import { lockReadable } from '../documents/document-access-store.ts'
import { deleteAllFiles } from '../documents/document-files-store.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { changeDocument, deleteDocument } from '../documents/document-store.ts'
import { lookAhead } from '../documents/look-ahead.ts'
import { deleteRevisions, readLatestRevision, readRevisions } from '../documents/revision-store.ts'
import { CongvanError } from '../errors.ts'
import { releaseFile } from '../files/file-hold-store.ts'
import type { FileStore } from '../files/file-store.ts'
import { setContentText } from '../search/search-store.ts'
import { contentTextOf } from './content-text.ts'
import { findSecretInDraft } from './draft-metadata.ts'
import { examineFirstPage, type FirstPage } from './examine-page.ts'

export interface Declaration {
  readonly id: string
  /** What the clerk declares, having looked at the document: that it holds a state secret, or that it holds none. */
  readonly stateSecret: boolean
  /** Of a scan, whose first page no program can read: that it was looked at and bears no mark of secrecy. */
  readonly scanDeclared?: boolean
}

export interface QuarantineEnded {
  readonly id: string
  /** `erased`: metadata and bytes are gone. */
  readonly state: 'draft' | 'erased'
}

/**
 * Ends the quarantine by the check of metadata and first page and the clerk's declaration. A document that is secret by either is
 * erased, with its bytes if nothing else refers to the same, and only a log entry without content stays.
 *
 * @throws CongvanError `NOT_FOUND` for anybody but the drafter, `DOCUMENT_STATE_WRONG`, `DOCUMENT_FILE_MISSING`,
 *   `SECRET_MARK_FOUND` (the document is erased then), `SCAN_NOT_DECLARED`, `DOCUMENT_CHANGED`
 */
export async function endQuarantine(
  context: NodeContext,
  services: DocumentServices,
  actor: UserActor,
  declaration: Declaration,
): Promise<QuarantineEnded> {
  const { id } = declaration
  const now = context.clock()
  const log = { nodeId: context.nodeId, actor, now }
  const seen = declaration.stateSecret ? undefined : await lookAtFirstPage(context, services, actor, id)
  const outcome = await context.db.asAgency(actor, async (trx) => {
    const document = await lockReadable(trx, actor, id)
    const { to } = requireTransition(document.state, 'end-quarantine')
    if (declaration.stateSecret) {
      await erase(trx, services.files, log, actor.agencyId, id)
      return { state: 'erased' as const }
    }
    const secret = findSecretInDraft({ ...document, symbol: document.codeNotation })
    if (secret !== undefined) {
      await erase(trx, services.files, log, actor.agencyId, id)
      return { state: 'erased' as const, secret }
    }
    const revision = await readLatestRevision(trx, id)
    if (seen === undefined || seen.sha256 !== revision.sha256) throw new CongvanError('DOCUMENT_CHANGED')
    if (seen.page === undefined) throw seen.damage
    if (seen.page.kind === 'mark') {
      await erase(trx, services.files, log, actor.agencyId, id)
      return { state: 'erased' as const, secret: { field: FIRST_PAGE, mark: seen.page.mark } }
    }
    if (seen.page.kind === 'picture' && declaration.scanDeclared !== true)
      throw new CongvanError('SCAN_NOT_DECLARED')
    await changeDocument(trx, id, to, {}, now)
    await setContentText(trx, actor.agencyId, id, seen.text)
    await appendLogEntry(trx, log, actor.agencyId, {
      kind: 'document.quarantine-ended',
      subject: `document:${id}`,
      facts: {
        file: revision.sha256,
        declared: 'no-state-secret',
        firstPage: seen.page.kind,
      },
    })
    return { state: 'draft' as const }
  })
  if ('secret' in outcome && outcome.secret !== undefined) {
    throw new CongvanError('SECRET_MARK_FOUND', outcome.secret)
  }
  return { id, state: outcome.state }
}

/** Where the mark was found, as the error names it. */
const FIRST_PAGE = 'trang 1 / page 1'

/** Outside of any transaction, since reading a page takes its time; undefined where the transaction will refuse. */
async function lookAtFirstPage(
  context: NodeContext,
  services: DocumentServices,
  actor: UserActor,
  id: string,
): Promise<SeenPage | undefined> {
  const { agencyId, userId } = actor
  const revision = await lookAhead(() =>
    context.db.asAgency({ agencyId, userId }, async (trx) => {
      await lockReadable(trx, actor, id)
      return readLatestRevision(trx, id)
    }),
  )
  if (revision === undefined) return undefined
  const { sha256 } = revision
  try {
    const bytes = await services.files.read(sha256)
    const page = await examineFirstPage(services, bytes)
    return { sha256, page, text: page.kind === 'text' ? await contentTextOf(services, bytes) : '' }
  } catch (damage) {
    // The bytes may have gone in an erasure that was killed before its end: the metadata then erase the rest.
    if (damage instanceof CongvanError && damage.code === 'STORAGE_DAMAGED')
      return { sha256, page: undefined, damage }
    throw damage
  }
}

type SeenPage =
  | { readonly sha256: string; readonly page: FirstPage; readonly text: string }
  | { readonly sha256: string; readonly page: undefined; readonly damage: CongvanError }

/**
 * The bytes go before the rows are committed: killed in between, the document is still in quarantine without its
 * bytes, and declaring again erases the rest.
 */
async function erase(
  trx: AgencyTransaction,
  files: FileStore,
  log: LogContext,
  agencyId: string,
  id: string,
): Promise<void> {
  const revisions = await readRevisions(trx, id)
  await deleteRevisions(trx, id)
  const separate = await deleteAllFiles(trx, id)
  await deleteCopyOf(trx, id)
  await deleteDocument(trx, id)
  await appendLogEntry(trx, log, agencyId, { kind: 'document.refused-secret', subject: `document:${id}` })
  await withNodeTables(trx, async (node) => {
    const hashes = new Set([...revisions.map((one) => one.sha256), ...separate])
    for (const sha256 of [...hashes].sort()) await releaseFile(node, files, sha256, `document:${id}`)
  })
}
