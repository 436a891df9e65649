import { createHash } from 'node:crypto'
import { agencyCodeOf, readSigners, roleOf, SigningError, verifyPdf } from '../../signing/index.ts'
import type { DocumentFile, FileVerdict } from '../documents/document-files-store.ts'
import { policyAt, type TrustStore } from '../documents/document-services.ts'
import type { RevisionSignature } from '../documents/revision-store.ts'
import type { AgencyCodes } from '../documents/signer-identity.ts'
import { extensionOf } from '../files/file-names.ts'
import type { FileStore } from '../files/file-store.ts'
import { contentFits, sniffContent } from '../files/sniff-content.ts'

/**
 * What can be wrong with a separate file; stable codes.
 *
 * - `FILE_UNSIGNED`: a PDF or an annex without an agency's signature (NĐ 30/2020 Phụ lục I, II.8b).
 * - `FILE_SIGNATURE_INVALID`: a signature that failed.
 * - `FILE_SIGNER_NOT_SENDER`: of an annex, another agency signed than the one that issued the document.
 * - `FILE_TYPE_NOT_ALLOWED`: a type that the receiving agency does not attach itself (NB161 art 8.3a).
 * - `FILE_CONTENT_MISMATCH`: the bytes are not what the name says.
 */
export type FileFinding =
  | 'FILE_UNSIGNED'
  | 'FILE_SIGNATURE_INVALID'
  | 'FILE_SIGNER_NOT_SENDER'
  | 'FILE_TYPE_NOT_ALLOWED'
  | 'FILE_CONTENT_MISMATCH'

export interface VerifyFilesOptions {
  readonly trust: TrustStore
  readonly now: Date
  /** Codes of the agency that issued the document; null where nobody knows. */
  readonly issuer: AgencyCodes | null
  /** Extensions that the receiving agency attaches itself. */
  readonly allowedTypes: readonly string[]
}

/**
 * Judges the separate files of a received document, each by an agency's signature alone. They are read one after the
 * other: a message may bring a hundred.
 *
 * @throws CongvanError `STORAGE_DAMAGED`
 */
export async function verifyFiles(
  store: FileStore,
  files: readonly DocumentFile[],
  options: VerifyFilesOptions,
): Promise<FileVerdict[]> {
  const verdicts: FileVerdict[] = []
  for (const file of files) verdicts.push(judgeFile(file, await store.read(file.sha256), options))
  return verdicts
}

export function judgeFile(file: DocumentFile, bytes: Uint8Array, options: VerifyFilesOptions): FileVerdict {
  const findings: FileFinding[] = []
  const extension = extensionOf(file.name)
  if (!options.allowedTypes.includes(extension)) findings.push('FILE_TYPE_NOT_ALLOWED')
  if (!contentFits(extension, bytes)) findings.push('FILE_CONTENT_MISMATCH')
  const { position } = file
  if (sniffContent(bytes) !== 'pdf') {
    if (file.kind === 'annex') findings.push('FILE_UNSIGNED')
    return {
      position,
      signature: null,
      indication: 'NO_SIGNATURE',
      subIndication: null,
      findings,
      report: null,
    }
  }
  const { report, signature, code } = judgePdf(bytes, options)
  const { indication, subIndication } = report
  if (indication === 'TOTAL_FAILED') findings.push('FILE_SIGNATURE_INVALID')
  else if (signature === null) findings.push('FILE_UNSIGNED')
  const stranger = options.issuer !== null && !(code !== null && options.issuer.has(code))
  if (file.kind === 'annex' && signature !== null && stranger) findings.push('FILE_SIGNER_NOT_SENDER')
  return { position, signature, indication, subIndication, findings, report }
}

function judgePdf(bytes: Uint8Array, { trust, now }: VerifyFilesOptions) {
  try {
    const report = verifyPdf(bytes, policyAt(trust, now, 'scanned-copy'))
    const agency = readSigners(bytes).findLast((one) => roleOf(one.certificate) === 'agency')
    const own = report.signatures.find((one) => one.field === agency?.field)
    if (agency === undefined || own?.signer == null) return { report, signature: null, code: null }
    const signature: RevisionSignature = {
      field: agency.field,
      subject: own.signer.subject,
      fingerprint: createHash('sha256').update(agency.certificate).digest('hex'),
      indication: own.indication,
      subIndication: own.subIndication,
    }
    return { report, signature, code: agencyCodeOf(agency.certificate) }
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    const report = {
      format: null,
      indication: 'TOTAL_FAILED',
      subIndication: 'FORMAT_FAILURE',
      signatures: [],
      errors: [{ code: error.code, message: error.message }],
    } as const
    return { report, signature: null, code: null }
  }
}
