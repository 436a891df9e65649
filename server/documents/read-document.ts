/** Reading: lists, one document, its bytes, its report. Reading one document is an act of its own in the log. */
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyScope, AgencyTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import type { FileStore } from '../files/file-store.ts'
import { type Assignment, readAssignments } from './assignment-store.ts'
import { readerOf, requireReadable } from './document-access-store.ts'
import {
  type DocumentQuery,
  type ListPosition,
  listDocuments,
  orderOf,
  readReadable,
} from './document-list-store.ts'
import { type DocumentOrigin, readOrigin } from './document-origin.ts'
import { insertRead, type ReadPart } from './document-reads-store.ts'
import { type DocumentRelations, readRelations } from './document-relations.ts'
import type { DocumentRow } from './document-store.ts'
import { findDuplicates } from './duplicate-store.ts'
import { findOutgoing, findOutgoingDuplicates, type OutgoingPart } from './outgoing-store.ts'
import { type PaperDispatch, readPaperDispatches } from './paper-dispatch-store.ts'
import { type Presentation, readPresentations } from './presentation-store.ts'
import { requireOpenable } from './quarantine.ts'
import { isSealed, RECALLED_FILE, requireNotSealed } from './recall.ts'
import { findLatestReport, type StoredReport } from './report-store.ts'
import { type Revision, readRevisions } from './revision-store.ts'
import { searchPage } from './search-page.ts'

export interface DocumentDetails {
  readonly document: DocumentRow
  readonly revisions: readonly Revision[]
  readonly assignments: readonly Assignment[]
  /** Other incoming documents that seem to be the same. */
  readonly duplicates: readonly string[]
  /** What only an outgoing document has. */
  readonly outgoing: OutgoingPart | undefined
  readonly presentations: readonly Presentation[]
  readonly paperDispatches: readonly PaperDispatch[]
  /** Whether it is a copy, who sent it first, to whom it was passed on. */
  readonly origin: DocumentOrigin
  /** Recalls, requests of its sender, what it replaces or corrects. */
  readonly relations: DocumentRelations
}

/**
 * @param remoteAddress where the request came from, for the history of the document
 * @throws CongvanError `NOT_FOUND`, also where the actor may not see it
 */
export async function readDetails(
  context: NodeContext,
  actor: UserActor,
  id: string,
  remoteAddress: string | null = null,
): Promise<DocumentDetails> {
  return context.db.asAgency(scopeOf(actor), async (trx) => {
    const document = await requireReadable(trx, actor, id)
    const details = {
      document,
      revisions: shownRevisions(document, await readRevisions(trx, id)),
      assignments: await readAssignments(trx, id),
      duplicates: await readableDuplicates(trx, actor, document),
      outgoing: await findOutgoing(trx, id),
      presentations: document.direction === 'outgoing' ? await readPresentations(trx, id) : [],
      paperDispatches: document.direction === 'outgoing' ? await readPaperDispatches(trx, id) : [],
      origin: await readOrigin(trx, document, context.clock()),
      relations: await readRelations(trx, actor, document),
    }
    await logReading(trx, context, actor, document, { part: 'metadata', remoteAddress })
    return details
  })
}

/** Of what was given up to its issuer the hashes stay, as what it was; the names its sender gave go. */
function shownRevisions(document: DocumentRow, revisions: readonly Revision[]): readonly Revision[] {
  return isSealed(document) ? revisions.map((one) => ({ ...one, name: RECALLED_FILE })) : revisions
}

export interface DocumentBytes {
  readonly bytes: Uint8Array
  readonly revision: Revision
}

/**
 * The bytes of a revision exactly as stored, their hash checked again.
 *
 * @param revision default the newest
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_IN_QUARANTINE` (also for the drafter), `VERIFICATION_PENDING`,
 *   `SECRET_MARK_HELD`, `DOCUMENT_RECALLED`, `STORAGE_DAMAGED`
 */
