/**
 * What is known of the deliveries of a branch after the next hop was asked about them. Pure.
 *
 * Sealed evidence is what counts; plain words only let an end be declared or put it off. A node that says "never"
 * without the sealed RelayFailure of who could not pass it on contradicts its own receipt, by which it took the
 * delivery: it has lost its memory, such as by an old backup, and cannot know what it did before.
 */
import type { QuestionAnswer } from './protocol.ts'

export interface Judged {
  /** It is not consigned and never will be. */
  readonly never: readonly string[]
  /** Nobody has said yet, with the node that has to. */
  readonly open: ReadonlyMap<string, string>
}

export interface Known {
  /** Recipients of whom the terminal receipt is here. */
  readonly ended: ReadonlySet<string>
  /** Recipients of whom a sealed RelayFailure is here. */
  readonly failed: ReadonlySet<string>
}

/**
 * @param asked recipients
 * @param said undefined when the peer could not be asked
 * @param known what is here, with what the answer brought
 */
export function judgeAnswer(
  asked: readonly string[],
  peer: string,
  said: QuestionAnswer | undefined,
  known: Known,
): Judged {
  const words = new Map(said?.deliveries.map((one) => [one.recipient, one]))
  const left = asked.filter((code) => !known.ended.has(code))
  const isNever = (code: string) => words.get(code)?.state === 'never' && known.failed.has(code)
  return {
    never: left.filter(isNever),
    open: new Map(
      left.filter((code) => !isNever(code)).map((code) => [code, words.get(code)?.waitsFor ?? peer]),
    ),
  }
}

/** Why an answer is none to what was asked; undefined when it is one. */
export function answerProblem(asked: readonly string[], said: QuestionAnswer): string | undefined {
  const named = said.deliveries.map((one) => one.recipient).sort()
  return named.join() === [...asked].sort().join() ? undefined : 'it does not name every recipient once'
}

/** The reason in an Expiry that had to be declared without knowing what became of the delivery. */
export const PATH_NOT_ASKED = 'RELAY_PATH_NOT_ASKED'

export function notAskedText(node: string): string {
  return `đã quá thời gian hỏi, nút ${node} chưa cho biết văn bản đã tới hay chưa / asked for as long as allowed, the node ${node} has not said what became of it`
}
