import type { UserActor } from '../actor.ts'
import { appendLogEntry, type LogContext } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { requireTransition } from './document.ts'
import type { DocumentServices } from './document-services.ts'
import { changeDocument, deleteDocument, lockDocument } from './document-store.ts'
import { findSecretInDraft } from './draft-metadata.ts'
import { releaseFile } from './file-hold-store.ts'
import type { FileStore } from './file-store.ts'
import { requireOwnQuarantine } from './quarantine.ts'
import { deleteRevisions, readLatestRevision, readRevisions } from './revision-store.ts'

export interface Declaration {
  readonly id: string
  /** What the clerk declares, having looked at the document: that it holds a state secret, or that it holds none. */
  readonly stateSecret: boolean
}

export interface QuarantineEnded {
  readonly id: string
  /** `erased`: metadata and bytes are gone. */
  readonly state: 'draft' | 'erased'
}

/**
 * Ends the quarantine by the metadata check and the clerk's declaration. A document that is secret by either is
 * erased, with its bytes if nothing else refers to the same, and only a log entry without content stays.
 *
 * @throws CongvanError `NOT_FOUND` for anybody but the drafter, `DOCUMENT_STATE_WRONG`, `DOCUMENT_FILE_MISSING`,
 *   `SECRET_MARK_FOUND` (the document is erased then)
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
  const outcome = await context.db.asAgency(actor, async (trx) => {
    const document = await lockDocument(trx, id)
    requireOwnQuarantine(document, actor.userId)
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
    await changeDocument(trx, id, to, {}, now)
    await appendLogEntry(trx, log, actor.agencyId, {
      kind: 'document.quarantine-ended',
      subject: `document:${id}`,
      facts: { file: revision.sha256, declared: 'no-state-secret' },
    })
    return { state: 'draft' as const }
  })
  if ('secret' in outcome && outcome.secret !== undefined) {
    throw new CongvanError('SECRET_MARK_FOUND', outcome.secret)
  }
  return { id, state: outcome.state }
}

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
  await deleteDocument(trx, id)
  await appendLogEntry(trx, log, agencyId, { kind: 'document.refused-secret', subject: `document:${id}` })
  await withNodeTables(trx, async (node) => {
    for (const { sha256 } of revisions) await releaseFile(node, files, sha256, `document:${id}`)
  })
}
