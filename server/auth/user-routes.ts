import { z } from 'zod'
import { type Actor, agencyRoles } from '../actor.ts'
import type { NodeContext } from '../context.ts'
import { type Route, route } from '../http/route.ts'
import { addUser } from './add-user.ts'
import { grantRoleTo, revokeRoleOf } from './grant-role.ts'
import { type AccountView, listAccounts, readAccount } from './list-users.ts'
import {
  disableAccount,
  enableAccount,
  resetPassword,
  resetSecondFactor,
  unlockAccount,
} from './manage-account.ts'

const tag = 'users'
const access = { permission: 'user.manage' } as const
const params = z.strictObject({ id: z.uuid() })
const instant = z.iso.datetime()
const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text))
const role = z.enum(agencyRoles)
const agencyCode = z.string().min(1).max(40)
/** The rule or decision behind a right, or why it is taken. */
const reason = z.string().trim().min(1).max(500)

const grant = z.strictObject({
  agencyCode: agencyCode.optional(),
  role,
  reason: reason.optional(),
  validFrom: time.optional(),
  validTo: time.optional(),
})

const account = z.strictObject({
  id: z.uuid(),
  login: z.string(),
  displayName: z.string(),
  operator: z.boolean(),
  disabled: z.boolean(),
  lockedUntil: instant.nullable(),
  mustChangePassword: z.boolean(),
  secondFactor: z.boolean(),
  createdAt: instant,
  lastSignedInAt: instant.nullable(),
  roles: z.array(
    z.strictObject({
      agencyId: z.uuid(),
      role,
      reason: z.string(),
      grantedBy: z.uuid().nullable(),
      grantedAt: instant,
      validFrom: instant.nullable(),
      validTo: instant.nullable(),
    }),
  ),
})

function viewOf(view: AccountView): z.input<typeof account> {
  return {
    ...view,
    roles: view.roles.map((one) => ({
      ...one,
      grantedAt: one.grantedAt.toISOString(),
      validFrom: one.validFrom?.toISOString() ?? null,
      validTo: one.validTo?.toISOString() ?? null,
    })),
  }
}

/** Accounts and roles: an administrator's in the own agency, the operator's in all of the node. */
export function userRoutes(context: NodeContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/users',
      tag,
      access,
      summary: { vi: 'Tài khoản và quyền', en: 'Accounts and rights' },
      query: z.strictObject({
        q: z.string().trim().min(1).max(100).optional(),
        role: role.optional(),
        reason: z.string().min(1).max(500).optional(),
        after: z.string().min(2).max(64).optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
      response: z.strictObject({ items: z.array(account), next: z.string().nullable() }),
      handle: async ({ actor, query: { q, ...query } }) => {
        const { items, next } = await listAccounts(context, actor, { ...query, text: q })
        return { items: items.map(viewOf), next }
      },
    }),
    route({
      method: 'post',
      path: '/users',
      tag,
      access,
      summary: {
        vi: 'Tạo tài khoản và cấp vai trò; không nêu mật khẩu thì cấp một mật khẩu dùng một lần',
        en: 'Make an account and grant roles; without a password a one-time one is made',
      },
      body: z.strictObject({
        login: z.string().min(2).max(64),
        displayName: z.string().min(1).max(100),
        password: z.string().min(1).max(200).optional(),
        mustChangePassword: z.boolean().default(true),
        operator: z.boolean().default(false),
        grants: z.array(grant).max(50),
      }),
      response: z.strictObject({ id: z.uuid(), oneTimePassword: z.string().optional() }),
      status: 201,
      handle: ({ actor, body }) => addUser(context, actor, body),
    }),
    route({
      method: 'get',
      path: '/users/:id',
      tag,
      access,
      summary: { vi: 'Một tài khoản và quyền của nó', en: 'One account and its rights' },
      params,
      response: account,
      handle: async ({ actor, params: { id } }) => viewOf(await readAccount(context, actor, id)),
    }),
    route({
      method: 'post',
      path: '/users/:id/roles',
      tag,
      access,
      summary: { vi: 'Cấp vai trò', en: 'Grant a role' },
      params,
      body: grant,
      response: z.strictObject({ changed: z.boolean() }),
      handle: ({ actor, params: { id }, body }) => grantRoleTo(context, actor, id, body),
    }),
    route({
      method: 'post',
      path: '/users/:id/roles/revocation',
      tag,
      access,
      summary: {
        vi: 'Thu một vai trò, hoặc mọi vai trò ở một cơ quan; trả danh sách đã thu',
        en: 'Take a role, or all roles in an agency, away; answers what was taken',
      },
      params,
      body: z.strictObject({ agencyCode: agencyCode.optional(), role: role.optional(), reason }),
      response: z.strictObject({
        revoked: z.array(z.strictObject({ role, reason: z.string(), grantedAt: instant })),
      }),
      handle: ({ actor, params: { id }, body }) => revokeRoleOf(context, actor, id, body),
    }),
    ...accountActs(context),
  ]
}

/** Acts on an account as a whole, each with its reason. */
function accountActs(context: NodeContext): Route[] {
  const body = z.strictObject({ reason })
  const act = <R extends z.ZodType>(
    path: string,
    summary: { vi: string; en: string },
    response: R,
    handle: (actor: Actor, id: string, why: string) => Promise<z.input<R>>,
  ) =>
    route({
      method: 'post',
      path: `/users/:id/${path}`,
      tag,
      access,
      summary,
      params,
      body,
      response: response as z.ZodType,
      handle: ({ actor, params: { id }, body: { reason: why } }) => handle(actor, id, why),
    })
  return [
    act(
      'disable',
      { vi: 'Khóa tài khoản; mọi phiên kết thúc ngay', en: 'Close an account; its sessions end at once' },
      z.strictObject({ disabled: z.boolean(), ended: z.int() }),
      (actor, id, why) => disableAccount(context, actor, id, why),
    ),
    act(
      'enable',
      { vi: 'Mở lại tài khoản', en: 'Open an account again' },
      z.strictObject({ disabled: z.boolean() }),
      (actor, id, why) => enableAccount(context, actor, id, why),
    ),
    act(
      'unlock',
      { vi: 'Bỏ khóa do đăng nhập sai', en: 'Lift the lock of failed sign-ins' },
      z.strictObject({ unlocked: z.boolean() }),
      (actor, id) => unlockAccount(context, actor, id),
    ),
    act(
      'password',
      { vi: 'Cấp mật khẩu dùng một lần (chỉ hiện một lần)', en: 'Give a one-time password (shown once)' },
      z.strictObject({ oneTimePassword: z.string(), expiresAt: instant }),
      (actor, id, why) => resetPassword(context, actor, id, why),
    ),
    act(
      'second-factor/removal',
      { vi: 'Tắt xác thực hai lớp khi mất thiết bị', en: 'Take a second factor off when its device is lost' },
      z.strictObject({ reset: z.boolean() }),
      (actor, id, why) => resetSecondFactor(context, actor, id, why),
    ),
  ]
}
