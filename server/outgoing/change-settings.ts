import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { AgencySettings } from '../documents/agency-settings.ts'
import {
  lockSettings,
  readStoredSettings,
  type StoredSettings,
  writeSettings,
} from '../documents/agency-settings-store.ts'
import { CongvanError } from '../errors.ts'
import { requireVersion } from '../http/route.ts'

/** The settings of the actor's agency with their version. */
export async function readAgencySettings(context: NodeContext, actor: UserActor): Promise<StoredSettings> {
  const { agencyId, userId } = actor
  return context.db.asAgency({ agencyId, userId }, readStoredSettings)
}

/**
 * Replaces the settings of the agency.
 *
 * @param ifMatch the version that the change is based on; 0 before the first
 * @throws CongvanError `VERSION_STALE`
 */
export async function changeSettings(
  context: NodeContext,
  actor: UserActor,
  settings: AgencySettings,
  ifMatch: number | undefined,
): Promise<StoredSettings> {
  const { agencyId, userId } = actor
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const { version } = await lockSettings(trx)
    requireVersion(version, ifMatch)
    const change = { agencyId, settings, version, by: userId, at: now }
    if (!(await writeSettings(trx, change))) {
      // Two wrote the first settings at the same time, and this one came second.
      throw new CongvanError('VERSION_STALE', { seen: version, current: version + 1 })
    }
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'agency.settings-changed',
      subject: `agency:${agencyId}`,
      facts: { version: version + 1 },
    })
    return { settings, version: version + 1 }
  })
}
