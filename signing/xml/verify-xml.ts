import type { KeyObject } from 'node:crypto'
import { SigningError, type SigningErrorCode } from '../errors.ts'
import type { VerificationPolicy } from '../policy.ts'
import {
  type FileFormat,
  type Finding,
  type Indication,
  type SignatureReport,
  type SubIndication,
  type VerificationReport,
  worstIndication,
} from '../report.ts'
import { describeSigner, parseCertificate } from '../x509/certificate.ts'
import { type CertificateJudgement, judgeCertificate } from '../x509/judge-certificate.ts'
import type { Attachments } from './dereference.ts'
import { examineSeal, type SealExamination } from './examine-seal.ts'
import type { ExpandedName } from './names.ts'
import { generalXmlLimits } from './open-xml.ts'
import { sealedXmlLimits, type XmlLimits } from './scan.ts'
import { EDXML, RECEIPT, sealedPath } from './sealed-places.ts'
import { signingTimeText } from './signature-element.ts'
import { verifyGeneralXml } from './verify-general-xml.ts'

interface Verdict {
  readonly indication: Exclude<Indication, 'NO_SIGNATURE'>
  readonly subIndication: SubIndication | null
}

export interface VerifyXmlOptions {
  /** By default `sealedXmlLimits` for files of the sealed profile and `generalXmlLimits` for all others. */
  readonly limits?: XmlLimits
  /**
   * Octets that signatures refer to outside of the file, by the exact URI of the reference (`cid:…`, a file name);
   * under `''` those of a reference without URI. Nothing that is not here is ever looked for.
   */
  readonly attachments?: Attachments
  /**
   * Public or secret keys that the caller knows, for signatures without a certificate: with one that fits,
   * `cryptoIntact` can be told. They say nothing about who signed, so the verdict stays `INDETERMINATE`.
   */
  readonly keys?: readonly KeyObject[]
}

/**
 * Judges an XML file under a policy: every XMLDSig and XAdES signature in it (ETSI EN 319 102-1). Content that
 * a signature covers is in `covered` of its report, as octets; a caller reads these and not the file.
 *
 * A file with the root element of the sealed profile (envelopes, statuses, receipts) is judged by that profile alone:
 * whatever departs from its one exact form does not pass.
 *
 * Never throws for the file's sake: whatever is wrong with it stands in the report.
 */
export function verifyXml(
  xml: Uint8Array,
  policy: VerificationPolicy,
  { limits, attachments = new Map(), keys = [] }: VerifyXmlOptions = {},
): VerificationReport {
  const format = guessFormat(xml)
  try {
    return (
      verifySealed(xml, policy, limits ?? sealedXmlLimits) ??
      verifyGeneralXml(xml, policy, { limits: limits ?? generalXmlLimits, attachments, keys })
    )
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    return unread(format, error)
  }
}

/** Undefined for a file with another root element. */
function verifySealed(
  xml: Uint8Array,
  policy: VerificationPolicy,
  limits: XmlLimits,
): VerificationReport | undefined {
  // No root element of the profile without its namespace; other spellings of it end in `verifyGeneralXml`.
  const bytes = Buffer.from(xml.buffer, xml.byteOffset, xml.byteLength)
  if (!bytes.includes(EDXML) && !bytes.includes(RECEIPT)) return undefined
  let format: FileFormat = guessFormat(xml)
  let isSealed = true
  const path = (root: ExpandedName) => {
    const found = sealedPath(root)
    isSealed = found !== undefined
    format = root.namespace === EDXML ? 'edxml' : 'xml'
    return found
  }
  try {
    const seal = examineSeal(xml, path, limits)
    const judgement = judgeCertificate(
      seal.signature.certificates[0],
      seal.signature.certificates.slice(1),
      policy,
    )
    return reportOf(format, seal, judgement, policy)
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    return isSealed ? unread(format, error) : undefined
  }
}

function unread(format: FileFormat, error: SigningError): VerificationReport {
  const { code, message } = error
  return { format, ...verdictOfError(code), signatures: [], errors: [{ code, message }] }
}

/** For a file that no parser has read yet or will read. */
function guessFormat(xml: Uint8Array): FileFormat {
  const beginning = Buffer.from(xml.buffer, xml.byteOffset, Math.min(xml.byteLength, 4096)).toString('latin1')
  return /<(?:\w+:)?edXML[\s>]/.test(beginning) && beginning.includes(EDXML) ? 'edxml' : 'xml'
}

