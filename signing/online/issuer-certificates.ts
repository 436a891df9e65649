/** What an address of `id-ad-caIssuers` answers (RFC 5280 section 4.2.2.1): one certificate, or a certs-only CMS. */

import { parseSignedData } from '../cms/parse-signed-data.ts'
import { SigningError } from '../errors.ts'
import { type Certificate, tryParseCertificate } from '../x509/certificate.ts'
import { derKind } from '../x509/der-kind.ts'
import { looksLikePem, pemBlocks } from '../x509/pem.ts'

/** A certs-only message with more is no list of issuers. */
const MOST_CERTIFICATES = 50

/** Certificates in DER, PEM or a `.p7c`; what cannot be read is left out. */
export function issuerCertificates(bytes: Uint8Array): readonly Certificate[] {
  const blocks = looksLikePem(bytes) ? pemBlocks(Buffer.from(bytes).toString('latin1')) : [bytes]
  return blocks
    .flatMap((der) => (derKind(der) === 'cms' ? enclosed(der) : [der]))
    .slice(0, MOST_CERTIFICATES)
    .flatMap((der) => tryParseCertificate(der) ?? [])
}

function enclosed(cms: Uint8Array): readonly Uint8Array[] {
  try {
    return parseSignedData(cms).certificates
  } catch (error) {
    if (error instanceof SigningError) return []
    throw error
  }
}
