/** The only SQL of `signing_authorisations`: who may sign KT., TL. or TUQ., by what, for what and how long (art 13). */
import type { AgencyTransaction } from '../db.ts'

export const authorisedPrefixes = ['KT.', 'TL.', 'TUQ.'] as const
export type AuthorisedPrefix = (typeof authorisedPrefixes)[number]

export interface Authorisation {
  readonly id: string
  readonly prefix: AuthorisedPrefix
  readonly holderId: string
  readonly holderName: string
  /** Số, ký hiệu, ngày of the authorisation or rule. */
  readonly basis: string
  /** The agency's own document that it is, where it is one. */
  readonly basisDocument: string | null
  readonly scope: string
  /** Kinds of document that it covers; none = every kind. */
  readonly kinds: readonly string[]
  /** `YYYY-MM-DD`, both days included. */
  readonly validFrom: string
  readonly validTo: string | null
  readonly grantedBy: string
  readonly grantedAt: Date
  readonly revokedAt: Date | null
}

interface Row {
  readonly id: string
  readonly prefix: AuthorisedPrefix
  readonly holder_id: string
  readonly holder_name: string
  readonly basis: string
  readonly basis_document: string | null
  readonly scope: string
  readonly kinds: string[]
  readonly valid_from: string
  readonly valid_to: string | null
  readonly granted_by: string
  readonly granted_at: Date
  readonly revoked_at: Date | null
}

function fromRow(row: Row): Authorisation {
  return {
    id: row.id,
    prefix: row.prefix,
    holderId: row.holder_id,
    holderName: row.holder_name,
    basis: row.basis,
    basisDocument: row.basis_document,
    scope: row.scope,
    kinds: row.kinds,
    validFrom: row.valid_from,
    validTo: row.valid_to,
    grantedBy: row.granted_by,
    grantedAt: row.granted_at,
    revokedAt: row.revoked_at,
  }
}

export async function insertAuthorisation(
  trx: AgencyTransaction,
  agencyId: string,
  one: Omit<Authorisation, 'revokedAt'>,
): Promise<void> {
  await trx('signing_authorisations').insert({
    agency_id: agencyId,
    id: one.id,
    prefix: one.prefix,
    holder_id: one.holderId,
    holder_name: one.holderName,
    basis: one.basis,
    basis_document: one.basisDocument,
    scope: one.scope,
    kinds: JSON.stringify(one.kinds),
    valid_from: one.validFrom,
    valid_to: one.validTo,
    granted_by: one.grantedBy,
    granted_at: one.grantedAt,
  })
}

/**
 * What a person may sign by on a day; revoked ones are left out.
 *
 * @param day `YYYY-MM-DD` in Việt Nam
 */
export async function findAuthorisations(
  trx: AgencyTransaction,
  holderId: string,
  day: string,
): Promise<Authorisation[]> {
  const rows: Row[] = await trx('signing_authorisations')
    .where({ holder_id: holderId })
    .whereNull('revoked_at')
    .where('valid_from', '<=', day)
    .where((to) => to.whereNull('valid_to').orWhere('valid_to', '>=', day))
    .orderBy(['valid_from', 'id'])
    .select('*')
  return rows.map(fromRow)
}

const MOST = 1_000

/** All of the agency, the newest first. */
export async function listAuthorisations(trx: AgencyTransaction): Promise<Authorisation[]> {
  const rows: Row[] = await trx('signing_authorisations')
    .orderBy([
      { column: 'granted_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(MOST)
    .select('*')
  return rows.map(fromRow)
}

/** @returns false when there is none of this id that is not revoked */
export async function revokeAuthorisation(
  trx: AgencyTransaction,
  id: string,
  by: string,
  at: Date,
): Promise<boolean> {
  const count = await trx('signing_authorisations')
    .where({ id })
    .whereNull('revoked_at')
    .update({ revoked_by: by, revoked_at: at })
  return count > 0
}
