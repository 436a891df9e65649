import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { agencyRoles } from '../actor.ts'
import { appendEntryOf } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { type Route, route } from '../http/route.ts'
import { addUser } from './add-user.ts'
import { rolesOf } from './permissions.ts'
import { signIn } from './sign-in.ts'
import { newToken } from './tokens.ts'
import { insertToken, revokeToken } from './user-store.ts'

const login = z.string().min(2).max(64)
const password = z.string().min(1).max(200)
const tag = 'auth'

export function authRoutes(context: NodeContext, sessionHours: number): Route[] {
  return [
    route({
      method: 'post',
      path: '/session',
      tag,
      access: 'public',
      summary: { vi: 'Đăng nhập', en: 'Sign in' },
      body: z.strictObject({ login, password, agencyCode: z.string().min(1).max(40).optional() }),
      response: z.strictObject({
        token: z.string(),
        expiresAt: z.iso.datetime(),
        agencyId: z.uuid().nullable(),
        roles: z.array(z.string()).readonly(),
      }),
      status: 201,
      handle: ({ body }) => signIn(context, body, sessionHours),
    }),
    route({
      method: 'get',
      path: '/me',
      tag,
      access: 'signed-in',
      summary: { vi: 'Tài khoản đang dùng', en: 'The account in use' },
      response: z.strictObject({
        userId: z.uuid().nullable(),
        login: z.string(),
        agencyId: z.uuid().nullable(),
        roles: z.array(z.string()).readonly(),
        node: z.string(),
      }),
      handle: async ({ actor }) => {
        if (actor.kind === 'node') throw new CongvanError('NOT_AUTHENTICATED')
        return {
          userId: actor.userId,
          login: actor.login,
          agencyId: actor.kind === 'user' ? actor.agencyId : null,
          roles: rolesOf(actor),
          node: context.nodeId,
        }
      },
    }),
    route({
      method: 'post',
      path: '/users',
      tag,
      access: { permission: 'user.manage' },
      summary: { vi: 'Tạo tài khoản và cấp vai trò', en: 'Make an account and grant roles' },
      body: z.strictObject({
        login,
        displayName: z.string().min(1).max(100),
        password,
        operator: z.boolean().default(false),
        grants: z
          .array(
            z.strictObject({
              agencyCode: z.string().max(40),
              role: z.enum(agencyRoles),
            }),
          )
          .max(50),
      }),
      response: z.strictObject({ id: z.uuid() }),
      status: 201,
      handle: ({ actor, body }) => addUser(context, actor, body),
    }),
    route({
      method: 'post',
      path: '/tokens',
      tag,
      access: { permission: 'token.create' },
      summary: { vi: 'Tạo mã truy cập API (chỉ hiện một lần)', en: 'Make an API token (shown once)' },
      body: z.strictObject({ label: z.string().min(1).max(100), days: z.int().min(1).max(366) }),
      response: z.strictObject({ id: z.uuid(), token: z.string(), expiresAt: z.iso.datetime() }),
      status: 201,
      handle: async ({ actor, body, now }) => {
        if (actor.kind === 'node' || actor.userId === null) throw new CongvanError('NOT_AUTHENTICATED')
        // A stolen token must end at its own expiry: only who signed in with the password makes another.
        if (actor.byApiToken) {
          throw new CongvanError('NOT_PERMITTED', {
            permission: 'token.create',
            act: 'make a token by means of another token',
            actVi: 'tạo mã truy cập bằng một mã truy cập khác',
          })
        }
        const { userId } = actor
        const { token, sha256 } = newToken()
        const id = randomUUID()
        const agencyId = actor.kind === 'user' ? actor.agencyId : null
        const expiresAt = new Date(now.getTime() + body.days * 86_400_000)
        // Shown once means once: what is kept for a repeated request does not hold the secret. A caller whose answer
        // was lost is told so, revokes the token and makes another one.
        let shown: string | undefined
        const work = async (trx: NodeTransaction) => {
          await insertToken(trx, {
            id,
            tokenSha256: sha256,
            userId,
            agencyId,
            kind: 'api',
            label: body.label,
            createdAt: now,
            expiresAt,
          })
          await appendEntryOf(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
            kind: 'token.created',
            subject: `token:${id}`,
            facts: { user: userId },
          })
          shown = token
          return { id, expiresAt: expiresAt.toISOString() }
        }
        const { idempotency } = actor
        const made = await context.db.asNode(work, idempotency && { userId, idempotency })
        if (shown === undefined) throw new CongvanError('TOKEN_SHOWN_ALREADY', { id: made.id })
        return { ...made, token: shown }
      },
    }),
    route({
      method: 'delete',
      path: '/tokens/:id',
      tag,
      access: 'signed-in',
      summary: { vi: 'Thu hồi mã truy cập của mình', en: 'Revoke one’s own token' },
      params: z.strictObject({ id: z.uuid() }),
      response: z.strictObject({ revoked: z.boolean() }),
      handle: ({ actor, params, now }) =>
        context.db.asNode(async (trx) => {
          if (actor.kind === 'node' || actor.userId === null) throw new CongvanError('NOT_AUTHENTICATED')
          const revoked = await revokeToken(trx, params.id, actor.userId, now)
          if (revoked === undefined) throw new CongvanError('NOT_FOUND', { what: `token ${params.id}` })
          await appendEntryOf(trx, { nodeId: context.nodeId, actor, now }, revoked.agencyId, {
            kind: 'token.revoked',
            subject: `token:${params.id}`,
          })
          return { revoked: true }
        }),
    }),
  ]
}
