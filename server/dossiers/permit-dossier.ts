/** Who is in a dossier, and whether it is for its members alone (NĐ 30/2020 Phụ lục VI, III.3b, III.3c). */
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { grantThroughDossier, readerOf, withdrawThroughDossier } from '../documents/document-access-store.ts'
import { findPerson } from '../documents/people-store.ts'
import { requirePerson } from '../documents/permit-document.ts'
import { recordRightChange } from '../documents/right-change-store.ts'
import { CongvanError } from '../errors.ts'
import { requireVersion } from '../http/route.ts'
import type { MemberRole } from './dossier.ts'
import { insertMember, readMembers, withdrawMember } from './dossier-member-store.ts'
import { changeDossier, readDossier } from './dossier-store.ts'
import { readFiled } from './filed-document-store.ts'

export interface MemberRequest {
  readonly dossierId: string
  /** Login or id. */
  readonly user: string
  readonly role: MemberRole
  readonly reason: string
}

/**
 * Makes a person of the agency a member: they see the dossier and every document in it, now and later.
 *
 * @throws CongvanError `NOT_FOUND`, `USER_NOT_OF_AGENCY`
 */
export async function permitDossier(
  context: NodeContext,
  actor: UserActor,
  { dossierId, user, role, reason }: MemberRequest,
): Promise<{ dossierId: string; userId: string; role: MemberRole; changed: boolean }> {
  const now = context.clock()
  const { agencyId, userId: by } = actor
  return context.db.asAgency(actor, async (trx) => {
    await readDossier(trx, readerOf(actor), dossierId, true)
    const userId = await requirePerson(trx, agencyId, user, now)
    const member = (await readMembers(trx, dossierId)).find((one) => one.userId === userId)
    const changed = await insertMember(trx, agencyId, dossierId, { userId, role, by, at: now, reason })
    if (changed) {
      const subject = `dossier:${dossierId}`
      await grantThroughDossier(trx, dossierId, { userId }, { by, at: now })
      const before = member && { role: member.role }
      const change = { agencyId, kind: 'dossier-permitted', subject, userId, reason, by, at: now } as const
      await recordRightChange(trx, { ...change, before })
      await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
        kind: 'dossier.permitted',
        subject,
        facts: { user: userId, role },
        personal: { reason },
      })
    }
    return { dossierId, userId, role, changed }
  })
}

/**
 * Ends a membership, and with it every right that came through the dossier.
 *
 * @throws CongvanError `NOT_FOUND`, `ACCESS_NOT_GIVEN`, `ACCESS_LAST_READER` for the last keeper
 */
export async function withdrawFromDossier(
  context: NodeContext,
  actor: UserActor,
  { dossierId, user, reason }: Omit<MemberRequest, 'role'>,
): Promise<{ dossierId: string; userId: string }> {
  const now = context.clock()
  const { agencyId, userId: by } = actor
  return context.db.asAgency(actor, async (trx) => {
    await readDossier(trx, readerOf(actor), dossierId, true)
    const userId = (await findPerson(trx, agencyId, user, now))?.userId ?? user.toLowerCase()
    const members = await readMembers(trx, dossierId)
    const member = members.find((one) => one.userId === userId)
    if (member === undefined) throw new CongvanError('ACCESS_NOT_GIVEN', { user })
    if (!members.some((one) => one.role === 'keeper' && one.userId !== userId)) {
      throw new CongvanError('ACCESS_LAST_READER')
    }
    const withdrawal = { by, at: now, reason }
    await withdrawMember(trx, dossierId, userId, withdrawal)
    await withdrawThroughDossier(trx, dossierId, { userId }, withdrawal)
    const subject = `dossier:${dossierId}`
    await recordRightChange(trx, {
      agencyId,
      kind: 'dossier-withdrawn',
      subject,
      userId,
      reason,
      by,
      at: now,
      before: { role: member.role },
    })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'dossier.permit-withdrawn',
      subject,
      facts: { user: userId },
      personal: { reason },
    })
    return { dossierId, userId }
  })
}

export interface DossierRestriction {
  readonly id: string
  readonly restricted: boolean
  readonly reason: string
  readonly ifMatch?: number
}

/**
 * Restricts a dossier to its members, or ends that; while it holds restricted documents it stays restricted.
 *
 * @throws CongvanError `NOT_FOUND`, `VERSION_STALE`, `DOSSIER_HOLDS_RESTRICTED`
 */
export async function restrictDossier(
  context: NodeContext,
  actor: UserActor,
  { id, restricted, reason, ifMatch }: DossierRestriction,
): Promise<{ id: string; restricted: boolean; version: number }> {
  const now = context.clock()
  const { agencyId, userId: by } = actor
  return context.db.asAgency(actor, async (trx) => {
    const { dossier } = await readDossier(trx, readerOf(actor), id, true)
    requireVersion(dossier.version, ifMatch)
    if (dossier.restricted === restricted) return { id, restricted, version: dossier.version }
    if (!restricted) {
      const count = (await readFiled(trx, id)).filter((one) => one.restricted).length
      if (count > 0) throw new CongvanError('DOSSIER_HOLDS_RESTRICTED', { count })
    }
    await changeDossier(trx, id, { restricted })
    const subject = `dossier:${id}`
    const kind = restricted ? 'dossier-restricted' : 'dossier-unrestricted'
    await recordRightChange(trx, { agencyId, kind, subject, userId: null, reason, by, at: now })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: restricted ? 'dossier.restricted' : 'dossier.unrestricted',
      subject,
      personal: { reason },
    })
    return { id, restricted, version: dossier.version + 1 }
  })
}
