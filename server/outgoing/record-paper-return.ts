import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { lockReadableAnyway } from '../documents/document-access-store.ts'
import { readPaperDispatches } from '../documents/paper-dispatch-store.ts'
import { insertPaperReturn, readPaperReturns } from '../documents/paper-return-store.ts'
import { CongvanError } from '../errors.ts'

export interface ReturnedPaper {
  /** The own document that was recalled. */
  readonly id: string
  /** Who has sent it back, as the paper dispatch named them. */
  readonly from: string
  readonly copies: number
  /** `YYYY-MM-DD`, the day on which it came back; left out: today. */
  readonly on?: string | undefined
}

export interface PaperReturned {
  readonly id: string
  readonly from: string
  readonly copies: number
  readonly on: string
  /** Copies that are still out, of all recipients together. */
  readonly out: number
}

/**
 * Records that a recipient has sent back the paper of a recalled document (NĐ 30/2020 art 18.4a). Each time stays
 * recorded. The document itself is frozen and does not change.
 *
 * @throws CongvanError `NOT_FOUND`, `PAPER_NOT_RECALLED`, `PAPER_RETURN_UNKNOWN`, `PAPER_RETURN_TOO_MANY`,
 *   `PAPER_RETURN_DAY_WRONG`
 */
export async function recordPaperReturn(
  context: NodeContext,
  actor: UserActor,
  { id, from, copies, on }: ReturnedPaper,
): Promise<PaperReturned> {
  const now = context.clock()
  const today = vietnamDay(now)
  const day = on ?? today
  return context.db.asAgency(actor, async (trx) => {
    // Of two at the same time the second counts what the first has recorded.
    const { recall, agencyId } = await lockReadableAnyway(trx, actor, id)
    if (recall !== 'ordered') throw new CongvanError('PAPER_NOT_RECALLED')
    const sent = await readPaperDispatches(trx, id)
    const party = sent.flatMap((one) => one.recipients).find((name) => sameName(name, from))
    if (party === undefined) {
      const known = [...new Set(sent.flatMap((one) => one.recipients))].join('; ')
      throw new CongvanError('PAPER_RETURN_UNKNOWN', { name: from, known: known || '–' })
    }
    const back = await readPaperReturns(trx, id)
    const left = total(sent) - total(back)
    if (copies > left) throw new CongvanError('PAPER_RETURN_TOO_MANY', { copies, left })
    const first = sent.find((one) => one.recipients.includes(party))?.at ?? now
    if (day < vietnamDay(first) || day > today) {
      throw new CongvanError('PAPER_RETURN_DAY_WRONG', { day, from: vietnamDay(first), to: today })
    }
    const by = { userId: actor.userId, name: actor.displayName }
    await insertPaperReturn(trx, agencyId, id, { party, copies, on: day, by, at: now })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'document.paper-returned',
      subject: `document:${id}`,
      facts: { from: party, copies, on: day },
    })
    return { id, from: party, copies, on: day, out: left - copies }
  })
}

function sameName(one: string, other: string): boolean {
  return one.normalize('NFC').trim() === other.normalize('NFC').trim()
}

function total(times: readonly { readonly copies: number }[]): number {
  return times.reduce((sum, one) => sum + one.copies, 0)
}
