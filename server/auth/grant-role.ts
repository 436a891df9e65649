import type { Actor, AgencyRole } from '../actor.ts'
import { appendEntryOf, type LogContext } from '../audit/audit-store.ts'
import { recordRightChange } from '../audit/right-change-store.ts'
import type { NodeContext } from '../context.ts'
import { type NodeTransaction, withAgencyTables } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { requireOpenAgency } from '../directory/agency-store.ts'
import { CongvanError } from '../errors.ts'
import { requireManaged } from './managed-user.ts'
import { findHeldRole, grantRole, type HeldRole, listHeldRoles, revokeRoles } from './membership-store.ts'
import { rolesOf } from './permissions.ts'
import { claimOf } from './person.ts'
import { revokeTokens } from './token-store.ts'

export interface RoleGrant {
  /** Left out by an administrator: the own agency. */
  readonly agencyCode?: string | undefined
  readonly role: AgencyRole
  readonly reason?: string | undefined
  readonly validFrom?: Date | undefined
  readonly validTo?: Date | undefined
}

/**
 * Gives a role in the transaction of the caller, logs it in the agency's log and puts it on its alert list.
 *
 * @throws CongvanError `NOT_PERMITTED` for an administrator of another agency, `AGENCY_NOT_HOSTED`, `INPUT_INVALID`
 */
export async function giveRole(
  trx: NodeTransaction,
  log: LogContext,
  userId: string,
  grant: RoleGrant,
): Promise<boolean> {
  const { actor, now } = log
  if (grant.validTo !== undefined && grant.validTo <= (grant.validFrom ?? now)) {
    const reason = 'phải sau ngày bắt đầu và sau lúc này / must lie after the beginning and after now'
    throw new CongvanError('INPUT_INVALID', { field: 'validTo', reason })
  }
  const agencyId = await agencyFor(trx, log, grant.agencyCode)
  const reason = grant.reason?.trim() ?? ''
  const by = actor.kind === 'node' ? null : actor.userId
  const { role, validFrom, validTo } = grant
  const before = await findHeldRole(trx, { agencyId, userId, role })
  const changed = await grantRole(trx, { agencyId, userId, role, at: now, by, reason, validFrom, validTo })
  if (changed) {
    const change = { agencyId, userId, role, reason, validFrom, validTo, before }
    await noteRoleChange(trx, log, { kind: 'granted', ...change })
  }
  return changed
}

/** @throws CongvanError as `giveRole`, `NOT_FOUND`, `RIGHTS_OF_ONESELF` */
export async function grantRoleTo(
  context: NodeContext,
  actor: Actor,
  userId: string,
  grant: RoleGrant,
): Promise<{ changed: boolean }> {
  const log = { nodeId: context.nodeId, actor, now: context.clock() }
  return context.db.asNode(async (trx) => {
    await requireManaged(trx, actor, userId)
    return { changed: await giveRole(trx, log, userId, grant) }
  }, claimOf(actor))
}

export interface RevokedRole {
  readonly role: AgencyRole
  readonly reason: string
  readonly grantedAt: string
}

/**
 * Takes one role, or all roles in an agency, away, as when somebody moves to another post; names what was taken.
 * Sessions and tokens of that agency end when no role is left there.
 *
 * @throws CongvanError `NOT_FOUND` also when there is no such role, `NOT_PERMITTED`, `RIGHTS_OF_ONESELF`
 */
export async function revokeRoleOf(
  context: NodeContext,
  actor: Actor,
  userId: string,
  what: { readonly agencyCode?: string | undefined; readonly role?: AgencyRole | undefined; reason: string },
): Promise<{ revoked: RevokedRole[] }> {
  const log = { nodeId: context.nodeId, actor, now: context.clock() }
  return context.db.asNode(async (trx) => {
    const { agencyIds } = await requireManaged(trx, actor, userId)
    const agencyId = await agencyFor(trx, log, what.agencyCode, agencyIds)
    const taken = await takeRoles(trx, log, { agencyId, userId, role: what.role, reason: what.reason.trim() })
    if (taken.length === 0) throw new CongvanError('NOT_FOUND', { what: `role ${what.role ?? ''}`.trim() })
    return {
      revoked: taken.map(({ role, reason, grantedAt }) => ({
        role,
        reason,
        grantedAt: grantedAt.toISOString(),
      })),
    }
  }, claimOf(actor))
}

