/** Reading: lists, one document, its bytes, its report. Reading one document is an act of its own in the log. */
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyScope, AgencyTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { type Assignment, readAssignments } from './assignment-store.ts'
import {
  type DocumentQuery,
  type DocumentRow,
  findDuplicates,
  listDocuments,
  readDocument,
} from './document-store.ts'
import type { FileStore } from './file-store.ts'
import { requireOwnQuarantine } from './quarantine.ts'
import { findLatestReport, type StoredReport } from './report-store.ts'
import { type Revision, readRevisions } from './revision-store.ts'

export interface DocumentDetails {
  readonly document: DocumentRow
  readonly revisions: readonly Revision[]
  readonly assignments: readonly Assignment[]
  /** Other incoming documents that seem to be the same. */
  readonly duplicates: readonly string[]
}

/** @throws CongvanError `NOT_FOUND`, also while it is in somebody else's quarantine */
export async function readDetails(
  context: NodeContext,
  actor: UserActor,
  id: string,
): Promise<DocumentDetails> {
  return context.db.asAgency(scopeOf(actor), async (trx) => {
    const document = await readVisible(trx, actor, id)
    const details = {
      document,
      revisions: await readRevisions(trx, id),
      assignments: await readAssignments(trx, id),
      duplicates: await findDuplicates(trx, document),
    }
    await logReading(trx, context, actor, document, { part: 'metadata' })
    return details
  })
}

export interface DocumentBytes {
  readonly bytes: Uint8Array
  readonly revision: Revision
}

/**
 * The bytes of a revision exactly as stored, their hash checked again.
 *
 * @param revision default the newest
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_IN_QUARANTINE` (also for the drafter), `STORAGE_DAMAGED`
 */
export async function readBytes(
  context: NodeContext,
  files: FileStore,
  actor: UserActor,
  id: string,
  revision?: number,
): Promise<DocumentBytes> {
  const wanted = await context.db.asAgency(scopeOf(actor), async (trx) => {
    const document = await readVisible(trx, actor, id)
    if (document.state === 'quarantined') throw new CongvanError('DOCUMENT_IN_QUARANTINE')
    const revisions = await readRevisions(trx, id)
    const found =
      revision === undefined ? revisions.at(-1) : revisions.find((one) => one.revision === revision)
    if (found === undefined) {
      throw new CongvanError('NOT_FOUND', { what: `revision ${revision ?? '-'} of document ${id}` })
    }
    await logReading(trx, context, actor, document, { part: 'file', revision: found.revision })
    return found
  })
  return { bytes: await files.read(wanted.sha256), revision: wanted }
}

/** @throws CongvanError `NOT_FOUND`, also when the document was not verified yet */
export async function readReport(context: NodeContext, actor: UserActor, id: string): Promise<StoredReport> {
  return context.db.asAgency(scopeOf(actor), async (trx) => {
    const document = await readVisible(trx, actor, id)
    const report = await findLatestReport(trx, id)
    if (report === undefined) {
      throw new CongvanError('NOT_FOUND', { what: `verification report of document ${id}` })
    }
    await logReading(trx, context, actor, document, { part: 'report' })
    return report
  })
}

export interface DocumentPage {
  readonly items: readonly DocumentRow[]
  /** Where the next page begins; null after the last one. */
  readonly next: DocumentQuery['after'] | null
}

/** Documents of the agency, newest first, without those in the quarantine of others. */
export async function listPage(
  context: NodeContext,
  actor: UserActor,
  query: Omit<DocumentQuery, 'userId'>,
): Promise<DocumentPage> {
  const { limit } = query
  const rows = await context.db.asAgency(scopeOf(actor), (trx) =>
    listDocuments(trx, { ...query, limit: limit + 1, userId: actor.userId }),
  )
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  const more = rows.length > limit && last !== undefined
  return { items, next: more ? { createdAt: last.createdAt, id: last.id } : null }
}

async function readVisible(trx: AgencyTransaction, actor: UserActor, id: string): Promise<DocumentRow> {
  const document = await readDocument(trx, id)
  requireOwnQuarantine(document, actor.userId)
  return document
}

/** Reading a document in quarantine leaves no trace of it: it may turn out to be one that must not be here. */
async function logReading(
  trx: AgencyTransaction,
  context: NodeContext,
  actor: UserActor,
  document: DocumentRow,
  facts: Readonly<Record<string, string | number>>,
): Promise<void> {
  if (document.state === 'quarantined') return
  await appendLogEntry(trx, { nodeId: context.nodeId, actor, now: context.clock() }, actor.agencyId, {
    kind: 'document.read',
    subject: `document:${document.id}`,
    facts,
  })
}

/** Reading changes nothing and is never answered from a stored answer. */
function scopeOf({ agencyId, userId }: UserActor): AgencyScope {
  return { agencyId, userId }
}
