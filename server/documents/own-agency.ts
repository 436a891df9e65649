import type { AgencyTransaction } from '../db.ts'
import { isValidOn } from '../directory/agency-entry.ts'
import { findAgencyById } from '../directory/agency-store.ts'
import { CongvanError } from '../errors.ts'
import type { AgencyCodes } from './signer-identity.ts'

export interface OwnAgency {
  /** The code to send under on the day. */
  readonly code: string
  /** Every code that names the agency on the day. */
  readonly codes: AgencyCodes
  /** As it stands on documents on the day. */
  readonly name: string
}

/**
 * The acting agency as the directory has it on a day.
 *
 * @param date `YYYY-MM-DD` in Việt Nam
 * @throws CongvanError `NOT_FOUND`, `AGENCY_CLOSED`
 */
export async function readOwnAgency(
  trx: AgencyTransaction,
  agencyId: string,
  date: string,
): Promise<OwnAgency> {
  const agency = await findAgencyById(trx, agencyId, date)
  if (agency === undefined) throw new CongvanError('NOT_FOUND', { what: `agency ${agencyId} on ${date}` })
  if (agency.closedOn !== null && agency.closedOn <= date) {
    const successors = agency.successors.map((one) => `${one.code} ${one.name}`).join('; ')
    throw new CongvanError('AGENCY_CLOSED', {
      code: agency.code,
      date: agency.closedOn,
      successors: successors || '-',
    })
  }
  const valid = agency.codes.filter((one) => isValidOn(one, date))
  return { code: agency.code, codes: new Set(valid.map((one) => one.code)), name: agency.name }
}
