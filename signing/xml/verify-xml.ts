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
import { examineSeal, type SealExamination } from './examine-seal.ts'
import type { ExpandedName } from './names.ts'
import { sealedXmlLimits, type XmlLimits } from './scan.ts'
import { EDXML, sealedPath } from './sealed-places.ts'
import { signingTimeText } from './signature-element.ts'

interface Verdict {
  readonly indication: Exclude<Indication, 'NO_SIGNATURE'>
  readonly subIndication: SubIndication | null
}

/**
 * Judges an XML file under a policy. Only files of the sealed profile (envelopes, statuses, receipts) can pass;
 * every other well-formed XML with a signature is `INDETERMINATE`, with the reason in `errors`.
 *
 * Never throws for the file's sake: whatever is wrong with it stands in the report.
 */
export function verifyXml(
  xml: Uint8Array,
  policy: VerificationPolicy,
  limits: XmlLimits = sealedXmlLimits,
): VerificationReport {
  let format = guessFormat(xml)
  const path = (root: ExpandedName) => {
    format = root.namespace === EDXML ? 'edxml' : 'xml'
    return sealedPath(root)
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
    const verdict = verdictOfError(error.code)
    return { format, ...verdict, signatures: [], errors: [{ code: error.code, message: error.message }] }
  }
}

/** For a file that no parser has read yet or will read. */
function guessFormat(xml: Uint8Array): FileFormat {
  const beginning = Buffer.from(xml.subarray(0, 4096)).toString('latin1')
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
  const checks: [boolean, Verdict, SigningError][] = [
    [
      seal.contentIntact,
      failed('HASH_FAILURE'),
      new SigningError('XML_DIGEST_MISMATCH', { reference: 'content' }),
    ],
    [
      seal.signedPropertiesIntact,
      failed('HASH_FAILURE'),
      new SigningError('XML_DIGEST_MISMATCH', { reference: 'SignedProperties' }),
    ],
    [seal.valueIntact, failed('SIG_CRYPTO_FAILURE'), new SigningError('XML_SIGNATURE_INVALID')],
    [
      seal.certificatesNamed,
      unsure('NO_SIGNING_CERTIFICATE_FOUND'),
      new SigningError('XML_PROFILE_UNSUPPORTED', {
        reason: 'SigningCertificateV2 does not name the certificates of KeyInfo',
      }),
    ],
    [
      seal.exactForm,
      unsure('SIG_CONSTRAINTS_FAILURE'),
      new SigningError('XML_PROFILE_UNSUPPORTED', { reason: 'the file is not in its one exact form' }),
    ],
    [
      policy.profile === 'any',
      unsure('SIG_CONSTRAINTS_FAILURE'),
      new SigningError('XML_PROFILE_UNSUPPORTED', {
        reason: `the seal of a node is no signature of the profile "${policy.profile}"`,
      }),
    ],
  ]
  return checks
    .filter(([holds]) => !holds)
    .map(([, verdict, { code, message }]) => ({ verdict, finding: { code, message } }))
}
