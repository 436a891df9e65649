import type { AgencyRole } from '../actor.ts'
import type { NodeTransaction } from '../db.ts'

export interface Grant {
  readonly agencyId: string
  readonly userId: string
  readonly role: AgencyRole
  readonly at: Date
  /** The account of who gives it; null: at the node's own console. */
  readonly by: string | null
  /** The rule or decision behind it (NĐ 30/2020, Phụ lục VI, IV.1b). */
  readonly reason: string
  readonly validFrom?: Date | undefined
  readonly validTo?: Date | undefined
}

/**
 * Gives a role. Given again, it keeps its first day and takes the new reason and times.
 *
 * @returns false when it was there already, in just this form
 */
export async function grantRole(trx: NodeTransaction, grant: Grant): Promise<boolean> {
  const key = { agency_id: grant.agencyId, user_id: grant.userId, role: grant.role }
  const form = {
    reason: grant.reason,
    valid_from: grant.validFrom ?? null,
    valid_to: grant.validTo ?? null,
  }
  const made = await trx('memberships')
    .insert({ ...key, ...form, granted_at: grant.at, granted_by: grant.by })
    .onConflict(['agency_id', 'user_id', 'role'])
    .ignore()
    .returning('role')
  if (made.length > 0) return true
  const changed = await trx('memberships')
    .where(key)
    .whereRaw('(reason, valid_from, valid_to) is distinct from (?, ?::timestamptz, ?::timestamptz)', [
      form.reason,
      form.valid_from,
      form.valid_to,
    ])
    .update({ ...form, granted_by: grant.by })
  return changed > 0
}

export interface HeldRole {
  readonly agencyId: string
  readonly role: AgencyRole
  readonly reason: string
  readonly grantedBy: string | null
  readonly grantedAt: Date
  readonly validFrom: Date | null
  readonly validTo: Date | null
}

/** A role as it is held now, or will be, or was; nobody else changes it until the transaction ends. */
export async function findHeldRole(
  trx: NodeTransaction,
  of: { readonly agencyId: string; readonly userId: string; readonly role: AgencyRole },
): Promise<HeldRole | undefined> {
  const row = await trx('memberships')
    .where({ agency_id: of.agencyId, user_id: of.userId, role: of.role })
    .forUpdate()
    .first<GrantRow | undefined>(columns)
  return row === undefined ? undefined : held(row)
}

/** Takes a role, or all roles in an agency, away. @returns what was taken, as it was */
export async function revokeRoles(
  trx: NodeTransaction,
  of: { readonly agencyId: string; readonly userId: string; readonly role?: AgencyRole | undefined },
): Promise<HeldRole[]> {
  const query = trx('memberships').where({ agency_id: of.agencyId, user_id: of.userId })
  if (of.role !== undefined) query.where({ role: of.role })
  const rows = await query.delete().returning<GrantRow[]>(columns)
  return rows.map(held).sort((a, b) => (a.role < b.role ? -1 : 1))
}

const columns = [
  'agency_id',
  'user_id',
  'role',
  'reason',
  'granted_by',
  'granted_at',
  'valid_from',
  'valid_to',
] as const

interface GrantRow {
  agency_id: string
  user_id: string
  role: AgencyRole
  reason: string
  granted_by: string | null
  granted_at: Date
  valid_from: Date | null
  valid_to: Date | null
}

function held(row: GrantRow): HeldRole {
  return {
    agencyId: row.agency_id,
    role: row.role,
    reason: row.reason,
    grantedBy: row.granted_by,
    grantedAt: row.granted_at,
    validFrom: row.valid_from,
    validTo: row.valid_to,
  }
}

/** Every role of these people, those too whose time has not come or is over; in one agency, or in all. */
export async function listHeldRoles(
  trx: NodeTransaction,
  userIds: readonly string[],
  agencyId?: string | undefined,
): Promise<Map<string, HeldRole[]>> {
  const query = trx('memberships').whereIn('user_id', userIds).orderBy(['agency_id', 'role'])
  if (agencyId !== undefined) query.where({ agency_id: agencyId })
  const rows = await query.select<GrantRow[]>(columns)
  const byUser = new Map<string, HeldRole[]>()
  for (const row of rows) byUser.set(row.user_id, [...(byUser.get(row.user_id) ?? []), held(row)])
  return byUser
}

export interface Membership {
  readonly agencyId: string
  readonly roles: readonly AgencyRole[]
}

/** The roles that somebody has at a moment, by agency. */
export async function listMemberships(
  trx: NodeTransaction,
  userId: string,
  now: Date,
): Promise<Membership[]> {
  const rows = await trx('memberships')
    .where({ user_id: userId })
    .where((time) => time.whereNull('valid_from').orWhere('valid_from', '<=', now))
    .where((time) => time.whereNull('valid_to').orWhere('valid_to', '>', now))
    .orderBy(['agency_id', 'role'])
    .select<{ agency_id: string; role: AgencyRole }[]>('agency_id', 'role')
  const byAgency = new Map<string, AgencyRole[]>()
  for (const row of rows) byAgency.set(row.agency_id, [...(byAgency.get(row.agency_id) ?? []), row.role])
  return [...byAgency].map(([agencyId, roles]) => ({ agencyId, roles }))
}

/** How many accounts have a role in an agency, whatever its time. */
export async function countMembers(trx: NodeTransaction, agencyId: string): Promise<number> {
  const row = await trx('memberships')
    .where('agency_id', agencyId)
    .countDistinct('user_id as count')
    .first<{ count: string } | undefined>()
  return Number(row?.count ?? 0)
}
