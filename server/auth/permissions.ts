import type { Actor, Permission, Role } from '../actor.ts'
import { CongvanError } from '../errors.ts'

/**
 * The one table of rights: what a role may do in its own agency. Deny by default: a permission that is not
 * named here is nobody's. NĐ 30/2020 art 32.2: only the clerk (văn thư) numbers, issues and signs for the agency.
 */
const rights: Readonly<Record<Role, readonly Permission[]>> = {
  clerk: [
    'agency.read',
    'token.create',
    'document.read',
    'document.draft',
    'document.number',
    'document.issue',
    'document.dispatch',
    'document.accept',
    'document.refuse',
    'document.process',
    'delivery.read',
  ],
  leader: [
    'agency.read',
    'token.create',
    'document.read',
    'document.sign',
    'document.process',
    'delivery.read',
  ],
  auditor: ['agency.read', 'token.create', 'log.export'],
  administrator: ['agency.read', 'token.create', 'user.manage'],
  operator: ['agency.read', 'token.create', 'agency.import', 'peer.manage', 'user.manage', 'log.export'],
}

export function permissionsOf(roles: readonly Role[]): ReadonlySet<Permission> {
  return new Set(roles.flatMap((role) => rights[role]))
}

export function rolesOf(actor: Actor): readonly Role[] {
  switch (actor.kind) {
    case 'user':
      return actor.roles
    case 'operator':
      return ['operator']
    case 'node':
      return []
  }
}

/** @throws CongvanError `NOT_PERMITTED` naming the permission that is missing. */
export function requirePermission(actor: Actor, permission: Permission): void {
  if (!permissionsOf(rolesOf(actor)).has(permission)) throw new CongvanError('NOT_PERMITTED', { permission })
}