export async function readBytes(
  context: NodeContext,
  files: FileStore,
  actor: UserActor,
  id: string,
  revision?: number,
  remoteAddress: string | null = null,
): Promise<DocumentBytes> {
  const wanted = await context.db.asAgency(scopeOf(actor), async (trx) => {
    const document = await requireReadable(trx, actor, id)
    requireOpenable(document)
    const revisions = await readRevisions(trx, id)
    const found =
      revision === undefined ? revisions.at(-1) : revisions.find((one) => one.revision === revision)
    if (found === undefined) {
      throw new CongvanError('NOT_FOUND', { what: `revision ${revision ?? '-'} of document ${id}` })
    }
    const read = { part: 'file', revision: found.revision, remoteAddress } as const
    await logReading(trx, context, actor, document, read)
    return found
  })
  return { bytes: await files.read(wanted.sha256), revision: wanted }
}

/** @throws CongvanError `NOT_FOUND`, also when the document was not verified yet; `DOCUMENT_RECALLED` */
export async function readReport(
  context: NodeContext,
  actor: UserActor,
  id: string,
  remoteAddress: string | null = null,
): Promise<StoredReport> {
  return context.db.asAgency(scopeOf(actor), async (trx) => {
    const document = await requireReadable(trx, actor, id)
    requireNotSealed(document)
    const report = await findLatestReport(trx, id)
    if (report === undefined) {
      throw new CongvanError('NOT_FOUND', { what: `verification report of document ${id}` })
    }
    await logReading(trx, context, actor, document, { part: 'report', remoteAddress })
    return report
  })
}

export interface DocumentPage {
  readonly items: readonly DocumentRow[]
  /** Where the next page begins; null after the last one. */
  readonly next: ListPosition | null
}

/**
 * Documents that the actor may see, newest first.
 *
 * @throws CongvanError `SEARCH_EMPTY` for a text without a word
 */
export async function listPage(
  context: NodeContext,
  actor: UserActor,
  query: Omit<DocumentQuery, 'reader'>,
): Promise<DocumentPage> {
  const { limit } = query
  const reader = readerOf(actor)
  if (query.q !== undefined) {
    return context.db.asAgency(scopeOf(actor), (trx) => searchPage(trx, { ...query, reader }))
  }
  const rows = await context.db.asAgency(scopeOf(actor), (trx) =>
    listDocuments(trx, { ...query, limit: limit + 1, reader }),
  )
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  const next = rows.length > limit && last !== undefined ? positionOf(query, last) : null
  return { items, next }
}

function positionOf(query: Omit<DocumentQuery, 'reader'>, last: DocumentRow): ListPosition {
  const { id, createdAt, promulgationDate } = last
  if (orderOf(query) === 'created') return { order: 'created', at: createdAt, id }
  return { order: 'dated', at: promulgationDate ?? '', id }
}

/** Of the documents that seem to be the same only those that the actor may see. */
async function readableDuplicates(
  trx: AgencyTransaction,
  actor: UserActor,
  document: DocumentRow,
): Promise<string[]> {
  const ids =
    document.direction === 'outgoing'
      ? await findOutgoingDuplicates(trx, document)
      : (await findDuplicates(trx, document)).map((one) => one.id)
  const readable = new Set((await readReadable(trx, readerOf(actor), ids)).map((one) => one.id))
  return ids.filter((id) => readable.has(id))
}

interface Reading {
  readonly part: ReadPart
  readonly revision?: number
  readonly remoteAddress: string | null
}

/**
 * Every reading stands in the document's own history and in the log (Phụ lục VI, III.6l); the log knows of the address
 * by its commitment alone. Reading in quarantine leaves no trace: it may turn out to be what must not be here.
 */
async function logReading(
  trx: AgencyTransaction,
  context: NodeContext,
  actor: UserActor,
  document: DocumentRow,
  { part, revision, remoteAddress }: Reading,
): Promise<void> {
  if (document.state === 'quarantined') return
  const now = context.clock()
  const { agencyId, userId } = actor
  const read = { documentId: document.id, userId, at: now, part, revision: revision ?? null, remoteAddress }
  await insertRead(trx, agencyId, read)
  await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
    kind: 'document.read',
    subject: `document:${document.id}`,
    facts: { part, ...(revision === undefined ? {} : { revision }) },
    ...(remoteAddress === null ? {} : { personal: { remoteAddress } }),
  })
}

/** Reading changes nothing and is never answered from a stored answer. */
function scopeOf({ agencyId, userId }: UserActor): AgencyScope {
  return { agencyId, userId }
}
