import { z } from 'zod'
import { permissions } from '../actor.ts'
import type { UndoRightChange } from '../audit/right-change-store.ts'
import type { NodeContext } from '../context.ts'
import { type Route, route } from '../http/route.ts'
import { accountRoutes } from './account-routes.ts'
import type { AccountServices } from './account-services.ts'
import { createToken, endOwnTokens, listOwnTokens } from './own-tokens.ts'
import { actorMay, rolesOf } from './permissions.ts'
import { agencyOf, asPerson } from './person.ts'
import { rightRoutes } from './right-routes.ts'
import { signIn } from './sign-in.ts'
import { userRoutes } from './user-routes.ts'

const tag = 'auth'
const kind = z.enum(['session', 'api'])
const instant = z.iso.datetime()

/** Accounts, sessions, tokens and rights. */
export function authRoutes(
  context: NodeContext,
  accounts: AccountServices,
  undoAccess: readonly UndoRightChange[],
): Route[] {
  return [
    ...sessionRoutes(context, accounts),
    ...tokenRoutes(context, accounts),
    ...accountRoutes(context, accounts),
    ...userRoutes(context),
    ...rightRoutes(context, undoAccess),
  ]
}

function sessionRoutes(context: NodeContext, accounts: AccountServices): Route[] {
  return [
    route({
      method: 'post',
      path: '/session',
      tag,
      access: 'public',
      summary: { vi: 'Đăng nhập', en: 'Sign in' },
      body: z.strictObject({
        login: z.string().min(2).max(64),
        password: z.string().min(1).max(200),
        agencyCode: z.string().min(1).max(40).optional(),
        otp: z.string().min(1).max(40).optional(),
      }),
      response: z.strictObject({
        token: z.string(),
        expiresAt: instant,
        agencyId: z.uuid().nullable(),
        roles: z.array(z.string()).readonly(),
        mustChangePassword: z.boolean(),
      }),
      status: 201,
      handle: ({ body, remoteAddress }) => signIn(context, accounts, { ...body, address: remoteAddress }),
    }),
    route({
      method: 'delete',
      path: '/session',
      tag,
      access: 'signed-in',
      summary: { vi: 'Đăng xuất', en: 'Sign out' },
      response: z.strictObject({ ended: z.boolean() }),
      handle: async ({ actor }) => {
        const { tokenId } = asPerson(actor)
        return { ended: (await endOwnTokens(context, actor, { id: tokenId })) > 0 }
      },
    }),
    route({
      method: 'get',
      path: '/me',
      tag,
      access: 'signed-in',
      summary: { vi: 'Tài khoản đang dùng', en: 'The account in use' },
      response: z.strictObject({
        userId: z.uuid(),
        login: z.string(),
        agencyId: z.uuid().nullable(),
        roles: z.array(z.string()).readonly(),
        permissions: z.array(z.enum(permissions)),
        restriction: z.enum(['change-password', 'enrol-second-factor']).nullable(),
        node: z.string(),
      }),
      handle: async ({ actor }) => {
        const person = asPerson(actor)
        return {
          userId: person.userId,
          login: person.login,
          agencyId: agencyOf(actor),
          roles: rolesOf(actor),
          permissions: permissions.filter((one) => actorMay(actor, one)),
          restriction: person.restriction ?? null,
          node: context.nodeId,
        }
      },
    }),
  ]
}

function tokenRoutes(context: NodeContext, { settings }: AccountServices): Route[] {
  return [
    route({
      method: 'get',
      path: '/tokens',
      tag,
      access: 'signed-in',
      summary: { vi: 'Phiên và mã truy cập của mình', en: 'One’s own sessions and tokens' },
      response: z.strictObject({
        items: z.array(
          z.strictObject({
            id: z.uuid(),
            kind,
            label: z.string(),
            agencyId: z.uuid().nullable(),
            scopes: z.array(z.enum(permissions)).nullable(),
            createdAt: instant,
            expiresAt: instant,
            madeFrom: z.string(),
            lastUsedAt: instant.nullable(),
            lastUsedFrom: z.string(),
            current: z.boolean(),
          }),
        ),
      }),
      handle: async ({ actor }) => {
        const items = await listOwnTokens(context, actor, settings.idleMinutes)
        return {
          items: items.map(({ userId: _, scopes, createdAt, expiresAt, lastUsedAt, ...rest }) => ({
            ...rest,
            scopes: scopes === null ? null : [...scopes],
            createdAt: createdAt.toISOString(),
            expiresAt: expiresAt.toISOString(),
            lastUsedAt: lastUsedAt?.toISOString() ?? null,
          })),
        }
      },
    }),
    route({
      method: 'post',
      path: '/tokens',
      tag,
      access: { permission: 'token.create' },
      summary: {
        vi: 'Tạo mã truy cập cho kịch bản (chỉ hiện một lần)',
        en: 'Make an API token (shown once)',
      },
      body: z.strictObject({
        label: z.string().min(1).max(100),
        days: z.int().min(1).max(366),
        scopes: z.array(z.enum(permissions)).min(1).max(permissions.length).optional(),
      }),
      response: z.strictObject({ id: z.uuid(), token: z.string(), expiresAt: instant }),
      status: 201,
      handle: ({ actor, body, remoteAddress }) =>
        createToken(context, actor, { ...body, address: remoteAddress }),
    }),
    route({
      method: 'delete',
      path: '/tokens',
      tag,
      access: 'signed-in',
      summary: {
        vi: 'Kết thúc mọi phiên và mã truy cập khác của mình',
        en: 'End all other sessions and tokens of one’s own',
      },
      query: z.strictObject({ kind: kind.optional() }),
      response: z.strictObject({ ended: z.int() }),
      handle: async ({ actor, query }) => ({
        ended: await endOwnTokens(context, actor, { kind: query.kind, keepCurrent: true }),
      }),
    }),
    route({
      method: 'delete',
      path: '/tokens/:id',
      tag,
      access: 'signed-in',
      summary: { vi: 'Thu hồi phiên hoặc mã truy cập của mình', en: 'Revoke one’s own session or token' },
      params: z.strictObject({ id: z.uuid() }),
      response: z.strictObject({ revoked: z.boolean() }),
      handle: async ({ actor, params }) => ({
        revoked: (await endOwnTokens(context, actor, { id: params.id })) > 0,
      }),
    }),
  ]
}
