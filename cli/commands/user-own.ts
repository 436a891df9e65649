/** `congvan user`: one's own account at a node: sessions, password, second factor, API tokens. */
import type { Command } from 'commander'
import { z } from 'zod'
import { CongvanError } from '../../server/errors.ts'
import { ApiClient } from '../client/api-client.ts'
import { findCredentials, findNode, forgetSession, storeSession } from '../client/credentials.ts'
import { type CommandContext, described, type Invoke, repeatable } from '../command.ts'
import { type NodeOptions, nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { readSecret } from '../read-secret.ts'

const signInForm = nodeOptionsForm.extend({
  passwordFile: z.string().optional(),
  otpFile: z.string().optional(),
  agency: z.string().optional(),
})
const passwordForm = nodeOptionsForm.extend({
  passwordFile: z.string().optional(),
  newPasswordFile: z.string().optional(),
})
const totpForm = nodeOptionsForm.extend({
  passwordFile: z.string().optional(),
  otpFile: z.string().optional(),
})
const tokenForm = nodeOptionsForm.extend({
  days: z.coerce.number().int().min(1).max(366),
  scope: z.array(z.string()),
})
const revokeForm = nodeOptionsForm.extend({ all: z.boolean().default(false) })

const otp = { prompt: { vi: 'Mã xác thực', en: 'Code' }, flag: '--otp-file' }
const fresh = { prompt: { vi: 'Mật khẩu mới', en: 'New password' }, flag: '--new-password-file' }

export function defineOwnAccount(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command.command('sign-in <login>').description(described('đăng nhập một nút', 'sign in to a node')),
  )
    .option('--password-file <file>', described('tệp mật khẩu', 'file with the password'))
    .option(
      '--otp-file <file>',
      described('tệp mã xác thực thứ hai; bỏ trống: hỏi khi cần', 'file with the code; else asked for'),
    )
    .option('--agency <code>', described('cơ quan, khi có nhiều', 'the agency, where there are several'))
    .action((login: string, options: unknown) =>
      invoke((context) => signIn(login, parseOptions(signInForm, options, context.language), context)),
    )
  withNodeOptions(
    command.command('sign-out').description(described('đăng xuất khỏi một nút', 'sign out of a node')),
  ).action((options: unknown) =>
    invoke((context) => signOut(parseOptions(nodeOptionsForm, options, context.language), context)),
  )
  withNodeOptions(
    command.command('password').description(described('đổi mật khẩu của mình', 'change one’s own password')),
  )
    .option('--password-file <file>', described('tệp mật khẩu đang dùng', 'file with the present password'))
    .option('--new-password-file <file>', described('tệp mật khẩu mới', 'file with the new password'))
    .action((options: unknown) =>
      invoke((context) => changePassword(parseOptions(passwordForm, options, context.language), context)),
    )
  defineTotp(command, invoke)
  defineTokens(command, invoke)
}

function defineTotp(command: Command, invoke: Invoke): void {
  const acts = {
    enrol: [described('tạo khóa cho ứng dụng xác thực', 'make the secret for an authenticator'), enrol],
    confirm: [described('bật bằng một mã; in mã khôi phục', 'turn it on by a code'), confirm],
    remove: [described('tắt xác thực hai lớp', 'take the second factor off'), remove],
  } as const
  const totp = command.command('totp').description(described('xác thực hai lớp', 'second factor (TOTP)'))
  for (const [name, [description, act]] of Object.entries(acts)) {
    const one = withNodeOptions(totp.command(name).description(description))
    if (name !== 'confirm') one.option('--password-file <file>', described('tệp mật khẩu', 'password file'))
    if (name !== 'enrol') one.option('--otp-file <file>', described('tệp mã xác thực', 'file with the code'))
    one.action((options: unknown) =>
      invoke((context) => act(parseOptions(totpForm, options, context.language), context)),
    )
  }
}

