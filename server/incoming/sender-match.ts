/**
 * Whether the agency that signed a received document is the one that sent it. The envelope says who sends and the
 * document bears the sign of whoever made it; the two may rightly differ (a document that is passed on), and then the
 * clerk decides.
 */
import { agencyCodeOf, roleOf, type Signer } from '../../signing/index.ts'
import type { AgencyTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { findAgencyByCode } from '../directory/agency-store.ts'
import type { DocumentRow } from '../documents/document-store.ts'
import type { AgencyCodes } from '../documents/signer-identity.ts'

/**
 * Every code that the sender bore from the day of the document until now, and the one it sent under, which alone
 * counts where the directory does not know it.
 *
 * @param promulgationDate `YYYY-MM-DD`
 */
export async function senderCodes(
  trx: AgencyTransaction,
  senderCode: string,
  promulgationDate: string | null,
  now: Date,
): Promise<AgencyCodes> {
  const today = vietnamDay(now)
  const from = promulgationDate !== null && promulgationDate < today ? promulgationDate : today
  const sender =
    (await findAgencyByCode(trx, senderCode, today)) ?? (await findAgencyByCode(trx, senderCode, from))
  const borne = (sender?.codes ?? []).filter(
    (one) => one.validFrom <= today && (one.validTo === null || one.validTo > from),
  )
  return new Set([senderCode, ...borne.map((one) => one.code)])
}

/**
 * Whether one agency has sent both documents, under whichever of its codes. A code may have been another agency's
 * before: what counts is who bore it when the document came. Where the directory knows neither, only equal codes are one.
 */
export async function isSameSender(
  trx: AgencyTransaction,
  one: DocumentRow,
  other: DocumentRow,
): Promise<boolean> {
  const [mine, theirs] = [await senderOf(trx, one), await senderOf(trx, other)]
  if (mine !== undefined && theirs !== undefined) return mine === theirs
  return one.incoming !== null && one.incoming.senderCode === other.incoming?.senderCode
}

/** The agency that bore the sender's code when a document came; while it was on its way the code may have ended. */
async function senderOf(
  trx: AgencyTransaction,
  { incoming, createdAt, promulgationDate }: DocumentRow,
): Promise<string | undefined> {
  if (incoming === null) return undefined
  const day = vietnamDay(createdAt)
  const then = await findAgencyByCode(trx, incoming.senderCode, day)
  if (then !== undefined || promulgationDate === null || promulgationDate >= day) return then?.id
  return (await findAgencyByCode(trx, incoming.senderCode, promulgationDate))?.id
}

/**
 * True when one of the agencies whose signatures hold over the file bears one of these codes; null when there is no
 * such signature. A certificate that names no agency's code matches none.
 */
export function matchSender(signers: readonly Signer[], codes: AgencyCodes): boolean | null {
  const signed = signers
    .map((one) => one.certificate)
    .filter((certificate) => roleOf(certificate) === 'agency')
    .map((certificate) => agencyCodeOf(certificate))
  return signed.length === 0 ? null : signed.some((code) => code !== null && codes.has(code))
}
