/** Whether the files of a document fit into one message, as other software carries them: inline, in base64. Pure. */
import { CongvanError } from '../errors.ts'

/** Room for the words of the message and what is said of each file. */
const ENVELOPE = 100_000

/**
 * @param lengths of all files, bytes
 * @param limit of the message, bytes
 * @throws CongvanError `MESSAGE_TOO_LARGE`
 */
export function requireMessageFits(lengths: readonly number[], limit: number): void {
  const length = ENVELOPE + lengths.reduce((sum, one) => sum + Math.ceil(one / 3) * 4, 0)
  if (length > limit) throw new CongvanError('MESSAGE_TOO_LARGE', { length, limit })
}
