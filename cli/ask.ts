import { createInterface } from 'node:readline'
import type { Bilingual, CommandContext } from './command.ts'
import { usageError } from './usage.ts'

/**
 * Asks the person at the terminal a question and answers what was typed; ends with an error where nobody sits.
 *
 * @param instead the option by which a script gives the answer
 * @throws CongvanError `USAGE`
 */
export async function ask(question: Bilingual, instead: string, context: CommandContext): Promise<string> {
  const { stdin, stderr } = context.io
  const missing = { vi: `thiếu ${instead}`, en: `${instead} is missing` }
  if (!('isTTY' in stdin) || stdin.isTTY !== true) throw usageError(missing, context.language)
  const reader = createInterface({ input: stdin, output: stderr, terminal: true })
  try {
    return await new Promise<string>((accept, reject) => {
      reader.question(`${question[context.language]} `, accept)
      // Ctrl-C or Ctrl-D.
      reader.once('close', () => reject(usageError(missing, context.language)))
    })
  } finally {
    reader.close()
  }
}

/** Whether the answer is a yes; anything else is none. */
export function isYes(answer: string): boolean {
  return ['y', 'yes', 'c', 'có', 'co'].includes(answer.trim().normalize('NFC').toLowerCase())
}
