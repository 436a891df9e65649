/** Whether a person may sign under a prefix, for a kind of document, on a day (NĐ 30/2020 art 13). */
import type { AgencyTransaction } from '../db.ts'
import type { AgencySettings } from '../documents/agency-settings.ts'
import {
  type Authorisation,
  authorisedPrefixes,
  findAuthorisations,
} from '../documents/authorisation-store.ts'
import { CongvanError } from '../errors.ts'
import { prefixesOf } from './competence.ts'

export interface SigningClaim {
  readonly userId: string
  readonly name: string
  readonly competence: string | null
  /** Tên loại of the document. */
  readonly kind: string
  /** `YYYY-MM-DD` in Việt Nam. */
  readonly day: string
}

/**
 * The authorisation that a person signs by; `undefined` where the competence needs none. TUQ. always needs one (art
 * 13.3), KT. and TL. where the agency has decided so (arts 13.1, 13.4).
 *
 * @throws CongvanError `AUTHORISATION_MISSING`
 */
export async function requireSigningRight(
  trx: AgencyTransaction,
  settings: Pick<AgencySettings, 'authorisedPrefixes'>,
  claim: SigningClaim,
): Promise<Authorisation | undefined> {
  const prefixes = prefixesOf(claim.competence) ?? []
  const needed = authorisedPrefixes.find(
    (prefix) =>
      prefixes.includes(prefix) && (prefix === 'TUQ.' || settings.authorisedPrefixes.includes(prefix)),
  )
  if (needed === undefined) return undefined
  const held = await findAuthorisations(trx, claim.userId, claim.day)
  const right = held.find((one) => one.prefix === needed && covers(one, claim.kind))
  if (right === undefined) {
    throw new CongvanError('AUTHORISATION_MISSING', { prefix: needed, name: claim.name })
  }
  return right
}

function covers(authorisation: Authorisation, kind: string): boolean {
  return authorisation.kinds.length === 0 || authorisation.kinds.includes(kind)
}
