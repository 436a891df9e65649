import type { CommandContext } from './command.ts'
import { describeFailure, failureJson, stackOf } from './failure.ts'
import { OutputClosed } from './output.ts'
import { safeText } from './terminal-text.ts'

/**
 * Does the same to each of many things, one after the other. One that fails is told and does not stop the rest.
 *
 * @param name what an item is called in JSON lines: `file`, `id`
 * @returns 0 when all went well, else the highest exit code among the failures
 */
export async function forEachItem(
  name: string,
  items: readonly string[],
  context: CommandContext,
  act: (item: string) => Promise<{ readonly json: object; readonly text: string }>,
): Promise<number> {
  let worst = 0
  for (const [index, item] of items.entries()) {
    context.output.progress(`[${index + 1}/${items.length}] ${item}`)
    try {
      const { json, text } = await act(item)
      if (context.json) await context.output.json({ [name]: item, ...json })
      else await context.output.result(text)
    } catch (error) {
      if (error instanceof OutputClosed) throw error
      const failure = describeFailure(error, context.language)
      worst = Math.max(worst, failure.exit)
      if (context.json) await context.output.json({ [name]: item, error: failureJson(failure) })
      else context.output.message(`${safeText(item)}: ${failure.message}`)
      if (!context.json && failure.hint !== undefined) context.output.message(`→ ${failure.hint}`)
      if (context.debug) context.output.diagnostic(stackOf(error))
    }
  }
  return worst
}
