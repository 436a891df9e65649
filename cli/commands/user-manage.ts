/** `congvan user`: accounts and roles of others, by an administrator or the operator; alerts, by a leader. */
import type { Command } from 'commander'
import { z } from 'zod'
import { CongvanError } from '../../server/errors.ts'
import type { ApiClient } from '../client/api-client.ts'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { safeText } from '../terminal-text.ts'

const roles = ['administrator', 'clerk', 'signer', 'leader', 'specialist', 'auditor'] as const
const listForm = nodeOptionsForm.extend({
  query: z.string().optional(),
  role: z.enum(roles).optional(),
  reason: z.string().optional(),
})
const actForm = nodeOptionsForm.extend({ reason: z.string().min(1) })
const grantForm = nodeOptionsForm.extend({
  agency: z.string().optional(),
  reason: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
})
const revokeForm = actForm.extend({ agency: z.string().optional() })

type Act = (login: string, options: z.output<typeof actForm>, context: CommandContext) => Promise<number>

export function defineUserManagement(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command.command('list').description(described('tài khoản và quyền', 'accounts and their rights')),
  )
    .option('--query <text>', described('một phần tên', 'a part of login or name'))
    .option('--role <role>', described('chỉ vai trò này', 'this role only'))
    .option('--reason <text>', described('quyền cấp theo căn cứ này', 'rights given under this rule'))
    .action((options: unknown) =>
      invoke((context) => list(parseOptions(listForm, options, context.language), context)),
    )
  withNodeOptions(
    command.command('grant <login> <role>').description(described('cấp vai trò', 'grant a role')),
  )
    .option('--agency <code>', described('cơ quan; người vận hành phải nêu', 'the agency; for the operator'))
    .option('--reason <text>', described('căn cứ: quyết định, quy định', 'the rule or decision behind it'))
    .option('--from <time>', described('từ lúc nào (ISO 8601)', 'from when (ISO 8601)'))
    .option('--to <time>', described('đến lúc nào (ISO 8601)', 'until when (ISO 8601)'))
    .action((login: string, role: string, options: unknown) =>
      invoke((context) => grant(login, role, parseOptions(grantForm, options, context.language), context)),
    )
  withNodeOptions(
    command
      .command('revoke <login> [role]')
      .description(described('thu một vai trò, hoặc mọi vai trò', 'take a role, or all roles, away')),
  )
    .option('--agency <code>', described('cơ quan', 'the agency'))
    .requiredOption('--reason <text>', described('lý do', 'the reason'))
    .action((login: string, role: string | undefined, options: unknown) =>
      invoke((context) => revoke(login, role, parseOptions(revokeForm, options, context.language), context)),
    )
  const acts: Readonly<Record<string, readonly [string, Act]>> = {
    disable: [
      described('khóa tài khoản; phiên kết thúc ngay', 'close an account; its sessions end'),
      act('disable'),
    ],
    enable: [described('mở lại tài khoản', 'open an account again'), act('enable')],
    unlock: [described('bỏ khóa do đăng nhập sai', 'lift the lock of failed sign-ins'), act('unlock')],
    'reset-password': [
      described('cấp mật khẩu dùng một lần (in một lần)', 'give a one-time password (printed once)'),
      act('password'),
    ],
    'reset-totp': [
      described('tắt xác thực hai lớp khi mất thiết bị', 'take a second factor off, its device lost'),
      act('second-factor/removal'),
    ],
  }
  for (const [name, [description, run]] of Object.entries(acts)) {
    withNodeOptions(command.command(`${name} <login>`).description(description))
      .requiredOption('--reason <text>', described('lý do', 'the reason'))
      .action((login: string, options: unknown) =>
        invoke((context) => run(login, parseOptions(actForm, options, context.language), context)),
      )
  }
  defineAlerts(command, invoke)
}

