/**
 * The only SQL of `document_access`: who may see which document of the agency (NĐ 30/2020 Phụ lục VI, III.3b).
 *
 * Who may read every document of the agency (`document.read-all`) needs no right of their own, except for documents
 * that are restricted to named people. Everybody else sees what they drafted, sign, are assigned, were permitted to
 * see, or find in a dossier of theirs. A document in quarantine is its drafter's alone.
 */
import type { UserActor } from '../actor.ts'
import { actorMay } from '../auth/permissions.ts'
import type { AgencyTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import type { Reader } from './document-list-store.ts'
import { type DocumentRow, lockDocument, readDocument } from './document-store.ts'
import { requireOwnQuarantine } from './quarantine.ts'
import { requireNotRecalled } from './recall.ts'

/** Why somebody may see a document. `dossier`: because they are a member of a dossier that holds it. */
export const accessReasons = ['drafter', 'signer', 'assignee', 'handler', 'permitted', 'dossier'] as const
export type AccessReason = (typeof accessReasons)[number]

export interface AccessGrant {
  readonly agencyId: string
  readonly documentId: string
  readonly userId: string
  readonly as: Exclude<AccessReason, 'dossier'>
  /** Who gave it; null: the node itself. */
  readonly by: string | null
  readonly at: Date
  readonly reason?: string
}

/**
 * Lets a user see a document. Given twice for the same cause it stays one right.
 *
 * @returns whether the right is new
 * @throws CongvanError `NOT_FOUND` when the agency has no such document
 */
export async function grantAccess(trx: AgencyTransaction, grant: AccessGrant): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: { known: boolean; granted: boolean }[] }>(
    `with document as (
       select agency_id, id, created_at from documents where agency_id = :agencyId and id = :documentId
     ), granted as (
       insert into document_access
         (agency_id, document_id, document_created_at, user_id, granted_as, granted_by, granted_at, reason)
       select agency_id, id, created_at, :userId, :as, :by, :at, :reason from document
       on conflict do nothing returning 1
     )
     select exists (select from document) as known, exists (select from granted) as granted`,
    { ...grant, reason: grant.reason ?? null },
  )
  if (rows[0]?.known !== true) throw new CongvanError('NOT_FOUND', { what: `document ${grant.documentId}` })
  return rows[0].granted
}

/**
 * The document, if the actor may see it; otherwise it is as if there were none.
 *
 * @throws CongvanError `NOT_FOUND`
 */
export async function requireReadable(
  trx: AgencyTransaction,
  actor: UserActor,
  documentId: string,
): Promise<DocumentRow> {
  const document = await readDocument(trx, documentId)
  await refuseStranger(trx, actor, document)
  return document
}

/**
 * As `requireReadable`, and locked until the transaction ends: what an act on a document begins with. One that is
 * recalled is acted on no more.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_FROZEN`, `DOCUMENT_RECALLED`, `RECALL_PENDING`
 */
export async function lockReadable(
  trx: AgencyTransaction,
  actor: UserActor,
  documentId: string,
): Promise<DocumentRow> {
  const document = await lockReadableAnyway(trx, actor, documentId)
  requireNotRecalled(document)
  return document
}

/**
 * As `lockReadable`, also of a document that is recalled: to answer the recall, and for what is kept around a document
 * and is not of it (who may see it, the dossier that it lies in).
 *
 * @throws CongvanError `NOT_FOUND`
 */
export async function lockReadableAnyway(
  trx: AgencyTransaction,
  actor: UserActor,
  documentId: string,
): Promise<DocumentRow> {
  const document = await lockDocument(trx, documentId)
  await refuseStranger(trx, actor, document)
  return document
}

/**
 * As `lockReadable`, for what changes or gives up a document that was not issued: the one who drafted it does, and who
 * sees every document of the agency by their role. Whom it was shown to reads it and comments on it, no more.
 *
 * @throws CongvanError `NOT_FOUND`, `DRAFT_NOT_YOURS`
 */
export async function lockOwnDraft(
  trx: AgencyTransaction,
  actor: UserActor,
  documentId: string,
): Promise<DocumentRow> {
  const document = await lockReadable(trx, actor, documentId)
  if (document.createdBy === actor.userId || readsAll(actor)) return document
  throw new CongvanError('DRAFT_NOT_YOURS')
}

async function refuseStranger(
  trx: AgencyTransaction,
  actor: UserActor,
  document: DocumentRow,
): Promise<void> {
  requireOwnQuarantine(document, actor.userId)
  if (document.state === 'quarantined') return
  if (!document.restricted && readsAll(actor)) return
  if (await hasAccess(trx, document.id, actor.userId)) return
  throw new CongvanError('NOT_FOUND', { what: `document ${document.id}` })
}

/** The actor as one who looks at lists. */
export function readerOf(actor: UserActor): Reader {
  return { userId: actor.userId, readsAll: readsAll(actor) }
}

/** Whether the actor sees all documents of the agency that are not restricted. */
export function readsAll(actor: UserActor): boolean {
  return actorMay(actor, 'document.read-all')
}

async function hasAccess(trx: AgencyTransaction, documentId: string, userId: string): Promise<boolean> {
  const row = await trx('document_access')
    .where({ document_id: documentId, user_id: userId })
    .whereNull('withdrawn_at')
    .first<{ id: string } | undefined>('id')
  return row !== undefined
}

