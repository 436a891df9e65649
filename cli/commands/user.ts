import type { Command } from 'commander'
import { z } from 'zod'
import { readConfig } from '../../server/config.ts'
import { openConsole } from '../../server/main.ts'
import { ApiClient } from '../client/api-client.ts'
import { findNode, storeSession } from '../client/credentials.ts'
import { type CommandContext, described, type Invoke, repeatable } from '../command.ts'
import { nodeOptionsForm, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { readSecret } from '../read-secret.ts'
import { usageError } from '../usage.ts'

const addForm = z.object({
  name: z.string().optional(),
  passwordFile: z.string().optional(),
  operator: z.boolean().default(false),
  administrator: z.array(z.string()),
  clerk: z.array(z.string()),
  leader: z.array(z.string()),
  auditor: z.array(z.string()),
})
const roles = ['administrator', 'clerk', 'leader', 'auditor'] as const

const signInForm = nodeOptionsForm.extend({
  passwordFile: z.string().optional(),
  agency: z.string().optional(),
})

export function defineUser(command: Command, invoke: Invoke): void {
  const add = command
    .command('add <login>')
    .description(
      described(
        'tạo tài khoản tại máy của nút (đọc cấu hình như serve)',
        'make an account at the node’s own machine (settings as for serve)',
      ),
    )
    .option('--name <text>', described('họ tên hoặc chức danh hiển thị', 'name or title shown'))
    .option(
      '--password-file <file>',
      described('tệp mật khẩu; "-" hoặc bỏ trống: nhập từ bàn phím', 'file with the password'),
    )
    .option('--operator', described('người vận hành nút', 'operator of the node'))
  for (const role of roles) {
    add.option(
      `--${role} <code>`,
      described(`vai trò ${roleNames[role]} của cơ quan có mã này`, `${role} of the agency with this code`),
      repeatable,
      [],
    )
  }
  add.action((login: string, options: unknown) =>
    invoke((context) => addAccount(login, parseOptions(addForm, options, context.language), context)),
  )
  withNodeOptions(
    command.command('sign-in <login>').description(described('đăng nhập một nút', 'sign in to a node')),
  )
    .option('--password-file <file>', described('tệp mật khẩu', 'file with the password'))
    .option('--agency <code>', described('cơ quan, khi có nhiều', 'the agency, where there are several'))
    .action((login: string, options: unknown) =>
      invoke((context) => signIn(login, parseOptions(signInForm, options, context.language), context)),
    )
}

const roleNames = {
  administrator: 'quản trị',
  clerk: 'văn thư',
  leader: 'lãnh đạo',
  auditor: 'kiểm tra',
} as const

async function addAccount(
  login: string,
  options: z.output<typeof addForm>,
  context: CommandContext,
): Promise<number> {
  const grants = roles.flatMap((role) => options[role].map((agencyCode) => ({ agencyCode, role })))
  if (grants.length === 0 && !options.operator) {
    throw usageError({ vi: 'cần ít nhất một vai trò', en: 'at least one role is needed' }, context.language)
  }
  const password = await readSecret(options.passwordFile, context)
  const node = await openConsole(readConfig(context.io.env))
  try {
    const { id } = await node.services.console.addUser({
      login,
      displayName: options.name ?? login,
      password,
      operator: options.operator,
      grants,
    })
    if (context.json) await context.output.json({ id, login })
    else await context.output.result(`${login} ${id}`)
    return 0
  } finally {
    await node.close()
  }
}

const sessionForm = z.object({
  token: z.string(),
  expiresAt: z.string(),
  agencyId: z.string().nullable(),
  roles: z.array(z.string()),
})

async function signIn(
  login: string,
  options: z.output<typeof signInForm>,
  context: CommandContext,
): Promise<number> {
  const url = findNode(context.io, options.node)
  const password = await readSecret(options.passwordFile, context)
  const client = new ApiClient({ url, language: context.language })
  const session = await client.post('/session', sessionForm, {
    json: { login, password, ...(options.agency === undefined ? {} : { agencyCode: options.agency }) },
  })
  const file = storeSession(context.io, client.url, {
    token: session.token,
    expiresAt: session.expiresAt,
    login,
  })
  // The token itself is shown to nobody: it lies in the file, for this person only.
  const told = { node: client.url, login, roles: session.roles, expiresAt: session.expiresAt, file }
  if (context.json) await context.output.json(told)
  else await context.output.result(`${login} @ ${client.url} (${session.roles.join(', ')}) → ${file}`)
  return 0
}
