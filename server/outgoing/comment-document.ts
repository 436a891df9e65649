import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { insertComment } from '../documents/check-store.ts'
import { lockReadable } from '../documents/document-access-store.ts'
import { readRevisions } from '../documents/revision-store.ts'
import { CongvanError } from '../errors.ts'
import { refuseSecret } from '../pages/secret-marks.ts'

export interface CommentRequest {
  readonly id: string
  readonly comment: string
  readonly revision?: number
}

/**
 * Adds an opinion to a document that one may read.
 *
 * @throws CongvanError `NOT_FOUND` also for a revision that is not there, `DOCUMENT_IN_QUARANTINE`, `SECRET_MARK_FOUND`
 */
export async function commentDocument(
  context: NodeContext,
  actor: UserActor,
  request: CommentRequest,
): Promise<{ id: string; commentId: string }> {
  const { id, comment } = request
  refuseSecret({ comment })
  const revision = request.revision ?? null
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const { state } = await lockReadable(trx, actor, id)
    if (state === 'quarantined') throw new CongvanError('DOCUMENT_IN_QUARANTINE')
    if (revision !== null && !(await readRevisions(trx, id)).some((one) => one.revision === revision)) {
      throw new CongvanError('NOT_FOUND', { what: `revision ${revision} of document ${id}` })
    }
    const commentId = await insertComment(trx, actor.agencyId, id, {
      revision,
      comment,
      authorId: actor.userId,
      authorName: actor.displayName,
      madeAt: now,
    })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'document.commented',
      subject: `document:${id}`,
      facts: { comment: commentId, revision },
    })
    return { id, commentId }
  })
}
