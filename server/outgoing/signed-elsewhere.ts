/**
 * A draft that individuals have signed in another program. Nothing is believed because it came so: each of its
 * signatures must be what `addSignature` asks of one that is made here.
 */
import { createHash, X509Certificate } from 'node:crypto'
import {
  type ChangeCode,
  letterFields,
  listFields,
  readSigners,
  type SignatureReport,
  signedRevision,
  type VerificationPolicy,
  verifyPdf,
} from '../../signing/index.ts'
import type { RevisionSignature } from '../documents/revision-store.ts'
import { type AgencyCodes, isOfSigner, requireNamedSigner } from '../documents/signer-identity.ts'
import { CongvanError } from '../errors.ts'
import { requireVerdicts } from './signature-check.ts'

/** One of the signatures that a draft came with. */
export interface ElsewhereSignature {
  readonly signature: RevisionSignature
  /** DER. */
  readonly certificate: Uint8Array
  /** The file as this person signed it, out of the whole. */
  readonly bytes: Uint8Array
  /** SHA-256 of what the signature covers, hexadecimal: all of these bytes but its own value. */
  readonly covered: string
}

/** Whether an uploaded draft carries signatures. @throws SigningError when it is no readable PDF */
export function isSigned(bytes: Uint8Array): boolean {
  return listFields(bytes).signatureFields.some((field) => field.signed)
}

/**
 * The individuals' signatures of a draft, in their order, each with its verdict: all hold, by certificates that the node
 * trusts, with no change after them but further signatures, and the last one covers the whole file.
 *
 * @throws CongvanError `DRAFT_ALREADY_SIGNED` for a letter with fields of ours, which is signed here; `SIGNATURE_REJECTED`,
 *   `SIGNED_FILE_EXTENDED`
 * @throws SigningError when it is no readable PDF
 */
export function readElsewhere(bytes: Uint8Array, policy: VerificationPolicy): ElsewhereSignature[] {
  const ours = `${letterFields.number.split('.')[0]}.`
  if (listFields(bytes).names.some((name) => name.startsWith(ours)))
    throw new CongvanError('DRAFT_ALREADY_SIGNED')
  const report = verifyPdf(bytes, policy)
  requireVerdicts(report)
  const people = report.signatures.filter((one) => one.role !== 'timestamp')
  // A file with nothing but time-stamps was signed by nobody, and cannot get fields any more.
  if (people.length === 0) throw new CongvanError('DRAFT_ALREADY_SIGNED')
  for (const one of people) requireSameContent(one)
  if (report.signatures.at(-1)?.coverage !== 'whole-file') throw new CongvanError('SIGNED_FILE_EXTENDED')
  const signers = new Map(readSigners(bytes).map((signer) => [signer.field, signer]))
  return people.map((one, i) => {
    const signer = signers.get(one.field ?? '')
    const prefix = i === people.length - 1 ? bytes : signedRevision(bytes, one)
    if (signer === undefined || prefix === undefined || one.coverage === 'partial')
      throw new CongvanError('SIGNATURE_REJECTED', {
        indication: one.indication,
        subIndication: 'FORMAT_FAILURE',
      })
    const { certificate, covered } = signer
    return { signature: recordOf(one, certificate), certificate, bytes: prefix, covered }
  })
}

/** Changes that no signature forbids by itself, and after which the page shows what the person has not signed. */
const ofContent: ReadonlySet<string> = new Set<ChangeCode>([
  'FIELD_FILLED',
  'FIELD_APPEARANCE_UNVERIFIED',
  'ANNOTATION_CHANGED',
])

/** Neither is any among those that a report has no room for. */
function requireSameContent({ indication, changes, warnings }: SignatureReport): void {
  const other =
    changes.find(({ code }) => ofContent.has(code)) ??
    warnings.find(({ code }) => code === 'CHANGES_NOT_LISTED')
  if (other !== undefined)
    throw new CongvanError('SIGNATURE_REJECTED', { indication, subIndication: other.code })
}

function recordOf(one: SignatureReport, certificate: Uint8Array): RevisionSignature {
  return {
    field: one.field ?? '',
    subject: one.signer?.subject ?? '',
    fingerprint: createHash('sha256').update(certificate).digest('hex'),
    indication: one.indication,
    subIndication: one.subIndication,
    endsAt: new X509Certificate(certificate).validToDate,
  }
}

/** Name and office that the certificate must have. */
export interface SignerInTurn {
  readonly name: string
  readonly position: string | null
}

/**
 * Whether those who have signed are the first of those who sign, in their order, by certificates of this agency.
 *
 * @throws CongvanError `SIGNERS_DIFFER` for more signatures than signers, `SIGNED_OUT_OF_TURN`, `SIGNER_WRONG`
 */
export function requireSignersInTurn(
  signatures: readonly ElsewhereSignature[],
  signers: readonly SignerInTurn[],
  codes: AgencyCodes,
): void {
  if (signatures.length > signers.length)
    throw new CongvanError('SIGNERS_DIFFER', { fields: signatures.length, signers: signers.length })
  for (const [i, { certificate }] of signatures.entries()) {
    const expected = signers[i]
    if (expected === undefined) continue
    const other = signers.find((one) => one !== expected && isOfSigner(certificate, one))
    if (other !== undefined && !isOfSigner(certificate, expected))
      throw new CongvanError('SIGNED_OUT_OF_TURN', {
        position: i + 1,
        expected: expected.name,
        found: other.name,
      })
    requireNamedSigner(certificate, expected, codes)
  }
}
