import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import { actorMay } from '../auth/permissions.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction } from '../db.ts'
import { insertComment } from '../documents/check-store.ts'
import { currentVersion } from '../documents/current-version.ts'
import { requireTransition } from '../documents/document.ts'
import { lockReadable } from '../documents/document-access-store.ts'
import type { DocumentRow } from '../documents/document-store.ts'
import { type Presentation, readPresentations } from '../documents/presentation-store.ts'
import { insertRevision, readRevisions } from '../documents/revision-store.ts'
import { CongvanError } from '../errors.ts'
import { requireVersion } from '../http/route.ts'
import { refuseSecret } from '../pages/secret-marks.ts'
import { backToDraft } from './back-to-draft.ts'

export interface ReturnRequest {
  readonly id: string
  /** What is to be changed; stays with the version that it concerns. */
  readonly remark: string
  readonly ifMatch?: number
}

export interface Returned {
  readonly id: string
  readonly state: 'draft'
  readonly outcome: 'returned' | 'withdrawn'
  /** The version that it is about. */
  readonly revision: number
}

/**
 * Returns a document that was presented or signed with a remark (NĐ 30/2020 arts 10.3, 11.2): who signs it or a clerk
 * returns it, who drafted or presented it withdraws it. What was signed on this version counts no more; the same bytes
 * without signatures begin the next version.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `VERSION_STALE`, `SIGNER_NOT_NAMED`, `SECRET_MARK_FOUND`
 */
export async function returnDocument(
  context: NodeContext,
  actor: UserActor,
  request: ReturnRequest,
): Promise<Returned> {
  refuseSecret({ remark: request.remark })
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const document = await lockReadable(trx, actor, request.id)
    requireVersion(document.version, request.ifMatch)
    requireTransition(document.state, 'return')
    const outcome = outcomeFor(actor, document, (await readPresentations(trx, document.id)).at(-1))
    const revision = await beginAnew(trx, actor, document.id, { outcome, remark: request.remark }, now)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'document.returned',
      subject: `document:${document.id}`,
      facts: { outcome, revision, from: document.state },
    })
    return { id: document.id, state: 'draft', outcome, revision }
  })
}

function outcomeFor(
  actor: UserActor,
  document: DocumentRow,
  last: Presentation | undefined,
): Returned['outcome'] {
  if (last?.signers.some((one) => one.userId === actor.userId)) return 'returned'
  if (document.createdBy === actor.userId || last?.presentedBy === actor.userId) return 'withdrawn'
  if (actorMay(actor, 'document.check-form') || actorMay(actor, 'document.sign')) return 'returned'
  throw new CongvanError('SIGNER_NOT_NAMED')
}

/**
 * Back to draft with a remark on the version, which is followed by a new one without its signatures.
 *
 * @returns the revision of the version that the remark is about
 */
export async function beginAnew(
  trx: AgencyTransaction,
  actor: UserActor,
  documentId: string,
  closing: { readonly outcome: 'returned' | 'withdrawn'; readonly remark: string },
  now: Date,
): Promise<number> {
  const { base, latest, signatures } = currentVersion(await readRevisions(trx, documentId))
  const open = (await readPresentations(trx, documentId)).some((one) => one.outcome === null)
  // A closed presentation is history: the remark then stands among the comments.
  if (!open) {
    await insertComment(trx, actor.agencyId, documentId, {
      revision: base.revision,
      comment: closing.remark,
      authorId: actor.userId,
      authorName: actor.displayName,
      madeAt: now,
    })
  }
  await backToDraft(trx, actor, documentId, closing, {}, now)
  if (signatures.length > 0) {
    // The bytes are held for the document already.
    await insertRevision(trx, actor.agencyId, documentId, {
      ...base,
      revision: latest.revision + 1,
      addedBy: actor.userId,
      addedAt: now,
    })
  }
  return base.revision
}
