/**
 * What an uploaded revision must be: the expected revision, extended by exactly one signature that the node's trust
 * store accepts. What is checked here is what is stored: the same bytes, and the certificate inside them.
 */
import { createHash } from 'node:crypto'
import {
  assertExtendsBySignature,
  type Indication,
  SigningError,
  type SubIndication,
  type VerificationPolicy,
  verifyPdf,
} from '../../signing/index.ts'
import type { RevisionSignature } from '../documents/revision-store.ts'
import { CongvanError } from '../errors.ts'

export interface AddedSignature {
  readonly field: string
  /** DER. */
  readonly certificate: Uint8Array
}

const unreadable = new Set(['PDF_NOT_A_PDF', 'PDF_MALFORMED', 'PDF_ENCRYPTED', 'INPUT_TOO_LARGE'])

/**
 * The one signature by which `next` extends `previous`.
 *
 * @param wanted the signature field that it must stand in; default any, an existing or a new one
 * @throws CongvanError `SIGNATURE_NOT_AN_EXTENSION`
 * @throws SigningError when `next` is no readable PDF at all
 */
export function requireOneSignature(previous: Uint8Array, next: Uint8Array, wanted?: string): AddedSignature {
  try {
    const { field, certificate } = assertExtendsBySignature(
      previous,
      next,
      wanted === undefined ? {} : { field: wanted },
    )
    return { field, certificate }
  } catch (error) {
    if (!(error instanceof SigningError) || unreadable.has(error.code)) throw error
    throw new CongvanError(
      'SIGNATURE_NOT_AN_EXTENSION',
      { reason: error.messageIn('en'), reasonVi: error.messageIn('vi') },
      { cause: error },
    )
  }
}

/**
 * Judges all signatures of the file. Accepted is what passes, or lacks nothing but revocation data: that is recorded
 * and can be made good later.
 *
 * @param count how many signatures the file must have
 * @returns the added one with its verdict
 * @throws CongvanError `SIGNATURE_REJECTED` with the first verdict that is not acceptable
 */
export function requireAcceptable(
  bytes: Uint8Array,
  added: AddedSignature,
  count: number,
  policy: VerificationPolicy,
): RevisionSignature {
  const report = verifyPdf(bytes, policy)
  for (const one of report.signatures) requireVerdict(one.indication, one.subIndication)
  requireVerdict(report.indication, report.subIndication)
  const [fault] = report.errors
  if (fault !== undefined) {
    throw new CongvanError('SIGNATURE_REJECTED', { indication: report.indication, subIndication: fault.code })
  }
  const own = report.signatures.find((one) => one.field === added.field)
  if (own?.signer == null || report.signatures.length !== count) {
    throw new CongvanError('SIGNATURE_NOT_AN_EXTENSION', {
      reason: `${report.signatures.length} signatures instead of ${count}`,
      reasonVi: `có ${report.signatures.length} chữ ký thay vì ${count}`,
    })
  }
  return {
    field: added.field,
    subject: own.signer.subject,
    fingerprint: createHash('sha256').update(added.certificate).digest('hex'),
    indication: own.indication,
    subIndication: own.subIndication,
  }
}

function requireVerdict(indication: Indication, subIndication: SubIndication | null): void {
  if (indication === 'TOTAL_PASSED') return
  if (indication === 'INDETERMINATE' && subIndication === 'TRY_LATER') return
  throw new CongvanError('SIGNATURE_REJECTED', { indication, subIndication: subIndication ?? '-' })
}
