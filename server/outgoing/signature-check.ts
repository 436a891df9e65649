/**
 * What an uploaded revision must be: the expected revision, extended by exactly one signature that the node's trust
 * store accepts. What is checked here is what is stored: the same bytes, and the certificate inside them.
 */
import { createHash, X509Certificate } from 'node:crypto'
import {
  assertExtendsBySignature,
  assertIssueMark,
  assertLaterSignature,
  type ExpectedMark,
  type FieldPlace,
  type Indication,
  SigningError,
  type SubIndication,
  type VerificationPolicy,
  type VerificationReport,
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
  return asExtension(() =>
    assertExtendsBySignature(previous, next, wanted === undefined ? {} : { field: wanted }),
  )
}

/**
 * The signature by which somebody who signs after others have signed elsewhere extends the document: in a new field of
 * that name, which stands in the place that was found free for it, or is not seen.
 *
 * @throws CongvanError `SIGNATURE_NOT_AN_EXTENSION`
 * @throws SigningError when `next` is no readable PDF at all
 */
export function requireLaterSignature(
  previous: Uint8Array,
  next: Uint8Array,
  field: string,
  place: FieldPlace | null,
): AddedSignature {
  return asExtension(() => assertLaterSignature(previous, next, field, place))
}

/**
 * The agency's signature on a document that was signed elsewhere: it shows number and date in the place kept for them.
 *
 * @throws CongvanError `SIGNATURE_NOT_AN_EXTENSION`
 * @throws SigningError when `next` is no readable PDF at all
 */
export function requireIssueMark(
  previous: Uint8Array,
  next: Uint8Array,
  expected: ExpectedMark,
): AddedSignature & { readonly signingTime: Date } {
  return asExtension(() => assertIssueMark(previous, next, expected))
}

function asExtension<T extends AddedSignature>(check: () => T): T {
  try {
    return check()
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
  requireVerdicts(report)
  // A draft signed elsewhere may carry time-stamps of its own; none is added here.
  const signatures = report.signatures.filter((one) => one.role !== 'timestamp')
  const own = signatures.find((one) => one.field === added.field)
  if (own?.signer == null || signatures.length !== count) {
    throw new CongvanError('SIGNATURE_NOT_AN_EXTENSION', {
      reason: `${signatures.length} signatures instead of ${count}`,
      reasonVi: `có ${signatures.length} chữ ký thay vì ${count}`,
    })
  }
  return {
    field: added.field,
    subject: own.signer.subject,
    fingerprint: createHash('sha256').update(added.certificate).digest('hex'),
    indication: own.indication,
    subIndication: own.subIndication,
    endsAt: new X509Certificate(added.certificate).validToDate,
  }
}

/**
 * Whether every signature of a file, and the file by its profile, passes or lacks nothing but revocation data.
 * @throws CongvanError `SIGNATURE_REJECTED`
 */
export function requireVerdicts(report: VerificationReport): void {
  for (const one of report.signatures) requireVerdict(one.indication, one.subIndication)
  requireVerdict(report.indication, report.subIndication)
  const [fault] = report.errors
  if (fault !== undefined) {
    throw new CongvanError('SIGNATURE_REJECTED', { indication: report.indication, subIndication: fault.code })
  }
}

function requireVerdict(indication: Indication, subIndication: SubIndication | null): void {
  if (indication === 'TOTAL_PASSED') return
  if (indication === 'INDETERMINATE' && subIndication === 'TRY_LATER') return
  throw new CongvanError('SIGNATURE_REJECTED', { indication, subIndication: subIndication ?? '-' })
}
