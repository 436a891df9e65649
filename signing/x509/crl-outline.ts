import { parseCrl } from './crl.ts'
import { shortName } from './name.ts'

/** What an operator is told of a revocation list; it proves nothing. */
export interface CrlOutline {
  /** RFC 4514, cut where it is long. */
  readonly issuer: string
  readonly thisUpdate: Date
  /** When the next one is promised; undefined where the list promises none. */
  readonly nextUpdate: Date | undefined
}

/** @throws SigningError `CRL_MALFORMED` */
export function crlOutline(der: Uint8Array): CrlOutline {
  const { issuer, thisUpdate, nextUpdate } = parseCrl(der)
  return { issuer: shortName(issuer), thisUpdate, nextUpdate }
}
