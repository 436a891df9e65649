import { randomUUID } from 'node:crypto'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import { insertForward } from '../documents/forward-store.ts'
import { CongvanError } from '../errors.ts'
import { readForwardable } from '../outgoing/forwardable-document.ts'
import { isForInternalCirculation } from '../pages/circulation-marks.ts'
import { findSecretMarkOnPage } from '../pages/page-text.ts'
import { type DispatchRequest, type DispatchResult, sendingFacts, sendOut } from './dispatch.ts'
import type { RelayDeps } from './relay-deps.ts'

export interface ForwardRequest extends DispatchRequest {
  /** Why a document marked LƯU HÀNH NỘI BỘ, or one whose page cannot be read, is passed on all the same. */
  readonly overrideReason?: string
}

/**
 * Passes a received document on to other agencies: the same bytes in a new envelope whose `From` is this agency and
 * whose trace begins with who sent it first. Durable steps are those of a dispatch.
 *
 * @throws CongvanError those of `dispatchDocument`; `FORWARD_NOT_ALLOWED`, `SECRET_MARK_FOUND`,
 *   `INTERNAL_CIRCULATION` and `PAGE_TEXT_UNREADABLE` where no reason is given
 */
export async function forwardDocument(
  deps: RelayDeps,
  actor: UserActor,
  request: ForwardRequest,
): Promise<DispatchResult> {
  const { context } = deps
  try {
    await requireOutwardMarks(deps, actor, request)
  } catch (error) {
    // What is refused now may have been done before under the same key: then the stored answer counts.
    return context.db.asAgency(actor, () => Promise.reject(error))
  }
  return sendOut(deps, actor, request, {
    read: (trx, now) => readForwardable(trx, actor, request.documentId, now),
    async record(trx, { document, sealed, message, now }) {
      const { agencyId, userId } = actor
      await readForwardable(trx, actor, document.id, now)
      await insertForward(trx, agencyId, {
        id: randomUUID(),
        documentId: document.id,
        envelopeSha256: sealed.sha256,
        recipients: message.to.map((one) => one.organId),
        forwardedBy: userId,
        forwardedAt: now,
        overrideReason: request.overrideReason ?? null,
      })
      await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
        kind: 'document.forwarded',
        subject: `document:${document.id}`,
        facts: {
          ...sendingFacts({ document, sealed, message }),
          trace: message.traceHeaders.map((one) => one.organId ?? null),
          override: request.overrideReason !== undefined,
        },
        ...(request.overrideReason === undefined ? {} : { personal: { reason: request.overrideReason } }),
      })
    },
  })
}

/** What stands on the first page may forbid that it leaves the agency. Read outside of any transaction. */
async function requireOutwardMarks(
  deps: RelayDeps,
  actor: UserActor,
  { documentId, overrideReason }: ForwardRequest,
): Promise<void> {
  const { agencyId, userId } = actor
  const document = await deps.context.db.asAgency({ agencyId, userId }, (trx) =>
    readForwardable(trx, actor, documentId, deps.context.clock()),
  )
  const bytes = await deps.files.read(document.file.sha256)
  const [page] = await deps.pageText.read(bytes, { pages: 1 }).catch((error: unknown) => {
    const unreadable = error instanceof CongvanError && error.code === 'PAGE_TEXT_UNREADABLE'
    if (!unreadable || overrideReason === undefined) throw error
    return []
  })
  if (page === undefined) return
  const mark = findSecretMarkOnPage(page)
  if (mark !== undefined) throw new CongvanError('SECRET_MARK_FOUND', { field: 'file, page 1', mark })
  if (overrideReason === undefined && isForInternalCirculation(page)) {
    throw new CongvanError('INTERNAL_CIRCULATION')
  }
}
