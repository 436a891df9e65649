/** The only SQL of `copy_authorities`: who may decide and sign copies, and when (NĐ 30/2020 art 27.1). */
import type { AgencyTransaction } from '../db.ts'

export interface CopyAuthority {
  readonly id: string
  readonly userId: string | null
  readonly name: string
  readonly position: string
  /** `TM. ỦY BAN NHÂN DÂN`, `TL. CHỦ TỊCH`: how the name is preceded on a copy on paper. */
  readonly competence: string | null
  /** `YYYY-MM-DD`, the first day. */
  readonly validFrom: string
  /** The first day on which it is over; null: until it is ended. */
  readonly validTo: string | null
  readonly grantedBy: string
  readonly grantedAt: Date
}

interface Row {
  readonly id: string
  readonly user_id: string | null
  readonly name: string
  readonly position: string
  readonly competence: string | null
  readonly valid_from: string
  readonly valid_to: string | null
  readonly granted_by: string
  readonly granted_at: Date
}

export async function insertAuthority(
  trx: AgencyTransaction,
  agencyId: string,
  authority: CopyAuthority,
): Promise<void> {
  await trx('copy_authorities').insert({
    agency_id: agencyId,
    id: authority.id,
    user_id: authority.userId,
    name: authority.name,
    position: authority.position,
    competence: authority.competence,
    valid_from: authority.validFrom,
    valid_to: authority.validTo,
    granted_by: authority.grantedBy,
    granted_at: authority.grantedAt,
  })
}

/** Ends an authority that is not over yet; false when there is none such. */
export async function endAuthority(trx: AgencyTransaction, id: string, validTo: string): Promise<boolean> {
  const count = await trx('copy_authorities')
    .where({ id })
    .where('valid_from', '<', validTo)
    .where((open) => open.whereNull('valid_to').orWhere('valid_to', '>', validTo))
    .update({ valid_to: validTo })
  return count > 0
}

/** All authorities, those that are over among them, newest first. */
export async function listAuthorities(trx: AgencyTransaction): Promise<CopyAuthority[]> {
  const rows: Row[] = await trx('copy_authorities')
    .orderBy([
      { column: 'valid_from', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(1_000)
    .select('*')
  return rows.map(fromRow)
}

/** The authority, if it holds on that day. */
export async function findAuthorityOn(
  trx: AgencyTransaction,
  id: string,
  date: string,
): Promise<CopyAuthority | undefined> {
  const row = await trx('copy_authorities')
    .where({ id })
    .where('valid_from', '<=', date)
    .where((open) => open.whereNull('valid_to').orWhere('valid_to', '>', date))
    .first<Row | undefined>()
  return row === undefined ? undefined : fromRow(row)
}

function fromRow(row: Row): CopyAuthority {
  return {
    id: row.id,
    userId: row.user_id,
    name: row.name,
    position: row.position,
    competence: row.competence,
    validFrom: row.valid_from,
    validTo: row.valid_to,
    grantedBy: row.granted_by,
    grantedAt: row.granted_at,
  }
}
