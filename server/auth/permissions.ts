import type { Actor, Permission, Role } from '../actor.ts'
import { CongvanError } from '../errors.ts'

/** What everybody may do who has an account: look agencies up, make tokens of their own. */
const everyone: readonly Permission[] = ['agency.read', 'token.create']

/** What everybody may do in an agency: find the colleagues who sign or are assigned, and whom the log names. */
const colleagues: readonly Permission[] = [...everyone, 'member.read']

/**
 * The one table of rights: what a role may do in its own agency. Deny by default: a permission that is not
 * named here is nobody's. NĐ 30/2020 arts 6.3, 32.2: only the clerk (văn thư) registers, numbers, issues and signs for
 * the agency. Who administers accounts sees no document (Phụ lục VI, IV.1c), nor does who audits the log.
 *
 * `document.read` reaches the documents that one drafted, signs, is assigned or was permitted to see;
 * `document.read-all` every document of the agency that is not restricted to named people. `register.read-all` shows
 * the lines of such documents in a book in whole (`registers/mask.ts`).
 */
const rights: Readonly<Record<Role, readonly Permission[]>> = {
  clerk: [
    ...colleagues,
    'document.read',
    'document.read-all',
    'document.permit',
    'document.draft',
    'document.check-form',
    'document.number',
    'document.issue',
    'document.dispatch',
    'document.copy',
    'document.accept',
    'document.refuse',
    'document.assign',
    'document.process',
    'dossier.keep',
    'register.read',
    'register.read-all',
    'register.manage',
    'statistics.read',
    'delivery.read',
  ],
  signer: [...colleagues, 'document.read', 'document.check-content', 'document.sign', 'delivery.read'],
  leader: [
    ...colleagues,
    'agency.settings',
    'right.confirm',
    'document.read',
    'document.read-all',
    'document.permit',
    'document.draft',
    'document.check-content',
    'document.sign',
    'document.assign',
    'document.process',
    'dossier.keep',
    'register.read',
    'statistics.read',
    'delivery.read',
  ],
  specialist: [
    ...colleagues,
    'document.read',
    'document.draft',
    'document.process',
    'dossier.keep',
    'delivery.read',
  ],
  auditor: [...colleagues, 'register.read', 'register.read-all', 'statistics.read', 'log.export'],
  administrator: [...colleagues, 'agency.settings', 'user.manage', 'statistics.read'],
  operator: [
    ...everyone,
    'agency.import',
    'agency.reorganise',
    'calendar.manage',
    'peer.manage',
    'user.manage',
    'statistics.read',
    'log.export',
  ],
}

/** What each permission lets one do, as it is told to who lacks it. */
const acts: Readonly<Record<Permission, { readonly act: string; readonly actVi: string }>> = {
  'agency.read': { act: 'look agencies up', actVi: 'tra cứu danh bạ cơ quan' },
  'agency.import': { act: 'import agencies', actVi: 'nhập danh bạ cơ quan' },
  'agency.reorganise': {
    act: 'found, rename, move or close agencies',
    actVi: 'thành lập, đổi tên, chuyển, đóng cơ quan',
  },
  'agency.settings': { act: 'change the settings of the agency', actVi: 'thay đổi thiết lập của cơ quan' },
  'calendar.manage': { act: 'change the calendar of working days', actVi: 'thay đổi lịch ngày làm việc' },
  'user.manage': { act: 'manage accounts', actVi: 'quản lý tài khoản' },
  'member.read': { act: 'see the people of the agency', actVi: 'xem danh sách người dùng của cơ quan' },
  'right.confirm': { act: 'confirm changes of rights', actVi: 'xác nhận thay đổi về quyền' },
  'token.create': { act: 'make API tokens', actVi: 'tạo mã truy cập' },
  'document.read': { act: 'read documents', actVi: 'xem văn bản' },
  'document.read-all': { act: 'read every document of the agency', actVi: 'xem mọi văn bản của cơ quan' },
  'document.permit': { act: 'permit others to read a document', actVi: 'cấp quyền xem văn bản' },
  'document.draft': { act: 'draft documents', actVi: 'soạn văn bản' },
  'document.check-content': { act: 'check the content of a draft', actVi: 'kiểm tra nội dung bản thảo' },
  'document.check-form': { act: 'check the form of a draft', actVi: 'kiểm tra thể thức bản thảo' },
  'document.sign': { act: 'sign documents as the person with authority', actVi: 'ký cá nhân vào văn bản' },
  'document.number': { act: 'number documents', actVi: 'cấp số văn bản' },
  'document.issue': { act: 'issue documents', actVi: 'phát hành văn bản' },
  'document.dispatch': { act: 'dispatch documents', actVi: 'gửi văn bản' },
  'document.copy': { act: 'make copies', actVi: 'sao văn bản' },
  'document.accept': { act: 'accept documents', actVi: 'tiếp nhận văn bản' },
  'document.refuse': { act: 'refuse documents', actVi: 'từ chối văn bản' },
  'document.assign': { act: 'assign documents', actVi: 'phân công xử lý văn bản' },
  'document.process': { act: 'process documents', actVi: 'xử lý văn bản' },
  'dossier.keep': { act: 'keep dossiers', actVi: 'lập hồ sơ' },
  'register.read': { act: 'read the registers', actVi: 'xem sổ đăng ký văn bản' },
  'register.read-all': {
    act: 'see every line of the registers in whole',
    actVi: 'xem đủ mọi dòng của sổ đăng ký văn bản',
  },
  'register.manage': { act: 'close and correct the registers', actVi: 'đóng sổ, sửa sổ đăng ký văn bản' },
  'statistics.read': { act: 'read statistics', actVi: 'xem thống kê' },
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

/** Whether an actor's roles permit it, and the API token at hand, if there is one, too. */
export function actorMay(actor: Actor, permission: Permission): boolean {
  if (actor.kind === 'node') return false
  if (actor.scopes !== undefined && !actor.scopes.includes(permission)) return false
  return permissionsOf(rolesOf(actor)).has(permission)
}

/** @throws CongvanError `NOT_PERMITTED` naming the permission that is missing. */
export function requirePermission(actor: Actor, permission: Permission): void {
  if (actorMay(actor, permission)) return
  throw new CongvanError('NOT_PERMITTED', { permission, ...acts[permission] })
}
