/** Whether the files of a bundle are those of its envelopes, and what the signatures in them come to. Pure. */
import {
  SigningError,
  type VerificationPolicy,
  type VerificationReport,
  verifyPdf,
} from '../../../signing/index.ts'
import type { Attachment } from '../../edxml/envelope.ts'
import { documentName } from './bundle.ts'
import type { Findings } from './findings.ts'
import type { TrustGiven } from './node-trust.ts'
import type { OpenedBundle } from './open-bundle.ts'

export interface JudgedFile {
  /** In the bundle. */
  readonly file: string
  /** As the sealed envelope names it. */
  readonly name: string
  readonly sha256: string
  readonly length: number
  /** The issued document, not a file that goes with it. */
  readonly isMain: boolean
  /** Of a PDF. */
  readonly signatures: VerificationReport | null
}

export function judgeFiles(bundle: OpenedBundle, given: TrustGiven, findings: Findings): JudgedFile[] {
  const judged = new Map<string, JudgedFile>()
  for (const { message, sealedAt } of bundle.envelopes.values()) {
    const main = message.attachments.find((one) => one.contentType === 'application/pdf')
    for (const one of message.attachments) {
      const file = documentName(one.sha256, one.contentType)
      if (judged.has(file)) continue
      const bytes = bundle.files.get(file)
      if (bytes === undefined || bytes.length !== one.length) findings.add('FILE_MISSING', { file })
      compareName(bundle, file, one, findings)
      const signatures = bytes === undefined ? null : judgePdf(one, bytes, sealedAt, given)
      const isMain = one === main
      if (signatures !== null) judgeReport(file, isMain, signatures, findings)
      const { attachmentName: name, sha256, length } = one
      judged.set(file, { file, name, sha256, length, isMain, signatures })
    }
  }
  for (const { file } of bundle.index.files) if (!judged.has(file)) findings.add('FILE_FOREIGN', { file })
  return [...judged.values()].toSorted((a, b) => Number(b.isMain) - Number(a.isMain))
}

function compareName(
  { index }: OpenedBundle,
  file: string,
  { attachmentName: sealed }: Attachment,
  findings: Findings,
): void {
  const listed = index.files.find((one) => one.file === file)
  if (listed === undefined) findings.add('FILE_MISSING', { file })
  else if (listed.name !== sealed) findings.add('FILE_RENAMED', { file, name: listed.name, sealed })
}

/**
 * Judged at the time of the envelope's seal: by it and the receipts the bytes were there then. A certificate that has
 * ended since takes nothing away from them.
 */
function judgePdf(
  { contentType }: Attachment,
  bytes: Uint8Array,
  sealedAt: Date,
  { anchors, untrusted, crls }: TrustGiven,
): VerificationReport | null {
  if (contentType !== 'application/pdf') return null
  const policy: VerificationPolicy = {
    trustAnchors: anchors,
    untrusted,
    crls,
    ocspResponses: [],
    time: sealedAt,
    requireRevocation: false,
    legacy: false,
    profile: 'any',
  }
  try {
    return verifyPdf(bytes, policy)
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    const errors = [{ code: error.code, message: error.message }]
    return {
      format: 'pdf',
      indication: 'TOTAL_FAILED',
      subIndication: 'FORMAT_FAILURE',
      signatures: [],
      errors,
    }
  }
}

function judgeReport(
  file: string,
  isMain: boolean,
  { indication, subIndication }: VerificationReport,
  findings: Findings,
): void {
  const reason = subIndication ?? indication
  if (indication === 'TOTAL_FAILED') findings.add('SIGNATURE_FALSE', { file, reason })
  // A file that goes with the document may be unsigned; the document itself may not.
  else if (indication === 'INDETERMINATE' || (isMain && indication === 'NO_SIGNATURE')) {
    findings.add('SIGNATURE_OPEN', { file, reason })
  }
}
