/** The only SQL of `agency_settings`. */
import type { AgencyTransaction } from '../db.ts'
import { type AgencySettings, agencySettings } from './agency-settings.ts'

export type { AgencySettings } from './agency-settings.ts'

export interface StoredSettings {
  readonly settings: AgencySettings
  /** 0 before anybody has decided anything; then one more with every change. */
  readonly version: number
}

interface Row {
  readonly settings: unknown
  readonly version: number
}

/** The settings of the transaction's agency; what it has not decided has its default. */
export async function readSettings(trx: AgencyTransaction): Promise<AgencySettings> {
  return (await readStoredSettings(trx)).settings
}

export async function readStoredSettings(trx: AgencyTransaction): Promise<StoredSettings> {
  return stored(await trx('agency_settings').first<Row | undefined>('settings', 'version'))
}

/** As `readStoredSettings`, locked until the transaction ends. */
export async function lockSettings(trx: AgencyTransaction): Promise<StoredSettings> {
  return stored(await trx('agency_settings').forUpdate().first<Row | undefined>('settings', 'version'))
}

/**
 * @param version that the change is based on
 * @returns false when somebody else has written a version since; nothing is written then
 */
export async function writeSettings(
  trx: AgencyTransaction,
  change: {
    readonly agencyId: string
    readonly settings: AgencySettings
    readonly version: number
    readonly by: string
    readonly at: Date
  },
): Promise<boolean> {
  const written = {
    settings: JSON.stringify(change.settings),
    version: change.version + 1,
    changed_by: change.by,
    changed_at: change.at,
  }
  if (change.version === 0) {
    const made = await trx('agency_settings')
      .insert({ agency_id: change.agencyId, ...written })
      .onConflict('agency_id')
      .ignore()
      .returning('version')
    return made.length > 0
  }
  const count = await trx('agency_settings').where({ version: change.version }).update(written)
  return count > 0
}

/** A setting that a later program knows and this one does not is left out of what it reads, never an error. */
function stored(row: Row | undefined): StoredSettings {
  if (row === undefined) return { settings: agencySettings.parse({}), version: 0 }
  return { settings: agencySettings.strip().parse(row.settings), version: row.version }
}
