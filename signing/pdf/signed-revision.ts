/** The bytes that a signature of a PDF was found to hold over. */
import { SigningError } from '../errors.ts'
import type { SignatureReport } from '../report.ts'

/**
 * The file as it was when it was signed, to be used in place of a file that was changed later: its first bytes, the
 * value of `/Contents` among them, without a copy. Undefined for a signature that does not hold over its bytes or that
 * covers no revision to its end.
 *
 * @param pdf the bytes that were verified
 * @param signature out of the report on them
 * @throws SigningError `PDF_MALFORMED` when the report cannot be one on these bytes
 */
export function signedRevision(
  pdf: Uint8Array,
  signature: Pick<SignatureReport, 'cryptoIntact' | 'signedLength'>,
): Uint8Array | undefined {
  const { cryptoIntact, signedLength } = signature
  if (cryptoIntact !== true || signedLength === undefined) return undefined
  if (signedLength > pdf.length) {
    throw new SigningError('PDF_MALFORMED', {
      position: pdf.length,
      reason: 'the signed bytes end further on',
    })
  }
  return pdf.subarray(0, signedLength)
}