/**
 * Takes roles in the transaction of the caller and logs every one of them.
 *
 * @param alert whether it is put on the alert list: what a person with authority does himself is not
 */
export async function takeRoles(
  trx: NodeTransaction,
  log: LogContext,
  of: { agencyId: string; userId: string; role?: AgencyRole | undefined; reason: string },
  alert = true,
): Promise<HeldRole[]> {
  const taken = await revokeRoles(trx, of)
  for (const before of taken) {
    const { agencyId, userId, reason } = of
    const { role } = before
    await noteRoleChange(trx, log, { kind: 'revoked', agencyId, userId, role, reason, before }, alert)
  }
  // Without a role a token opens nothing; ended, it opens nothing again when a role is given anew.
  const left = (await listHeldRoles(trx, [of.userId], of.agencyId)).get(of.userId) ?? []
  if (left.length === 0) await revokeTokens(trx, of.userId, { agencyId: of.agencyId }, log.now)
  return taken
}

/** Logs a change of roles, and puts it on the alert list with the role as it was. */
export async function noteRoleChange(
  trx: NodeTransaction,
  log: LogContext,
  change: {
    readonly kind: 'granted' | 'revoked'
    readonly agencyId: string
    readonly userId: string
    readonly role: AgencyRole
    readonly reason: string
    readonly validFrom?: Date | undefined
    readonly validTo?: Date | undefined
    readonly before?: HeldRole | undefined
  },
  alert = true,
): Promise<void> {
  const { agencyId, userId, role, reason, validFrom, validTo } = change
  const subject = `user:${userId}`
  await appendEntryOf(trx, log, agencyId, {
    kind: `user.role-${change.kind}`,
    subject,
    facts: {
      role,
      reason,
      byRoles: [...rolesOf(log.actor)],
      ...(validFrom === undefined ? {} : { validFrom: validFrom.toISOString() }),
      ...(validTo === undefined ? {} : { validTo: validTo.toISOString() }),
    },
  })
  if (!alert) return
  const by = log.actor.kind === 'node' ? null : log.actor.userId
  await withAgencyTables(trx, agencyId, (agency) =>
    recordRightChange(agency, {
      agencyId,
      kind: `role-${change.kind}`,
      subject,
      userId,
      right: role,
      reason,
      by,
      at: log.now,
      before: change.before,
    }),
  )
}

/**
 * The agency whose roles an actor gives or takes.
 *
 * @param among the agencies to choose from where none is named
 */
async function agencyFor(
  trx: NodeTransaction,
  { nodeId, actor, now }: LogContext,
  code: string | undefined,
  among: readonly string[] = [],
): Promise<string> {
  if (code === undefined) {
    if (actor.kind === 'user') return actor.agencyId
    const [only, ...others] = among
    if (only !== undefined && others.length === 0) return only
    throw new CongvanError('INPUT_INVALID', {
      field: 'agencyCode',
      reason: 'người vận hành phải nêu cơ quan / the operator names the agency',
    })
  }
  const agency = await requireOpenAgency(trx, code, vietnamDay(now))
  if (agency.hostingNode !== nodeId) {
    throw new CongvanError('AGENCY_NOT_HOSTED', { code, node: agency.hostingNode })
  }
  if (actor.kind === 'user' && actor.agencyId !== agency.id) {
    throw new CongvanError('NOT_PERMITTED', {
      permission: 'user.manage',
      act: `change roles of ${code}`,
      actVi: `cấp hoặc thu vai trò ở cơ quan ${code}`,
    })
  }
  return agency.id
}
