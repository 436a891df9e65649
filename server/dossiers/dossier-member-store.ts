/** The only SQL that writes `dossier_members`. */
import { randomUUID } from 'node:crypto'
import type { AgencyTransaction } from '../db.ts'
import type { MemberRole } from './dossier.ts'

export interface Member {
  readonly userId: string
  readonly role: MemberRole
  readonly by: string
  readonly at: Date
  readonly reason: string | null
}

/** @returns whether it changed anything: false where the person is a member in this role already */
export async function insertMember(
  trx: AgencyTransaction,
  agencyId: string,
  dossierId: string,
  member: Member,
): Promise<boolean> {
  const before = await trx('dossier_members')
    .where({ dossier_id: dossierId, user_id: member.userId })
    .whereNull('withdrawn_at')
    .first<{ role: MemberRole } | undefined>('role')
  if (before?.role === member.role) return false
  if (before !== undefined) {
    const reason = member.reason ?? member.role
    await withdrawMember(trx, dossierId, member.userId, { by: member.by, at: member.at, reason })
  }
  await trx('dossier_members').insert({
    agency_id: agencyId,
    id: randomUUID(),
    dossier_id: dossierId,
    user_id: member.userId,
    role: member.role,
    granted_by: member.by,
    granted_at: member.at,
    reason: member.reason,
  })
  return true
}

/** @returns whether the person was a member */
export async function withdrawMember(
  trx: AgencyTransaction,
  dossierId: string,
  userId: string,
  { by, at, reason }: { readonly by: string; readonly at: Date; readonly reason: string },
): Promise<boolean> {
  const changed = await trx('dossier_members')
    .where({ dossier_id: dossierId, user_id: userId })
    .whereNull('withdrawn_at')
    .update({ withdrawn_by: by, withdrawn_at: at, withdraw_reason: reason })
  return changed > 0
}

/** Who is a member now, oldest first. */
export async function readMembers(trx: AgencyTransaction, dossierId: string): Promise<Member[]> {
  const rows: {
    user_id: string
    role: MemberRole
    granted_by: string
    granted_at: Date
    reason: string | null
  }[] = await trx('dossier_members')
    .where({ dossier_id: dossierId })
    .whereNull('withdrawn_at')
    .orderBy(['granted_at', 'user_id'])
    .select('user_id', 'role', 'granted_by', 'granted_at', 'reason')
  return rows.map((row) => ({
    userId: row.user_id,
    role: row.role,
    by: row.granted_by,
    at: row.granted_at,
    reason: row.reason,
  }))
}
