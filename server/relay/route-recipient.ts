import { vietnamDay } from '../directory/agency-entry.ts'
import {
  type Agency,
  type DirectoryTransaction,
  findAgenciesByCode,
  findAgencyById,
  successorsText,
} from '../directory/agency-store.ts'
import { type Hop, routeTo } from '../directory/node-store.ts'
import { CongvanError } from '../errors.ts'

/** Where an envelope goes for one recipient, asked at one node. */
export type RecipientRoute =
  | {
      readonly kind: 'here'
      readonly code: string
      readonly agencyId: string
      /** Since when it is closed, `YYYY-MM-DD`; a closed agency consigns nothing any more. */
      readonly closedOn: string | null
      /** Who took over from it, as people are told; empty when it is not closed or nobody did. */
      readonly successors: string
    }
  | { readonly kind: 'onward'; readonly code: string; readonly nodeId: string }

/**
 * The route to the agency that bore a code when the envelope was sealed.
 *
 * @throws CongvanError `AGENCY_CODE_UNKNOWN`, `NO_ROUTE`
 */
export type RouteRecipient = (code: string) => Promise<RecipientRoute>

/**
 * Routes the recipients of one envelope from one node; all are looked up when the first is asked for. A code may have
 * passed to another agency since the sealing; the agency itself is followed to the node that hosts it now, a closed one
 * to the node that hosted it last.
 *
 * @param codes those that will be asked for
 */
export function recipientRouter(
  trx: DirectoryTransaction,
  ownNodeId: string,
  codes: readonly string[],
  sealedAt: Date,
  now: Date,
): RouteRecipient {
  const sealed = vietnamDay(sealedAt)
  const today = vietnamDay(now)
  // Many recipients share a hosting node, and its way is the same for all of them.
  const hops = new Map<string, Hop>()
  let found: Promise<Map<string, Agency>> | undefined
  return async (code) => {
    found ??= findAgenciesByCode(trx, codes, sealed)
    const addressed = (await found).get(code)
    if (addressed === undefined) throw new CongvanError('AGENCY_CODE_UNKNOWN', { code, date: sealed })
    const known = sealed === today ? addressed : await findAgencyById(trx, addressed.id, today)
    const agency = known ?? addressed
    const hop = hops.get(agency.hostingNode) ?? (await routeTo(trx, ownNodeId, agency))
    hops.set(agency.hostingNode, hop)
    if (hop.kind !== 'deliver') return { kind: 'onward', code, nodeId: hop.nodeId }
    const closedOn = agency.closedOn !== null && agency.closedOn <= today ? agency.closedOn : null
    const successors = closedOn === null ? '' : successorsText(agency.successors)
    return { kind: 'here', code, agencyId: agency.id, closedOn, successors }
  }
}
