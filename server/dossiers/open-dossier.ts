import { randomUUID } from 'node:crypto'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { readOwnAgency } from '../documents/own-agency.ts'
import { dossierCode } from './dossier.ts'
import { insertMember } from './dossier-member-store.ts'
import { insertDossier } from './dossier-store.ts'

export interface NewDossier {
  readonly year: number
  readonly notation: string
  readonly title: string
  /** Null: vĩnh viễn. */
  readonly retentionYears: number | null
  readonly inCatalogue: boolean
  readonly language: string
  /** `YYYY-MM-DD`; today when left out. */
  readonly startedOn?: string
  readonly restricted: boolean
}

/**
 * Opens a dossier (NĐ 30/2020 arts 29.1, 29.2): its maker is the actor, who keeps it from now on.
 *
 * @throws CongvanError `DOSSIER_EXISTS`, `AGENCY_CLOSED`, `NOT_FOUND`
 */
export async function openDossier(
  context: NodeContext,
  actor: UserActor,
  given: NewDossier,
): Promise<{ id: string; code: string; version: number }> {
  const now = context.clock()
  const today = vietnamDay(now)
  const { agencyId, userId } = actor
  return context.db.asAgency(actor, async (trx) => {
    const id = randomUUID()
    const notation = given.notation.normalize('NFC')
    const agency = await readOwnAgency(trx, agencyId, today)
    const code = dossierCode(agency.code, given.year, notation)
    await insertDossier(trx, {
      id,
      agencyId,
      code,
      year: given.year,
      notation,
      title: given.title,
      retentionYears: given.retentionYears,
      inCatalogue: given.inCatalogue,
      maker: userId,
      language: given.language,
      startedOn: given.startedOn ?? today,
      restricted: given.restricted,
      createdAt: now,
    })
    await insertMember(trx, agencyId, id, { userId, role: 'keeper', by: userId, at: now, reason: null })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'dossier.opened',
      subject: `dossier:${id}`,
      facts: { code, retentionYears: given.retentionYears, restricted: given.restricted },
    })
    return { id, code, version: 1 }
  })
}