function verdictOfError(code: SigningErrorCode): {
  indication: Indication
  subIndication: SubIndication | null
} {
  switch (code) {
    case 'XML_NOT_SIGNED':
      return { indication: 'NO_SIGNATURE', subIndication: null }
    case 'XML_MALFORMED':
    case 'XML_DOCTYPE_FORBIDDEN':
    case 'XML_DUPLICATE_ID':
    case 'XML_SIGNATURE_MALFORMED':
    case 'CERTIFICATE_MALFORMED':
      return { indication: 'TOTAL_FAILED', subIndication: 'FORMAT_FAILURE' }
    case 'XML_PROFILE_UNSUPPORTED':
      return { indication: 'INDETERMINATE', subIndication: 'SIG_CONSTRAINTS_FAILURE' }
    default:
      return { indication: 'INDETERMINATE', subIndication: 'GENERIC' }
  }
}

function reportOf(
  format: FileFormat,
  seal: SealExamination,
  judgement: CertificateJudgement,
  policy: VerificationPolicy,
): VerificationReport {
  const objections = objectionsTo(seal, policy)
  const worst = worstIndication([
    ...objections.map((objection) => objection.verdict),
    { indication: judgement.indication, subIndication: judgement.subIndication },
  ]) as Verdict
  const { signature } = seal
  const report: SignatureReport = {
    id: 'sig-1',
    field: signature.id,
    cryptoIntact: seal.contentIntact && seal.signedPropertiesIntact && seal.valueIntact,
    ...worst,
    level: 'XAdES-B-B',
    role: judgement.role,
    signer: describeSigner(parseCertificate(signature.certificates[0])),
    claimedTime: signingTimeText(signature.signingTime),
    provenTime: null,
    coverage: 'whole-file',
    changesAfter: 'none',
    changes: [],
    digestAlgorithm: signature.digest.name,
    signatureAlgorithm: signature.algorithm.name,
    warnings: judgement.warnings,
  }
  return {
    format,
    ...worstIndication([report]),
    signatures: [report],
    errors: objections.map((objection) => objection.finding),
  }
}

/** The order is that of ETSI EN 319 102-1: references, then the value, then the signer's certificate and the rest. */
function objectionsTo(
  seal: SealExamination,
  policy: VerificationPolicy,
): { verdict: Verdict; finding: Finding }[] {
  const failed = (subIndication: SubIndication): Verdict => ({ indication: 'TOTAL_FAILED', subIndication })
  const unsure = (subIndication: SubIndication): Verdict => ({ indication: 'INDETERMINATE', subIndication })
  const checks: [boolean, Verdict, () => SigningError][] = [
    [
      seal.contentIntact,
      failed('HASH_FAILURE'),
      () => new SigningError('XML_DIGEST_MISMATCH', { reference: 'content' }),
    ],
    [
      seal.signedPropertiesIntact,
      failed('HASH_FAILURE'),
      () => new SigningError('XML_DIGEST_MISMATCH', { reference: 'SignedProperties' }),
    ],
    [seal.valueIntact, failed('SIG_CRYPTO_FAILURE'), () => new SigningError('XML_SIGNATURE_INVALID')],
    [
      seal.certificatesNamed,
      unsure('NO_SIGNING_CERTIFICATE_FOUND'),
      () =>
        new SigningError('XML_PROFILE_UNSUPPORTED', {
          reason: 'SigningCertificateV2 does not name the certificates of KeyInfo',
        }),
    ],
    [
      seal.exactForm,
      unsure('SIG_CONSTRAINTS_FAILURE'),
      () => new SigningError('XML_PROFILE_UNSUPPORTED', { reason: 'the file is not in its one exact form' }),
    ],
    [
      policy.profile === 'any',
      unsure('SIG_CONSTRAINTS_FAILURE'),
      () =>
        new SigningError('XML_PROFILE_UNSUPPORTED', {
          reason: `the seal of a node is no signature of the profile "${policy.profile}"`,
        }),
    ],
  ]
  return checks
    .filter(([holds]) => !holds)
    .map(([, verdict, objection]) => {
      const { code, message } = objection()
      return { verdict, finding: { code, message } }
    })
}
