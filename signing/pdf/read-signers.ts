/** Whose certificates a file's signatures name, without any judgement of them. */
import { digestNamed } from '../algorithms.ts'
import { judgeSignedData } from '../cms/judge-signed-data.ts'
import { factsOnly } from './assert-revisions.ts'
import { digestByteRange, readSignedBytes } from './byte-range.ts'
import { findSignatures } from './find-signatures.ts'
import { isName } from './objects.ts'
import { openPdf } from './pdf-file.ts'

export interface Signer {
  /** Full name of the signature's field. */
  readonly field: string
  /** The signer's certificate out of the CMS, DER. Whether it is to be trusted is another question. */
  readonly certificate: Uint8Array
  /** SHA-256 of the bytes that the signature covers, hexadecimal: the same signature in whatever bytes it is written. */
  readonly covered: string
}

/**
 * The signers of a PDF in the order of signing: of every signature whose value holds over its bytes. Trust, coverage
 * and later changes are the business of `verifyPdf`.
 *
 * @throws SigningError as `openPdf`
 */
export function readSigners(bytes: Uint8Array): Signer[] {
  const file = openPdf(bytes)
  const signers: Signer[] = []
  for (const { field, dict, reachable } of findSignatures(file).signatures) {
    if (dict === undefined || field === null || !reachable) continue
    const { range, cms, faults } = readSignedBytes(file.bytes, dict)
    if (range === undefined || cms === undefined || faults.length > 0) continue
    const subFilter = dict.entries.get('SubFilter')
    const { cryptoIntact, certificate } = judgeSignedData({
      cms,
      contentDigest: (algorithm) => digestByteRange(file.bytes, range, algorithm),
      policy: factsOnly,
      context: 'pdf',
      ...(isName(subFilter) ? { subFilter: subFilter.name } : {}),
    })
    if (cryptoIntact !== true || certificate === null) continue
    const covered = Buffer.from(digestByteRange(file.bytes, range, digestNamed('SHA-256'))).toString('hex')
    signers.push({ field, certificate, covered })
  }
  return signers
}
