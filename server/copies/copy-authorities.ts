/** The head of an agency settles who may decide and sign copies (NĐ 30/2020 art 27.1). */
import { randomUUID } from 'node:crypto'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { CongvanError } from '../errors.ts'
import { endAuthority, insertAuthority } from './copy-authority-store.ts'

export interface NewAuthority {
  readonly name: string
  readonly position: string
  readonly competence: string | null
  readonly userId: string | null
  /** `YYYY-MM-DD`. */
  readonly validFrom: string
  readonly validTo: string | null
}

/** @throws CongvanError `INPUT_INVALID` for an authority that ends before it begins */
export async function grantCopyAuthority(
  context: NodeContext,
  actor: UserActor,
  authority: NewAuthority,
): Promise<{ id: string }> {
  const now = context.clock()
  const { validFrom, validTo } = authority
  if (validTo !== null && validTo <= validFrom) {
    throw new CongvanError('INPUT_INVALID', { field: 'body.validTo', reason: `≤ ${validFrom}` })
  }
  return context.db.asAgency(actor, async (trx) => {
    const id = randomUUID()
    await insertAuthority(trx, actor.agencyId, {
      ...authority,
      id,
      grantedBy: actor.userId,
      grantedAt: now,
    })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'copy-authority.granted',
      subject: `copy-authority:${id}`,
      facts: { validFrom, validTo },
      personal: { name: authority.name, position: authority.position },
    })
    return { id }
  })
}

/**
 * Ends an authority; copies that were decided before stay what they are.
 *
 * @throws CongvanError `NOT_FOUND` also for one that is over already
 */
export async function endCopyAuthority(
  context: NodeContext,
  actor: UserActor,
  id: string,
): Promise<{ id: string; validTo: string }> {
  const now = context.clock()
  const validTo = vietnamDay(now)
  return context.db.asAgency(actor, async (trx) => {
    if (!(await endAuthority(trx, id, validTo))) {
      throw new CongvanError('NOT_FOUND', { what: `copy authority ${id} before ${validTo}` })
    }
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'copy-authority.ended',
      subject: `copy-authority:${id}`,
      facts: { validTo },
    })
    return { id, validTo }
  })
}