function defineTokens(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command
      .command('token <label>')
      .description(
        described('tạo mã truy cập cho kịch bản (in một lần)', 'make an API token (printed once)'),
      ),
  )
    .option('--days <n>', described('số ngày dùng được', 'days that it lives'), '30')
    .option(
      '--scope <permission>',
      described('chỉ được làm việc này; lặp lại được', 'confined to this permission; may be repeated'),
      repeatable,
      [],
    )
    .action((label: string, options: unknown) =>
      invoke((context) => makeToken(label, parseOptions(tokenForm, options, context.language), context)),
    )
  withNodeOptions(
    command
      .command('sessions')
      .description(described('phiên và mã truy cập của mình', 'one’s own sessions and tokens')),
  ).action((options: unknown) =>
    invoke((context) => listSessions(parseOptions(nodeOptionsForm, options, context.language), context)),
  )
  withNodeOptions(
    command
      .command('end [id]')
      .description(described('kết thúc một phiên hoặc mã truy cập', 'end a session or token')),
  )
    .option('--all', described('mọi phiên và mã khác của mình', 'all others of one’s own'))
    .action((id: string | undefined, options: unknown) =>
      invoke((context) => endTokens(id, parseOptions(revokeForm, options, context.language), context)),
    )
}

const sessionForm = z.object({
  token: z.string(),
  expiresAt: z.string(),
  agencyId: z.string().nullable(),
  roles: z.array(z.string()),
  mustChangePassword: z.boolean().default(false),
})

async function signIn(
  login: string,
  options: z.output<typeof signInForm>,
  context: CommandContext,
): Promise<number> {
  const url = findNode(context.io, options.node)
  const password = await readSecret(options.passwordFile, context)
  const client = new ApiClient({ url, language: context.language })
  const agency = options.agency === undefined ? {} : { agencyCode: options.agency }
  const ask = (code: string | undefined) =>
    client.post('/session', sessionForm, {
      json: { login, password, ...agency, ...(code === undefined ? {} : { otp: code }) },
    })
  const given = options.otpFile === undefined ? undefined : await readSecret(options.otpFile, context, otp)
  const session = await ask(given).catch(async (error: unknown) => {
    const wanted = error instanceof CongvanError && error.code === 'OTP_REQUIRED' && given === undefined
    const { stdin } = context.io
    if (!wanted || !('isTTY' in stdin) || stdin.isTTY !== true) throw error
    return ask(await readSecret(undefined, context, otp))
  })
  const file = storeSession(context.io, client.url, {
    token: session.token,
    expiresAt: session.expiresAt,
    login,
  })
  // The token itself is shown to nobody: it lies in the file, for this person only.
  const told = { node: client.url, login, roles: session.roles, expiresAt: session.expiresAt, file }
  if (context.json) await context.output.json({ ...told, mustChangePassword: session.mustChangePassword })
  else await context.output.result(`${login} @ ${client.url} (${session.roles.join(', ')}) → ${file}`)
  if (session.mustChangePassword) {
    context.output.message(
      context.language === 'vi'
        ? 'phải đổi mật khẩu được cấp: congvan user password'
        : 'the password given must be changed: congvan user password',
    )
  }
  return 0
}

async function signOut(options: NodeOptions, context: CommandContext): Promise<number> {
  const { url } = findCredentials(context.io, withoutUndefined(options))
  try {
    await signedInClient(options, context).delete('/session', z.object({ ended: z.boolean() }))
  } catch (error) {
    // A session that has ended already is what was wanted.
    if (!(error instanceof CongvanError && ENDED.has(error.code))) throw error
  }
  if (options.tokenFile === undefined) forgetSession(context.io, url)
  return tell(context, { node: url, signedOut: true }, url)
}

const ENDED = new Set<string>(['NOT_AUTHENTICATED', 'TOKEN_EXPIRED', 'SESSION_IDLE'])

