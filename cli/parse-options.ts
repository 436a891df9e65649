import type { z } from 'zod'
import { issueWords } from '../server/config.ts'
import { CongvanError } from '../server/errors.ts'
import type { Language } from '../signing/index.ts'

/**
 * The options of a command as its form describes them.
 *
 * @throws CongvanError `USAGE` naming every option whose value is wrong
 */
export function parseOptions<T extends z.ZodType>(
  form: T,
  options: unknown,
  language: Language,
): z.output<T> {
  const parsed = form.safeParse(options, { error: issueWords(language) })
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `${flagOf(issue.path)}: ${issue.message}`)
  throw new CongvanError('USAGE', { reason: problems.join('; ') })
}

/** `signerName` is `--signer-name` on the command line. */
function flagOf(path: readonly PropertyKey[]): string {
  return `--${String(path[0] ?? '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}
