/** What the keepers of a dossier do with it while it is open. */
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import { requirePermission } from '../auth/permissions.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction } from '../db.ts'
import {
  grantThroughDossier,
  lockReadableAnyway,
  readerOf,
  withdrawThroughDossier,
} from '../documents/document-access-store.ts'
import { recordRightChange } from '../documents/right-change-store.ts'
import { CongvanError } from '../errors.ts'
import { requireVersion } from '../http/route.ts'
import type { Dossier } from './dossier.ts'
import { changeDossier, readDossier } from './dossier-store.ts'
import { insertFiled, removeFiled } from './filed-document-store.ts'

/**
 * An open dossier that the actor keeps, locked until the transaction ends.
 *
 * @throws CongvanError `NOT_FOUND`, `DOSSIER_NOT_YOURS`, `DOSSIER_CLOSED`
 */
export async function lockOwnDossier(trx: AgencyTransaction, actor: UserActor, id: string): Promise<Dossier> {
  const { dossier, role } = await readDossier(trx, readerOf(actor), id, true)
  const { code } = dossier
  if (role !== 'keeper') throw new CongvanError('DOSSIER_NOT_YOURS', { code })
  if (dossier.state === 'closed') throw new CongvanError('DOSSIER_CLOSED', { code })
  return dossier
}

export interface FilingRequest {
  readonly dossierId: string
  readonly documentId: string
  readonly note: string | null
}

/**
 * Files a document: it lies in as many dossiers as it concerns, and its file is stored once (Phụ lục VI, III.4e). The
 * members of the dossier see it from now on, so what is restricted is filed in restricted dossiers alone, by who may
 * permit it.
 *
 * @throws CongvanError `NOT_FOUND` for a document that the actor may not see, `DOCUMENT_IN_QUARANTINE`,
 *   `DOCUMENT_IN_DOSSIER`, `DOSSIER_OPEN_TO_ALL`, `DOSSIER_NOT_YOURS`, `DOSSIER_CLOSED`, `NOT_PERMITTED`
 */
export async function fileDocument(
  context: NodeContext,
  actor: UserActor,
  { dossierId, documentId, note }: FilingRequest,
): Promise<{ dossierId: string; documentId: string }> {
  const now = context.clock()
  const { agencyId, userId: by } = actor
  return context.db.asAgency(actor, async (trx) => {
    const document = await lockReadableAnyway(trx, actor, documentId)
    if (document.state === 'quarantined') throw new CongvanError('DOCUMENT_IN_QUARANTINE')
    const { code, restricted } = await lockOwnDossier(trx, actor, dossierId)
    if (document.restricted) {
      requirePermission(actor, 'document.permit')
      if (!restricted) throw new CongvanError('DOSSIER_OPEN_TO_ALL', { code })
    }
    if (!(await insertFiled(trx, { agencyId, dossierId, documentId, note, by, at: now }))) {
      throw new CongvanError('DOCUMENT_IN_DOSSIER', { code })
    }
    await grantThroughDossier(trx, dossierId, { documentId }, { by, at: now })
    if (document.restricted) {
      // Others than those it is restricted to read it from now on (Phụ lục VI, III.3c).
      const change = { agencyId, kind: 'document-filed', userId: null, by, at: now } as const
      const of = { subject: `document:${documentId}`, reason: note ?? `hồ sơ ${code}`, before: { dossierId } }
      await recordRightChange(trx, { ...change, ...of })
    }
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'dossier.document-added',
      subject: `dossier:${dossierId}`,
      facts: { document: documentId },
    })
    return { dossierId, documentId }
  })
}

/**
 * Takes a document out of a dossier; the document itself and its history stay.
 *
 * @throws CongvanError `NOT_FOUND`, `DOSSIER_NOT_YOURS`, `DOSSIER_CLOSED`
 */
export async function removeDocument(
  context: NodeContext,
  actor: UserActor,
  { dossierId, documentId, reason }: Omit<FilingRequest, 'note'> & { readonly reason: string },
): Promise<{ dossierId: string; documentId: string }> {
  const now = context.clock()
  const { agencyId, userId: by } = actor
  return context.db.asAgency(actor, async (trx) => {
    await lockOwnDossier(trx, actor, dossierId)
    const removal = { by, at: now, reason }
    if (!(await removeFiled(trx, { dossierId, documentId }, removal))) {
      throw new CongvanError('NOT_FOUND', { what: `document ${documentId}` })
    }
    await withdrawThroughDossier(trx, dossierId, { documentId }, removal)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'dossier.document-removed',
      subject: `dossier:${dossierId}`,
      facts: { document: documentId },
      personal: { reason },
    })
    return { dossierId, documentId }
  })
}

export interface DossierEdit {
  readonly id: string
  readonly title?: string
  readonly retentionYears?: number | null
  readonly ifMatch?: number
}

/**
 * Corrects title or term of retention (art 29.4b); the values before stand in the log.
 *
 * @throws CongvanError `NOT_FOUND`, `DOSSIER_NOT_YOURS`, `DOSSIER_CLOSED`, `VERSION_STALE`
 */
export async function editDossier(
  context: NodeContext,
  actor: UserActor,
  { id, ifMatch, ...change }: DossierEdit,
): Promise<{ id: string; version: number }> {
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const dossier = await lockOwnDossier(trx, actor, id)
    requireVersion(dossier.version, ifMatch)
    await changeDossier(trx, id, change)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'dossier.edited',
      subject: `dossier:${id}`,
      facts: {
        ...(change.retentionYears === undefined
          ? {}
          : { retentionYears: change.retentionYears, before: dossier.retentionYears }),
      },
      ...(change.title === undefined ? {} : { personal: { title: change.title, before: dossier.title } }),
    })
    return { id, version: dossier.version + 1 }
  })
}
