import type { Command } from 'commander'
import { z } from 'zod'
import { readConfig } from '../../server/config.ts'
import { openConsole } from '../../server/main.ts'
import { type CommandContext, described, type Invoke, repeatable } from '../command.ts'
import { parseOptions } from '../parse-options.ts'
import { readSecret } from '../read-secret.ts'
import { usageError } from '../usage.ts'
import { defineUserManagement } from './user-manage.ts'
import { defineOwnAccount } from './user-own.ts'

const addForm = z.object({
  name: z.string().optional(),
  passwordFile: z.string().optional(),
  oneTimePassword: z.boolean().default(false),
  reason: z.string().optional(),
  operator: z.boolean().default(false),
  administrator: z.array(z.string()),
  clerk: z.array(z.string()),
  signer: z.array(z.string()),
  leader: z.array(z.string()),
  specialist: z.array(z.string()),
  auditor: z.array(z.string()),
})
const roles = ['administrator', 'clerk', 'signer', 'leader', 'specialist', 'auditor'] as const

/** What each role is called. */
export const roleNames = {
  administrator: 'quản trị',
  clerk: 'văn thư',
  signer: 'người ký',
  leader: 'lãnh đạo',
  specialist: 'chuyên viên',
  auditor: 'kiểm tra',
} as const

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
    .option(
      '--one-time-password',
      described('cấp mật khẩu dùng một lần và in ra', 'make a password to be used once, and print it'),
    )
    .option('--reason <text>', described('căn cứ của quyền', 'the rule or decision behind the rights'))
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
  defineOwnAccount(command, invoke)
  defineUserManagement(command, invoke)
}

async function addAccount(
  login: string,
  options: z.output<typeof addForm>,
  context: CommandContext,
): Promise<number> {
  const { reason } = options
  const grants = roles.flatMap((role) => options[role].map((agencyCode) => ({ agencyCode, role, reason })))
  if (grants.length === 0 && !options.operator) {
    throw usageError({ vi: 'cần ít nhất một vai trò', en: 'at least one role is needed' }, context.language)
  }
  const password = options.oneTimePassword ? undefined : await readSecret(options.passwordFile, context)
  const node = await openConsole(readConfig(context.io.env))
  try {
    const made = await node.services.console.addUser({
      login,
      displayName: options.name ?? login,
      password,
      operator: options.operator,
      grants,
    })
    if (context.json) await context.output.json({ ...made, login })
    else await context.output.result([login, made.id, made.oneTimePassword].filter(Boolean).join(' '))
    return 0
  } finally {
    await node.close()
  }
}