/** A right as it stands in the history of a document. */
export interface StoredAccess {
  readonly id: string
  readonly userId: string
  readonly as: AccessReason
  readonly dossierId: string | null
  readonly by: string | null
  readonly at: Date
  readonly reason: string | null
  readonly withdrawn: { readonly by: string | null; readonly at: Date; readonly reason: string } | null
}

interface AccessRow {
  readonly id: string
  readonly user_id: string
  readonly granted_as: AccessReason
  readonly dossier_id: string | null
  readonly granted_by: string | null
  readonly granted_at: Date
  readonly reason: string | null
  readonly withdrawn_by: string | null
  readonly withdrawn_at: Date | null
  readonly withdraw_reason: string | null
}

function fromRow(row: AccessRow): StoredAccess {
  const withdrawn =
    row.withdrawn_at === null
      ? null
      : { by: row.withdrawn_by, at: row.withdrawn_at, reason: row.withdraw_reason ?? '' }
  return {
    id: row.id,
    userId: row.user_id,
    as: row.granted_as,
    dossierId: row.dossier_id,
    by: row.granted_by,
    at: row.granted_at,
    reason: row.reason,
    withdrawn,
  }
}

/** Every right on a document that there is or was, oldest first. */
export async function readAccess(trx: AgencyTransaction, documentId: string): Promise<StoredAccess[]> {
  const rows: AccessRow[] = await trx('document_access')
    .where({ document_id: documentId })
    .orderBy(['granted_at', 'id'])
    .select('*')
  return rows.map(fromRow)
}

export interface Withdrawal {
  readonly by: string
  readonly at: Date
  readonly reason: string
}

/**
 * Withdraws the rights that a user has on a document otherwise than through a dossier: all, or the one of a cause.
 *
 * @returns the causes for which they had been given
 */
export async function withdrawAccess(
  trx: AgencyTransaction,
  {
    documentId,
    userId,
    as,
  }: { readonly documentId: string; readonly userId: string; readonly as?: AccessReason },
  { by, at, reason }: Withdrawal,
): Promise<AccessReason[]> {
  const rows: { granted_as: AccessReason }[] = await trx('document_access')
    .where({ document_id: documentId, user_id: userId, ...(as === undefined ? {} : { granted_as: as }) })
    .whereNull('withdrawn_at')
    .whereNull('dossier_id')
    .update({ withdrawn_by: by, withdrawn_at: at, withdraw_reason: reason })
    .returning('granted_as')
  return rows.map((row) => row.granted_as)
}

/** Restricts a document to named people, or ends that. */
export async function setRestricted(
  trx: AgencyTransaction,
  documentId: string,
  restricted: boolean,
  now: Date,
): Promise<void> {
  await trx('documents').where({ id: documentId }).update({ restricted, updated_at: now })
}

/**
 * The code of a dossier that holds the document and is not restricted; `undefined` when there is none. Until the
 * transaction ends no dossier that holds it is opened to all: whoever does so waits.
 */
export async function findOpenDossier(
  trx: AgencyTransaction,
  documentId: string,
): Promise<string | undefined> {
  const holding: { code: string; restricted: boolean }[] = await trx('dossier_documents as f')
    .join('dossiers as d', (on) => {
      on.on('d.agency_id', 'f.agency_id').andOn('d.id', 'f.dossier_id')
    })
    .where({ 'f.document_id': documentId })
    .whereNull('f.removed_at')
    .orderBy('d.id')
    .forShare('d')
    .select('d.code', 'd.restricted')
  return holding.find((one) => !one.restricted)?.code
}

/**
 * Gives every member of a dossier the right to see every document that lies in it, where they do not have it yet.
 *
 * @param whose the document that was filed, or the member who was added
 */
export async function grantThroughDossier(
  trx: AgencyTransaction,
  dossierId: string,
  whose: { readonly documentId: string } | { readonly userId: string },
  { by, at }: { readonly by: string; readonly at: Date },
): Promise<void> {
  await trx.raw(
    `insert into document_access
       (agency_id, document_id, document_created_at, user_id, granted_as, dossier_id, granted_by, granted_at)
     select d.agency_id, d.id, d.created_at, m.user_id, 'dossier', f.dossier_id, :by, :at
     from dossier_documents f
     join documents d on d.agency_id = f.agency_id and d.id = f.document_id
     join dossier_members m on m.agency_id = f.agency_id and m.dossier_id = f.dossier_id
     where f.dossier_id = :dossierId and f.removed_at is null and m.withdrawn_at is null
       and ${'documentId' in whose ? 'f.document_id = :one' : 'm.user_id = :one'}
     on conflict do nothing`,
    { dossierId, by, at, one: 'documentId' in whose ? whose.documentId : whose.userId },
  )
}

/** Withdraws what was given through a dossier: for one document that was taken out, or one person who left. */
export async function withdrawThroughDossier(
  trx: AgencyTransaction,
  dossierId: string,
  whose: { readonly documentId: string } | { readonly userId: string },
  { by, at, reason }: Withdrawal,
): Promise<void> {
  await trx('document_access')
    .where('dossier_id', dossierId)
    .where('documentId' in whose ? { document_id: whose.documentId } : { user_id: whose.userId })
    .whereNull('withdrawn_at')
    .update({ withdrawn_by: by, withdrawn_at: at, withdraw_reason: reason })
}
