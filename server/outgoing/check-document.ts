import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { CheckKind } from '../documents/agency-settings.ts'
import { insertCheck } from '../documents/check-store.ts'
import { currentVersion } from '../documents/current-version.ts'
import { type DocumentState, requireTransition } from '../documents/document.ts'
import { lockReadable } from '../documents/document-access-store.ts'
import { readRevisions } from '../documents/revision-store.ts'
import { requireVersion } from '../http/route.ts'
import { refuseSecret } from '../pages/secret-marks.ts'
import { beginAnew } from './return-document.ts'

export type CheckRequest = {
  readonly id: string
  readonly kind: CheckKind
  readonly ifMatch?: number
} & (
  | { readonly passed: true; readonly remark?: string }
  | { readonly passed: false; readonly remark: string }
)

export interface Checked {
  readonly id: string
  readonly state: DocumentState
  readonly kind: CheckKind
  readonly passed: boolean
  readonly revision: number
}

/**
 * Records that the content or the form of the current version was checked, by whom and when (NĐ 30/2020 art 12). What
 * did not pass is a draft again, with the remark on that version.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `DOCUMENT_IN_QUARANTINE`, `VERSION_STALE`,
 *   `SECRET_MARK_FOUND`
 */
export async function checkDocument(
  context: NodeContext,
  actor: UserActor,
  request: CheckRequest,
): Promise<Checked> {
  const { id, kind, passed } = request
  const remark = request.remark ?? null
  refuseSecret({ remark })
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const document = await lockReadable(trx, actor, id)
    requireVersion(document.version, request.ifMatch)
    const { to } = requireTransition(document.state, 'check')
    const { base } = currentVersion(await readRevisions(trx, id))
    await insertCheck(trx, actor.agencyId, id, {
      kind,
      revision: base.revision,
      passed,
      remark,
      checkedBy: actor.userId,
      checkedByName: actor.displayName,
      checkedAt: now,
    })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'document.checked',
      subject: `document:${id}`,
      facts: { check: kind, passed, revision: base.revision, file: base.sha256 },
    })
    if (passed || document.state === 'draft' || remark === null) {
      return { id, state: to, kind, passed, revision: base.revision }
    }
    requireTransition(document.state, 'return')
    await beginAnew(trx, actor, id, { outcome: 'returned', remark }, now)
    return { id, state: 'draft', kind, passed, revision: base.revision }
  })
}
