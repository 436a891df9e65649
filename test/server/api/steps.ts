import { setTimeout as delay } from 'node:timers/promises'
import type { Draft } from '../../../cli/client/draft-document.ts'
import { communeLetter } from '../../../fixtures/documents/sample-letters.ts'

/** What the commune's clerk says of the sample letter. */
export const letterDraft: Draft = {
  kind: 'Công văn',
  subject: communeLetter.subject,
  symbol: communeLetter.symbol,
  urgency: 0,
  place: communeLetter.place,
  recipients: ['H40.19'],
  signer: { name: 'Người ký 1', position: 'Chủ tịch', competence: 'TM. ỦY BAN NHÂN DÂN' },
  declaredFreeOfSecrets: true,
}

/** Only how long a failure takes to show: other tests share the machine. */
const PATIENCE_MS = 60_000

/** What the node's workers will have done in a moment. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const found = await ask()
    if (found !== undefined) return found
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await delay(25)
  }
}