function defineAlerts(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command
      .command('changes')
      .description(
        described(
          'thay đổi về quyền chờ xác nhận: vai trò, cấp lại mật khẩu của người ký, quyền xem văn bản và hồ sơ',
          'changes of rights to be confirmed: roles, resets of accounts that sign, access to documents and dossiers',
        ),
      ),
  ).action((options: unknown) =>
    invoke(async (context) => {
      const client = signedInClient(parseOptions(nodeOptionsForm, options, context.language), context)
      const form = pageOf(
        z.object({
          id: z.string(),
          kind: z.string(),
          subject: z.string(),
          userId: z.string().nullable(),
          right: z.string(),
          reason: z.string(),
          by: z.string().nullable(),
          at: z.string(),
        }),
      )
      for await (const one of pages(client, '/right-changes', 'cursor', {}, form)) {
        if (context.json) await context.output.json(one)
        else
          await context.output.table([
            [one.id, one.at, one.kind, one.right, one.subject, safeText(one.reason)],
          ])
      }
      return 0
    }),
  )
  const outcomes = {
    'confirm-change': ['confirmation', described('xác nhận thay đổi về quyền', 'confirm a change of rights')],
    'revert-change': ['reversal', described('hoàn nguyên thay đổi về quyền', 'undo a change of rights')],
  } as const
  for (const [name, [path, description]] of Object.entries(outcomes)) {
    withNodeOptions(command.command(`${name} <id>`).description(description)).action(
      (id: string, options: unknown) =>
        invoke(async (context) => {
          const client = signedInClient(parseOptions(nodeOptionsForm, options, context.language), context)
          const form = z.object({ id: z.string(), outcome: z.string() })
          const settled = await client.post(`/right-changes/${encodeURIComponent(id)}/${path}`, form)
          return tell(context, settled, `${settled.id} ${settled.outcome}`)
        }),
    )
  }
}

const accountForm = z.object({
  id: z.string(),
  login: z.string(),
  displayName: z.string(),
  operator: z.boolean(),
  disabled: z.boolean(),
  lockedUntil: z.string().nullable(),
  secondFactor: z.boolean(),
  roles: z.array(z.looseObject({ role: z.string(), agencyId: z.string(), reason: z.string() })),
})

function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().nullable() })
}

/** Every item of a list, page after page. */
async function* pages<T>(
  client: ApiClient,
  path: string,
  position: 'after' | 'cursor',
  query: Readonly<Record<string, string | undefined>>,
  form: z.ZodType<{ items: T[]; next: string | null }>,
): AsyncGenerator<T> {
  for (let next: string | undefined; ; ) {
    const page = await client.get(path, form, { query: { ...query, [position]: next, limit: '200' } })
    yield* page.items
    if (page.next === null) return
    next = page.next
  }
}

async function list(options: z.output<typeof listForm>, context: CommandContext): Promise<number> {
  const client = signedInClient(options, context)
  const { query: q, role, reason } = options
  for await (const one of pages(client, '/users', 'after', { q, role, reason }, pageOf(accountForm))) {
    if (context.json) {
      await context.output.json(one)
      continue
    }
    const held = one.roles.map((held) => held.role).join(', ')
    const state = one.disabled ? 'disabled' : one.lockedUntil === null ? '' : `locked → ${one.lockedUntil}`
    await context.output.table([[one.login, one.displayName, one.operator ? 'operator' : held, state]])
  }
  return 0
}

/** @throws CongvanError `NOT_FOUND` */
async function findUser(client: ApiClient, login: string): Promise<string> {
  const wanted = login.toLowerCase()
  for await (const one of pages(client, '/users', 'after', { q: login }, pageOf(accountForm))) {
    if (one.login === wanted) return one.id
  }
  throw new CongvanError('NOT_FOUND', { what: `user ${login}` })
}

async function grant(
  login: string,
  role: string,
  options: z.output<typeof grantForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(options, context)
  const id = await findUser(client, login)
  const { agency: agencyCode, reason, from: validFrom, to: validTo } = options
  const done = await client.post(`/users/${id}/roles`, z.object({ changed: z.boolean() }), {
    json: { agencyCode, role, reason, validFrom, validTo },
  })
  return tell(context, { login, role, ...done }, `${login} + ${role}`)
}

async function revoke(
  login: string,
  role: string | undefined,
  options: z.output<typeof revokeForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(options, context)
  const id = await findUser(client, login)
  const form = z.object({ revoked: z.array(z.looseObject({ role: z.string() })) })
  const done = await client.post(`/users/${id}/roles/revocation`, form, {
    json: { agencyCode: options.agency, role, reason: options.reason },
  })
  return tell(context, { login, ...done }, done.revoked.map((one) => `${login} - ${one.role}`).join('\n'))
}

const actAnswer = z.looseObject({ oneTimePassword: z.string().optional() })

function act(path: string): Act {
  return async (login, options, context) => {
    const client = signedInClient(options, context)
    const id = await findUser(client, login)
    const done = await client.post(`/users/${id}/${path}`, actAnswer, { json: { reason: options.reason } })
    return tell(context, { login, ...done }, done.oneTimePassword ?? login)
  }
}

async function tell(context: CommandContext, value: unknown, text: string): Promise<number> {
  if (context.json) await context.output.json(value)
  else await context.output.result(text)
  return 0
}