async function changePassword(
  options: z.output<typeof passwordForm>,
  context: CommandContext,
): Promise<number> {
  const present = await readSecret(options.passwordFile, context)
  const password = await readSecret(options.newPasswordFile, context, fresh)
  const client = signedInClient(options, context)
  const { ended } = await client.post('/me/password', z.object({ ended: z.number() }), {
    json: { present, password },
  })
  return tell(context, { changed: true, ended }, 'OK')
}

async function enrol(options: z.output<typeof totpForm>, context: CommandContext): Promise<number> {
  const password = await readSecret(options.passwordFile, context)
  const form = z.object({ secret: z.string(), uri: z.string() })
  const made = await signedInClient(options, context).post('/me/second-factor', form, { json: { password } })
  return tell(context, made, `${made.secret}\n${made.uri}`)
}

async function confirm(options: z.output<typeof totpForm>, context: CommandContext): Promise<number> {
  const code = (await readSecret(options.otpFile, context, otp)).trim()
  const form = z.object({ recoveryCodes: z.array(z.string()) })
  const client = signedInClient(options, context)
  const made = await client.post('/me/second-factor/confirmation', form, { json: { code } })
  return tell(context, made, made.recoveryCodes.join('\n'))
}

async function remove(options: z.output<typeof totpForm>, context: CommandContext): Promise<number> {
  const password = await readSecret(options.passwordFile, context)
  const code = (await readSecret(options.otpFile, context, otp)).trim()
  const client = signedInClient(options, context)
  const form = z.object({ enrolled: z.boolean() })
  const left = await client.post('/me/second-factor/removal', form, { json: { password, code } })
  return tell(context, left, 'OK')
}

async function makeToken(
  label: string,
  options: z.output<typeof tokenForm>,
  context: CommandContext,
): Promise<number> {
  const { days, scope } = options
  const form = z.object({ id: z.string(), token: z.string(), expiresAt: z.string() })
  const made = await signedInClient(options, context).post('/tokens', form, {
    json: { label, days, ...(scope.length === 0 ? {} : { scopes: scope }) },
  })
  // On standard output alone, so that it can go straight to a file of the script's.
  return tell(context, made, made.token)
}

const listForm = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      kind: z.string(),
      label: z.string(),
      expiresAt: z.string(),
      madeFrom: z.string(),
      lastUsedAt: z.string().nullable(),
      current: z.boolean(),
    }),
  ),
})

async function listSessions(options: NodeOptions, context: CommandContext): Promise<number> {
  const { items } = await signedInClient(options, context).get('/tokens', listForm)
  if (context.json) for (const one of items) await context.output.json(one)
  else {
    await context.output.table(
      items.map((one) => [
        one.current ? '*' : '',
        one.id,
        one.kind,
        one.label,
        one.madeFrom,
        one.lastUsedAt ?? '-',
        `→ ${one.expiresAt}`,
      ]),
    )
  }
  return 0
}

async function endTokens(
  id: string | undefined,
  options: z.output<typeof revokeForm>,
  context: CommandContext,
): Promise<number> {
  if ((id === undefined) === !options.all) {
    throw new CongvanError('USAGE', { reason: '<id> | --all' })
  }
  const client = signedInClient(options, context)
  if (id !== undefined) {
    await client.delete(`/tokens/${encodeURIComponent(id)}`, z.object({ revoked: z.boolean() }))
    return tell(context, { id, ended: 1 }, id)
  }
  const { ended } = await client.delete('/tokens', z.object({ ended: z.number() }))
  return tell(context, { ended }, String(ended))
}

async function tell(context: CommandContext, value: unknown, text: string): Promise<number> {
  if (context.json) await context.output.json(value)
  else await context.output.result(text)
  return 0
}

function withoutUndefined(options: NodeOptions): { node?: string; tokenFile?: string } {
  return {
    ...(options.node === undefined ? {} : { node: options.node }),
    ...(options.tokenFile === undefined ? {} : { tokenFile: options.tokenFile }),
  }
}
