import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { CongvanError } from '../errors.ts'
import { requireVersion } from '../http/route.ts'
import { checkForClosing, problemWords } from './dossier.ts'
import { changeDossier } from './dossier-store.ts'
import { fixOrdinals, readFiled } from './filed-document-store.ts'
import { lockOwnDossier } from './keep-dossier.ts'

export interface Closing {
  readonly id: string
  /** When the matter ended, `YYYY-MM-DD`; today when left out. */
  readonly endedOn?: string
  readonly ifMatch?: number
}

/**
 * Closes a dossier whose matter is settled (NĐ 30/2020 arts 29.3, 29.4): the checklist holds, the order of its documents
 * is fixed, and from now on nothing in it changes.
 *
 * @throws CongvanError `NOT_FOUND`, `DOSSIER_NOT_YOURS`, `DOSSIER_CLOSED`, `DOSSIER_NOT_READY`, `VERSION_STALE`,
 *   `INPUT_INVALID` for an end before the beginning or after today
 */
export async function closeDossier(
  context: NodeContext,
  actor: UserActor,
  { id, endedOn, ifMatch }: Closing,
): Promise<{ id: string; state: 'closed'; documents: number; endedOn: string; version: number }> {
  const now = context.clock()
  const today = vietnamDay(now)
  const end = endedOn ?? today
  return context.db.asAgency(actor, async (trx) => {
    const dossier = await lockOwnDossier(trx, actor, id)
    requireVersion(dossier.version, ifMatch)
    if (end < dossier.startedOn || end > today) {
      const reason = `${dossier.startedOn} … ${today}`
      throw new CongvanError('INPUT_INVALID', { field: 'body.endedOn', reason })
    }
    const documents = await readFiled(trx, id)
    const problems = checkForClosing(documents)
    if (problems.length > 0) {
      const told = problems.map((one) => ({ ...problemWords[one.code], count: one.documentIds.length }))
      throw new CongvanError('DOSSIER_NOT_READY', {
        problems: told.map(({ en, count }) => (count > 0 ? `${en} (${count})` : en)).join('; '),
        problemsVi: told.map(({ vi, count }) => (count > 0 ? `${vi} (${count})` : vi)).join('; '),
      })
    }
    await fixOrdinals(trx, id, documents)
    await changeDossier(trx, id, { closed: { by: actor.userId, at: now, endedOn: end } })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'dossier.closed',
      subject: `dossier:${id}`,
      facts: {
        code: dossier.code,
        endedOn: end,
        documents: documents.map((one) => ({ id: one.documentId, file: one.sha256 })),
      },
    })
    return {
      id,
      state: 'closed',
      documents: documents.length,
      endedOn: end,
      version: dossier.version + 1,
    }
  })
}
