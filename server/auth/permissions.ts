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

/** What each permission lets one do, as it is told to who lacks it. */
const acts: Readonly<Record<Permission, { readonly act: string; readonly actVi: string }>> = {
  'agency.read': { act: 'look agencies up', actVi: 'tra cứu danh bạ cơ quan' },
  'agency.import': { act: 'import agencies', actVi: 'nhập danh bạ cơ quan' },
  'user.manage': { act: 'manage accounts', actVi: 'quản lý tài khoản' },
  'token.create': { act: 'make API tokens', actVi: 'tạo mã truy cập' },
  'document.read': { act: 'read documents', actVi: 'xem văn bản' },
  'document.draft': { act: 'draft documents', actVi: 'soạn văn bản' },
  'document.sign': { act: 'sign documents as the person with authority', actVi: 'ký cá nhân vào văn bản' },
  'document.number': { act: 'number documents', actVi: 'cấp số văn bản' },
  'document.issue': { act: 'issue documents', actVi: 'phát hành văn bản' },
  'document.dispatch': { act: 'dispatch documents', actVi: 'gửi văn bản' },
  'document.accept': { act: 'accept documents', actVi: 'tiếp nhận văn bản' },
  'document.refuse': { act: 'refuse documents', actVi: 'từ chối văn bản' },
  'document.process': { act: 'process documents', actVi: 'phân công, xử lý văn bản' },
  'delivery.read': { act: 'track deliveries', actVi: 'theo dõi lượt gửi' },
  'log.export': { act: 'export the log', actVi: 'xuất nhật ký trao đổi' },
  'peer.manage': { act: 'manage neighbouring nodes', actVi: 'quản lý nút liền kề' },
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
  if (permissionsOf(rolesOf(actor)).has(permission)) return
  throw new CongvanError('NOT_PERMITTED', { permission, ...acts[permission] })
}
