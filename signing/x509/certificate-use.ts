/** What a certificate may be used for (RFC 5280 sections 4.2.1.3 and 4.2.1.12, RFC 9336, RFC 3161, RFC 6960). */
import { keyStrength } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import { type Certificate, parseCertificate } from './certificate.ts'
import { EXTENSION, KEY_USAGE } from './certificate-extensions.ts'
import { ATTRIBUTE, formatName, nameTexts } from './name.ts'

/** What the key of the certificate at the end of a path did. */
export type Purpose = 'document-signing' | 'time-stamping' | 'ocsp-signing' | 'any'

const ANY_PURPOSE = '2.5.29.37.0'
export const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'
export const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9'

/**
 * Key purposes under which people sign documents. A certificate with none of them, but with others, is for something
 * else (a TLS server, say). Public CAs issue signing certificates with e-mail or client purposes.
 */
const documentPurposes: ReadonlySet<string> = new Set([
  ANY_PURPOSE,
  '1.3.6.1.5.5.7.3.36', // id-kp-documentSigning, RFC 9336
  '1.3.6.1.5.5.7.3.4', // id-kp-emailProtection
  '1.3.6.1.5.5.7.3.2', // id-kp-clientAuth: what tokens of officials carry besides
  '1.3.6.1.4.1.311.10.3.12', // Microsoft document signing
  '1.2.840.113583.1.1.5', // Adobe authentic documents
])

const timeStampingPurposes: ReadonlySet<string> = new Set([ANY_PURPOSE, TIME_STAMPING])

/**
 * Null when the use is allowed, otherwise why not.
 * @param path from the certificate in question upwards. An extended key usage of a CA limits what is issued below it,
 *   as is common practice though RFC 5280 section 4.2.1.12 leaves it open; delegated OCSP responders are exempt
 */
export function objectionToPathUse(path: readonly Certificate[], purpose: Purpose): string | null {
  const [certificate, ...authorities] = path
  if (certificate === undefined || purpose === 'any') return null
  const { keyUsage, extendedKeyUsage, all } = certificate.extensions
  if (purpose === 'ocsp-signing') {
    return extendedKeyUsage?.includes(OCSP_SIGNING) && (keyUsage === undefined || maySign(keyUsage))
      ? null
      : 'extended key usage does not include OCSP signing'
  }
  if (keyUsage !== undefined && !maySign(keyUsage)) return 'key usage does not include digital signatures'
  if (purpose === 'time-stamping') {
    // RFC 3161 section 2.3: this purpose alone, and critical.
    const alone = extendedKeyUsage?.length === 1 && extendedKeyUsage[0] === TIME_STAMPING
    if (!alone || all.get(EXTENSION.extendedKeyUsage)?.critical !== true) {
      return 'extended key usage is not time-stamping alone, critical'
    }
    return hasCommonPurpose(authorities, timeStampingPurposes)
      ? null
      : 'extended key usage of an authority does not include time-stamping'
  }
  if (!hasCommonPurpose([certificate], documentPurposes)) {
    return 'extended key usage does not include document signing'
  }
  return hasCommonPurpose(path, documentPurposes)
    ? null
    : 'extended key usage of an authority does not include document signing'
}

/** As `objectionToPathUse`, for a certificate of which nothing above is known. */
export function objectionToUse(certificate: Certificate, purpose: Purpose): string | null {
  return objectionToPathUse([certificate], purpose)
}

/** Whether one of the purposes is allowed by every certificate that limits them. */
function hasCommonPurpose(certificates: readonly Certificate[], purposes: ReadonlySet<string>): boolean {
  let left = [...purposes]
  for (const { extensions } of certificates) {
    const allowed = extensions.extendedKeyUsage
    if (allowed === undefined || allowed.includes(ANY_PURPOSE)) continue
    left = left.filter((one) => allowed.includes(one))
  }
  return left.length > 0
}

function maySign(keyUsage: ReadonlySet<number>): boolean {
  return keyUsage.has(KEY_USAGE.digitalSignature) || keyUsage.has(KEY_USAGE.contentCommitment)
}

/**
 * The check of one's own certificate before signing (NĐ 68/2024/NĐ-CP articles 29 and 31): in its validity, meant
 * for documents, key strong enough. Chain and revocation need more than the certificate and are judged elsewhere.
 *
 * @param certificate DER
 * @throws SigningError `CERTIFICATE_EXPIRED`, `CERTIFICATE_NOT_YET_VALID`, `CERTIFICATE_WRONG_USE`, `KEY_UNSUPPORTED`,
 *   `CERTIFICATE_MALFORMED`
 */
export function assertCertificateUsable(certificate: Uint8Array, time: Date): void {
  const parsed = parseCertificate(certificate)
  const subject = nameTexts(parsed.subject, ATTRIBUTE.commonName)[0] ?? formatName(parsed.subject)
  if (time > parsed.notAfter) {
    throw new SigningError('CERTIFICATE_EXPIRED', { subject, notAfter: parsed.notAfter.toISOString() })
  }
  if (time < parsed.notBefore) {
    throw new SigningError('CERTIFICATE_NOT_YET_VALID', {
      subject,
      notBefore: parsed.notBefore.toISOString(),
    })
  }
  if (objectionToUse(parsed, 'document-signing') !== null || parsed.extensions.basicConstraints?.ca) {
    throw new SigningError('CERTIFICATE_WRONG_USE', { subject })
  }
  const key = parsed.publicKey()
  const strength = key === undefined ? undefined : keyStrength(key)
  if (!strength?.acceptable)
    throw new SigningError('KEY_UNSUPPORTED', { reason: strength?.name ?? 'unknown' })
}
