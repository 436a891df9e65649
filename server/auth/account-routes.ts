import { z } from 'zod'
import type { NodeContext } from '../context.ts'
import { type Route, route } from '../http/route.ts'
import type { AccountServices } from './account-services.ts'
import { changePassword, confirmSecondFactor, dropSecondFactor, enrolSecondFactor } from './own-account.ts'

const tag = 'auth'
const password = z.string().min(1).max(200)
const code = z.string().min(6).max(40)

/** What people do to their own account: password and second factor. */
export function accountRoutes(context: NodeContext, accounts: AccountServices): Route[] {
  return [
    route({
      method: 'post',
      path: '/me/password',
      tag,
      access: 'signed-in',
      summary: {
        vi: 'Đổi mật khẩu của mình; các phiên khác kết thúc',
        en: 'Change one’s own password; other sessions end',
      },
      body: z.strictObject({ present: password, password }),
      response: z.strictObject({ ended: z.int() }),
      handle: ({ actor, body, remoteAddress }) =>
        changePassword(context, accounts, actor, { ...body, address: remoteAddress }),
    }),
    route({
      method: 'post',
      path: '/me/second-factor',
      tag,
      access: 'signed-in',
      summary: {
        vi: 'Bắt đầu xác thực hai lớp: khóa cho ứng dụng xác thực (chỉ hiện một lần)',
        en: 'Begin a second factor: the secret for an authenticator (shown once)',
      },
      body: z.strictObject({ password }),
      response: z.strictObject({ secret: z.string(), uri: z.string() }),
      status: 201,
      handle: ({ actor, body, remoteAddress }) =>
        enrolSecondFactor(context, accounts, actor, { ...body, address: remoteAddress }),
    }),
    route({
      method: 'post',
      path: '/me/second-factor/confirmation',
      tag,
      access: 'signed-in',
      summary: {
        vi: 'Bật xác thực hai lớp bằng một mã; trả các mã khôi phục (chỉ hiện một lần)',
        en: 'Turn the second factor on by a code; answers the recovery codes (shown once)',
      },
      body: z.strictObject({ code }),
      response: z.strictObject({ recoveryCodes: z.array(z.string()) }),
      handle: ({ actor, body, remoteAddress }) =>
        confirmSecondFactor(context, accounts, actor, { ...body, address: remoteAddress }),
    }),
    route({
      method: 'post',
      path: '/me/second-factor/removal',
      tag,
      access: 'signed-in',
      summary: { vi: 'Tắt xác thực hai lớp của mình', en: 'Take one’s own second factor off' },
      body: z.strictObject({ password, code }),
      response: z.strictObject({ enrolled: z.boolean() }),
      handle: ({ actor, body, remoteAddress }) =>
        dropSecondFactor(context, accounts, actor, { ...body, address: remoteAddress }),
    }),
  ]
}
