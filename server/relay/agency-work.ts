import { type NodeTransaction, withAgencyTables } from '../db.ts'
import type { AgencyWork } from '../directory/agency-act.ts'
import { countOpenDocuments } from '../documents/document-work-store.ts'
import { countOpenDeliveries } from './delivery-store.ts'

/**
 * What an agency hosted here has in hand, in counts alone: the operator who moves or closes it sees no document.
 *
 * @param countMembers accounts with a role in it
 */
export async function readAgencyWork(
  trx: NodeTransaction,
  agencyId: string,
  countMembers: (trx: NodeTransaction, agencyId: string) => Promise<number>,
): Promise<AgencyWork> {
  const members = await countMembers(trx, agencyId)
  return withAgencyTables(trx, agencyId, async (agency) => ({
    members,
    ...(await countOpenDocuments(agency, agencyId)),
    deliveries: await countOpenDeliveries(agency, agencyId),
  }))
}
