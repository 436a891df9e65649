import { vietnamDay } from '../directory/agency-entry.ts'
import { type DirectoryTransaction, findAgencyByCode, findAgencyById } from '../directory/agency-store.ts'
import { routeTo } from '../directory/node-store.ts'
import { CongvanError } from '../errors.ts'

/** Where an envelope goes for one recipient, asked at one node. */
export type RecipientRoute =
  | {
      readonly kind: 'here'
      readonly code: string
      readonly agencyId: string
      /** Since when it is closed, `YYYY-MM-DD`; a closed agency consigns nothing any more. */
      readonly closedOn: string | null
    }
  | { readonly kind: 'onward'; readonly code: string; readonly nodeId: string }

/**
 * The route to the agency that bore a code when the envelope was sealed. A code may have passed to another agency
 * since; the agency itself is followed to the node that hosts it now, a closed one to the node that hosted it last.
 *
 * @throws CongvanError `AGENCY_CODE_UNKNOWN`, `NO_ROUTE`
 */
export async function routeRecipient(
  trx: DirectoryTransaction,
  ownNodeId: string,
  code: string,
  sealedAt: Date,
  now: Date,
): Promise<RecipientRoute> {
  const date = vietnamDay(sealedAt)
  const addressed = await findAgencyByCode(trx, code, date)
  if (addressed === undefined) throw new CongvanError('AGENCY_CODE_UNKNOWN', { code, date })
  const today = vietnamDay(now)
  const agency = (await findAgencyById(trx, addressed.id, today)) ?? addressed
  const hop = await routeTo(trx, ownNodeId, agency)
  if (hop.kind !== 'deliver') return { kind: 'onward', code, nodeId: hop.nodeId }
  const closedOn = agency.closedOn !== null && agency.closedOn <= today ? agency.closedOn : null
  return { kind: 'here', code, agencyId: agency.id, closedOn }
}
