import { createInterface } from 'node:readline'
import type { Bilingual, CommandContext } from './command.ts'
import { type InputContext, readInput } from './read-input.ts'
import { usageError } from './usage.ts'

/** Longer than any password anybody types. */
const LIMIT = 4_096

const password = { prompt: { vi: 'Mật khẩu', en: 'Password' }, flag: '--password-file' }

/**
 * A password from a file, from standard input (`-`), or typed at the terminal without echo; never from a flag.
 * One line end at its end does not belong to it.
 */
export async function readSecret(
  file: string | undefined,
  context: CommandContext,
  asked: { readonly prompt: Bilingual; readonly flag: string } = password,
): Promise<string> {
  if (file !== undefined) {
    const bytes = await readInput(file, context, LIMIT)
    return new TextDecoder().decode(bytes).replace(/\r?\n$/, '')
  }
  const { stdin, stderr } = context.io
  if (!('isTTY' in stdin) || stdin.isTTY !== true) {
    throw usageError({ vi: `thiếu ${asked.flag}`, en: `${asked.flag} is missing` }, context.language)
  }
  // No output is given to the reader, so what is typed is not shown; it reads before the prompt stands there.
  const reader = createInterface({ input: stdin, terminal: true })
  stderr.write(`${asked.prompt[context.language]}: `)
  try {
    return await new Promise<string>((accept, reject) => {
      reader.once('line', accept)
      // Ctrl-C or Ctrl-D.
      const { vi, en } = asked.prompt
      const given = { vi: `không nhập ${vi.toLowerCase()}`, en: `no ${en.toLowerCase()} was given` }
      reader.once('close', () => reject(usageError(given, context.language)))
    })
  } finally {
    reader.close()
    stderr.write('\n')
  }
}

/** The first line of a file with a password, as an editor or a script leaves it; what follows is not looked at. */
export async function readPasswordFile(file: string, context: InputContext): Promise<string> {
  // Without the byte order mark that some editors put before UTF-8.
  const text = new TextDecoder().decode(await readInput(file, context, LIMIT))
  const [line = ''] = text.split(/\r?\n/, 1)
  return line
}
